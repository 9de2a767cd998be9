"""The checklists as shipped: valid, of channels that exist, and each result gets what is for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.channels import Channels
from agents.checklists import Checklists
from domain.capability import StepKind
from domain.errors import InputError


def test_every_point_is_for_channels_that_exist_and_every_kind_has_one(assets: Path) -> None:
    lists, known = Checklists.load(assets), Channels.load(assets).ids
    assert {channel for point in lists.all for channel in point.channels} <= set(known)
    for kind in (StepKind.COPY, StepKind.PICTURE, StepKind.SPEECH, StepKind.MUSIC, StepKind.LAYOUT, StepKind.DIALOGUE):
        assert lists.of(kind, ""), kind


def test_a_channel_adds_its_own_points(assets: Path) -> None:
    lists = Checklists.load(assets)
    ids = {channel: [point.id for point in lists.of(StepKind.COPY, channel)] for channel in ("", "email", "douyin_video")}
    assert ids == {"": ["facts", "claims"], "email": ["facts", "claims", "unsubscribe"], "douyin_video": ["facts", "claims", "label_china"]}


@pytest.mark.parametrize("text", ['[[point]]\nid = "a"\nen = "x"', '[[point]]\nid = "a"\nen = "x"\nzh = "y"\nsource = "own"\n' * 2])
def test_a_broken_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "checklists.toml").write_text(text)
    with pytest.raises(InputError, match="checklists"):
        Checklists.load(tmp_path)
