"""The replicas as Ray Serve sees them: batches, multiplexed models, which replica gets a request, and the roster.

Everything here is made inside functions, because Serve's decorators and base classes come from Ray.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.executors.ray.cluster import CODE_LABEL, NAMESPACE, Code
from pipelines.executors.ray.replica import BEAT, Replica
from pipelines.executors.ray.routing import Load, best
from pipelines.executors.ray.work import Call

#: Calls that may wait in a replica while it is busy, so that those alike are made in one go.
WAITING = 8
#: Names of makers and models a replica is known for. Their weights are the arbiter's.
KNOWN = 256
#: Share of replicas that may be busy before another one is started, where devices are free.
BUSY = 0.7
UPSCALE_SECONDS = 5.0
DOWNSCALE_SECONDS = 900.0
MOST_REPLICAS = 4096
#: Between two looks at whether a replica has come free.
AGAIN_SECONDS = 0.02
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
        request_router_config=RequestRouterConfig(
            request_router_class=f"{__name__}.FreeDeviceRouter",
            request_router_kwargs={"places": pool.slots},
            initial_backoff_s=AGAIN_SECONDS,
            max_backoff_s=4 * AGAIN_SECONDS,
        ),
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
                self._line.append(call)
                await self.together(call)
            else:
                await self.make([call])

        @serve.batch(max_batch_size=WAITING, batch_wait_timeout_s=0.0)  # type: ignore[untyped-decorator]
        async def together(self, calls: list[Call]) -> list[None]:
            """One pass at a time. It takes all who stand in line by now: Serve closes its batches while the device is still busy.

            Each call is answered through its frames, as soon as its own group is made; `calls` may have gone with an earlier pass.
            """
            line, self._line = self._line, []
            await self.make(line)
            return [None] * len(calls)

        @serve.multiplexed(max_num_models_per_replica=KNOWN)  # type: ignore[untyped-decorator]
        async def known_for(self, name: str) -> str:
            """Tells the routers that this replica can make this, or (with "!") that it has the weights in memory."""
            return name

        async def check_health(self) -> None:
            """Serve asks every few seconds, first before any request: what was pulled meanwhile becomes known."""
            for name in self.known():
                await self.known_for(name)

    return Served


def router_class() -> type[Any]:
    """See routing.py."""
    from ray.serve.request_router import MultiplexMixin, PendingRequest, ReplicaID, RequestRouter, RunningReplica

    class FreeDeviceRouter(MultiplexMixin, RequestRouter):  # type: ignore[misc]
        def initialize_state(self, places: int = 1, **kwargs: Any) -> None:
            self._load: Load[ReplicaID] = Load()
            self._places = places

        async def choose_replicas(
            self, candidate_replicas: list[RunningReplica], pending_request: PendingRequest | None = None
        ) -> list[list[RunningReplica]]:
            if pending_request is None:
                return [candidate_replicas]
            metadata = pending_request.metadata
            pending_request.routing_context.should_backoff = True
            by_id = {replica.replica_id: replica for replica in candidate_replicas}
            known = {replica_id: replica.multiplexed_model_ids for replica_id, replica in by_id.items()}
            replica_id = best(known, metadata.multiplexed_model_id, self._load, self._places)
            if replica_id is None:
                return []  # Serve asks again in a moment
            chosen, load = by_id[replica_id], self._load[replica_id]
            self._load.choose(metadata.internal_request_id, replica_id)
            # What Serve believes of its load decides whether it asks first, and two that ask together hear the same.
            self.replica_queue_len_cache.update(chosen.replica_id, min(load, chosen.max_ongoing_requests - 1))
            return [[chosen]]

        def on_request_routed(self, pending_request: PendingRequest, replica_id: ReplicaID, result: Any) -> None:
            self._load.sent(pending_request.metadata.internal_request_id)

        def on_request_completed(self, replica_id: ReplicaID, internal_request_id: str) -> None:
            self._load.ended(internal_request_id, replica_id)

        def on_replica_actor_died(self, replica_id: ReplicaID) -> None:
            super().on_replica_actor_died(replica_id)
            self._load.lost(replica_id)

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
        return str((told or lines or ["a replica could not be built"])[-1])
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
