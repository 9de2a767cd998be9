from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from domain.errors import AttachmentError
from pipelines.media.picture import decode, decode_logo, encode, examine, main_colours, sniff, thumbnail


def written(form: str = "PNG", size: tuple[int, int] = (60, 40), mode: str = "RGB") -> bytes:
    noise = np.random.default_rng(2).integers(0, 256, (size[1], size[0], len(mode)), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise, mode if mode != "L" else None).save(buffer, form)
    return buffer.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    """A tiny file whose header announces a huge picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_png_and_jpeg_are_taken_whatever_they_are_called(form: str) -> None:
    facts = examine(written(form), "photo.txt")
    assert (facts.media_type, facts.width, facts.height) == (f"image/{form.lower()}", 60, 40)
    assert decode(written(form)).size == (60, 40)


@pytest.mark.parametrize("data", [b"", b"GIF89a" + b"\0" * 60, b"<svg/>", b"%PDF-1.7", b"plain words", b"\x00" * 100])
def test_anything_else_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(AttachmentError, match=r"notes\.png is neither a PNG nor a JPEG") as caught:
        examine(data, "notes.png")
    assert caught.value.field == "notes.png"


def test_a_file_over_25_megabytes_is_refused_before_it_is_read() -> None:
    with pytest.raises(AttachmentError, match="25 MB is the most"):
        examine(b"\x89PNG\r\n\x1a\n" + b"\0" * (26 * 1024 * 1024))


@pytest.mark.parametrize("size", [(8000, 5001), (9000, 9000), (13000, 13000), (60000, 60000)])
def test_a_picture_over_40_megapixels_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(AttachmentError, match="40 megapixels is the most"):
        decode(png_claiming(*size))


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_a_picture_that_is_cut_off_is_refused(form: str, share: float) -> None:
    data = written(form, (300, 200))
    with pytest.raises(AttachmentError, match="cut off or damaged"):
        decode(data[: max(12, int(len(data) * share))])


def test_a_turned_photograph_is_set_upright() -> None:
    picture, buffer = Image.new("RGB", (40, 20)), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(buffer, "JPEG", exif=exif)
    assert decode(buffer.getvalue()).size == (20, 40)


def test_a_thumbnail_is_small_and_keeps_its_shape() -> None:
    made = thumbnail(written(size=(900, 600)), 300)
    assert sniff(made) == "image/webp"
    assert Image.open(io.BytesIO(made)).size == (300, 200)


def test_equal_pixels_are_encoded_to_equal_bytes_without_metadata() -> None:
    picture = decode(written())
    picture.info["comment"] = "taken at home"
    assert encode(picture) == encode(decode(written()))
    assert b"taken at home" not in encode(picture)


def test_a_logo_is_cut_to_what_is_seen() -> None:
    logo = Image.new("RGBA", (100, 100))
    logo.paste((255, 0, 0, 255), (20, 30, 80, 60))
    assert decode_logo(encode(logo)).size == (60, 30)


def test_an_svg_logo_is_drawn() -> None:
    drawn = decode_logo(b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><rect width="40" height="20" fill="#0a0"/></svg>')
    assert drawn.size == (1024, 512)
    assert drawn.getpixel((500, 250)) == (0, 170, 0, 255)


@pytest.mark.parametrize("body", ['<image href="{path}" width="9" height="9"/>', '<image href="file://{path}" width="9" height="9"/>'])
def test_an_svg_logo_may_not_read_other_files(tmp_path: Path, body: str) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(written())
    source = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{body.format(path=secret)}</svg>'
    with pytest.raises(AttachmentError):
        decode_logo(source.encode())


@pytest.mark.parametrize("data", [b"<svg", b'<svg xmlns="http://www.w3.org/2000/svg"></svg', encode(Image.new("RGBA", (9, 9)))])
def test_a_broken_or_empty_logo_is_refused(data: bytes) -> None:
    with pytest.raises(AttachmentError):
        decode_logo(data)


def test_the_main_colours_of_a_photograph_are_given_for_a_palette() -> None:
    picture = Image.new("RGB", (300, 200), "#1e3ca0")
    picture.paste((230, 40, 40), (100, 50, 200, 150))
    assert set(main_colours(picture, 2)) == {"#1e3ca0", "#e62828"}
    assert main_colours(Image.new("RGBA", (20, 20))) == ("#ffffff",)
