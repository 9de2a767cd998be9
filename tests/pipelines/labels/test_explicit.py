"""The label that is seen or heard: where it stands, how large it is, and that the rest stays."""

from __future__ import annotations

import io
from pathlib import Path

import av
import docx
import numpy as np
import pypdfium2
import pytest
import resvg_py
import skia
import soundfile
from PIL import Image

from domain.errors import LabelError
from pipelines.labels.explicit import TEXT, Explicit
from pipelines.labels.formats import Formats, carried, labelled
from pipelines.labels.heard import SHORT, rhythm
from tests.pipelines.labels.samples import MARKS, SAMPLES, png_with, sound

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


def heard_in(data: bytes) -> tuple[np.ndarray, int]:
    """A sound as FFmpeg decodes it, mono."""
    with av.open(io.BytesIO(data)) as opened:
        stream = opened.streams.audio[0]
        resampler = av.AudioResampler(format="flt", layout="mono", rate=stream.rate)
        parts = [part.to_ndarray()[0] for frame in opened.decode(stream) for part in resampler.resample(frame)]
        return np.concatenate(parts), stream.rate


@pytest.mark.parametrize("name", ["mp3", "flac", "ogg", "vorbis"])
def test_packed_sounds_begin_with_the_rhythm_and_keep_their_own(name: str) -> None:
    data = vorbis() if name == "vorbis" else SAMPLES[name]()
    row = "ogg" if name == "vorbis" else name
    shown = EXPLICIT.shown(data, row)
    before, rate = heard_in(data)
    after, _ = heard_in(shown)
    loud = np.convolve(np.abs(after[: len(rhythm(rate))]), np.ones(rate // 200) / (rate // 200), "same") > 0.02
    edges = np.flatnonzero(np.diff(np.concatenate(([0], loud.astype(int), [0]))))
    assert [round(float(one)) for one in np.diff(edges)[::2] / rate / SHORT] == [1, 3, 1, 1]
    assert 0 <= len(after) - len(before) - len(rhythm(rate)) < 0.03 * rate
    assert EXPLICIT.shown(data, row) == shown
    if name in ("mp3", "flac"):  # their frames, or their samples, are copied
        assert np.array_equal(after[-len(before) // 2 :], before[-len(before) // 2 :])


def vorbis() -> bytes:
    out = io.BytesIO()
    soundfile.write(out, (np.sin(np.arange(96_000) / 20) * 0.3).astype(np.float32).reshape(-1, 2), 44_100, format="OGG", subtype="VORBIS")
    return out.getvalue()


def test_tags_of_a_sound_stay() -> None:
    for name in ("mp3", "flac", "ogg"):
        row = next(row for row in Formats.of(ASSETS).rows if row.id == name)
        shown = EXPLICIT.shown(labelled(SAMPLES[name](), row, MARKS), name)
        assert carried(shown, row).aigc == (MARKS.aigc.text(),)


def lettered(picture: np.ndarray) -> bool:
    """Whether white letters, at least a twentieth of the shortest side high, stand in the lower right quarter and nowhere else."""
    height, width = picture.shape[:2]
    white = np.argwhere((picture > 215).all(axis=-1))
    if not len(white):
        return False
    top, left = white.min(axis=0)
    return bool(white[:, 0].max() - top + 1 >= 0.05 * min(height, width) and top > height / 2 and left > width / 2)


@pytest.mark.parametrize(("name", "form", "codec"), [("mp4", "mp4", "libx264"), ("mp4", "mp4", "mpeg4"), ("webm", "webm", "libvpx")])
def test_a_film_shows_the_letters_from_its_first_frame_for_two_seconds_and_keeps_its_length(name: str, form: str, codec: str) -> None:
    data = film_of(form, codec)
    shown = EXPLICIT.shown(data, name)
    with av.open(io.BytesIO(shown)) as opened:
        frames = [(frame.time, frame.to_ndarray(format="rgb24")) for frame in opened.decode(opened.streams.video[0])]
    assert len(frames) == 40
    assert all(lettered(picture) for time, picture in frames if time <= 2.0)
    assert not any(lettered(picture) for time, picture in frames if time >= 3.0)
    assert abs(frames[-1][1][:100].mean(axis=(0, 1)) - (200, 40, 90)).max() < 12
    assert EXPLICIT.shown(data, name) == shown


def film_of(form: str, codec: str) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=form) as target:
        stream = target.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for _ in range(40):
            frame = av.VideoFrame.from_ndarray(np.full((240, 320, 3), (200, 40, 90), np.uint8), format="rgb24")
            for packet in stream.encode(frame):
                target.mux(packet)
        for packet in stream.encode(None):
            target.mux(packet)
    return out.getvalue()


def test_a_film_without_pictures_is_refused() -> None:
    with pytest.raises(LabelError, match="no pictures"):
        EXPLICIT.shown(sound("mp4", "aac"), "mp4")


def test_every_frame_of_a_gif_has_the_letters_and_keeps_its_colours_and_its_time() -> None:
    frames = [Image.fromarray(np.full((200, 300, 3), (n * 40, 100, 50), np.uint8)) for n in range(3)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=[100, 200, 300], loop=0)
    with Image.open(io.BytesIO(EXPLICIT.shown(out.getvalue(), "gif"))) as opened:
        assert (opened.n_frames, opened.info["loop"]) == (3, 0)
        for n in range(3):
            opened.seek(n)
            seen = np.asarray(opened.convert("RGB"))
            assert (opened.info["duration"], tuple(seen[0, 0])) == (100 * (n + 1), (n * 40, 100, 50))
            assert lettered(seen)


def test_what_a_gif_lets_through_stays_so() -> None:
    picture = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    picture.paste((10, 200, 30, 255), (0, 0, 50, 50))
    out = io.BytesIO()
    picture.save(out, "GIF")
    with Image.open(io.BytesIO(EXPLICIT.shown(out.getvalue(), "gif"))) as opened:
        seen = np.asarray(opened.convert("RGBA"))
    assert (tuple(seen[10, 10]), seen[100, 100, 3]) == ((10, 200, 30, 255), 0)


def test_every_page_of_a_pdf_shows_the_letters_and_keeps_its_words() -> None:
    data = pages_of(((200, 100), (300, 400)))
    shown = EXPLICIT.shown(data, "pdf")
    document = pypdfium2.PdfDocument(shown)
    for number in range(2):
        page = document[number]
        assert "A page" in page.get_textpage().get_text_range()
        drawn = page.render(scale=3).to_numpy()[..., :3].astype(int)
        dark = np.argwhere((drawn < 80).all(axis=-1) & (np.arange(drawn.shape[0])[:, None] > drawn.shape[0] * 0.6))
        assert dark[:, 0].max() - dark[:, 0].min() + 1 >= 0.05 * min(drawn.shape[:2])
        assert dark[:, 1].min() > drawn.shape[1] / 2
    before = pypdfium2.PdfDocument(data)[1].render(scale=3).to_numpy()
    after = document[1].render(scale=3).to_numpy()
    assert np.array_equal(before[: len(before) // 2], after[: len(after) // 2])
    document.close()


def pages_of(sizes: tuple[tuple[int, int], ...]) -> bytes:
    stream = skia.DynamicMemoryWStream()
    document = skia.PDF.MakeDocument(stream)
    for size in sizes:
        canvas = document.beginPage(*size)
        canvas.scale(2, 2)  # what a page leaves behind must not move the letters
        canvas.drawString("A page", 5, 20, skia.Font(skia.Typeface(""), 10), skia.Paint())
        document.endPage()
    document.close()
    return bytes(stream.detachAsData())


def test_texts_say_it_first() -> None:
    assert EXPLICIT.shown(SAMPLES["markdown"](), "markdown").decode() == f"---\nlang: en\n---\n> {TEXT}\n\n# Hi\n\ntext\n"
    assert f"<body><p>{TEXT}</p>" in EXPLICIT.shown(SAMPLES["html"](), "html").decode()
    document = docx.Document(io.BytesIO(EXPLICIT.shown(SAMPLES["ooxml"](), "ooxml")))
    assert [paragraph.text for paragraph in document.paragraphs] == [TEXT, "Hello"]


def test_what_has_no_place_for_it_and_what_is_damaged_is_refused() -> None:
    for name, data in (("midi", b"MThd"), ("png", b"not a picture"), ("wav", b"RIFF"), ("svg", b"<svg/>"), ("html", b"no body")):
        with pytest.raises(LabelError):
            EXPLICIT.shown(data, name)
