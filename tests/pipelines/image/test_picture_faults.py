"""What goes wrong while a picture is made: memory, broken numbers, a safety checker. Faults enter through what the maker is handed."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
import torch
from diffusers import DiffusionPipeline
from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker
from safetensors.torch import load_file, save_file
from transformers import CLIPConfig, CLIPImageProcessor

from domain.errors import ContentFiltered, EngineFailed, InvalidOutput, OutOfMemory
from domain.progress import Silent
from pipelines.devices import Devices
from pipelines.image.diffusion import Diffusion, _load
from pipelines.image.loading import open_checkpoint
from pipelines.memory import Arbiter, Memory
from tests.pipelines.image.shortages import SHORTAGES, Scarce, Short, forced
from tests.pipelines.image.test_diffusion import copy, psnr, store_of, work
from tests.pipelines.image.tiny_models import FAMILIES, save_sd15

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")

GB = 1_000_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sd15")
    return save_sd15(root / "model", root / "scratch")


def maker_of(folder: Path, cache: Path, memory: Memory | None = None, dtype: str = "float32") -> Diffusion:
    return Diffusion(store_of(folder, cache), Devices(memory or 2 * GB), "tiny", "cpu", families=FAMILIES, dtype=dtype)


@pytest.mark.parametrize("at", ["denoising 1", "denoising 2", "decoding"])
def test_memory_that_runs_out_is_purged_and_the_picture_made_in_the_next_mode(folder: Path, tmp_path: Path, at: str) -> None:
    maker = maker_of(folder, tmp_path)
    made = maker.generate([work(3)], Short(at, 1))[0]
    assert made.trace.memory_mode == "tiled"
    assert any("ran out of memory" in note for note in made.trace.notes)
    assert psnr(made, maker_of(folder, tmp_path / "other").generate([work(3)], Silent())[0]) >= 40


def test_a_batch_that_does_not_fit_is_halved_before_anything_is_purged(folder: Path, tmp_path: Path) -> None:
    made = maker_of(folder, tmp_path).generate([work(seed) for seed in range(4)], Short("denoising 1", 1))
    assert [(one.trace.batch, one.trace.memory_mode) for one in made] == [(2, "full")] * 4


def test_pictures_that_were_made_before_memory_ran_out_are_kept(folder: Path, tmp_path: Path) -> None:
    made = maker_of(folder, tmp_path).generate([work(1), work(2, width=48)], Short("denoising 2/2", 0))
    assert len(made) == 2

    class Later(Short):
        def report(self, fraction: float, note: str = "") -> None:
            if fraction > 0.5:
                super().report(fraction, note)

    made = maker_of(folder, tmp_path / "b").generate([work(1), work(2, width=48)], Later("denoising", 1))
    assert [one.trace.memory_mode for one in made] == ["full", "tiled"]


@pytest.mark.parametrize("at", ["denoising", "decoding"])
def test_memory_that_does_not_suffice_twice_fails_this_job_alone(folder: Path, tmp_path: Path, at: str) -> None:
    maker = maker_of(folder, tmp_path)
    before = maker.generate([work(3)], Silent())[0]
    for _ in range(4):
        with pytest.raises(OutOfMemory) as caught:
            maker.generate([work(3)], Short(at, 2))
        assert "32x32" in caught.value.message
        assert maker.generate([work(3)], Silent())[0].main.data == before.main.data


def test_memory_that_is_refused_at_load_fails_this_job_alone(folder: Path, tmp_path: Path) -> None:
    arbiter = Arbiter({"cpu": 2 * GB})
    scarce = Scarce(arbiter.holder("test", lambda key: devices.evict(key)), 0)
    devices = Devices(scarce)
    maker = Diffusion(store_of(folder, tmp_path), devices, "tiny", "cpu", families=FAMILIES, dtype="float32")
    scarce.left = len(maker.dry_run())
    with pytest.raises(OutOfMemory):
        maker.generate([work(3)], Silent())
    assert maker.generate([work(3)], Silent())[0].trace.memory_mode == "full"
    devices.release_idle()
    assert arbiter.residents() == ()


@pytest.mark.parametrize("error", list(SHORTAGES))
def test_every_way_in_which_memory_runs_out_is_understood(folder: Path, tmp_path: Path, error: str) -> None:
    """Of Python, of a GPU, and torch's own for RAM, which has no class."""
    made = maker_of(folder, tmp_path).generate([work(3)], Short("denoising 1", 1, error))[0]
    assert made.trace.memory_mode == "tiled"


def test_other_errors_of_the_library_are_no_shortage(folder: Path, tmp_path: Path) -> None:
    class Breaks(Silent):
        def report(self, fraction: float, note: str = "") -> None:
            if note.startswith("denoising"):
                raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(EngineFailed, match="mat1"):
        maker_of(folder, tmp_path).generate([work(3)], Breaks())


def test_a_layer_larger_than_all_memory_is_a_shortage_at_load(folder: Path, tmp_path: Path) -> None:
    """A checkpoint whose one table takes 8 TB in the file, all of it a hole: torch itself says no when it is to be copied."""
    large = copy(folder, tmp_path / "model")
    rows = 2**34
    add_table(large / "unet" / "diffusion_pytorch_model.safetensors", "class_embedding.weight", rows, 128)
    config = json.loads((large / "unet" / "config.json").read_text())
    (large / "unet" / "config.json").write_text(json.dumps(config | {"num_class_embeds": rows}))
    opened = open_checkpoint(large, FAMILIES)
    with pytest.raises(OutOfMemory):
        _load(large, None, opened, "cpu", "bfloat16", "sdpa", "full")


def add_table(path: Path, name: str, rows: int, width: int) -> None:
    """One more table of float32 at the end of a safetensors file, with nothing in it: it takes no room on the disk."""
    weights = load_file(path)
    save_file(weights, path, metadata={"format": "pt"})
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    header[name] = {"dtype": "F32", "shape": [rows, width], "data_offsets": [len(body), len(body) + rows * width * 4]}
    written = json.dumps(header).encode()
    written += b" " * (-len(written) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(written)) + written + body)
        file.truncate(8 + len(written) + len(body) + rows * width * 4)


def test_after_every_kind_of_shortage_the_next_job_succeeds_with_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    """Three at each of load, denoise and decode; the hundred of them: python -m benchmarks.pictures faults."""
    counted = forced(lambda devices: Diffusion(store_of(folder, tmp_path), devices, "tiny", "cpu", families=FAMILIES), work(3), 9)
    assert counted.raised == counted.succeeded == 9
    assert counted.left == 0, "bytes still admitted after everything was unloaded"
    assert counted.grown < 256_000_000


def test_a_picture_broken_in_half_precision_is_made_once_more_in_float32(folder: Path, tmp_path: Path) -> None:
    """A decoder whose numbers are too large for float16, and are scaled down again by the next layer."""
    large = copy(folder, tmp_path / "model")
    path = large / "vae" / "diffusion_pytorch_model.safetensors"
    weights = load_file(path)
    weights["decoder.conv_in.weight"] *= 1e7
    save_file(weights, path, metadata={"format": "pt"})
    made = maker_of(large, tmp_path / "cache", dtype="float16").generate([work(3), work(4)], Silent())
    assert [one.trace.dtype for one in made] == ["float32", "float32"]
    assert any("float16" in note for note in made[0].trace.notes)


def test_a_picture_broken_in_float32_too_is_an_error_and_no_picture(folder: Path, tmp_path: Path) -> None:
    broken = copy(folder, tmp_path / "model")
    path = broken / "vae" / "diffusion_pytorch_model.safetensors"
    weights = load_file(path)
    weights["decoder.conv_out.bias"] = torch.full_like(weights["decoder.conv_out.bias"], float("nan"))
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(InvalidOutput, match="float32"):
        maker_of(broken, tmp_path / "cache", dtype="bfloat16").generate([work()], Silent())


def test_what_a_safety_checker_refuses_is_an_error_of_its_own_and_no_black_picture(folder: Path, tmp_path: Path) -> None:
    pipe = DiffusionPipeline.from_pretrained(folder, local_files_only=True)
    small = {"hidden_size": 32, "intermediate_size": 37, "num_hidden_layers": 1, "num_attention_heads": 4}
    vision = small | {"image_size": 32, "patch_size": 8}
    checker = StableDiffusionSafetyChecker(CLIPConfig(text_config=small, vision_config=vision, projection_dim=32))
    with torch.no_grad():
        checker.concept_embeds_weights.fill_(-2.0)  # everything is nearer than that
    pipe.register_modules(safety_checker=checker, feature_extractor=CLIPImageProcessor(size=32, crop_size=32))
    pipe.save_pretrained(tmp_path / "model", safe_serialization=True)
    maker = maker_of(tmp_path / "model", tmp_path / "cache")
    with pytest.raises(ContentFiltered):
        maker.generate([work()], Silent())
    with pytest.raises(ContentFiltered):
        maker.generate([work(task="text")], Silent())
