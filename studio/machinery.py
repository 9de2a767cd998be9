"""The machine's side of the wiring: who owns its memory, and where makers run."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from domain.errors import StorageError
from domain.model import Task
from domain.settings import Settings
from library.library import Library
from pipelines.energy import Energy, meters_of
from pipelines.executors.executor import Executor
from pipelines.executors.inline import InlineExecutor
from pipelines.executors.layout import visible
from pipelines.executors.workers import WorkerExecutor
from pipelines.memory import Arbiter, Footprint
from pipelines.models.profiles import Hardware
from pipelines.text.chats import accelerated
from pipelines.worker import Engine, budgets


def build_arbiter(settings: Settings, library: Library, hardware: Hardware) -> Arbiter:
    """The one owner of memory over the studio and its workers; what was measured is kept in the library."""
    known = {(kept.key, kept.device): Footprint(kept.key, kept.device, kept.bytes, kept.load_seconds) for kept in library.footprints()}

    def learn(measured: Footprint) -> None:
        known[measured.key, measured.device] = measured
        try:
            library.put_footprint(measured.key, measured.device, measured.bytes, measured.load_seconds)
        except StorageError as error:  # it is measured again after the next load
            logging.getLogger("maquette").info("a footprint was not kept: %s", error)

    cards = {f"cuda:{number}": card for number, card in enumerate(hardware.gpus)}
    described = {"cpu": (hardware.cpu, hardware.ram), **cards}
    return Arbiter(budgets(settings, hardware), lambda key, device: known.get((key, device)), learn, described)


def build_executor(settings: Settings, assets: Path, arbiter: Arbiter, engine: Engine, hardware: Hardware) -> Executor:
    """Where makers run. Starts nothing yet."""
    if settings.executor == "ray":
        from pipelines.executors.ray.executor import RayExecutor

        return RayExecutor(settings, engine.local_chat)
    if settings.executor == "inline":
        return InlineExecutor(engine, arbiter)
    seen = os.environ.get("CUDA_VISIBLE_DEVICES")
    meters = meters_of({device.name: visible(device.name, seen) for device in arbiter.devices()})
    return WorkerExecutor(
        settings, assets, arbiter, engine.local_chat, lambda model_id: runs_on_gpu(engine, model_id), Energy(meters), hardware
    )


def runs_on_gpu(engine: Engine, model_id: str) -> bool:
    """Whether a chat model of the catalogue runs on a GPU where there is one; "": the one that is chosen now."""
    if model_id:
        return accelerated(engine.store.catalogue.get(model_id))
    choice = engine.chosen(Task.CHAT)
    return choice is not None and accelerated(choice.model)


def gpus_of(arbiter: Arbiter) -> tuple[str, ...]:
    return tuple(device.name for device in arbiter.devices() if device.name.startswith("cuda"))
