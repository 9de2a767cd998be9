"""What the engine is doing now: devices, workers, what is loaded, what waits. Shown by the Engine page; never decided upon."""

from __future__ import annotations

from enum import StrEnum

from domain.value import Value


class WorkerStatus(StrEnum):
    STARTING = "starting"
    IDLE = "idle"
    WORKING = "working"
    LOST = "lost"


class DeviceState(Value):
    """One device as the owner of memory sees it. Bytes; used: admitted and not returned. watts None where it cannot be read."""

    name: str
    title: str = ""
    total: int = 0
    budget: int = 0
    used: int = 0
    watts: float | None = None


class Resident(Value):
    """Weights in memory. footprint in bytes, measured when `measured`, else what was expected. users: calls in them now."""

    key: str
    device: str
    worker: str = ""
    mode: str = "full"
    footprint: int = 0
    measured: bool = False
    users: int = 0
    pinned: bool = False
    load_seconds: float = 0.0
    idle_seconds: float = 0.0


class Footprint(Value):
    """What a model took when it was last loaded on a device: bytes of its memory, seconds of loading."""

    key: str
    device: str
    bytes: int
    load_seconds: float = 0.0


class WorkerState(Value):
    """A process, or a replica on another machine (`node`). memory: resident bytes. restarts: how often it was replaced."""

    name: str
    device: str
    status: WorkerStatus
    pid: int = 0
    node: str = ""
    memory: int = 0
    doing: tuple[str, ...] = ()
    restarts: int = 0
    reason: str = ""


class LaneState(Value):
    """A resource class of the queue. oldest: seconds the first in line has waited."""

    lane: str
    places: int
    working: int = 0
    waiting: int = 0
    oldest: float = 0.0


class StageState(Value):
    """Seconds one stage of making took over the newest runs: median and 90th percentile of `runs`."""

    maker: str
    stage: str
    runs: int
    median: float
    p90: float


class ExecutorState(Value):
    """What an executor knows."""

    name: str
    devices: tuple[DeviceState, ...] = ()
    workers: tuple[WorkerState, ...] = ()
    residents: tuple[Resident, ...] = ()


class EngineState(Value):
    """Everything. done_per_hour: jobs that ended well in the last hour. trouble: why work is put off just now, "" when it is not."""

    executor: ExecutorState
    lanes: tuple[LaneState, ...] = ()
    stages: tuple[StageState, ...] = ()
    done_per_hour: int = 0
    trouble: str = ""
