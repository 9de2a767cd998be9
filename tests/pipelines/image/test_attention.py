"""Attention backends are chosen by a real call, and schedulers and memory modes by their data."""

from __future__ import annotations

from pathlib import Path

import diffusers
import pytest

from domain.errors import InputError
from domain.progress import Silent
from pipelines.devices import Devices
from pipelines.image.attention import OWN, probe, probes
from pipelines.image.diffusion import Diffusion
from tests.pipelines.image.test_diffusion import store_of, work
from tests.pipelines.image.tiny_models import FAMILIES, save_flux, save_sd15

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")

GB = 1_000_000_000


def made_by(folder: Path, cache: Path, memory: int = 2 * GB) -> Diffusion:
    return Diffusion(store_of(folder, cache), Devices(memory), "tiny", "cpu", families=FAMILIES, dtype="float32")


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_torchs_own_attention_passes_its_probe_here(dtype: str) -> None:
    found = {one.name: one for one in probes("cpu", dtype)}
    assert found[OWN].fault == ""
    assert found[OWN].milliseconds > 0
    assert all(one.fault or one.milliseconds > 0 for one in found.values())


def test_a_backend_that_is_not_there_or_unknown_says_so() -> None:
    assert "not installed" in probe("sage", "cpu", "float32").fault
    assert "known" in probe("magic", "cpu", "float32").fault


def test_a_scheduler_can_be_chosen_where_the_family_has_several(tmp_path: Path) -> None:
    maker = made_by(save_sd15(tmp_path / "model", tmp_path / "words"), tmp_path / "cache")
    own = maker.generate([work(steps=4)], Silent())[0].main.data
    pictures = {name: maker.generate([work(steps=4, scheduler=name)], Silent())[0].main.data for name in FAMILIES.schedulers}
    assert len({own, *pictures.values()}) >= len(pictures), "at most one of them is the checkpoint's own"
    assert maker.generate([work(steps=4)], Silent())[0].main.data == own
    with pytest.raises(InputError, match="euler_a") as caught:
        maker.generate([work(scheduler="magic")], Silent())
    assert caught.value.field == "scheduler"


def test_a_scheduler_is_refused_where_the_family_has_one(tmp_path: Path) -> None:
    maker = made_by(save_flux(tmp_path / "model", tmp_path / "words"), tmp_path / "cache")
    with pytest.raises(InputError) as caught:
        maker.generate([work(scheduler="euler")], Silent())
    assert caught.value.field == "scheduler"


@pytest.mark.parametrize("name", list(FAMILIES.schedulers))
def test_every_scheduler_of_the_data_is_in_the_installed_diffusers(name: str) -> None:
    facts = FAMILIES.schedulers[name]
    kind = getattr(diffusers, str(facts["class"]))
    assert set(facts) - {"name", "class"} <= set(kind().config)


def test_a_dry_run_says_what_each_memory_mode_needs_and_loads_nothing(tmp_path: Path) -> None:
    maker = made_by(save_sd15(tmp_path / "model", tmp_path / "words"), tmp_path / "cache", memory=1000)
    fits = maker.dry_run("float32")
    assert [(fit.mode, fit.fits) for fit in fits] == [("full", False), ("tiled", False), ("quantised", False)]
    assert fits[0].footprint == maker.opened().elements * 4
    assert maker.dry_run("bfloat16")[0].footprint == fits[0].footprint // 2
