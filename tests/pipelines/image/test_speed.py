"""What makes pictures faster, on tiny real models: it changes nothing, or says by how much, and is gone when it is not wanted."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from domain.errors import InputError, ModelUnusable
from domain.progress import Silent
from pipelines.devices import Devices
from pipelines.image import halves
from pipelines.image.blocked import LEAST, ROWS, blocked, mode, suits
from pipelines.image.compiling import Compiling, folder_of
from pipelines.image.diffusion import Diffusion
from pipelines.image.families import Families
from pipelines.image.shortcuts import Shortcuts
from tests.pipelines.image.test_diffusion import psnr, store_of, work
from tests.pipelines.image.tiny_families import save_z_image
from tests.pipelines.image.tiny_models import FAMILIES, save_flux, save_sd15, save_sdxl

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")

SAVERS: dict[str, Callable[[Path, Path], Path]] = {"sd15": save_sd15, "sdxl": save_sdxl, "flux": save_flux, "z-image": save_z_image}
#: Five shapes of one bucket, as advertisements have them.
SHAPES = ((32, 32), (48, 32), (32, 48), (64, 32), (32, 64))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("tiny")
    return {name: save(root / name, root / f"{name}-scratch") for name, save in SAVERS.items()}


def maker(folder: Path, cache: Path, families: Families = FAMILIES, **more: Any) -> Diffusion:
    return Diffusion(store_of(folder, cache), Devices(2_000_000_000), "tiny", "cpu", families=families, dtype="float32", **more)


# attention in blocks


@pytest.mark.parametrize(("queries", "keys", "width"), [(2 * ROWS + 7, LEAST, 40), (LEAST, 77, 8), (ROWS, ROWS, 64)])
def test_attention_in_blocks_is_torchs_own(queries: int, keys: int, width: int) -> None:
    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(2, 3, count, width, generator=generator) for count in (queries, keys, keys))
    assert torch.allclose(blocked(q, k, v), torch.nn.functional.scaled_dot_product_attention(q, k, v), atol=1e-5)


def test_blocks_take_the_place_of_torchs_own_for_many_tokens_in_bfloat16_only() -> None:
    generator = torch.Generator().manual_seed(0)
    own = torch.nn.functional.scaled_dot_product_attention

    def changed(count: int, dtype: torch.dtype, **more: Any) -> bool:
        q, k, v = (torch.randn(1, 2, count, 16, generator=generator).to(dtype) for _ in range(3))
        with torch.no_grad():
            before = own(q, k, v, **more)
            with mode():
                after = own(q, k, v, **more)
        assert torch.allclose(before.float(), after.float(), atol=2e-2)
        return not torch.equal(before, after)

    assert changed(LEAST, torch.bfloat16)
    assert not changed(LEAST // 2, torch.bfloat16)
    assert not changed(LEAST, torch.float32)
    assert not changed(LEAST, torch.bfloat16, is_causal=True)


def test_blocks_are_for_bfloat16_on_the_cpus_they_were_made_for() -> None:
    assert not suits("cpu", "float32")
    assert not suits("cuda", "bfloat16")
    assert suits("cpu", "bfloat16") == (torch.cpu._is_avx512_bf16_supported() and not torch.cpu._is_amx_tile_supported())


# guidance computes once what both halves share


def test_what_both_halves_of_guidance_share_is_computed_once_and_nothing_changes(folders: dict[str, Path]) -> None:
    from diffusers import UNet2DConditionModel

    unet = UNet2DConditionModel.from_pretrained(folders["sd15"] / "unet", local_files_only=True)
    generator = torch.Generator().manual_seed(0)
    noise, words = torch.randn(2, 4, 16, 16, generator=generator), torch.randn(4, 77, 32, generator=generator)
    asked = torch.cat([noise, noise])
    seen: list[int] = []
    unet.down_blocks[0].resnets[0].register_forward_hook(lambda module, given, made: seen.append(given[0].shape[0]))
    with torch.no_grad():
        before = unet(asked, 10, encoder_hidden_states=words).sample
        other = unet(torch.cat([noise, noise + 1]), 10, encoder_hidden_states=words).sample
        assert halves.share(unet)
        inner = unet.down_blocks[0].resnets[0].conv1
        inner.register_forward_hook(lambda module, given, made: seen.append(given[0].shape[0]))
        seen.clear()
        after = unet(asked, 10, encoder_hidden_states=words).sample
        assert min(seen) == 2, "half of the batch of four"
        seen.clear()
        same = unet(torch.cat([noise, noise + 1]), 10, encoder_hidden_states=words).sample
        assert min(seen) == 4, "two different halves are computed whole"
    assert torch.allclose(before, after, atol=1e-5)
    assert torch.allclose(other, same, atol=1e-5)


def test_a_unet_whose_time_knows_the_words_shares_nothing(folders: dict[str, Path]) -> None:
    from diffusers import UNet2DConditionModel

    assert not halves.share(UNet2DConditionModel.from_pretrained(folders["sdxl"] / "unet", local_files_only=True))


# regional compile


@pytest.mark.parametrize("family", ["sd15", "sdxl", "flux"])
def test_five_shapes_need_no_compiling_anew(folders: dict[str, Path], family: str, tmp_path: Path) -> None:
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    made = maker(folders[family], tmp_path / "cache", compiling=Compiling("eager", tmp_path))
    plain = maker(folders[family], tmp_path / "plain")
    first = made.generate([work()], Silent())[0]
    graphs = torch._dynamo.utils.counters["stats"]["unique_graphs"]
    assert graphs > 0
    assert "blocks compiled by eager" in first.trace.notes
    for width, height in SHAPES[1:]:
        compiled = made.generate([work(width=width, height=height)], Silent())[0]
        assert psnr(compiled, plain.generate([work(width=width, height=height)], Silent())[0]) >= 40
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == graphs, "a shape was compiled anew"


def test_what_cannot_be_compiled_is_made_as_it_is_and_says_so(folders: dict[str, Path], tmp_path: Path) -> None:
    torch._dynamo.reset()

    def broken(graph: Any, inputs: Any) -> Any:
        raise NotImplementedError("no compiler here")

    torch._dynamo.register_backend(name="broken_here")(broken)
    expected = maker(folders["sd15"], tmp_path / "plain").generate([work()], Silent())[0]
    for name in ("broken_here", "not_installed_here"):
        made = maker(folders["sd15"], tmp_path / name, compiling=Compiling(name)).generate([work()], Silent())[0]
        assert made.main.data == expected.main.data
        assert any(note.startswith("not compiled") for note in made.trace.notes)
        assert not any(note.startswith("blocks compiled") for note in made.trace.notes)


def test_compiling_is_for_cuda_and_for_layers_that_stay_in_place(tmp_path: Path) -> None:
    auto = Compiling("auto", tmp_path)
    assert (auto.of("cuda", "full"), auto.of("cuda:1", "tiled")) == ("inductor", "inductor")
    assert (auto.of("cpu", "full"), auto.of("cuda", "group_offload"), Compiling().of("cuda", "full")) == ("", "", "")
    one, other = folder_of(tmp_path, "sdxl@12/float16", "cpu"), folder_of(tmp_path, "sdxl@12/bfloat16", "cpu")
    assert one != other
    assert one.is_relative_to(tmp_path) and torch.__version__ in one.parts


# batching by the family's data


def test_a_familys_data_say_up_to_which_size_pictures_share_a_batch(folders: dict[str, Path], tmp_path: Path) -> None:
    alone = Families([family.model_copy(update={"together": 0}) for family in FAMILIES.all], FAMILIES.schedulers)
    asked = work(width=512, height=512).recipe.parameters
    assert maker(folders["sd15"], tmp_path / "a").company(asked) is not None
    assert maker(folders["sd15"], tmp_path / "b", alone).company(asked) is None


# shortcuts


@pytest.mark.parametrize(
    ("family", "shortcut"),
    [("sd15", "guidance_interval"), ("sdxl", "guidance_interval"), ("sd15", "step_cache"), ("sdxl", "step_cache"), ("flux", "step_cache")],
)
def test_a_shortcut_is_told_and_leaves_nothing_behind(folders: dict[str, Path], family: str, shortcut: str, tmp_path: Path) -> None:
    made = maker(folders[family], tmp_path)
    exact = made.generate([work(steps=6)], Silent())[0]
    short = made.generate([work(steps=6, shortcuts=[shortcut])], Silent())[0]
    assert any(shortcut in note for note in short.trace.notes)
    assert not any("shortcut" in note for note in exact.trace.notes)
    assert psnr(short, exact) > 10, "it must still be this picture"
    assert family == "flux" or psnr(short, exact) < math.inf, "and it does change it"
    assert made.generate([work(steps=6)], Silent())[0].main.data == exact.main.data
    together = made.generate([work(1, steps=6, shortcuts=[shortcut]), work(2, steps=6, shortcuts=[shortcut])], Silent())
    assert psnr(together[0], short) >= 40


def test_both_shortcuts_can_be_taken_together(folders: dict[str, Path], tmp_path: Path) -> None:
    made = maker(folders["sd15"], tmp_path).generate([work(steps=6, shortcuts=["guidance_interval", "step_cache"])], Silent())[0]
    assert Image.open(io.BytesIO(made.main.data)).size == (32, 32)


@pytest.mark.parametrize(("family", "shortcut"), [("flux", "guidance_interval"), ("z-image", "step_cache")])
def test_a_shortcut_that_a_family_has_not_is_refused_at_its_field(
    folders: dict[str, Path], family: str, shortcut: str, tmp_path: Path
) -> None:
    with pytest.raises(ModelUnusable) as caught:
        maker(folders[family], tmp_path).generate([work(shortcuts=[shortcut])], Silent())
    assert caught.value.field == "shortcuts"


def test_a_shortcut_nobody_knows_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        maker(folders["sd15"], tmp_path).generate([work(shortcuts=["magic"])], Silent())
    assert caught.value.field.startswith("shortcuts")


def test_the_numbers_of_shortcuts_are_data(assets: Path) -> None:
    assert Shortcuts.read(assets / "pictures" / "shortcuts.toml").step_cache.every == 2
