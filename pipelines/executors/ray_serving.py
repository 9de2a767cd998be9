"""The replicas as Ray Serve sees them: batches, multiplexed models, which replica gets a request, and the roster.

Everything here is made inside functions, because Serve's decorators and base classes come from Ray.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.executors.ray_cluster import CODE_LABEL, NAMESPACE, Code
from pipelines.executors.ray_replica import BEAT, Call, Replica

#: Calls that may wait in a replica while it is busy, so that those alike are made in one go.
WAITING = 8
#: Names of makers and models a replica is known for. Their weights are the arbiter's.
KNOWN = 256
#: Share of replicas that may be busy before another one is started, where devices are free.
BUSY = 0.7
UPSCALE_SECONDS = 5.0
DOWNSCALE_SECONDS = 900.0
MOST_REPLICAS = 4096
#: Replicas of which the load is unknown are asked; no more than these for one request.
ASKED = 16
#: A replica that said nothing for so long is lost; its line stays for people to see for a while.
LOST_SECONDS = 5 * BEAT
FORGET_SECONDS = 60.0


@dataclass(frozen=True)
class Pool:
    """Replicas of one kind. cpus, gpus: what each reserves. least: how many there always are; per_node: on one machine, None
    for no bound. ongoing: requests a replica takes at once; slots: of these, worked on at once."""

    name: str
    cpus: float
    gpus: float
    least: int
    ongoing: int
    slots: int = 1
    per_node: int | None = None


def deploy(app: str, code: Code, pools: Mapping[Pool, str]) -> dict[str, Any]:
    """Start or replace the replicas of a studio. pools: the Spec (as JSON) of each. Returns Serve's handle by pool name.

    Does not wait for replicas. No HTTP server is started: requests come from the studio only.
    """
    from ray import serve

    serve.start(proxy_location="Disabled", logging_config={"log_level": "ERROR"})
    targets = [
        serve.RunTarget(target=_deployment(pool, code).bind(spec), name=f"{app}-{pool.name}", route_prefix=None)
        for pool, spec in pools.items()
    ]
    handles = serve.run_many(targets, wait_for_applications_running=False)
    return {pool.name: handle for pool, handle in zip(pools, handles, strict=True)}


def _deployment(pool: Pool, code: Code) -> Any:
    from ray import serve
    from ray.serve.config import RequestRouterConfig

    return serve.deployment(
        replica_class(),
        name=pool.name,
        # Ray repeats nothing: actors of Serve have neither restarts nor task retries, the controller makes new ones, and who makes
        # the work again is decided by the studio.
        ray_actor_options={"num_cpus": pool.cpus, "num_gpus": pool.gpus, "label_selector": {CODE_LABEL: code.label}},
        max_ongoing_requests=pool.ongoing,
        max_replicas_per_node=pool.per_node,
        autoscaling_config={
            "min_replicas": pool.least,
            "initial_replicas": pool.least,
            "max_replicas": MOST_REPLICAS,
            "target_ongoing_requests": BUSY * pool.slots,
            "upscale_delay_s": UPSCALE_SECONDS,
            "downscale_delay_s": DOWNSCALE_SECONDS,
        },
        request_router_config=RequestRouterConfig(request_router_class=f"{__name__}.FreeDeviceRouter"),
        health_check_period_s=5.0,
        health_check_timeout_s=30.0,
        graceful_shutdown_wait_loop_s=0.2,
        graceful_shutdown_timeout_s=3.0,
        max_constructor_retry_count=3,
    )


def replica_class() -> type[Replica]:
    from ray import serve

    class Served(Replica):
        async def _work(self, call: Call) -> None:
            if call.what == "generate":
                await self.together(call)
            else:
                await self.make([call])

        @serve.batch(max_batch_size=WAITING, batch_wait_timeout_s=0.0)
        async def together(self, calls: list[Call]) -> list[None]:
            """What came while the device was busy. Each call is answered through its frames, as soon as its own group is made."""
            await self.make(calls)
            return [None] * len(calls)

        @serve.multiplexed(max_num_models_per_replica=KNOWN)
        async def known_for(self, name: str) -> str:
            """Tells the routers that this replica can make this, or (with "!") that it has the weights in memory."""
            return name

        async def check_health(self) -> None:
            """Serve asks every few seconds, first before any request: what was pulled meanwhile becomes known."""
            for name in self.known():
                await self.known_for(name)

    return Served


def router_class() -> type[Any]:
    """Serve's own looks at two replicas of all: some stand idle while others queue. Here a device that is free gets the work,
    one that has the weights first, and none that lacks the model while another has it."""
    from ray.serve.request_router import FIFOMixin, MultiplexMixin, PendingRequest, RequestRouter, RunningReplica

    class FreeDeviceRouter(FIFOMixin, MultiplexMixin, RequestRouter):  # type: ignore[misc]
        async def choose_replicas(
            self, candidate_replicas: list[RunningReplica], pending_request: PendingRequest | None = None
        ) -> list[list[RunningReplica]]:
            wanted = pending_request.metadata.multiplexed_model_id if pending_request is not None else ""
            if pending_request is not None:
                pending_request.routing_context.should_backoff = True
            ours = random.sample(candidate_replicas, len(candidate_replicas))
            able = [r for r in ours if wanted in r.multiplexed_model_ids] or ours
            load = {r.replica_id: self.replica_queue_len_cache.get(r.replica_id) for r in able}
            free = [r for r in able if load[r.replica_id] == 0]
            unknown = [r for r in able if load[r.replica_id] is None]
            return [
                [r for r in free if f"{wanted}!" in r.multiplexed_model_ids],
                free,
                unknown[:ASKED],
                sorted((r for r in able if load[r.replica_id]), key=lambda r: load[r.replica_id] or 0)[:ASKED],
            ]

    return FreeDeviceRouter


def __getattr__(name: str) -> Any:
    """Serve wants the router by its name in a module, and this module must be importable without Ray."""
    if name == "FreeDeviceRouter":
        return router_class()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class Roster:
    """An actor: what each replica said of itself last. Replicas come and go; nothing is decided from this list."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[float, str]] = {}
        self._release = 0

    def announce(self, replica: str, state: str) -> int:
        """Returns a number that rises whenever everybody should unload what is idle."""
        self._said[replica] = time.monotonic(), state
        return self._release

    def read(self) -> list[tuple[float, str]]:
        """Age in seconds and state of each."""
        now = time.monotonic()
        self._said = {name: said for name, said in self._said.items() if now - said[0] < FORGET_SECONDS}
        return [(now - at, state) for at, state in self._said.values()]

    def release_idle(self) -> int:
        self._release += 1
        return self._release


def start_roster(name: str) -> Any:
    """It lives as long as the studio, on the studio's own node."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(node_id=ray.get_runtime_context().get_node_id(), soft=False)
    options = {"name": name, "namespace": NAMESPACE, "num_cpus": 0, "max_restarts": 0, "max_task_retries": 0}
    return ray.remote(Roster).options(scheduling_strategy=here, **options).remote()


def failed(app: str) -> str:
    """Why Serve has given up on replicas of ours, "" when it has not."""
    from ray import serve

    ours = (status for name, status in serve.status().applications.items() if name.startswith(app))
    messages = (status.message for status in ours if status.status == "DEPLOY_FAILED")
    for message in messages:
        lines = [line.strip() for line in message.splitlines() if line.strip()]
        told = [line.partition(": ")[2] for line in lines if line.startswith("domain.errors.")]
        return (told or lines or ["a replica could not be built"])[-1]
    return ""


def undeploy(app: str, pools: Sequence[str]) -> None:
    """End our replicas, and Serve's controller where nobody else uses it."""
    from ray import serve

    for name in pools:
        serve.delete(f"{app}-{name}", _blocking=False)
    deadline = time.monotonic() + 15.0
    while time.monotonic() < deadline and any(name.startswith(app) for name in serve.status().applications):
        time.sleep(0.05)
    if not serve.status().applications:
        serve.shutdown()
