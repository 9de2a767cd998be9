"""The label that is seen or heard: where it stands, how large it is, and that the rest stays."""

from __future__ import annotations

import io
from pathlib import Path

import docx
import numpy as np
import pytest
import resvg_py
import soundfile
from PIL import Image

from domain.errors import LabelError
from pipelines.labels.explicit import SHORT, TEXT, Explicit, rhythm
from pipelines.labels.formats import Formats
from tests.pipelines.labels.samples import SAMPLES, png_with

ASSETS = Path(__file__).resolve().parents[3] / "assets"
EXPLICIT = Explicit((ASSETS / "labels" / "lettering.svg").read_text(encoding="utf-8"))
WITH = [row.id for row in Formats.of(ASSETS).rows if row.explicit]


def pixels(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as opened:
        return np.asarray(opened.convert("RGB")).astype(int)


def test_the_words_are_those_the_standard_asks_for() -> None:
    assert "AI" in TEXT
    assert "生成" in TEXT


@pytest.mark.parametrize("name", WITH)
def test_every_format_the_table_promises_it_for_has_it(name: str) -> None:
    assert EXPLICIT.shown(SAMPLES[name](), name) != SAMPLES[name]()


@pytest.mark.parametrize("size", [(1024, 1024), (300, 1200), (2000, 400)])
def test_letters_are_at_least_a_twentieth_of_the_shortest_side_and_stand_in_a_corner(size: tuple[int, int]) -> None:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, "PNG")
    shown = pixels(EXPLICIT.shown(out.getvalue(), "png"))
    white = np.argwhere((shown > 235).all(axis=-1))
    top = white[:, 0].min()
    bottom, right = white.max(axis=0)
    assert bottom - top + 1 >= 0.05 * min(size)
    assert (top > size[1] / 2, bottom < size[1]) == (True, True)
    assert right < size[0]
    assert (shown[: size[1] // 2] == (200, 30, 30)).all()


def test_an_svg_is_drawn_with_the_letters() -> None:
    shown = EXPLICIT.shown(SAMPLES["svg"](), "svg").decode()
    drawn = pixels(bytes(resvg_py.svg_to_bytes(svg_string=shown, width=800)))
    white = np.argwhere((drawn > 235).all(axis=-1))
    height = white[:, 0].max() - white[:, 0].min() + 1
    assert height >= 0.05 * 400
    assert white[:, 0].min() > 200


def test_the_text_fields_of_a_png_stay() -> None:
    with Image.open(io.BytesIO(EXPLICIT.shown(png_with(parameters="a fox\nSteps: 3"), "png"))) as opened:
        assert opened.info["parameters"] == "a fox\nSteps: 3"


def test_the_rhythm_is_short_long_short_short_and_the_sound_comes_after_it() -> None:
    rate = 16_000
    loud = np.convolve(np.abs(rhythm(rate)), np.ones(80) / 80, "same") > 0.02
    edges = np.flatnonzero(np.diff(np.concatenate(([0], loud.astype(int), [0]))))
    lengths = np.diff(edges)[::2] / rate / SHORT
    assert [round(float(one)) for one in lengths] == [1, 3, 1, 1]
    before, _ = soundfile.read(io.BytesIO(SAMPLES["wav"]()), dtype="int16")
    after, heard = soundfile.read(io.BytesIO(EXPLICIT.shown(SAMPLES["wav"](), "wav")), dtype="int16")
    assert heard == rate
    assert np.abs(after[-len(before) :].astype(int) - before).max() <= 1
    assert len(after) == len(before) + len(rhythm(rate))


def test_texts_say_it_first() -> None:
    assert EXPLICIT.shown(SAMPLES["markdown"](), "markdown").decode() == f"---\nlang: en\n---\n> {TEXT}\n\n# Hi\n\ntext\n"
    assert f"<body><p>{TEXT}</p>" in EXPLICIT.shown(SAMPLES["html"](), "html").decode()
    document = docx.Document(io.BytesIO(EXPLICIT.shown(SAMPLES["ooxml"](), "ooxml")))
    assert [paragraph.text for paragraph in document.paragraphs] == [TEXT, "Hello"]


def test_what_has_no_place_for_it_and_what_is_damaged_is_refused() -> None:
    for name, data in (("midi", b"MThd"), ("png", b"not a picture"), ("wav", b"RIFF"), ("svg", b"<svg/>"), ("html", b"no body")):
        with pytest.raises(LabelError):
            EXPLICIT.shown(data, name)
