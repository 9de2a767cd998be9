"""The pages over an engine whose state the caller sets: what the Engine page shows of it, without a model or a device."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from domain.engine import DeviceState, EngineState, ExecutorState, LaneState, Resident, StageState, WorkerState, WorkerStatus
from domain.errors import MaquetteError
from domain.settings import Settings
from library.library import Library
from pipelines.models.catalogue import Catalogue
from pipelines.models.profiles import Hardware, choose
from pipelines.models.store import ModelStore
from studio.models import ModelDesk
from studio.projects import Projects
from studio.rights import Rights
from studio.studio import Studio
from web.accounts import Accounts, session_secret
from web.api.engine import engine_router
from web.errors import body_of, status_of
from web.guard import Guard
from web.server import Server, open_socket
from web.ui.pages import mount_pages

GIB = 1 << 30

BUSY = EngineState(
    executor=ExecutorState(
        name="process",
        devices=(
            DeviceState(name="cpu", total=24 * GIB, budget=14 * GIB, used=3 * GIB),
            DeviceState(name="cuda:0", title="NVIDIA H100 80GB HBM3", total=80 * GIB, budget=72 * GIB, used=66 * GIB, watts=412.5),
        ),
        workers=(
            WorkerState(
                name="chat",
                device="cpu",
                status=WorkerStatus.WORKING,
                pid=4211,
                memory=1_900_000_000,
                doing=("chat qwen2.5-coder-1.5b-instruct-q4",),
            ),
            WorkerState(name="cpu-1", device="cpu", status=WorkerStatus.WORKING, pid=4212, memory=910_000_000, doing=("generate kokoro",)),
            WorkerState(
                name="cpu-2",
                device="cpu",
                status=WorkerStatus.LOST,
                restarts=2,
                reason="It ended with signal 9 while it was making.\nspeech: 3 of 7\nKilled",
            ),
            WorkerState(name="cpu-3", device="cpu", status=WorkerStatus.IDLE),
            WorkerState(name="gpu-0", device="cuda:0", status=WorkerStatus.STARTING, pid=4214, node="big-machine"),
        ),
        residents=(
            Resident(
                key="qwen2.5-coder-1.5b-instruct-q4/4096",
                device="cpu",
                worker="chat",
                footprint=1_600_000_000,
                measured=True,
                users=2,
                pinned=True,
                load_seconds=3.4,
            ),
            Resident(key="kokoro/0123456789abcdef", device="cpu", worker="cpu-1", footprint=340_000_000, idle_seconds=95),
            Resident(key="sdxl-turbo@0123456789abcdef/fp16/cuda:0/sdpa", device="cuda:0", worker="gpu-0", footprint=7_100_000_000, users=1),
        ),
    ),
    lanes=(
        LaneState(lane="chat", places=2, working=2, waiting=11, oldest=74.2),
        LaneState(lane="media", places=2, working=1),
        LaneState(lane="diffusion", places=1, working=1, waiting=1204, oldest=3900),
    ),
    stages=(
        StageState(maker="diffusion/sdxl-turbo", stage="make", runs=50, median=104.0, p90=181.5),
        StageState(maker="writer", stage="make", runs=31, median=21.4, p90=33.9),
        StageState(maker="kokoro", stage="load", runs=12, median=0.62, p90=1.3),
    ),
    done_per_hour=37,
)

IDLE = EngineState(executor=ExecutorState(name="inline"))


@dataclass
class Shown:
    """What the page is told: `state`, or the error it is refused with. pins and releases: what was asked of the engine."""

    state: EngineState = BUSY
    error: MaquetteError | None = None
    pins: list[tuple[str, bool]] = field(default_factory=list)
    releases: int = 0
    url: str = ""

    def read(self) -> EngineState:
        if self.error is not None:
            raise self.error
        return self.state

    def pin(self, key: str, pinned: bool) -> None:
        self.pins.append((key, pinned))
        self.change(lambda row: row.model_copy(update={"pinned": pinned}) if row.key == key else row)

    def release(self) -> None:
        self.releases += 1
        self.change(lambda row: row if row.users or row.pinned else None)

    def change(self, each: Callable[[Resident], Resident | None]) -> None:
        rows = tuple(found for row in self.state.executor.residents if (found := each(row)) is not None)
        self.state = self.state.model_copy(update={"executor": self.state.executor.model_copy(update={"residents": rows})})


@contextmanager
def engine_pages(home: Path, assets: Path) -> Iterator[Shown]:
    """All pages on a free port, with the engine of `Shown` behind /api/engine, until the block ends."""
    with contextlib.closing(Library.open(f"sqlite:///{home / 'maquette.db'}", home)) as library:
        shown = Shown()
        yield from _served(settings_only(library, shown, home, assets), shown, home, assets)


def settings_only(library: Library, shown: Shown, home: Path, assets: Path) -> Studio:
    """As much of a studio as the Settings page asks: projects, models, the engine. Nothing can be made with it."""
    catalogue = Catalogue.read(assets / "models.toml")
    store = ModelStore(catalogue, home / "cache", offline=True)
    settings = Settings(home=home, cache=home / "cache")
    desk = ModelDesk(library, settings, store, lambda own: choose(catalogue, "embedded", Hardware(cores=2), store.ready, own))
    engine = SimpleNamespace(state=shown.read, release_idle=shown.release, pin=shown.pin)
    silent = SimpleNamespace(stop=lambda project_id: None)
    parts = SimpleNamespace(
        library=library,
        projects=Projects(library),
        rights=Rights(library),
        models=desk,
        chat=silent,
        engine=engine,
        fonts=tuple,
        voices=tuple,
        fetcher=None,
    )
    return cast(Studio, parts)


def _served(studio: Studio, shown: Shown, home: Path, assets: Path) -> Iterator[Shown]:
    app = FastAPI()
    ticks = iter(range(10**9))

    async def refused(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, MaquetteError)
        return JSONResponse(body_of(error), status_code=status_of(error))

    app.add_exception_handler(MaquetteError, refused)
    # Before the pages' own: with pins, and every reading is a new one, for this clock runs a second each time it is asked.
    router = engine_router(shown.read, release=shown.release, pin=shown.pin, known=studio.models.known, clock=lambda: float(next(ticks)))
    app.include_router(router)
    # A browser that is driven from this thread has its event loop running here; Gradio wants one of its own.
    with ThreadPoolExecutor(1) as beside:
        beside.submit(mount_pages, app, studio, Settings(home=home, cache=home / "cache"), assets, signed_in=False).result()
    app.add_middleware(Guard, accounts=Accounts("", None, session_secret(home)), local_only=True)
    with Server(app, open_socket("127.0.0.1", 0)) as server:
        shown.url = f"http://127.0.0.1:{server.port}"
        yield shown
