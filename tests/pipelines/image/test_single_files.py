"""Checkpoints of one file: told by what is in them, opened with the small configuration files of their family, refused by content."""

from __future__ import annotations

import json
import os
import pickle
import struct
import zipfile
from pathlib import Path

import pytest
import torch

from domain.errors import MaquetteError, ModelCorrupt, ModelUnusable
from domain.model import Task
from domain.progress import Silent
from pipelines.devices import Devices
from pipelines.image.diffusion import Diffusion
from pipelines.image.headers import read_header
from pipelines.image.loading import open_checkpoint
from pipelines.image.openings import Openings
from pipelines.models.folders import weight_files
from tests.pipelines.image.single_file import config_only, empty, save_single
from tests.pipelines.image.test_diffusion import psnr, store_of, work
from tests.pipelines.image.tiny_adapters import store_with
from tests.pipelines.image.tiny_models import FAMILIES, save_sd15

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")

#: Of families that are told by a tensor but not opened from one file here.
FOLDERS_ONLY = [family for family in FAMILIES.all if family.keys and not family.single]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sd15")
    return save_sd15(root / "model", root / "scratch")


def test_a_single_file_makes_the_pictures_of_its_folder(folder: Path, tmp_path: Path) -> None:
    single, config = save_single(folder, tmp_path / "single"), config_only(folder, tmp_path / "config")
    store = store_with({"tiny": single, "sd15-config": config}, tmp_path / "cache", {"sd15-config": Task.PICTURE_PARTS})
    maker = Diffusion(store, Devices(2_000_000_000), "tiny", "cpu", families=FAMILIES, dtype="float32")
    assert maker.opened().family.id == "sd15"
    whole = Diffusion(store_of(folder, tmp_path / "whole"), Devices(2_000_000_000), "tiny", "cpu", families=FAMILIES, dtype="float32")
    assert psnr(maker.generate([work()], Silent())[0], whole.generate([work()], Silent())[0]) >= 60


def test_a_checkpoint_is_read_once_and_again_when_its_file_changes(folder: Path, tmp_path: Path) -> None:
    single, openings = save_single(folder, tmp_path / "single"), Openings(FAMILIES)
    first = openings.open(single)
    assert openings.open(single) is first and openings.open(single, "sd15") == first
    [file] = weight_files(single)
    known = file.stat()
    os.utime(file, ns=(known.st_atime_ns, known.st_mtime_ns + 1))
    again = openings.open(single)
    assert again is not first and again == first
    file.write_bytes(file.read_bytes()[:-4])
    for _ in range(2):
        with pytest.raises(ModelCorrupt):
            openings.open(single)


def test_a_single_file_without_its_configuration_says_what_to_pull(folder: Path, tmp_path: Path) -> None:
    store = store_with({"tiny": save_single(folder, tmp_path / "single")}, tmp_path / "cache", {})
    maker = Diffusion(store, Devices(2_000_000_000), "tiny", "cpu", families=FAMILIES, dtype="float32")
    with pytest.raises(MaquetteError, match="sd15-config"):
        maker.generate([work()], Silent())


@pytest.mark.parametrize("family", FOLDERS_ONLY, ids=lambda family: family.id)
def test_a_single_file_of_another_family_is_named_and_refused_with_the_way_out(family: object, tmp_path: Path) -> None:
    from pipelines.image.families import Family

    assert isinstance(family, Family)
    for number, key in enumerate(family.keys):
        with pytest.raises(ModelUnusable, match=family.name.split()[0]) as caught:
            open_checkpoint(empty((key,), tmp_path / str(number)), FAMILIES)
        assert "folder" in caught.value.hint


def pickled(path: Path) -> None:
    torch.save({"a": torch.zeros(2)}, path)


def archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("weights", "x")


def page(path: Path) -> None:
    path.write_text("<!DOCTYPE html><title>Not found</title>")


def pointer(path: Path) -> None:
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")


@pytest.mark.parametrize("name", ["model.safetensors", "model.gguf", "model.ckpt"])
@pytest.mark.parametrize(("write", "word"), [(pickled, "pickle"), (archive, "archive"), (page, "web page"), (pointer, "pointer")])
def test_what_is_no_file_of_weights_is_refused_by_content_whatever_it_is_called(
    tmp_path: Path, write: object, word: str, name: str
) -> None:
    assert callable(write)
    folder = tmp_path / "model"
    folder.mkdir()
    write(folder / name)
    with pytest.raises(ModelUnusable, match=word):
        open_checkpoint(folder, FAMILIES)


def test_a_gguf_with_nothing_in_it_is_damaged_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 0))
    with pytest.raises(ModelCorrupt, match="GGUF"):
        open_checkpoint(tmp_path, FAMILIES)


@pytest.mark.parametrize("damage", ["cut", "noise"])
def test_a_damaged_single_file_is_refused(folder: Path, tmp_path: Path, damage: str) -> None:
    path = save_single(folder, tmp_path / "single") / "model.safetensors"
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] if damage == "cut" else bytes(range(1, 256)) * 40)
    with pytest.raises(ModelCorrupt):
        open_checkpoint(path.parent, FAMILIES)


@pytest.mark.parametrize("length", [640, 896, 1152, 1408])
def test_a_header_as_long_as_a_pickles_first_bytes_is_no_pickle(tmp_path: Path, length: int) -> None:
    header = json.dumps({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    path = tmp_path / "model.safetensors"
    path.write_bytes(struct.pack("<Q", length) + header.ljust(length) + bytes(4))
    assert path.read_bytes()[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
    assert read_header(path).shapes == {"a": (1,)}
    assert weight_files(tmp_path) == [path]
    path.write_bytes(pickle.dumps({"a": [0] * 99}))
    with pytest.raises(ModelUnusable):
        weight_files(tmp_path)


def test_a_file_of_no_picture_family_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="no picture family"):
        open_checkpoint(empty(("something.else",), tmp_path / "model"), FAMILIES)
