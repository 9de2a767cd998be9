"""Taking a stored picture out as a file: only illustrations, within sizes, made once and kept for a while."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from domain.asset import Asset
from domain.capability import StepKind
from domain.drawing import DrawingFormat
from domain.errors import InputError, LimitError, NotFound, StorageError
from domain.progress import Progress
from domain.recipe import Credit, Output, OutputFile, Recipe, Work
from library.library import Library
from pipelines.image.drawing_files import DrawingFiles
from pipelines.image.illustration.svg import Canvas
from studio.drawings import Drawings, drawing_of


class Counting:
    """The real pipeline, called as an executor is, and counted."""

    def __init__(self) -> None:
        self.calls = 0

    def generate(self, maker: str, works: Sequence[Work], progress: Progress) -> list[Output]:
        assert maker == "drawing-files"
        self.calls += 1
        return DrawingFiles().generate(works, progress)


@pytest.fixture
def library(home: Path) -> Iterator[Library]:
    opened = Library.open(f"sqlite:///{home / 'maquette.db'}", home)
    yield opened
    opened.close()


@pytest.fixture
def executor() -> Counting:
    return Counting()


@pytest.fixture
def drawings(library: Library, executor: Counting, tmp_path: Path) -> Drawings:
    return Drawings(library, executor.generate, tmp_path / "drawings")


def add(library: Library, maker: str = "illustrator", title: str = "Fox, at night!", previous: str = "") -> str:
    """A picture in the library; returns its id."""
    canvas = Canvas(80, 40)
    canvas.fill_all("#203050")
    canvas.layer("subject-1-fox")
    canvas.rect(10, 10, 20, 20, "#ff0000")
    project = library.projects()[0] if library.projects() else library.create_project("P")
    files = [OutputFile("picture.png", "image/png", b"\x89PNG seen")]
    if maker == "illustrator":
        files.append(OutputFile("picture.svg", "image/svg+xml", canvas.svg("fox").encode()))
    recipe = Recipe(kind=StepKind.PICTURE, maker=maker, maker_version=2, parameters={"width": 80, "height": 40})
    credit = Credit(title="fox", author="A. Painter", licence="MIT", source="https://example.org")
    draft = Asset(
        id="", project_id=project.id, title=title, files=(), recipe=recipe, credits=(credit,), previous=previous, created=datetime.now(UTC)
    )
    return library.add_asset(draft, tuple(files)).id


@pytest.mark.parametrize(
    ("wanted", "side", "name"),
    [
        (DrawingFormat.SVG, 0, "fox-at-night.svg"),
        (DrawingFormat.PNG, 0, "fox-at-night-80x40.png"),
        (DrawingFormat.PNG, 4096, "fox-at-night-4096x2048.png"),
        (DrawingFormat.WEBP, 160, "fox-at-night-160x80.webp"),
        (DrawingFormat.CUTOUT, 0, "fox-at-night-cutout-80x40.png"),
        (DrawingFormat.LAYERS, 64, "fox-at-night-layers-64x32.zip"),
        (DrawingFormat.CREDITS, 0, "fox-at-night-credits.txt"),
    ],
)
def test_every_form_has_a_name_that_says_what_it_is(
    drawings: Drawings, library: Library, wanted: DrawingFormat, side: int, name: str
) -> None:
    file = drawings.file(add(library), wanted, side=side)
    assert file.name == name
    data = file.path.read_bytes()
    if file.media_type in ("image/png", "image/webp"):
        assert "x".join(map(str, Image.open(io.BytesIO(data)).size)) in name
    assert data


def test_a_file_is_made_once_and_again_after_the_folder_was_emptied(drawings: Drawings, library: Library, executor: Counting) -> None:
    asset = add(library)
    first = drawings.file(asset, DrawingFormat.PNG)
    before = first.path.read_bytes()
    assert drawings.file(asset, DrawingFormat.PNG).path == first.path
    assert executor.calls == 1
    first.path.unlink()
    assert drawings.file(asset, DrawingFormat.PNG).path.read_bytes() == before
    assert executor.calls == 2


def test_a_second_version_says_so_in_its_name(drawings: Drawings, library: Library) -> None:
    second = add(library, previous=add(library), title="…")
    assert drawings.file(second, DrawingFormat.SVG).name == "picture-v2.svg"


def test_what_is_no_illustration_is_told_and_nothing_is_made(drawings: Drawings, library: Library, executor: Counting) -> None:
    photo = add(library, maker="diffusion/sdxl")
    assert drawing_of(library.asset(photo)) is None
    for refuse in (drawings.file, drawings.require):
        with pytest.raises(InputError, match="not an illustration: it was made by diffusion/sdxl") as caught:
            refuse(photo, DrawingFormat.LAYERS)
        assert (caught.value.field, bool(caught.value.hint)) == ("asset", True)
    with pytest.raises(NotFound):
        drawings.file("none", DrawingFormat.SVG)
    assert executor.calls == 0


def test_sizes_have_bounds_and_vectors_have_none(drawings: Drawings, library: Library) -> None:
    asset = add(library)
    for side in (8, 4097, 10**9):
        with pytest.raises(LimitError, match=f"{side} pixels") as caught:
            drawings.file(asset, DrawingFormat.PNG, side=side)
        assert caught.value.field == "side"
    with pytest.raises(InputError) as refused:
        drawings.file(asset, DrawingFormat.SVG, side=2048)
    assert refused.value.field == "side"


def test_the_oldest_files_go_when_the_folder_grows(library: Library, executor: Counting, tmp_path: Path) -> None:
    asset = add(library)
    small = Drawings(library, executor.generate, tmp_path / "drawings", keep=2_000)
    first = small.file(asset, DrawingFormat.CREDITS)
    second = small.file(asset, DrawingFormat.LAYERS)
    assert second.path.exists() and not first.path.exists()


def test_a_folder_that_cannot_be_written_is_told(library: Library, executor: Counting, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StorageError, match="could not be written"):
        Drawings(library, executor.generate, tmp_path / "file" / "below").file(add(library), DrawingFormat.SVG)
