"""The ways a diffusion pipeline can lie in memory: which are offered, which is taken, and that each gives the same picture.

The hooks that carry weights to a device and back run here with the CPU as that device; the tests marked gpu run the maker on CUDA.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoPipelineForImage2Image, AutoPipelineForText2Image
from PIL import Image

from domain.progress import Silent
from pipelines.devices import Devices
from pipelines.image import eight_bits, offload
from pipelines.image.diffusion import Diffusion
from pipelines.image.loading import Opened, open_checkpoint
from pipelines.memory import Arbiter
from tests.pipelines.image.test_diffusion import psnr, store_of, work
from tests.pipelines.image.tiny_models import FAMILIES, save_sd15, save_sdxl

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")

GB = 1_000_000_000
MODES = ("full", "model_offload", "group_offload")
SAVERS: dict[str, Callable[[Path, Path], Path]] = {"sd15": save_sd15, "sdxl": save_sdxl}

#: Stable Diffusion XL, as its files say.
SDXL = Opened(
    FAMILIES.get("sdxl"), "StableDiffusionXLPipeline", 8, "fp16", elements=3_470_000_000, component=2_567_000_000, layers=2_000_000_000
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("tiny")
    return {name: save(root / name, root / f"{name}-scratch") for name, save in SAVERS.items()}


def taken(budget: int, device: str, dtype: str) -> str:
    """The mode in which SDXL would be loaded on a device with this budget."""
    arbiter = Arbiter({"cpu": 64 * GB, device: budget})
    devices: Devices = Devices(arbiter.holder("gpu", lambda key: devices.evict(key)))
    said: list[str] = []

    def load(mode: str) -> str:
        said.append(mode)
        return mode

    with devices.acquire(offload.weights("sdxl", SDXL, device, dtype, load, lambda _: None), "auto") as mode:
        assert said == [mode]
        return mode


@pytest.mark.parametrize(
    ("gigabytes", "mode"), [(24, "full"), (7, "full"), (6, "model_offload"), (5, "group_offload"), (2, "group_offload")]
)
def test_a_gpu_too_small_for_the_whole_model_takes_it_piece_by_piece(gigabytes: int, mode: str) -> None:
    assert taken(gigabytes * GB, "cuda:0", "float16") == mode


def test_only_cuda_has_a_second_memory_to_offload_to() -> None:
    for device in ("cpu", "mps"):
        assert [way.name for way in offload.weights("sdxl", SDXL, device, "float32", str, lambda _: None).ways] == [
            "full", "tiled", "quantised",
        ]  # fmt: skip


def test_fewer_bits_are_taken_only_where_no_exact_way_fits() -> None:
    """On a CPU with room for neither float32 nor a second way; never for pictures that lean on adapters, which change layers."""
    whole = offload.whole(SDXL, "float32")
    ways = {way.name: way for way in offload.weights("sdxl", SDXL, "cpu", "float32", str, lambda _: None).ways}
    assert ways["quantised"].footprint < whole == ways["tiled"].footprint
    assert taken(whole, "cpu", "float32") == "full"
    assert taken(ways["quantised"].footprint, "cpu", "float32") == "quantised"
    with_adapters = offload.weights("sdxl", SDXL, "cpu", "float32", str, lambda _: None, light=False)
    assert "quantised" not in [way.name for way in with_adapters.ways]


def test_a_way_on_cuda_never_needs_more_of_the_device_than_the_one_before_it_but_the_last() -> None:
    ways = offload.weights("sdxl", SDXL, "cuda", "float16", str, lambda _: None).ways
    footprints = [way.footprint for way in ways[:-1]]
    assert footprints == sorted(footprints, reverse=True)
    assert ways[-1].name == "quantised"
    assert ways[-1].host < ways[-2].host, "what it saves is RAM"


@pytest.mark.parametrize("family", list(SAVERS))
def test_a_model_in_eight_bits_draws_nearly_the_same_picture_and_says_so(folders: dict[str, Path], tmp_path: Path, family: str) -> None:
    whole = Diffusion(store_of(folders[family], tmp_path / "whole"), Devices(2 * GB), "tiny", "cpu", families=FAMILIES, dtype="float32")
    fits = {fit.mode: fit for fit in whole.dry_run("float32")}
    budget = fits["quantised"].footprint
    assert budget < fits["full"].footprint
    small = Diffusion(store_of(folders[family], tmp_path / "small"), Devices(budget), "tiny", "cpu", families=FAMILIES, dtype="float32")
    assert [fit.mode for fit in small.dry_run("float32") if fit.fits] == ["quantised"]
    made, expected = small.generate([work()], Silent())[0], whole.generate([work()], Silent())[0]
    assert made.trace.memory_mode == "quantised"
    assert any("8 bits" in note for note in made.trace.notes)
    assert made.main.data != expected.main.data
    assert psnr(made, expected) >= 30
    assert small.generate([work()], Silent())[0].main.data == made.main.data


def test_a_layer_in_eight_bits_is_off_by_at_most_half_a_step_of_its_row() -> None:
    torch.manual_seed(0)
    model = torch.nn.ModuleDict({"blocks": torch.nn.ModuleList([torch.nn.Linear(64, 48)]), "out": torch.nn.Linear(48, 8)})
    before, outside = model["blocks"][0].weight.detach().clone(), model["out"]
    assert eight_bits.hold(model) == 1
    held = model["blocks"][0]
    assert model["out"] is outside, "what leads out of the blocks stays as it is"
    assert held.numbers.dtype is torch.int8
    steps = before.abs().amax(dim=1, keepdim=True) / 127
    assert bool(((held.weight - before).abs() <= 0.5001 * steps).all())


def test_the_largest_component_is_read_from_the_files(folders: dict[str, Path]) -> None:
    family = open_checkpoint(folders["sd15"], FAMILIES)
    unet = AutoPipelineForText2Image.from_pretrained(folders["sd15"], local_files_only=True).unet
    assert family.component == sum(parameter.numel() for parameter in unet.parameters())
    assert family.component < family.elements


def test_what_is_made_on_the_cpu_says_that_all_of_the_model_was_there(folders: dict[str, Path], tmp_path: Path) -> None:
    maker = Diffusion(store_of(folders["sd15"], tmp_path), Devices(2 * GB), "tiny", "cpu", families=FAMILIES)
    assert maker.generate([work()], Silent())[0].trace.memory_mode == "full"


def drawn(pipe: Any, **more: Any) -> np.ndarray:
    words = {"prompt": "a red fox", "num_inference_steps": 2, "output_type": "np", "generator": torch.Generator().manual_seed(1)}
    return np.asarray(pipe(**words, **more).images[0])


@pytest.mark.parametrize(("family", "mode"), [("sdxl", "model_offload"), ("sd15", "group_offload")])
def test_offloaded_weights_draw_the_same_pictures_by_turns_from_words_and_from_a_reference(
    folders: dict[str, Path], family: str, mode: str
) -> None:
    def loaded(mode: str) -> tuple[Any, Any]:
        pipe = AutoPipelineForText2Image.from_pretrained(folders[family], local_files_only=True)
        pipe.set_progress_bar_config(disable=True)
        offload.settle(pipe, "cpu", mode)
        second = AutoPipelineForImage2Image.from_pipe(pipe)
        second.set_progress_bar_config(disable=True)
        offload.resettle(second, "cpu", mode)
        return pipe, second

    reference = Image.linear_gradient("L").resize((32, 32)).convert("RGB")
    words, pictures = loaded("full")
    expected = drawn(words, width=32, height=32), drawn(pictures, image=reference, strength=0.9)
    words, pictures = loaded(mode)
    assert np.allclose(drawn(words, width=32, height=32), expected[0], atol=1e-4)
    assert np.allclose(drawn(pictures, image=reference, strength=0.9), expected[1], atol=1e-4)
    assert np.allclose(drawn(words, width=32, height=32), expected[0], atol=1e-4)


@pytest.mark.gpu
@pytest.mark.parametrize("mode", MODES)
def test_each_mode_draws_on_cuda_and_leaves_no_more_than_it_says(folders: dict[str, Path], tmp_path: Path, mode: str) -> None:
    family = open_checkpoint(folders["sd15"], FAMILIES)
    weights = offload.weights("tiny", family, "cuda:0", "bfloat16", str, lambda _: None)
    budget = next(way.footprint for way in weights.ways if way.name == mode)
    arbiter = Arbiter({"cpu": 8 * GB, "cuda:0": budget})
    devices: Devices = Devices(arbiter.holder("gpu", lambda key: devices.evict(key)))
    maker = Diffusion(store_of(folders["sd15"], tmp_path / mode), devices, "tiny", "cuda:0", families=FAMILIES)
    made = maker.generate([work(3), work(4)], Silent())
    assert [one.trace.memory_mode for one in made] == [mode, mode]
    whole = Diffusion(store_of(folders["sd15"], tmp_path / "whole"), Devices(8 * GB), "tiny", "cuda:0", families=FAMILIES).generate(
        [work(3)], Silent()
    )[0]
    assert psnr(made[0], whole) >= 30
    devices.release_idle()
    assert arbiter.residents() == ()
