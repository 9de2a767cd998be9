"""What the cluster itself costs: `python -m benchmarks.cluster [--replicas 2 4 8] [--per-replica N]`.

Every replica "makes" by sleeping 200 ms, so what is missing to linear growth is dispatch: routing, serialisation, the way there and
back, files handed over. It says nothing of how fast anything real is made. All nodes are processes of this machine and share its
cores, so the figure is a lower bound for nodes of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from domain.capability import StepKind
from domain.progress import Progress, Silent
from domain.recipe import Output, OutputFile, Recipe, Trace, Work
from domain.settings import Settings
from pipelines.executors.ray.cluster import write_token
from pipelines.executors.ray.executor import RayExecutor
from pipelines.executors.ray.node import Node, NodePlan
from pipelines.memory import Memory
from pipelines.text.chats import LocalChat

SLEEP = 0.2
ROUNDS = 3


class Sleeper:
    """Makes a file of 100 kB in as many seconds of doing nothing as it is told."""

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        progress.report(0.5, "sleeping")
        time.sleep(float(str(works[0].recipe.parameters["sleep"])))
        file = OutputFile("slept.bin", "application/octet-stream", b"z" * 100_000)
        return [Output((file,), Trace()) for _ in works]


class Idle:
    def evict(self, key: str) -> bool:
        return True

    def release_idle(self) -> None:
        return


@dataclass
class Asleep:
    """What a replica of this benchmark serves."""

    pipelines: dict[str, Sleeper] = field(default_factory=lambda: {"sleeper": Sleeper()})
    devices: Idle = field(default_factory=Idle)


def build(settings: Settings, assets: Path, memory: Memory) -> Asleep:
    return Asleep()


def work(sleep: float) -> Work:
    return Work(Recipe(kind=StepKind.PICTURE, maker="sleeper", maker_version=1, parameters={"sleep": sleep}))


def round_of(executor: RayExecutor, replicas: int, per_replica: int, sleep: float = SLEEP) -> dict[str, float]:
    """One round with as many requests in flight as there are replicas, as the studio's queue hands them out."""
    seconds: list[float] = []

    def one(_: int) -> None:
        started = time.perf_counter()
        [output] = executor.generate("sleeper", [work(sleep)], Silent())
        seconds.append(time.perf_counter() - started)
        if output.main.path is not None:
            output.main.path.unlink()

    count = replicas * per_replica
    with ThreadPoolExecutor(replicas) as pool:
        started = time.perf_counter()
        list(pool.map(one, range(count)))
        elapsed = time.perf_counter() - started
    return {"per_second": count / elapsed, "p50_overhead_ms": 1000 * (statistics.median(seconds) - sleep)}


def measure(replicas: int, per_replica: int) -> dict[str, float]:
    """A cluster of its own with so many replicas on two nodes; the best of ROUNDS rounds, because other work only takes away.

    limit_per_second: with makers that return at once, what one studio and this machine dispatch at most.
    """
    with tempfile.TemporaryDirectory(prefix="maquette-bench-") as folder:
        home = Path(folder)
        token = home / "ray-token"
        write_token(token)
        head = Node.start(NodePlan(cpus=replicas, gpus=0), token, os.environ)
        other = None
        try:
            other = Node.start(NodePlan(address=head.address, cpus=replicas, gpus=0), token, os.environ)
            settings = Settings(home=home, cache=home / "cache", ray_address=head.address, workers=max(1, replicas // 2))
            executor = RayExecutor(settings, nobody, factory="benchmarks.cluster:build")
            try:
                executor.generate("sleeper", [work(0.0)], Silent())
                while executor.lanes["media"] < replicas:
                    time.sleep(0.1)
                rounds = [round_of(executor, replicas, per_replica) for _ in range(ROUNDS)]
                limit = round_of(executor, replicas, 10 * per_replica, sleep=0.0)["per_second"]
            finally:
                executor.close()
        finally:
            if other is not None:
                other.stop()
            head.stop()
    best = max(rounds, key=lambda one: one["per_second"])
    return {"replicas": replicas, **best, "of_linear": best["per_second"] * SLEEP / replicas, "limit_per_second": limit}


def nobody(model_id: str) -> LocalChat:
    raise NotImplementedError("no chat here")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--replicas", type=int, nargs="+", default=[2, 4, 8])
    arguments.add_argument("--per-replica", type=int, default=25)
    given = arguments.parse_args()
    measured = [measure(replicas, given.per_replica) for replicas in given.replicas]
    base = measured[0]["per_second"] / measured[0]["replicas"]
    for one in measured:
        growth = one["per_second"] / (base * one["replicas"])
        print(
            json.dumps({**{name: round(value, 3) for name, value in one.items()}, "growth": round(growth, 3), "load": os.getloadavg()[0]})
        )


if __name__ == "__main__":
    main()
