"""What is taken out of a stored drawing: the same picture, at any size, with its credits and its origin inside."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from domain.asset import Labels
from domain.capability import StepKind
from domain.errors import Cancelled, EngineFailed, InputError
from domain.progress import CancelToken, Silent
from domain.recipe import Credit, InputFile, Output, Recipe, Work
from pipelines.image.drawing_files import DrawingFiles, Layered
from pipelines.image.illustration.svg import Canvas
from pipelines.image.illustrator import Illustrator
from pipelines.media.marks import mark_png, mark_svg, xmp
from pipelines.models.store import ModelStore

AI = Labels().digital_source_type
FOX = Credit(title="fox <bold> & co", author="A. Painter", licence="CC-BY-4.0", source="https://example.org/art")


def small_drawing() -> str:
    """A drawing as the illustrator writes it: a ground, a shadow, a subject, something before it."""
    canvas = Canvas(80, 40)
    canvas.fill_all("#ffffff")
    canvas.layer("shadow")
    canvas.ellipse(20, 36, 10, 3, "#888888")
    canvas.layer("subject-1-fox")
    canvas.rect(10, 10, 20, 20, "#ff0000")
    canvas.layer("foreground-1-tulip")
    canvas.rect(60, 20, 20, 20, "#00ff00")
    return canvas.svg("fox, meadow")


@pytest.fixture
def drawing(tmp_path: Path) -> Path:
    path = tmp_path / "picture.svg"
    path.write_text(small_drawing(), "utf-8")
    return path


def take(path: Path, form: str, width: int = 80, height: int = 40, **more: Any) -> bytes:
    parameters: dict[str, Any] = {"format": form, "width": width, "height": height, "title": "Fox & friend", "source_type": AI}
    parameters |= {"credits": [FOX.model_dump(mode="json")], **more}
    recipe = Recipe(kind=StepKind.PICTURE, maker="drawing-files", maker_version=1, parameters=parameters)
    [made] = DrawingFiles().generate([Work(recipe, (InputFile("drawing", path, "image/svg+xml"),))], Silent())
    return made.main.data


def rgba(data: bytes) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))


def rights(packet: str) -> str:
    """What the packet says of who drew what."""
    found = ET.fromstring(packet).find(".//{http://purl.org/dc/elements/1.1/}rights")
    assert found is not None
    return "".join(found.itertext())


def test_the_svg_keeps_its_named_layers_and_says_who_drew_it(drawing: Path) -> None:
    svg = take(drawing, "svg").decode()
    root = ET.fromstring(svg)
    labels = [g.get("{http://www.inkscape.org/namespaces/inkscape}label") for g in root.iter("{http://www.w3.org/2000/svg}g")]
    assert [label for label in labels if label] == ["backdrop", "shadow", "subject-1-fox", "foreground-1-tulip"]
    packet = re.search(r"<metadata>(.*)</metadata>", svg, re.DOTALL)
    assert packet is not None and AI in packet[1]
    assert "fox <bold> & co by A. Painter. Licence: CC-BY-4.0" in rights(packet[1])
    assert svg.replace(packet[0], "") == small_drawing()


@pytest.mark.parametrize(("form", "kind"), [("png", "PNG"), ("webp", "WEBP"), ("cutout", "PNG")])
def test_pixels_come_in_the_size_asked_for_and_carry_credits_and_origin(drawing: Path, form: str, kind: str) -> None:
    data = take(drawing, form, 320, 160)
    opened = Image.open(io.BytesIO(data))
    assert (opened.format, opened.size) == (kind, (320, 160))
    packet = opened.info["xmp"] if kind == "WEBP" else opened.info["XML:com.adobe.xmp"]
    packet = packet.decode() if isinstance(packet, bytes) else packet
    assert AI in packet and "A. Painter" in rights(packet)
    assert rgba(data)[80, 80].tolist()[:3] == pytest.approx([255, 0, 0], abs=6)


def test_a_cutout_is_the_subject_and_nothing_else(drawing: Path) -> None:
    alpha = rgba(take(drawing, "cutout"))[..., 3]
    assert alpha[12:28, 12:28].min() == 255
    alpha = alpha.copy()
    alpha[10:30, 10:30] = 0
    assert alpha.max() == 0


def test_layers_lie_over_each_other_to_the_picture_and_bring_their_credits(drawing: Path) -> None:
    archive = zipfile.ZipFile(io.BytesIO(take(drawing, "layers")))
    names = archive.namelist()
    assert names == [f"{n}.{end}" for n in ("1-backdrop", "2-middle", "3-foreground") for end in ("svg", "png")] + ["CREDITS.txt"]
    whole = Image.new("RGBA", (80, 40))
    for name in names[1::2][:3]:
        whole.alpha_composite(Image.open(io.BytesIO(archive.read(name))).convert("RGBA"))
    assert np.abs(np.asarray(whole).astype(int) - rgba(take(drawing, "png"))).max() <= 1
    credits_ = archive.read("CREDITS.txt").decode()
    assert "CC-BY-4.0" in credits_ and "AI-generated" in credits_ and "人工智能生成" in credits_
    assert take(drawing, "credits").decode() == credits_


def test_the_same_drawing_gives_the_same_bytes(drawing: Path) -> None:
    for form in ("svg", "png", "webp", "cutout", "layers", "credits"):
        assert take(drawing, form) == take(drawing, form), form


def test_a_drawing_that_no_ai_made_states_no_origin(drawing: Path) -> None:
    assert "AI-generated" not in take(drawing, "credits", source_type="").decode()
    assert b"DigitalSourceType" not in take(drawing, "svg", source_type="")


def test_what_is_no_drawing_of_ours_is_refused(tmp_path: Path, drawing: Path) -> None:
    foreign = tmp_path / "foreign.svg"
    foreign.write_text('<svg xmlns="http://www.w3.org/2000/svg"><title>x</title><g id="a"/></svg>')
    with pytest.raises(InputError, match="no named layers"):
        take(foreign, "layers")
    with pytest.raises(InputError) as caught:
        take(drawing, "png", 5000)
    assert caught.value.field == "width"
    with pytest.raises(EngineFailed):
        mark_png(b"GIF89a and so on, which is no PNG at all", xmp("t", "r"))
    with pytest.raises(EngineFailed):
        mark_svg("<svg/>", xmp("t", "r"))


def test_it_stops_when_asked(drawing: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        DrawingFiles().generate([Work(Recipe(kind=StepKind.PICTURE, maker="drawing-files", maker_version=1))], Watching(token))


class Watching:
    """Progress that is only asked whether to stop."""

    def __init__(self, token: CancelToken) -> None:
        self.check = token.check

    def report(self, fraction: float, note: str = "") -> None:
        """Nobody looks."""


SCENES: dict[str, dict[str, Any]] = {
    "scene": {"subjects": [{"what": "fox"}], "foreground": [{"what": "tulip"}], "setting": "forest", "weather": "rain", "texture": "grain"},
    "portrait": {"subjects": [{"what": "knight"}], "form": "portrait", "frame": "badge"},
    "sticker": {"subjects": [{"what": "cat"}, {"what": "box"}], "relations": [{"of": 0, "kind": "in", "to": 1}], "form": "sticker"},
    "sheet": {"subjects": [{"what": "sword"}, {"what": "potion"}], "form": "sheet"},
    "tile": {"subjects": [{"what": "lemon"}], "form": "tile"},
    "margin": {"subjects": [{"what": "laptop"}], "setting": "office", "margin": "left"},
}


@pytest.mark.models
@pytest.mark.parametrize("name", SCENES)
def test_what_is_taken_out_later_is_what_the_illustrator_writes_itself(store: ModelStore, assets: Path, tmp_path: Path, name: str) -> None:
    made = drawn(Illustrator(store, None, assets), SCENES[name])
    path = tmp_path / "picture.svg"
    path.write_bytes(made.files[1].data)
    own = {file.name: file.data for file in made.files}
    assert np.array_equal(rgba(take(path, "cutout", 128, 128)), rgba(own["cutout.png"]))
    assert np.array_equal(rgba(take(path, "png", 128, 128)), rgba(own["picture.png"]))
    later = zipfile.ZipFile(io.BytesIO(take(path, "layers", 128, 128)))
    first = zipfile.ZipFile(io.BytesIO(own["layers.zip"]))
    assert [n for n in later.namelist() if n.endswith("svg")] == [n for n in first.namelist() if n.endswith("svg")]
    for file in (n for n in first.namelist() if n.endswith("svg")):
        assert re.sub(rb"<metadata>.*?</metadata>", b"", later.read(file), flags=re.DOTALL) == first.read(file)
    assert [name for name, _ in Layered.read(path.read_text("utf-8")).layers] == made.facts["layers"]


def drawn(illustrator: Illustrator, scene: dict[str, Any]) -> Output:
    parameters: dict[str, Any] = {"scene": scene, "width": 128, "height": 128, "exports": ["cutout", "layers"]}
    return illustrator.generate(
        [Work(Recipe(kind=StepKind.PICTURE, maker="illustrator", maker_version=2, parameters=parameters, seed=3))], Silent()
    )[0]
