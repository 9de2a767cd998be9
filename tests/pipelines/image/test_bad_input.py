"""What a picture cannot be made of is refused at its field, with the way out, before any memory is taken for it."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import pytest
import torch

from domain.errors import AttachmentError, InputError, ModelUnusable
from domain.progress import Silent
from domain.recipe import InputFile
from domain.value import JsonValue
from pipelines.devices import Devices
from pipelines.image.diffusion import Diffusion
from pipelines.image.families import Family
from pipelines.image.loading import Opened, open_checkpoint
from tests.pipelines.image.test_diffusion import copy, store_of, work
from tests.pipelines.image.tiny_models import FAMILIES, save_sd15

#: The failures under test come before anything is loaded: with no memory at all to load into, each is still the error it is.
NO_MEMORY = 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sd15")
    return save_sd15(root / "model", root / "scratch")


@pytest.fixture
def maker(folder: Path, tmp_path: Path) -> Diffusion:
    return Diffusion(store_of(folder, tmp_path / "cache"), Devices(NO_MEMORY), "tiny", "cpu", families=FAMILIES, dtype="float32")


@pytest.mark.parametrize(
    ("asked", "field", "way_out"),
    [
        ({"width": 33}, "width", "32 or 34"),
        ({"height": 47}, "height", "46 or 48"),
        ({"width": 4096, "height": 2048}, "width", "2896x1448"),
        ({"width": 2048, "height": 4096}, "height", "1448x2896"),
        ({"width": 100_000}, "width", "4096 or less"),
        ({"width": 0}, "width", "8 or more"),
        ({"steps": 10_000}, "steps", "150 or less"),
        ({"steps": -1}, "steps", "0 or more"),
        ({"guidance": 99}, "guidance", "30 or less"),
        ({"seamless": "perhaps"}, "seamless", ""),
    ],
)
def test_a_number_that_cannot_be_is_refused_with_the_nearest_that_can(
    maker: Diffusion, asked: dict[str, JsonValue], field: str, way_out: str
) -> None:
    with pytest.raises(InputError) as caught:
        maker.generate([work(**asked)], Silent())
    assert caught.value.field == field
    assert way_out in caught.value.hint


@pytest.mark.parametrize("family", FAMILIES.all, ids=lambda family: family.id)
def test_every_size_a_family_is_best_at_is_one_it_can_make(family: Family) -> None:
    multiple = 16 if "ImagePipeline" in family.class_name or "Flux" in family.class_name else 8
    for width, height in family.sizes:
        Opened(family, family.class_name, multiple, None, 1, 1).check_size(width, height)


def png_of(width: int, height: int) -> bytes:
    """A PNG whose header says this size and whose few bytes of data unpack to as much as it wants."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1_000_000))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("role", ["reference", "mask", "control", "likeness"])
@pytest.mark.parametrize("size", [(30_000, 30_000), (8_000, 8_000)])
def test_a_decompression_bomb_is_refused_by_its_header(maker: Diffusion, tmp_path: Path, role: str, size: tuple[int, int]) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_of(*size))
    with pytest.raises(AttachmentError, match="megapixels") as caught:
        maker.generate([work(1, [InputFile(role, path, "image/png")])], Silent())
    assert caught.value.field == role


@pytest.mark.parametrize("role", ["reference", "control", "likeness"])
@pytest.mark.parametrize("content", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\n cut", b"", b"GIF89a"])
def test_what_is_no_photograph_is_refused_at_its_role(maker: Diffusion, tmp_path: Path, role: str, content: bytes) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(content)
    with pytest.raises(AttachmentError) as caught:
        maker.generate([work(1, [InputFile(role, path, "image/png")])], Silent())
    assert caught.value.field == role
    assert caught.value.hint


def test_a_folder_whose_numbers_another_library_packed_is_refused_with_the_way_out(folder: Path, tmp_path: Path) -> None:
    packed = copy(folder, tmp_path / "model")
    path = packed / "unet" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"quantization_config": {"quant_method": "bitsandbytes"}}))
    with pytest.raises(ModelUnusable, match="bitsandbytes") as caught:
        open_checkpoint(packed, FAMILIES)
    assert "GGUF" in caught.value.hint


def test_a_model_that_cannot_be_built_leaves_the_type_of_numbers_of_later_models_alone(folder: Path, tmp_path: Path) -> None:
    broken = copy(folder, tmp_path / "model")
    path = broken / "unet" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"block_out_channels": "wide"}))
    maker = Diffusion(store_of(broken, tmp_path / "cache"), Devices(2 * 10**9), "tiny", "cpu", families=FAMILIES, dtype="bfloat16")
    with pytest.raises(ModelUnusable):
        maker.generate([work()], Silent())
    assert torch.get_default_dtype() == torch.float32
