"""Files that want to grow, to run or to write elsewhere, carried to every door: refused or told. benchmarks/hostile.py measures it."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import app
from domain.errors import MaquetteError
from pipelines.media.sound import wav_bytes
from studio.studio import Studio
from tests.hostile.archives import ARCHIVES, NAMES
from tests.hostile.bombs import BOMBS
from tests.hostile.doors import Carried, carry, doors

#: Taken for what they are: sound that says it is longer than it is, as recorders write it that could not go back, and text.
AS_THEY_ARE = {("wav that claims 4 GB", "attachment"), ("wav that claims 4 GB", "consent"), ("playlist as a recording", "attachment")}
#: What a name is refused with that cannot be one: dots alone, control characters.
NO_NAME = "is not a file name"


@dataclass
class House:
    studio: Studio
    home: Path
    project: str
    doors: dict[str, Callable[[str, bytes], object]]

    def carry(self, file: str, data: bytes) -> list[Carried]:
        return [carry(self.studio, door, enter, file, data) for door, enter in self.doors.items()]

    def outside(self, found: Carried) -> list[str]:
        """The paths that were opened for writing and are none of the studio's."""
        return [path for path in found.written if path != os.devnull and not Path(path).resolve().is_relative_to(self.home)]


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), "red").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("hostile-files")
    settings = app.settings_from({"MAQUETTE_HOME": str(home), "MAQUETTE_CACHE": str(home / "cache"), "MAQUETTE_OFFLINE": "1"})
    studio = app.open_studio(settings)
    try:
        project = studio.projects.create("Doors").id
        picture = studio.easel.take_in(project, "room.png", png()).id
        yield House(studio, home, project, doors(studio, project, picture))
    finally:
        studio.close()


def wrong(house: House, found: list[Carried]) -> list[Carried]:
    """What was taken, what failed in a way that is not for people, what wrote outside the studio's folders, what asked the network."""
    taken = [one for one in found if one.came not in ("refused", "told") and (one.file, one.door) not in AS_THEY_ARE]
    outside = [one for one in found if house.outside(one)]
    return [*taken, *outside, *(one for one in found if one.connected)]


@pytest.mark.parametrize("name", list(BOMBS))
def test_no_bomb_is_opened_by_any_door(house: House, name: str) -> None:
    assert wrong(house, house.carry(name, BOMBS[name]())) == []


@pytest.mark.parametrize("name", list(ARCHIVES))
def test_no_archive_is_unpacked_by_any_door(house: House, name: str) -> None:
    assert wrong(house, house.carry("archive", ARCHIVES[name]())) == []


def test_names_are_data(house: House) -> None:
    """A good file under every bad name is kept by its content, and its name is only shown."""
    before = {path for path in house.home.rglob("*") if path.is_file()}
    for name in NAMES:
        for door in ("attachment", "picture", "check"):
            found = carry(house.studio, door, house.doors[door], name, png())
            assert found.came in ("taken", "told") or (found.came == "refused" and NO_NAME in found.said), (name, found)
            assert not house.outside(found), (name, found)
            assert not found.connected
    kept = {path for path in house.home.rglob("*") if path.is_file()} - before
    assert not [path for path in kept if "evil" in path.name]
    assert not list(Path(tempfile.gettempdir()).glob("maquette-evil*"))


@pytest.mark.parametrize("door", ["attachment", "palette", "picture", "mask", "logo", "transcript", "trimming", "consent", "check"])
def test_every_door_has_its_files_opened_in_another_process(house: House, door: str) -> None:
    data = wav() if door in ("transcript", "trimming", "consent") else png()
    before = house.studio.opening.sandbox.opened
    with contextlib.suppress(MaquetteError):  # a model that is not there is missed afterwards; a red picture is no mask
        house.doors[door]("good", data)
    assert house.studio.opening.sandbox.opened > before


def wav() -> bytes:
    return wav_bytes(0.5 * np.sin(np.arange(16_000, dtype=np.float32) / 9), 16_000)
