"""Depth maps for ControlNets: Depth Anything of a tiny random configuration, read from its folder through the real store."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

from domain.errors import InputError, ModelError
from domain.model import Task
from domain.progress import Silent
from domain.recipe import InputFile
from domain.value import JsonValue
from pipelines.devices import Devices
from pipelines.image.depth import MODEL, depth_map
from pipelines.image.diffusion import Diffusion
from pipelines.media.picture import decode
from pipelines.models.store import ModelStore
from tests.pipelines.image.test_diffusion import work
from tests.pipelines.image.tiny_adapters import save_control, store_with
from tests.pipelines.image.tiny_models import FAMILIES, save_sd15

CONTROL: dict[str, JsonValue] = {"model": "net", "hint": "depth"}


def save_depth(folder: Path) -> Path:
    torch.manual_seed(4)
    backbone = Dinov2Config(
        hidden_size=16, num_hidden_layers=4, num_attention_heads=2, mlp_ratio=1, image_size=56, patch_size=14,
        out_features=["stage1", "stage2", "stage3", "stage4"], reshape_hidden_states=False,
    )  # fmt: skip
    config = DepthAnythingConfig(
        backbone_config=backbone, patch_size=14, reassemble_hidden_size=16, reassemble_factors=[4, 2, 1, 0.5],
        neck_hidden_sizes=[8, 8, 8, 8], fusion_hidden_size=8, head_hidden_size=4,
    )  # fmt: skip
    DepthAnythingForDepthEstimation(config).save_pretrained(folder, safe_serialization=True)
    (folder / "preprocessor_config.json").write_text('{"size": {"height": 56, "width": 56}, "image_mean": [0.5, 0.5, 0.5]}')
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("depth")
    model = save_sd15(root / "model", root / "scratch")
    return {"tiny": model, "net": save_control(model, root / "net"), MODEL: save_depth(root / "depth")}


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    values = np.random.default_rng(1).integers(0, 255, (8, 12, 3), dtype=np.uint8)
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    Image.fromarray(values).resize((96, 64)).save(path)
    return path


def maker(store: ModelStore) -> Diffusion:
    return Diffusion(store, Devices(2_000_000_000), "tiny", "cpu", families=FAMILIES, dtype="float32")


def test_a_depth_map_spans_black_to_white_in_the_pictures_size(folders: dict[str, Path], photo: Path) -> None:
    picture, devices = decode(photo.read_bytes(), "photo"), Devices(2_000_000_000)
    made = depth_map(picture, folders[MODEL], devices, "cpu", lambda: None)
    assert (made.mode, made.size) == ("RGB", picture.size)
    values = np.asarray(made)
    assert values.min() < 20 and values.max() > 235 and (values[..., 0] == values[..., 2]).all()
    assert made.tobytes() == depth_map(picture, folders[MODEL], devices, "cpu", lambda: None).tobytes()
    other = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert made.tobytes() != depth_map(other, folders[MODEL], devices, "cpu", lambda: None).tobytes()


def test_a_controlnet_gets_the_depth_of_a_picture_and_the_recipe_names_what_measured_it(
    folders: dict[str, Path], photo: Path, tmp_path: Path
) -> None:
    made = maker(store_with(folders, tmp_path / "cache", {"net": Task.CONTROLNET, MODEL: Task.DEPTH}))
    given = InputFile("control", photo, "image/png")
    held = made.generate([work(inputs=[given], controls=[CONTROL])], Silent())[0]
    raw = made.generate([work(inputs=[given], controls=[{**CONTROL, "prepared": True}])], Silent())[0]
    assert held.main.data == made.generate([work(inputs=[given], controls=[CONTROL])], Silent())[0].main.data
    assert held.main.data != raw.main.data
    assert [one.id for one in made.models({"controls": [CONTROL]})] == ["tiny", "net", MODEL]
    assert [one.id for one in made.models({"controls": [{**CONTROL, "prepared": True}]})] == ["tiny", "net"]


def test_without_the_model_the_way_to_it_is_told_at_the_field(folders: dict[str, Path], photo: Path, tmp_path: Path) -> None:
    left = {name: folder for name, folder in folders.items() if name != MODEL}
    made = maker(store_with(left, tmp_path / "cache", {"net": Task.CONTROLNET}))
    with pytest.raises(InputError, match=f"models pull {MODEL}") as told:
        made.generate([work(inputs=[InputFile("control", photo, "image/png")], controls=[CONTROL])], Silent())
    assert told.value.field == "controls"


def test_a_folder_of_another_model_is_refused(folders: dict[str, Path], photo: Path) -> None:
    with pytest.raises(ModelError):
        depth_map(decode(photo.read_bytes(), "photo"), folders["net"], Devices(2_000_000_000), "cpu", lambda: None)
