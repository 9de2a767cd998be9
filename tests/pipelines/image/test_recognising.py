"""Weights added by path: told by content, kept beside the shipped catalogue, used like any other model."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from domain.errors import Conflict, InputError, ModelUnusable
from domain.model import Task
from domain.progress import Silent
from pipelines.devices import Devices
from pipelines.image.diffusion import Diffusion
from pipelines.image.recognising import recognise
from pipelines.models.catalogue import Catalogue
from pipelines.models.own import keep_own, own_models, with_own
from pipelines.models.store import ModelStore
from tests.pipelines.image.single_file import save_single
from tests.pipelines.image.test_diffusion import work
from tests.pipelines.image.tiny_adapters import save_concept, save_control, save_likeness, save_lora
from tests.pipelines.image.tiny_models import FAMILIES, save_sd15

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")

EMPTY = Catalogue([])


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("own")
    model = save_sd15(root / "My Model v1.5", root / "scratch")
    return {
        "folder": model,
        "single": save_single(model, root / "single") / "model.safetensors",
        "lora": save_lora(model, root / "lora") / "lora.safetensors",
        "kohya": save_lora(model, root / "kohya", kohya=True),
        "concept": save_concept(root / "concept", [32]) / "concept.safetensors",
        "control": save_control(model, root / "control"),
        "likeness": save_likeness(model, root / "likeness"),
    }


@pytest.mark.parametrize(
    ("name", "task", "family"),
    [
        ("folder", Task.PICTURE, "sd15"), ("single", Task.PICTURE, "sd15"), ("lora", Task.LORA, ""), ("kohya", Task.LORA, ""),
        ("concept", Task.TEXTUAL_INVERSION, ""), ("control", Task.CONTROLNET, ""), ("likeness", Task.IP_ADAPTER, ""),
    ],
)  # fmt: skip
def test_what_a_path_holds_is_told_by_content(paths: dict[str, Path], name: str, task: Task, family: str) -> None:
    model = recognise(paths[name], FAMILIES)
    assert (model.task, model.family) == (task, family)
    assert all((Path(model.sources[0].path) / file.name).is_file() for file in model.files)


def test_a_name_becomes_an_id(paths: dict[str, Path]) -> None:
    assert recognise(paths["folder"], FAMILIES).id == "my-model-v1.5"
    assert recognise(paths["folder"], FAMILIES, "mine").id == "mine"


def test_a_checkpoint_added_by_path_makes_a_picture(paths: dict[str, Path], tmp_path: Path) -> None:
    keep_own(tmp_path, EMPTY, recognise(paths["folder"], FAMILIES))
    store = ModelStore(with_own(EMPTY, tmp_path), tmp_path)
    store.pull("my-model-v1.5", Silent())
    maker = Diffusion(store, Devices(2_000_000_000), "my-model-v1.5", "cpu", families=FAMILIES, dtype="float32")
    assert maker.generate([work()], Silent())[0].facts["family"] == "sd15"


def test_what_was_added_is_there_again_and_can_be_replaced(paths: dict[str, Path], tmp_path: Path) -> None:
    for name in ("lora", "control", "lora"):
        keep_own(tmp_path, EMPTY, recognise(paths[name], FAMILIES))
    assert [model.id for model in own_models(tmp_path)] == ["control", "lora"]


def test_the_id_of_a_shipped_model_is_taken(paths: dict[str, Path], tmp_path: Path) -> None:
    shipped = Catalogue([recognise(paths["lora"], FAMILIES, "sdxl")])
    with pytest.raises(Conflict):
        keep_own(tmp_path, shipped, recognise(paths["lora"], FAMILIES, "sdxl"))


@pytest.mark.parametrize("what", ["nothing", "pickle", "code", "strange", "text"])
def test_what_cannot_be_used_is_refused_with_the_reason(tmp_path: Path, what: str) -> None:
    path = tmp_path / "thing.safetensors"
    if what == "pickle":
        torch.save({"a": torch.zeros(2)}, path)
    elif what == "strange":
        save_file({"a.weight": torch.zeros(2, 2), "b.weight": torch.zeros(2, 2)}, path)
    elif what == "text":
        path.write_text("<!DOCTYPE html>")
    elif what == "code":
        path = tmp_path / "folder"
        path.mkdir()
        (path / "run.py").write_text("raise SystemExit")
    with pytest.raises((InputError, ModelUnusable)) as caught:
        recognise(path, FAMILIES)
    assert caught.value.hint
