"""How pictures look while they are denoised, on tiny real models."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderTiny
from PIL import Image

from domain.errors import InputError
from domain.progress import Silent
from pipelines.devices import Devices
from pipelines.image.diffusion import Diffusion
from pipelines.image.previews import EVERY, SIDE, Sketches, Spaces
from tests.pipelines.image.test_diffusion import store_of, work
from tests.pipelines.image.tiny_models import FAMILIES, save_flux, save_sd15, save_sdxl

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")


class Looking(Silent):
    def __init__(self, watched: bool = True) -> None:
        super().__init__()
        self._watched = watched
        self.seen: list[tuple[int, bytes]] = []

    def watched(self) -> bool:
        return self._watched

    def show(self, index: int, picture: bytes) -> None:
        self.seen.append((index, picture))


@pytest.fixture(scope="module")
def spaces() -> Spaces:
    return Spaces.read(Path(__file__).resolve().parents[3] / "assets" / "pictures" / "latents.toml")


def maker(folder: Path, cache: Path, spaces: Spaces) -> Diffusion:
    return Diffusion(store_of(folder, cache), Devices(2_000_000_000), "tiny", "cpu", families=FAMILIES, dtype="float32", spaces=spaces)


@pytest.mark.parametrize("save", [save_sd15, save_sdxl])
def test_who_looks_sees_each_picture_of_a_batch_in_its_shape(save: object, spaces: Spaces, tmp_path: Path) -> None:
    assert callable(save)
    made, looking = maker(save(tmp_path / "model", tmp_path / "words"), tmp_path / "cache", spaces), Looking()
    pictures = made.generate([work(1, width=64), work(2, width=64)], looking)
    assert {index for index, _ in looking.seen} == {0, 1}
    shown = [Image.open(io.BytesIO(data)) for _, data in looking.seen]
    assert {(one.format, one.size) for one in shown} == {("WEBP", (SIDE, SIDE // 2))}
    assert looking.seen[0][1] != looking.seen[1][1]
    assert max(len(data) for _, data in looking.seen) < 64_000
    unseen = made.generate([work(1, width=64), work(2, width=64)], Silent())
    assert [one.main.data for one in pictures] == [one.main.data for one in unseen], "looking changes nothing"


def test_a_batch_is_shown_once_a_second_at_most(spaces: Spaces) -> None:
    now, looking = 100.0, Looking()
    made = Sketches(spaces, Devices(1_000_000), lambda name: None, clock=lambda: now)
    sketch = made.begin(looking, FAMILIES.get("sdxl"), "cpu", [3], (64, 64))
    assert sketch is not None
    shown = []
    for now in (100.0, 100.4, 100.0 + EVERY, 100.0 + 1.9 * EVERY, 100.0 + 2 * EVERY):  # noqa: B007 - the clock reads it
        sketch.step(None, {"latents": torch.randn(1, 4, 8, 8)})
        shown.append(len(looking.seen))
    assert shown == [1, 1, 2, 2, 3]
    assert {index for index, _ in looking.seen} == {3}


def test_nothing_is_shown_where_nobody_looks_or_nothing_is_known(spaces: Spaces, tmp_path: Path) -> None:
    away = Looking(watched=False)
    sd15 = save_sd15(tmp_path / "model", tmp_path / "words")
    maker(sd15, tmp_path / "cache", spaces).generate([work()], away)
    unknown = Looking()
    maker(sd15, tmp_path / "other", Spaces()).generate([work()], unknown)
    assert away.seen == unknown.seen == []


def test_latents_of_another_kind_cost_the_preview_and_not_the_picture(spaces: Spaces, tmp_path: Path) -> None:
    looking = Looking()
    made = maker(save_flux(tmp_path / "model", tmp_path / "words"), tmp_path / "cache", spaces).generate([work()], looking)
    assert made[0].facts["width"] == 32
    assert looking.seen == [], "this tiny model has one channel where its family has sixteen"


def test_a_tiny_decoder_is_used_where_it_is_installed(spaces: Spaces, tmp_path: Path) -> None:
    torch.manual_seed(0)
    folder = tmp_path / "taesd"
    AutoencoderTiny(
        encoder_block_out_channels=(8, 8), decoder_block_out_channels=(8, 8), num_encoder_blocks=(1, 1), num_decoder_blocks=(1, 1)
    ).save_pretrained(folder, safe_serialization=True)
    latents, family = {"latents": torch.randn(1, 4, 8, 8)}, FAMILIES.get("sd15")
    seen = []
    for there in (None, folder):
        asked: list[str] = []
        looking = Looking()

        def find(name: str, there: Path | None = there, asked: list[str] = asked) -> Path | None:
            asked.append(name)
            return there

        sketch = Sketches(spaces, Devices(1_000_000_000), find, tiny_on_cpu=True).begin(looking, family, "cpu", [0], (64, 64))
        assert sketch is not None
        sketch.step(None, latents)
        assert asked == ["taesd"]
        seen.append(looking.seen[0][1])
    assert seen[0] != seen[1]


def test_every_channel_of_latents_needs_its_colours(tmp_path: Path) -> None:
    file = tmp_path / "latents.toml"
    file.write_text('[[space]]\nid = "x"\nfamilies = ["sd15"]\nchannels = 2\nfactors = [[1, 1, 1]]\nsource = "here"\n')
    with pytest.raises(InputError, match="1 rows"):
        Spaces.read(file)
