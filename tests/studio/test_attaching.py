"""Attached pictures in the roles of a picture step."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.brief import Attachment, AttachmentUse, Brief
from domain.errors import InputError
from domain.picture import AttachedPicture, Lora
from domain.specs import PictureSpec
from studio.attaching import attached_pictures

PICTURES = tuple(
    Attachment(name=f"{name}.png", media_type="image/png", sha256=name[0] * 64, size=9, use=AttachmentUse.REFERENCE)
    for name in ("room", "mask")
)
BRIEF = Brief(id="b", project_id="p", text="a lamp", created=datetime.now(UTC), attachments=PICTURES)


def test_attached_pictures_come_in_their_roles_and_order() -> None:
    wanted = (AttachedPicture(role="mask", name="mask.png"), AttachedPicture(role="reference", name="room.png"))
    refs = attached_pictures(PictureSpec(about="a lamp", attached=wanted), BRIEF)
    assert [(ref.role, ref.sha256[0]) for ref in refs] == [("mask", "m"), ("reference", "r")]


def test_a_name_nothing_has_is_refused_with_those_there_are() -> None:
    spec = PictureSpec(about="a lamp", attached=(AttachedPicture(role="mask", name="other.png"),))
    with pytest.raises(InputError) as caught:
        attached_pictures(spec, BRIEF)
    assert caught.value.field == "attached[0].name"
    assert "room.png" in caught.value.hint


def test_what_is_left_at_its_default_is_not_written_into_a_recipe() -> None:
    assert PictureSpec(about="a lamp").leans_on == {}
    assert PictureSpec(about="a lamp", strength=0.4, loras=(Lora(model="ink"),)).leans_on == {"strength": 0.4, "loras": [{"model": "ink"}]}
