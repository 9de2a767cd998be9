"""The diffusion maker on real classes at tiny random configurations, loaded through the real store."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from domain.capability import StepKind
from domain.errors import Cancelled, InputError, InvalidOutput, ModelCorrupt, ModelMissing, ModelUnusable, OutOfMemory
from domain.model import FolderSource, Model, ModelFile, Task
from domain.progress import CancelToken, Silent
from domain.recipe import InputFile, Output, Recipe, Work
from domain.value import JsonValue
from pipelines.devices import Devices
from pipelines.image.diffusion import Diffusion
from pipelines.image.illustrator import Illustrator
from pipelines.image.loading import open_checkpoint
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore
from tests.pipelines.image.tiny_models import FAMILIES, save_flux, save_sd15, save_sdxl

# diffusers' Euler scheduler hands a torch tensor to numpy 2, which wants a newer protocol than torch implements
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")

SAVERS: dict[str, Callable[[Path, Path], Path]] = {"sd15": save_sd15, "sdxl": save_sdxl, "flux": save_flux}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("tiny")
    return {name: save(root / name, root / f"{name}-scratch") for name, save in SAVERS.items()}


def store_of(folder: Path, cache: Path) -> ModelStore:
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    model = Model(
        id="tiny",
        name="Tiny",
        task=Task.PICTURE,
        licence="Apache-2.0",
        pinned=False,
        files=tuple(ModelFile(name=name) for name in names),
        sources=(FolderSource(path=str(folder)),),
    )
    store = ModelStore(Catalogue([model]), cache)
    store.pull("tiny", Silent())
    return store


@pytest.fixture(scope="module")
def makers(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Diffusion]:
    devices = Devices(2_000_000_000)
    stores = {name: store_of(folder, tmp_path_factory.mktemp(f"cache-{name}")) for name, folder in folders.items()}
    return {name: Diffusion(store, devices, "tiny", "cpu", families=FAMILIES, dtype="float32") for name, store in stores.items()}


def work(seed: int = 1, inputs: Sequence[InputFile] = (), **parameters: JsonValue) -> Work:
    values: dict[str, JsonValue] = {"prompt": "a red fox", "width": 32, "height": 32, "steps": 2} | parameters
    return Work(Recipe(kind=StepKind.PICTURE, maker="diffusion", maker_version=1, seed=seed, parameters=values), tuple(inputs))


def pixels(output: Output) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(output.main.data)).convert("RGB"), dtype=np.float64)


def psnr(one: Output, other: Output) -> float:
    error = float(((pixels(one) - pixels(other)) ** 2).mean())
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


@pytest.mark.parametrize("family", list(SAVERS))
def test_each_family_makes_a_picture_and_says_how(makers: dict[str, Diffusion], family: str) -> None:
    made = makers[family].generate([work()], Silent())[0]
    assert Image.open(io.BytesIO(made.main.data)).size == (32, 32)
    assert (made.main.name, made.main.media_type) == ("picture.png", "image/png")
    assert made.facts["steps"] == 2
    assert (made.trace.device, made.trace.dtype, made.trace.attention) == ("cpu", "float32", "sdpa")
    assert set(made.trace.versions) == {"torch", "diffusers", "transformers"}


def test_half_the_bits_give_nearly_the_same_picture(folders: dict[str, Path], tmp_path: Path, makers: dict[str, Diffusion]) -> None:
    store = store_of(folders["sd15"], tmp_path)
    half = Diffusion(store, Devices(2_000_000_000), "tiny", "cpu", families=FAMILIES, dtype="bfloat16").generate([work()], Silent())[0]
    assert half.trace.dtype == "bfloat16"
    assert psnr(half, makers["sd15"].generate([work()], Silent())[0]) >= 25


def test_pictures_share_a_batch_by_size_and_setting_where_it_pays(makers: dict[str, Diffusion]) -> None:
    maker = makers["sd15"]
    small = maker.company(work(width=512, height=512).recipe.parameters)
    other = maker.company(work(width=512, height=512, prompt="a blue whale").recipe.parameters)
    assert small is not None and small.most > 1
    assert small == other
    assert maker.company(work(width=640, height=384).recipe.parameters) != small
    assert maker.company(work(width=1024, height=1024).recipe.parameters) is None


@pytest.mark.parametrize("family", list(SAVERS))
def test_a_seed_gives_its_picture_alone_and_in_a_batch(makers: dict[str, Diffusion], family: str) -> None:
    maker = makers[family]
    batch = maker.generate([work(7), work(8, prompt="a blue whale"), work(9)], Silent())
    alone = maker.generate([work(8, prompt="a blue whale")], Silent())[0]
    assert [made.trace.batch for made in batch] == [3, 3, 3]
    assert alone.trace.batch == 1
    assert psnr(alone, batch[1]) >= 40
    assert psnr(batch[0], batch[2]) < 30, "another seed must give another picture"


def test_the_same_recipe_gives_the_same_bytes(makers: dict[str, Diffusion]) -> None:
    first, second = (makers["sd15"].generate([work(3)], Silent())[0] for _ in range(2))
    assert first.main.data == second.main.data


def test_pictures_of_different_sizes_come_back_in_their_order(makers: dict[str, Diffusion]) -> None:
    sizes = [(32, 32), (48, 32), (32, 32)]
    made = makers["sd15"].generate([work(i, width=w, height=h) for i, (w, h) in enumerate(sizes)], Silent())
    assert [(m.facts["width"], m.facts["height"], m.facts["seed"]) for m in made] == [(32, 32, 0), (48, 32, 1), (32, 32, 2)]


def test_a_stop_is_heard_within_one_step(makers: dict[str, Diffusion]) -> None:
    token, notes = CancelToken(), []

    class Watcher(Silent):
        def report(self, fraction: float, note: str = "") -> None:
            if note.startswith("denoising"):
                notes.append(note)
            if note == "denoising 2/20":
                token.cancel()

    with pytest.raises(Cancelled):
        makers["sdxl"].generate([work(steps=20)], Watcher(token))
    assert notes[-1] == "denoising 2/20", "the step after the stop must not be reported"


def test_a_stopped_maker_works_again(makers: dict[str, Diffusion]) -> None:
    before = makers["sd15"].generate([work(5)], Silent())[0]
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        makers["sd15"].generate([work(5)], Silent(token))
    assert makers["sd15"].generate([work(5)], Silent())[0].main.data == before.main.data


@pytest.mark.parametrize(("family", "size", "near"), [("sd15", 33, "32 or 34"), ("flux", 34, "32 or 36")])
def test_a_size_the_model_cannot_make_is_refused_with_the_nearest(makers: dict[str, Diffusion], family: str, size: int, near: str) -> None:
    with pytest.raises(InputError) as caught:
        makers[family].generate([work(width=size)], Silent())
    assert caught.value.field == "width"
    assert near in caught.value.hint


@pytest.mark.parametrize(("name", "value"), [("steps", 1000), ("prompt", ""), ("guidance", -1), ("width", 100_000)])
def test_a_parameter_outside_its_limits_is_named(makers: dict[str, Diffusion], name: str, value: JsonValue) -> None:
    with pytest.raises(InputError) as caught:
        makers["sd15"].generate([work(**{name: value})], Silent())
    assert caught.value.field == name


@pytest.mark.parametrize("family", list(SAVERS))
def test_a_reference_steers_the_picture(makers: dict[str, Diffusion], family: str, tmp_path: Path) -> None:
    path = tmp_path / "reference.png"
    ramp = np.tile(np.linspace(0, 255, 64, dtype=np.uint8)[None, :, None], (64, 1, 3))
    Image.fromarray(ramp).save(path)
    reference = InputFile("reference", path, "image/png")
    near, far, free = makers[family].generate(
        [work(4, [reference], steps=4, strength=0.3), work(4, [reference], steps=4, strength=1.0), work(4, steps=4)], Silent()
    )
    assert near.main.data != far.main.data != free.main.data


@pytest.mark.models
@pytest.mark.parametrize("scene", [{"setting": "forest"}, {"form": "icon"}])
def test_an_illustration_can_be_the_start(
    makers: dict[str, Diffusion], store: ModelStore, assets: Path, tmp_path: Path, scene: dict[str, JsonValue]
) -> None:
    drawn: dict[str, JsonValue] = {"scene": {"subjects": [{"what": "fox"}], **scene}, "width": 96, "height": 96}
    recipe = Recipe(kind=StepKind.PICTURE, maker="illustrator", maker_version=2, parameters=drawn, seed=1)
    path = tmp_path / "picture.png"
    path.write_bytes(Illustrator(store, None, assets).generate([Work(recipe)], Silent())[0].main.data)
    start = InputFile("reference", path, "image/png")
    led, free = makers["sd15"].generate([work(4, [start], steps=4, strength=0.3), work(4, steps=4)], Silent())
    assert led.main.data != free.main.data


def test_steps_and_guidance_of_zero_are_the_models_own(folders: dict[str, Path]) -> None:
    assert [open_checkpoint(folders[name], FAMILIES).family.steps for name in ("sd15", "sdxl", "flux")] == [30, 30, 4]
    assert open_checkpoint(folders["flux"], FAMILIES).family.guidance == 0.0


def test_a_turbo_model_is_told_by_its_scheduler(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = copy(folders["sdxl"], tmp_path / "turbo")
    config = folder / "scheduler" / "scheduler_config.json"
    values = json.loads(config.read_text()) | {"_class_name": "EulerAncestralDiscreteScheduler", "timestep_spacing": "trailing"}
    config.write_text(json.dumps(values))
    assert open_checkpoint(folder, FAMILIES).family.steps == open_checkpoint(folders["flux"], FAMILIES).family.steps


def copy(folder: Path, to: Path) -> Path:
    for path in folder.rglob("*"):
        if path.is_file():
            target = to / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return to


def maker_of(folder: Path, cache: Path) -> Diffusion:
    return Diffusion(store_of(folder, cache), Devices(2_000_000_000), "tiny", "cpu", families=FAMILIES)


def test_a_pickle_is_refused_whatever_it_is_called(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = copy(folders["sd15"], tmp_path / "model")
    torch.save({"weight": torch.zeros(3)}, folder / "unet" / "diffusion_pytorch_model.safetensors")
    maker = maker_of(folder, tmp_path / "cache")
    with pytest.raises(ModelUnusable, match="safetensors"):
        maker.generate([work()], Silent())


def test_code_in_a_model_folder_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = copy(folders["sd15"], tmp_path / "model")
    (folder / "pipeline.py").write_text("raise SystemExit")
    with pytest.raises(ModelUnusable, match="code"):
        open_checkpoint(folder, FAMILIES)


def test_a_component_of_a_foreign_library_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = copy(folders["sd15"], tmp_path / "model")
    index = json.loads((folder / "model_index.json").read_text()) | {"unet": ["my_code", "MyUNet"]}
    (folder / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(ModelUnusable, match="my_code"):
        open_checkpoint(folder, FAMILIES)


@pytest.mark.parametrize("damage", ["cut", "noise", "empty"])
def test_a_damaged_checkpoint_is_refused_before_it_is_loaded(folders: dict[str, Path], tmp_path: Path, damage: str) -> None:
    folder = copy(folders["sd15"], tmp_path / "model")
    weights = folder / "vae" / "diffusion_pytorch_model.safetensors"
    data = weights.read_bytes()
    weights.write_bytes({"cut": data[: len(data) // 2], "noise": bytes(range(256)) * 40, "empty": b""}[damage])
    with pytest.raises(ModelCorrupt) as caught:
        open_checkpoint(folder, FAMILIES)
    assert caught.value.field == "diffusion_pytorch_model.safetensors"


def test_a_model_that_gives_broken_numbers_gives_no_picture(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = copy(folders["sd15"], tmp_path / "model")
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    weights = load_file(path)
    weights["decoder.conv_out.bias"] = torch.full_like(weights["decoder.conv_out.bias"], float("nan"))
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(InvalidOutput, match="broken"):
        maker_of(folder, tmp_path / "cache").generate([work()], Silent())


def test_a_model_that_gives_one_colour_gives_no_picture(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = copy(folders["sd15"], tmp_path / "model")
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    weights = load_file(path)
    weights["decoder.conv_out.weight"] = torch.zeros_like(weights["decoder.conv_out.weight"])
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(InvalidOutput, match="flat"):
        maker_of(folder, tmp_path / "cache").generate([work()], Silent())


def test_a_model_larger_than_the_memory_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    maker = Diffusion(store_of(folders["sd15"], tmp_path), Devices(1000), "tiny", "cpu", families=FAMILIES)
    with pytest.raises(OutOfMemory):
        maker.generate([work()], Silent())


def test_xformers_that_does_not_work_here_is_not_used_and_said_so(folders: dict[str, Path], tmp_path: Path) -> None:
    maker = Diffusion(store_of(folders["sd15"], tmp_path), Devices(2_000_000_000), "tiny", "cpu", families=FAMILIES, attention="xformers")
    trace = maker.generate([work()], Silent())[0].trace
    assert trace.attention == "sdpa"
    assert any("xformers" in note for note in trace.notes)


def test_all_of_a_long_prompt_is_read_by_a_clip_family(makers: dict[str, Diffusion]) -> None:
    tale = "a very long tale of a fox " * 20
    first, second = (makers["sd15"].generate([work(prompt=tale + end)], Silent())[0] for end in ("in snow", "at sea"))
    assert first.main.data != second.main.data
    assert first.trace.notes == ()


def test_a_prompt_longer_than_another_model_reads_is_noted(makers: dict[str, Diffusion]) -> None:
    trace = makers["flux"].generate([work(prompt="a very long tale of a fox " * 20)], Silent())[0].trace
    assert any("256" in note for note in trace.notes)


def test_a_missing_model_makes_no_promise(tmp_path: Path) -> None:
    model = Model(
        id="tiny",
        name="Tiny",
        task=Task.PICTURE,
        licence="Apache-2.0",
        pinned=False,
        files=(ModelFile(name="model_index.json"),),
        sources=(FolderSource(path=str(tmp_path / "nowhere")),),
    )
    maker = Diffusion(ModelStore(Catalogue([model]), tmp_path), Devices(1_000_000), "tiny", "cpu", families=FAMILIES)
    assert maker.capability() is None
    with pytest.raises(ModelMissing):
        maker.generate([work()], Silent())


def test_an_installed_model_is_a_capability(makers: dict[str, Diffusion]) -> None:
    capability = makers["sd15"].capability()
    assert capability is not None
    assert (capability.kind, capability.maker, capability.models) == (StepKind.PICTURE, "diffusion", ("tiny",))
    assert makers["sd15"].models({})[0].sha256
