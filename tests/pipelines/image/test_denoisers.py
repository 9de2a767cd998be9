"""Denoisers of one file, safetensors or GGUF: told by the shapes in them, drawn with beside the rest of their pipeline."""

from __future__ import annotations

import importlib.util
import struct
from collections.abc import Callable
from pathlib import Path

import accelerate
import diffusers
import numpy as np
import pytest
from safetensors.torch import save_file

from domain.errors import InputError, ModelCorrupt, ModelMissing, ModelUnusable
from domain.model import Task
from domain.progress import Silent
from pipelines.devices import Devices
from pipelines.image.denoisers import PREFIX, Denoiser
from pipelines.image.diffusion import Diffusion
from pipelines.image.families import Families
from pipelines.image.loading import open_checkpoint
from pipelines.image.recognising import recognise
from pipelines.models.catalogue import Catalogue
from tests.pipelines.image.test_diffusion import psnr, store_of, work
from tests.pipelines.image.tiny_adapters import store_with
from tests.pipelines.image.tiny_denoisers import families_with, hollow, plain_gguf, save_denoiser, tensors, without_denoiser, z_image_names
from tests.pipelines.image.tiny_families import FAMILY_SAVERS
from tests.pipelines.image.tiny_models import FAMILIES

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")

ASSETS = Path(__file__).resolve().parents[3] / "assets"
GGUF = importlib.util.find_spec("gguf") is not None
ONE_FILE = ("flux1-dev", "sd35", "flux2-klein", "z-image-turbo", "qwen-image")
Folders = Callable[[str], Path]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    made: dict[str, Path] = {}

    def of(family: str) -> Path:
        if family not in made:
            root = tmp_path_factory.mktemp(family)
            made[family] = FAMILY_SAVERS[family](root / "model", root / "scratch")
        return made[family]

    return of


def drawer(model: Path, file: Path, families: Families, tmp_path: Path, **more: Path) -> Diffusion:
    """A maker whose checkpoint is a denoiser of one file, with the rest of its pipeline installed as a model of its own."""
    folders = {"tiny": file, "tiny-parts": without_denoiser(model, tmp_path / "parts")} | more
    store = store_with(folders, tmp_path / "cache", {"tiny-parts": Task.PICTURE_PARTS})
    return Diffusion(store, Devices(2_000_000_000), "tiny", "cpu", families=families, dtype="float32")


@pytest.mark.parametrize("family", ONE_FILE)
@pytest.mark.parametrize("prefix", ["", PREFIX], ids=["bare", "prefixed"])
def test_a_denoiser_of_one_file_makes_the_pictures_of_its_folder(folder: Folders, tmp_path: Path, family: str, prefix: str) -> None:
    model = folder(family)
    maker = drawer(model, save_denoiser(model, tmp_path / "one", prefix=prefix), families_with(model, family), tmp_path)
    whole = Diffusion(store_of(model, tmp_path / "whole"), Devices(2_000_000_000), "tiny", "cpu", families=FAMILIES, dtype="float32")
    opened, expected = maker.opened(), whole.opened()
    assert (opened.family.id, opened.multiple, opened.elements) == (family, expected.multiple, expected.elements)
    assert psnr(maker.generate([work()], Silent())[0], whole.generate([work()], Silent())[0]) >= 60
    assert [ref.id for ref in maker.models({})] == ["tiny", "tiny-parts"], "the recipe names what it was drawn with"


def test_the_names_of_the_authors_are_read_too(folder: Folders, tmp_path: Path) -> None:
    model = folder("z-image-turbo")
    file = save_denoiser(model, tmp_path / "one", original=True)
    maker = drawer(model, file, families_with(model, "z-image-turbo", original=True), tmp_path)
    whole = Diffusion(store_of(model, tmp_path / "whole"), Devices(2_000_000_000), "tiny", "cpu", families=FAMILIES, dtype="float32")
    assert psnr(maker.generate([work()], Silent())[0], whole.generate([work()], Silent())[0]) >= 60


def test_a_family_with_the_same_tensors_is_believed_where_it_is_said_and_no_other(folder: Folders, tmp_path: Path) -> None:
    model = folder("flux1-dev")
    file, families = save_denoiser(model, tmp_path / "one"), families_with(model, "flux1-dev", more=("flux1-kontext",))
    assert open_checkpoint(file, families).family.id == "flux1-dev"
    assert open_checkpoint(file, families, "flux1-kontext").class_name == "FluxKontextPipeline"
    assert recognise(file / "denoiser.safetensors", families, family="flux1-kontext").family == "flux1-kontext"
    with pytest.raises(ModelUnusable, match="said to be Stable Diffusion XL"):
        open_checkpoint(file, families, "sdxl")


def test_a_denoiser_whose_rest_is_not_installed_says_what_to_pull(folder: Folders, tmp_path: Path) -> None:
    model = folder("flux1-dev")
    store = store_with({"tiny": save_denoiser(model, tmp_path / "one")}, tmp_path / "cache", {})
    maker = Diffusion(store, Devices(2_000_000_000), "tiny", "cpu", families=families_with(model, "flux1-dev"))
    with pytest.raises(ModelMissing) as caught:
        maker.generate([work()], Silent())
    assert "models pull tiny-parts" in caught.value.hint


@pytest.mark.parametrize("family", ["flux1-dev", "z-image-turbo"])
def test_a_denoiser_with_a_missing_tensor_is_refused(folder: Folders, tmp_path: Path, family: str) -> None:
    model, original = folder(family), family == "z-image-turbo"
    values = z_image_names(tensors(model)) if original else tensors(model)
    (tmp_path / "one").mkdir()
    kept = list(values.items())[:-1]
    save_file({name: tensor.contiguous().clone() for name, tensor in kept}, tmp_path / "one" / "denoiser.safetensors")
    with pytest.raises((ModelUnusable, ModelCorrupt)) as caught:
        drawer(model, tmp_path / "one", families_with(model, family, original=original), tmp_path).generate([work()], Silent())
    assert caught.value.hint


@pytest.mark.parametrize("denoiser", FAMILIES.denoisers, ids=lambda denoiser: denoiser.id)
def test_the_data_of_a_denoiser_are_those_of_its_class(denoiser: Denoiser) -> None:
    """Built without numbers, it has the very shapes by which its file is told, in the names of diffusers."""
    kind = getattr(diffusers, denoiser.class_name)
    with accelerate.init_empty_weights():
        model = kind.from_config(dict(denoiser.config))
    shapes = {name: tuple(values.shape) for name, values in model.state_dict().items()}
    assert denoiser.told[-1].items() <= shapes.items()
    assert all(FAMILIES.get(family).pipelines for family in denoiser.families)
    assert FAMILIES.denoiser_of(shapes) is denoiser


@pytest.mark.parametrize("denoiser", FAMILIES.denoisers, ids=lambda denoiser: denoiser.id)
def test_a_file_of_real_size_is_told_by_its_shapes_without_being_read(denoiser: Denoiser, tmp_path: Path) -> None:
    for number, told in enumerate(denoiser.told):
        for prefix in ("", PREFIX):
            shapes = {prefix + name: shape for name, shape in told.items()}
            opened = open_checkpoint(hollow(shapes, tmp_path / f"{number}{prefix}" / "model.safetensors").parent, FAMILIES)
            assert opened.denoiser is denoiser
            assert opened.family.id == denoiser.families[0]


def test_the_rest_of_every_denoiser_is_in_the_catalogue() -> None:
    catalogue = Catalogue.read(ASSETS / "models.toml")
    for denoiser in FAMILIES.denoisers:
        for parts in denoiser.parts:
            files = {file.name for file in catalogue.get(parts).files}
            assert {"model_index.json", "scheduler/*.json", "vae/*.json", "text_encoder/*.json"} <= files


def test_numbers_packed_by_another_library_are_refused(folder: Folders, tmp_path: Path) -> None:
    model = folder("flux1-dev")
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors(model).items()}
    path = hollow(shapes | {"transformer_blocks.0.attn.to_q.scale_weight": (1,)}, tmp_path / "model.safetensors")
    with pytest.raises(ModelUnusable, match="FP8"):
        open_checkpoint(path.parent, families_with(model, "flux1-dev"))


# -- GGUF -----------------------------------------------------------------------------------------------------------------------------


def arrays(model: Path, original: bool = False) -> dict[str, np.ndarray]:
    values = z_image_names(tensors(model)) if original else tensors(model)
    return {name: tensor.float().numpy() for name, tensor in values.items()}


def test_a_gguf_is_told_by_the_shapes_in_it(folder: Folders, tmp_path: Path) -> None:
    model = folder("flux1-dev")
    path = plain_gguf(arrays(model), tmp_path / "one" / "anything.bin")
    opened = open_checkpoint(path.parent, families_with(model, "flux1-dev"))
    assert opened.family.id == "flux1-dev"
    assert opened.stored == path.stat().st_size


def test_without_its_package_a_gguf_is_refused_with_the_command_that_installs_it(
    folder: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "gguf" else found(name, *rest))
    model = folder("flux1-dev")
    plain_gguf(arrays(model), tmp_path / "one" / "model.gguf")
    with pytest.raises(ModelUnusable) as caught:
        drawer(model, tmp_path / "one", families_with(model, "flux1-dev"), tmp_path).generate([work()], Silent())
    assert "maquette[gguf]" in caught.value.hint


@pytest.mark.skipif(not GGUF, reason="needs the extra gguf")
@pytest.mark.parametrize(("family", "original"), [("flux1-dev", False), ("z-image-turbo", True), ("qwen-image", False)])
@pytest.mark.parametrize(("kind", "least"), [("F16", 45), ("Q8_0", 28)])
def test_a_gguf_makes_nearly_the_pictures_of_its_folder(
    folder: Folders, tmp_path: Path, family: str, original: bool, kind: str, least: int
) -> None:
    model = folder(family)
    packed_gguf(arrays(model, original), tmp_path / "one" / "model.gguf", kind)
    maker = drawer(model, tmp_path / "one", families_with(model, family, original=original), tmp_path)
    whole = Diffusion(store_of(model, tmp_path / "whole"), Devices(2_000_000_000), "tiny", "cpu", families=FAMILIES, dtype="float32")
    made = maker.generate([work()], Silent())[0]
    assert psnr(made, whole.generate([work()], Silent())[0]) >= least
    assert made.main.data == maker.generate([work()], Silent())[0].main.data


def packed_gguf(values: dict[str, np.ndarray], path: Path, kind: str) -> None:
    """Tables whose rows are whole blocks in the number format, all else in float32, as converters write it."""
    import gguf

    path.parent.mkdir(parents=True)
    writer, form = gguf.GGUFWriter(str(path), "tiny"), gguf.GGMLQuantizationType[kind]
    for name, array in values.items():
        packs = array.ndim == 2 and array.shape[1] % 32 == 0
        data = gguf.quants.quantize(array, form) if packs else array.astype(np.float32)
        writer.add_tensor(name, data, raw_dtype=form if packs else None)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.parametrize("damage", ["cut", "format", "chat", "counts"])
def test_a_gguf_that_cannot_be_used_is_refused_with_the_reason(folder: Folders, tmp_path: Path, damage: str) -> None:
    model = folder("flux1-dev")
    path = tmp_path / "one" / "model.safetensors"
    plain_gguf(arrays(model) if damage != "chat" else {"token_embd.weight": np.zeros((4, 4))}, path, kind=99 if damage == "format" else 0)
    data = path.read_bytes()
    if damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "counts":
        path.write_bytes(data[:8] + struct.pack("<Q", 1 << 60) + data[16:])
    wanted = ModelCorrupt if damage in ("cut", "counts") else ModelUnusable
    with pytest.raises(wanted) as caught:
        open_checkpoint(path.parent, families_with(model, "flux1-dev"))
    assert caught.value.hint
    with pytest.raises(wanted):
        recognise(path, families_with(model, "flux1-dev"))


def test_a_gguf_is_no_lora(folder: Folders, tmp_path: Path) -> None:
    from pipelines.image.lora import read_pairs

    path = plain_gguf({"a": np.zeros((2, 2))}, tmp_path / "lora.safetensors")
    with pytest.raises(ModelUnusable, match="GGUF"):
        read_pairs(path)


def test_a_gguf_costs_what_is_in_it(folder: Folders, tmp_path: Path) -> None:
    """A dry run of the maker counts the packed numbers as they lie in the file."""
    model = folder("flux1-dev")
    path = plain_gguf(arrays(model), tmp_path / "one" / "model.gguf")
    maker = drawer(model, tmp_path / "one", families_with(model, "flux1-dev"), tmp_path)
    opened = maker.opened()
    assert maker.dry_run("bfloat16")[0].footprint == opened.elements * 2 + path.stat().st_size
    assert not any(fit.mode == "quantised" for fit in maker.dry_run()), "it is packed already"
    with pytest.raises(InputError) as caught:
        opened.check_adapters(loras=True)
    assert caught.value.field == "loras"
