"""The Models desk: what is used and why, choices, and pulls that always end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from domain.errors import Conflict, InputError, ModelUnreachable, ModelUnusable
from domain.model import Task
from domain.progress import Progress
from domain.settings import Settings
from library.library import Library
from pipelines.devices import Fit
from pipelines.image.families import Families
from pipelines.models.catalogue import Catalogue
from pipelines.models.own import own_models
from pipelines.models.profiles import GB, Hardware, choose
from pipelines.models.store import ModelStore
from pipelines.worker import users
from studio.models import ModelDesk, Pull

MODEL = "all-minilm-l6-v2"
GPU = Hardware(ram=256 * GB, gpu="H100", gpu_memory=80 * GB, cores=32)


class Source(ModelStore):
    """A store whose pull does what the test says."""

    def __init__(self, catalogue: Catalogue, cache: Path, pull: Callable[[Progress], None]) -> None:
        super().__init__(catalogue, cache, offline=True)
        self._do = pull

    def pull(self, model_id: str, progress: Progress) -> Path:
        self._do(progress)
        return Path()


def desk_of(
    assets: Path,
    home: Path,
    pull: Callable[[Progress], None] = lambda progress: None,
    dry_runs: Mapping[str, Callable[[], tuple[Fit, ...]]] | None = None,
) -> ModelDesk:
    store = Source(Catalogue.read(assets / "models.toml"), home / "cache", pull)
    runs = users(frozenset({"art-fluent-emoji-flat"}))
    library = Library.open(f"sqlite:///{home / 'maquette.db'}", home)
    settings = Settings(home=home, cache=home / "cache")
    families = Families.read(assets / "pictures" / "families.toml")
    picked = lambda own: choose(store.catalogue, "auto", GPU, store.ready, own, runs)  # noqa: E731
    return ModelDesk(library, settings, store, picked, runs, families, dry_runs)


def ended(desk: ModelDesk) -> Pull:
    for thread in threading.enumerate():
        if thread.name == f"pull {MODEL}":
            thread.join()
    (pull,) = desk.pulls()
    assert pull.done
    return pull


def test_only_what_this_studio_runs_is_called_used(assets: Path, home: Path) -> None:
    rows = {status.model.id: status for status in desk_of(assets, home).all()}
    for unused in ("whisper-large-v3-turbo", "ppocr-v4", "wan-2.1-t2v-1.3b"):
        assert (rows[unused].used, rows[unused].reason) == (False, "Nothing here uses it yet.")
    for used in ("qwen3-8b", "whisper-base", "kokoro-82m-int8", "flux-1-schnell", "realesrgan", "u2netp", "opennsfw"):
        assert rows[used].used and "Nothing here" not in rows[used].reason


def test_a_model_that_nothing_runs_cannot_be_chosen(assets: Path, home: Path) -> None:
    desk = desk_of(assets, home)
    with pytest.raises(InputError, match="Choose another"):
        desk.choose(Task.RECOGNITION, "whisper-large-v3-turbo")
    assert desk.choices() == {}


def test_a_pull_that_breaks_in_an_unexpected_way_ends_and_can_be_started_again(
    assets: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: seen.append(args.exc_type.__name__))

    def broken(progress: Progress) -> None:
        raise ValueError("a truncated index")

    desk = desk_of(assets, home, broken)
    desk.start_pull(MODEL)
    assert "a truncated index" in ended(desk).error
    assert seen == ["ValueError"], "the fault itself is not swallowed"
    desk.start_pull(MODEL)
    assert ended(desk).error


def test_a_pull_that_no_source_can_give_says_so(assets: Path, home: Path) -> None:
    def unreachable(progress: Progress) -> None:
        raise ModelUnreachable("The network is down.")

    desk = desk_of(assets, home, unreachable)
    desk.start_pull(MODEL)
    assert "The network is down." in ended(desk).error


def test_a_model_that_is_being_fetched_is_not_removed(assets: Path, home: Path) -> None:
    gate = threading.Event()
    desk = desk_of(assets, home, lambda progress: gate.wait() and None)
    desk.start_pull(MODEL)
    try:
        with pytest.raises(Conflict, match="Stop the fetching"):
            desk.remove(MODEL)
    finally:
        gate.set()
    assert ended(desk).note == "verified"
    assert desk.remove(MODEL) == 0
    assert desk.pulls() == ()


def test_a_pull_that_is_stopped_ends(assets: Path, home: Path) -> None:
    started = threading.Event()

    def endless(progress: Progress) -> None:
        while True:
            started.set()
            progress.report(0.5, "fetching")

    desk = desk_of(assets, home, endless)
    desk.start_pull(MODEL)
    started.wait()
    desk.cancel_pull(MODEL)
    assert "Stopped" in ended(desk).error


def test_a_file_of_this_machine_is_added_by_its_path_and_named_by_what_it_is(assets: Path, home: Path) -> None:
    path = home / "Ink Style.safetensors"
    layer = "unet.down_blocks.0.attentions.0.to_q"
    save_file({f"{layer}.lora_{half}.weight": np.zeros((2, 2), dtype=np.float32) for half in "AB"}, path)
    desk = desk_of(assets, home)
    added = desk.add(path)
    assert (added.id, added.task) == ("ink-style", Task.LORA)
    assert [model.id for model in own_models(home / "cache")] == ["ink-style"]
    # It is known at once, and can be fetched without another start
    assert desk.get("ink-style").sources == added.sources
    desk.add(path)
    assert [status.model.id for status in desk.all()].count("ink-style") == 1
    with pytest.raises(Conflict) as caught:
        desk.add(path, "sdxl")
    assert caught.value.field == "id"
    with pytest.raises(InputError) as refused:
        desk.add(path, "Ink Style")
    assert refused.value.field == "id"


def test_a_file_that_is_no_model_is_not_added(assets: Path, home: Path) -> None:
    path = home / "page.safetensors"
    path.write_text("<!DOCTYPE html>")
    with pytest.raises(ModelUnusable) as caught:
        desk_of(assets, home).add(path)
    assert caught.value.field == "path"
    assert own_models(home / "cache") == ()


def test_what_fits_is_said_of_picture_models_only(assets: Path, home: Path) -> None:
    desk = desk_of(assets, home)
    with pytest.raises(InputError, match="no picture model"):
        desk.fits(MODEL)
    assert desk.pictured() == []
    asked = (Fit("full", "cpu", 9, 0, 5), Fit("quantised", "cpu", 4, 0, 5))
    knowing = desk_of(assets, home, dry_runs={"sdxl": lambda: asked})
    assert [fit.mode for fit in knowing.fits("sdxl") if fit.fits] == ["quantised"]


def test_a_mode_fits_only_where_ram_holds_what_visits_the_device() -> None:
    assert Fit("model_offload", "cuda", 5, 20, 8, 16).fits is False
    assert Fit("model_offload", "cuda", 5, 20, 8, 32).fits is True
    assert Fit("model_offload", "cuda", 5, 20, None, 32).fits is None
