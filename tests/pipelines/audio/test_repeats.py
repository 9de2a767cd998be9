"""Words said twice: found by comparing a recording with itself, judged by what is heard before and after the place."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from domain.progress import Silent
from pipelines.audio import repeats
from pipelines.audio.cepstra import RATE
from pipelines.audio.hibari import HibariPipeline
from pipelines.audio.listening import Listener
from pipelines.audio.recognition import Recogniser
from pipelines.audio.repeats import Limits
from pipelines.devices import Devices
from pipelines.media.sound import Samples
from pipelines.models.store import ModelStore
from tests.pipelines.audio.sounds import speech_work


@pytest.fixture(scope="module")
def limits(assets: Path) -> Limits:
    table = tomllib.loads((assets / "speaking" / "hearing.toml").read_text(encoding="utf-8"))
    return Limits.model_validate(table["repeats"])


def babble(seconds: float, seed: int) -> Samples:
    """Noise whose colour changes every 40 ms, so that no two stretches of it are alike."""
    draw = np.random.default_rng(seed)
    parts = []
    for _ in range(round(seconds / 0.04)):
        tone = np.sin(2 * np.pi * draw.uniform(150, 4000) * np.arange(640) / RATE + draw.uniform(0, 6))
        parts.append(0.2 * tone + 0.02 * draw.standard_normal(640))
    return np.concatenate(parts).astype(np.float32)


def test_a_stretch_followed_by_its_like_is_suspected_where_it_is(limits: Limits) -> None:
    before, word, after = babble(0.8, 1), babble(0.4, 2), babble(0.8, 3)
    [first, *_] = repeats.suspects(np.concatenate([before, word, word, after]), limits)
    assert first.start == pytest.approx(0.8, abs=0.1)
    assert first.cut == pytest.approx(1.2, abs=0.1)
    assert first.likeness < 0.5
    assert repeats.suspects(np.concatenate([before, word, after]), limits) == ()


def test_silence_and_long_recordings_are_not_suspected(limits: Limits) -> None:
    assert repeats.suspects(np.zeros(16_000, np.float32), limits) == ()
    assert repeats.suspects(np.tile(babble(1.0, 1), 40), limits) == ()


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("on the kitchen table", "table this morning", ("table",)),
        ("on the kitchen table", "this morning", ()),
        ("on the kitchen", "kitchen table this morning", ("kitchen",)),
        ("on the kit", "kitchen table this morning", ()),
        ("on the kitchen table the kitchen table", "this morning", ()),
        ("on the kitchen", "the kitchen table this morning", ("the", "kitchen")),
        ("on the kitchen", "on the kitchen table this morning", ("on", "the", "kitchen")),
    ],
)
def test_what_ends_one_part_and_begins_the_next_was_said_twice(limits: Limits, before: str, after: str, found: tuple[str, ...]) -> None:
    said = ["on", "the", "kitchen", "table", "this", "morning"]
    assert repeats.said_twice(said, before.split(), after.split(), lambda text: text, limits) == found


def test_what_is_to_be_said_twice_is_no_fault(limits: Limits) -> None:
    said = ["no", "no", "not", "that", "one"]
    assert repeats.said_twice(said, ["no"], ["no", "not", "that", "one"], lambda text: text, limits) == ()


@pytest.mark.models
def test_a_word_said_twice_fails_the_take_and_once_does_not(store: ModelStore, devices: Devices, assets: Path) -> None:
    line = "Our new jacket keeps you warm in any weather."
    listener = Listener(Recogniser(store, devices), devices, assets)
    said = [line, "Our new jacket keeps keeps you warm in any weather."]
    right, twice = HibariPipeline(store, devices, assets).generate([speech_work(text) for text in said], Silent())
    assert listener.hear(right.main.read(), line, "en", {}, Silent()).state == "passed"
    heard = listener.hear(twice.main.read(), line, "en", {}, Silent())
    assert heard.state == "failed"
    longest = heard.longest
    assert longest is not None
    assert (longest.said, longest.heard, longest.units) == ("keeps", "keeps keeps", 1)
    assert 0.4 < longest.start < longest.end < 1.6
