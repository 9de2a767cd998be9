"""LoRA, textual inversion, ControlNet and IP-Adapter on tiny Stable Diffusion models, loaded through the real store."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DiffusionPipeline
from PIL import Image
from safetensors.torch import load_file, save_file

from domain.errors import InputError, ModelUnusable
from domain.model import Task
from domain.progress import Silent
from domain.recipe import InputFile, Output
from domain.value import JsonValue
from pipelines.devices import Devices
from pipelines.image import hints
from pipelines.image.diffusion import Diffusion
from tests.pipelines.image.test_diffusion import psnr, work
from tests.pipelines.image.tiny_adapters import (
    RANK,
    attention_layers,
    save_concept,
    save_control,
    save_likeness,
    save_lora,
    save_transformer_control,
    store_with,
)
from tests.pipelines.image.tiny_families import FAMILY_SAVERS
from tests.pipelines.image.tiny_models import FAMILIES, save_sd15, save_sdxl

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")

CHECKPOINTS = {"sd15": save_sd15, "sdxl": save_sdxl}
WIDTHS = {"sd15": [32], "sdxl": [32, 32]}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Path]]:
    """By family: the checkpoint and its adapters."""
    found = {}
    for name, save in CHECKPOINTS.items():
        root = tmp_path_factory.mktemp(name)
        model = save(root / "model", root / "scratch")
        found[name] = {
            "tiny": model, "lora-a": save_lora(model, root / "a"), "lora-b": save_lora(model, root / "b", kohya=True, seed=1),
            "concept": save_concept(root / "concept", WIDTHS[name]), "canny": save_control(model, root / "canny"),
            "like": save_likeness(model, root / "like"),
        }  # fmt: skip
    return found


@pytest.fixture(scope="module")
def makers(folders: dict[str, dict[str, Path]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Diffusion]:
    made = {}
    for name, own in folders.items():
        other = folders["sdxl" if name == "sd15" else "sd15"]
        foreign = {f"foreign-{kind}": other[kind] for kind in ("lora-a", "concept", "canny", "like")}
        tasks = {"lora-a": Task.LORA, "concept": Task.TEXTUAL_INVERSION, "canny": Task.CONTROLNET, "like": Task.IP_ADAPTER}
        store = store_with({**own, **foreign}, tmp_path_factory.mktemp(f"cache-{name}"), tasks)
        made[name] = Diffusion(store, Devices(2_000_000_000), "tiny", "cpu", families=FAMILIES, dtype="float32")
    return made


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    values = np.zeros((64, 64, 3), dtype=np.uint8)
    values[16:48, 16:48] = (250, 200, 40)
    Image.fromarray(values).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def made(maker: Diffusion, *inputs: InputFile, **asked: JsonValue) -> Output:
    return maker.generate([work(4, inputs, **asked)], Silent())[0]


@pytest.mark.parametrize("family", list(CHECKPOINTS))
def test_a_lora_changes_a_picture_by_its_weight_and_leaves_no_trace(makers: dict[str, Diffusion], family: str) -> None:
    maker = makers[family]
    plain = made(maker)
    full = made(maker, loras=[{"model": "lora-a"}])
    weak = made(maker, loras=[{"model": "lora-a", "weight": 0.02}])
    none = made(maker, loras=[{"model": "lora-a", "weight": 0.0}])
    assert none.main.data == plain.main.data
    assert full.main.data != plain.main.data
    assert psnr(weak, plain) > psnr(full, plain)
    assert made(maker).main.data == plain.main.data, "what comes after is what came before"


def test_a_lora_is_the_sum_that_its_paper_says(folders: dict[str, dict[str, Path]], makers: dict[str, Diffusion], tmp_path: Path) -> None:
    """Two LoRAs with weights, against a checkpoint into which they were added by hand."""
    own = folders["sd15"]
    pipe = DiffusionPipeline.from_pretrained(own["tiny"], local_files_only=True)
    first, second = (load_file(own[name] / "lora.safetensors") for name in ("lora-a", "lora-b"))
    with torch.no_grad():
        for name, layer in attention_layers(pipe).items():
            layer.weight += 0.1 * first[f"unet.{name}.lora_B.weight"] @ first[f"unet.{name}.lora_A.weight"]
            base = f"lora_unet_{name.replace('.', '_')}"
            layer.weight += -0.2 * (RANK / 2) / RANK * second[f"{base}.lora_up.weight"] @ second[f"{base}.lora_down.weight"]
    pipe.save_pretrained(tmp_path / "added", safe_serialization=True)
    store = store_with({"tiny": tmp_path / "added"}, tmp_path / "cache", {})
    by_hand = made(Diffusion(store, Devices(2_000_000_000), "tiny", "cpu", families=FAMILIES, dtype="float32"))
    laid_on = made(makers["sd15"], loras=[{"model": "lora-a", "weight": 0.1}, {"model": "lora-b", "weight": -0.2}])
    assert psnr(by_hand, laid_on) >= 45


def test_the_models_of_a_picture_name_its_adapters(makers: dict[str, Diffusion]) -> None:
    refs = makers["sd15"].models({"prompt": "x", "loras": [{"model": "lora-a"}], "likeness": {"model": "like"}})
    assert [ref.id for ref in refs] == ["tiny", "lora-a", "like"]
    assert len({ref.sha256 for ref in refs}) == 3


@pytest.mark.parametrize(
    ("asked", "role", "field"),
    [
        ({"loras": [{"model": "foreign-lora-a"}]}, "", "loras"),
        ({"concepts": [{"model": "foreign-concept", "word": "toy"}]}, "", "concepts"),
        ({"controls": [{"model": "foreign-canny"}]}, "control", "controls"),
        ({"likeness": {"model": "foreign-like"}}, "likeness", "likeness"),
    ],
)
@pytest.mark.parametrize("family", list(CHECKPOINTS))
def test_an_adapter_of_another_family_is_refused_at_its_field(
    makers: dict[str, Diffusion], photo: Path, family: str, asked: dict[str, JsonValue], role: str, field: str
) -> None:
    before = made(makers[family]).main.data
    with pytest.raises(InputError) as caught:
        made(makers[family], *([InputFile(role, photo, "image/png")] if role else []), **asked)
    assert caught.value.field == field
    assert made(makers[family]).main.data == before


@pytest.mark.parametrize("file", ["pickle", "loha", "nothing"])
def test_a_file_that_is_no_lora_is_refused(folders: dict[str, dict[str, Path]], tmp_path: Path, file: str) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    if file == "pickle":
        torch.save({"a": torch.zeros(2)}, folder / "lora.safetensors")
    else:
        save_file({f"unet.x.{'hada_w1_a' if file == 'loha' else 'weight'}": torch.zeros(2, 2)}, folder / "lora.safetensors")
    store = store_with({"tiny": folders["sd15"]["tiny"], "odd": folder}, tmp_path / "cache", {"odd": Task.LORA})
    maker = Diffusion(store, Devices(2_000_000_000), "tiny", "cpu", families=FAMILIES, dtype="float32")
    with pytest.raises(ModelUnusable):
        made(maker, loras=[{"model": "odd"}])


@pytest.mark.parametrize("family", list(CHECKPOINTS))
def test_a_concept_is_a_word_of_its_own_while_it_is_asked_for(makers: dict[str, Diffusion], family: str) -> None:
    maker, words = makers[family], "a fox made of toy"
    plain = made(maker, prompt=words)
    learnt = made(maker, prompt=words, concepts=[{"model": "concept", "word": "toy"}])
    other = made(maker, prompt="a fox", concepts=[{"model": "concept", "word": "toy"}])
    assert learnt.main.data != plain.main.data
    assert other.main.data == made(maker, prompt="a fox").main.data
    assert made(maker, prompt=words).main.data == plain.main.data


@pytest.mark.parametrize("family", list(CHECKPOINTS))
def test_a_controlnet_holds_a_picture_to_a_hint(makers: dict[str, Diffusion], photo: Path, family: str) -> None:
    maker, given = makers[family], InputFile("control", photo, "image/png")
    plain, held = made(maker), made(maker, given, controls=[{"model": "canny"}])
    assert held.main.data != plain.main.data
    assert held.main.data == made(maker, given, controls=[{"model": "canny"}]).main.data
    assert psnr(made(maker, given, controls=[{"model": "canny", "weight": 0.0}]), plain) >= 45
    twice = made(maker, given, given, controls=[{"model": "canny"}, {"model": "canny", "hint": "tile"}])
    assert twice.main.data != held.main.data
    assert made(maker).main.data == plain.main.data


def test_a_controlnet_works_beside_a_start_and_a_mask(makers: dict[str, Diffusion], photo: Path) -> None:
    control, start = InputFile("control", photo, "image/png"), InputFile("reference", photo, "image/png")
    kept = made(makers["sd15"], control, start, controls=[{"model": "canny"}])
    assert kept.facts["task"] == "image"
    assert kept.main.data != made(makers["sd15"], start).main.data


@pytest.mark.parametrize("hint", ["depth", "pose"])
def test_a_hint_that_needs_a_model_is_asked_for_as_a_map(makers: dict[str, Diffusion], photo: Path, hint: str) -> None:
    given = InputFile("control", photo, "image/png")
    with pytest.raises(InputError, match=hint):
        made(makers["sd15"], given, controls=[{"model": "canny", "hint": hint}])
    assert made(makers["sd15"], given, controls=[{"model": "canny", "hint": hint, "prepared": True}]).main.data


@pytest.mark.parametrize("family", list(CHECKPOINTS))
def test_a_likeness_steers_a_picture_by_its_weight(makers: dict[str, Diffusion], photo: Path, family: str) -> None:
    maker, given = makers[family], InputFile("likeness", photo, "image/png")
    plain = made(maker)
    like = made(maker, given, likeness={"model": "like", "weight": 1.0})
    assert like.main.data != plain.main.data
    assert psnr(made(maker, given, likeness={"model": "like", "weight": 0.0}), plain) >= 45
    assert made(maker).main.data == plain.main.data


def test_canny_finds_the_outline_of_a_square_and_nothing_else() -> None:
    values = np.zeros((64, 64, 3), dtype=np.uint8)
    values[16:48, 16:48] = 255
    edges = np.asarray(hints.canny(Image.fromarray(values)))[..., 0] > 0
    rows, columns = np.nonzero(edges)
    assert {rows.min(), rows.max()} <= {15, 16, 47, 48}
    assert {columns.min(), columns.max()} <= {15, 16, 47, 48}
    assert not edges[22:42, 22:42].any()
    assert 90 <= edges.sum() <= 280
    assert not np.asarray(hints.canny(Image.new("RGB", (64, 64), "grey"))).any()
    assert io.BytesIO(hints.tile(Image.fromarray(values)).tobytes()).getbuffer().nbytes == values.nbytes


@pytest.mark.filterwarnings("ignore:.*FluxPosEmbed:FutureWarning")  # diffusers warns of a class that its own ControlNet uses
@pytest.mark.parametrize("family", ["flux1-schnell", "sd35"])
def test_families_with_a_transformer_take_a_lora_and_a_controlnet(photo: Path, tmp_path: Path, family: str) -> None:
    model = FAMILY_SAVERS[family](tmp_path / "model", tmp_path / "scratch")
    folders = {"tiny": model, "lora": save_lora(model, tmp_path / "lora"), "net": save_transformer_control(model, tmp_path / "net")}
    store = store_with(folders, tmp_path / "cache", {"lora": Task.LORA, "net": Task.CONTROLNET})
    maker = Diffusion(store, Devices(2_000_000_000), "tiny", "cpu", families=FAMILIES, dtype="float32")
    plain = made(maker)
    assert made(maker, loras=[{"model": "lora"}]).main.data != plain.main.data
    held = made(maker, InputFile("control", photo, "image/png"), controls=[{"model": "net"}])
    assert held.main.data != plain.main.data
    assert made(maker).main.data == plain.main.data
    with pytest.raises(ModelUnusable):
        made(maker, InputFile("likeness", photo, "image/png"), likeness={"model": "lora"})
