"""The studio's connection to its cluster: made when something is first asked, kept in order while it lasts, and ended.

Ray knows one cluster per process. Knows nothing of requests: ray.py follows those.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Final

from domain.engine import DeviceState, ExecutorState, Resident, WorkerState, WorkerStatus
from domain.errors import HostingError, InputError
from domain.settings import Settings
from pipelines.executors.layout import CHAT, CPU, GPU
from pipelines.executors.ray import cluster
from pipelines.executors.ray.replica import Spec
from pipelines.executors.ray.serving import LOST_SECONDS, WAITING, Pool, deploy, failed, start_roster, undeploy
from pipelines.text.chats import LLAMA_SLOTS

log = logging.getLogger(__name__)

#: What a node does not need to know.
_KEPT: Final = {"password", "chat_key", "database", "accounts", "files"}
_STATE_SECONDS: Final = 2.0
#: Seconds between looks at whether our replicas could be started.
_KEEP_SECONDS: Final = 3.0


class Link:
    """Thread-safe.

    Args:
        factory: builds what a replica serves. cpus: what a replica without a GPU reserves of a node. grace: see Spec.
    """

    def __init__(self, settings: Settings, factory: str, cpus: float, grace: float) -> None:
        self.run = secrets.token_hex(4)
        self.pools: tuple[Pool, ...] = ()
        #: Why no replica could be started, for people who wait for one; "" while all is well.
        self.trouble = ""
        #: Replicas that said something lately, by pool.
        self.living: Counter[str] = Counter()
        self._settings = settings
        self._factory = factory
        self._cpus = cpus
        self._grace = grace
        self._app = f"maquette-{self.run}"
        self._code = cluster.own_code()
        self._handles: dict[str, Any] = {}
        self._guard = threading.Lock()
        self._closing = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="ray", daemon=True)
        self._keeper = threading.Thread(target=self._keep, name="ray keeper", daemon=True)

    @property
    def is_open(self) -> bool:
        return bool(self._handles)

    def open(self) -> None:
        """Connect and start the replicas, once. Does not wait for them. Raises InputError, HostingError."""
        with self._guard:
            if self.is_open:
                return
            if self._closing.is_set():
                raise HostingError("The studio is closing.")
            connect(self._settings)
            try:
                self._roster = start_roster(self._app)
                self.pools = pools(own_nodes(self._code), self._settings.workers, self._cpus)
                self._handles = deploy(self._app, self._code, {pool: self._spec(pool) for pool in self.pools})
            except BaseException:
                self._disconnect()
                raise
            self._thread.start()
            self._keeper.start()

    def handle(self, pool: str) -> Any:
        """Serve's handle of the replicas of this pool."""
        return self._handles[pool]

    def soon(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def call(self, action: Callable[[], object]) -> None:
        """Run something on the loop of the link, while there is one."""
        with suppress(RuntimeError):  # closed
            self._loop.call_soon_threadsafe(action)

    def state(self) -> ExecutorState:
        """What replicas said of themselves, and nodes whose code is not ours."""
        if not self.is_open:
            return ExecutorState(name="ray")
        import ray

        try:
            told = self._said()
        except (ray.exceptions.RayError, TimeoutError) as error:
            return ExecutorState(name="ray", workers=(lost_cluster(self._settings.ray_address, error),))
        return ExecutorState(
            name="ray",
            devices=tuple(DeviceState.model_validate({**d, "name": f"{s['node']} {d['name']}"}) for _, s in told for d in s["devices"]),
            workers=(*(worker_state(age, state) for age, state in told), *strangers(self._code)),
            residents=tuple(Resident.model_validate({**r, "worker": s["name"]}) for _, s in told for r in s["residents"]),
        )

    def _said(self) -> list[tuple[float, dict[str, Any]]]:
        import ray

        said = ray.get(self._roster.read.remote(), timeout=_STATE_SECONDS)
        return [(age, json.loads(text)) for age, text in said]

    def release_idle(self) -> None:
        """Replicas hear of it with their next word on the roster, within two seconds."""
        if self.is_open:
            import ray

            ray.get(self._roster.release_idle.remote(), timeout=_STATE_SECONDS)

    def close(self) -> None:
        """End our replicas. The nodes stay: they are not ours. Idempotent."""
        self._closing.set()
        with self._guard:
            if not self.is_open:
                if not self._loop.is_closed() and not self._thread.is_alive():
                    self._loop.close()
                return
            self._keeper.join()
            try:
                undeploy(self._app, [pool.name for pool in self.pools])
            except Exception as error:  # the cluster is gone, and so is what ran there
                log.info("the replicas could not be ended: %s", error)
            self._handles = {}
            self._disconnect()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _disconnect(self) -> None:
        import ray

        ray.shutdown()

    def _keep(self) -> None:
        """Serve gives up on replicas that cannot be built. The cause may go: a model pulled, a node of our version that joined."""
        while not self._closing.wait(_KEEP_SECONDS):
            try:
                why = failed(self._app)
                self.trouble = why or self._nobody()
                told = self._said()
                self.living = Counter(said["pool"] for age, said in told if age < LOST_SECONDS and said["status"] == WorkerStatus.IDLE)
                if why:
                    deploy(self._app, self._code, {pool: self._spec(pool) for pool in self.pools})
            except Exception as error:  # the cluster does not answer: state() says so, and the next look tries again
                log.info("the cluster does not answer: %s", error)

    def _nobody(self) -> str:
        if own_nodes(self._code):
            return ""
        return f"no node runs the code of this studio ({self._code.version}, {self._code.sha256[:8]})"

    def _spec(self, pool: Pool) -> str:
        settings = self._settings.model_copy(update={name: Settings.model_fields[name].default for name in _KEPT})
        return Spec(
            pool=pool.name,
            roster=self._app,
            code=self._code,
            settings=settings,
            store=settings.ray_store,
            gpu=pool.gpus > 0,
            share=1.0 / sum(other.per_node or 1 for other in self.pools),
            slots=pool.slots,
            grace=self._grace,
            factory=self._factory,
        ).model_dump_json()


def connect(settings: Settings) -> None:
    """Make this process a driver of the cluster. Raises InputError, HostingError."""
    cluster.require_ray()
    if not settings.ray_address:
        raise InputError(
            "MAQUETTE_RAY_ADDRESS is not set.",
            hint="Start a cluster with `python app.py cluster head`; it says the address.",
            field="MAQUETTE_RAY_ADDRESS",
        )
    host, _ = cluster.require_somebody(settings.ray_address)
    os.environ.update(cluster.ray_environment(settings.token_file, host))
    with cluster.signals_kept():
        import ray
        from ray._private import ray_constants

        raylet: Any = ray._raylet
        # What Ray read from the environment when it was first imported, which may have been before it was known where the head is.
        raylet.Config.initialize("")
        raylet.AuthenticationTokenLoader.instance().reset_cache()
        ray_constants.ENABLE_RAY_CLUSTER = host not in cluster.LOOPBACK
        cluster.require_token()
        if ray.is_initialized():
            raise HostingError("This process already uses a Ray cluster.", hint="Close the other executor first.")
        try:
            ray.init(
                address=settings.ray_address,
                namespace=cluster.NAMESPACE,
                configure_logging=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
            raise InputError(
                f"There is no cluster for us at {settings.ray_address}: {error}",
                hint="Check the address and the token, and let this machine join it: python app.py cluster join ADDRESS",
                field="MAQUETTE_RAY_ADDRESS",
            ) from error
    # Serve sets the level of its logger itself, whenever it is asked for anything.
    logging.getLogger("ray.serve").addFilter(quiet)


def quiet(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def nodes() -> list[dict[str, Any]]:
    import ray

    return [node for node in ray.nodes() if node["Alive"]]


def own_nodes(code: cluster.Code) -> list[dict[str, Any]]:
    return [node for node in nodes() if node["Labels"].get(cluster.CODE_LABEL) == code.label]


def pools(ours: Sequence[Mapping[str, Any]], workers: int, cpus: float) -> tuple[Pool, ...]:
    """One replica per GPU, `workers` (at least one) per node on its CPU, and the chat LLM, on a GPU of its own where there are two.

    Only those on the CPU reserve cores: a GPU, or the one place of a node, is never kept empty because cores were given away.
    """
    gpus = int(sum(node["Resources"].get("GPU", 0) for node in ours))
    chat_gpus = 1 if gpus > 1 else 0
    per_node = max(1, workers)
    made = [
        Pool(CHAT, cpus=0, gpus=chat_gpus, least=1, ongoing=2 * LLAMA_SLOTS, slots=LLAMA_SLOTS, per_node=1),
        Pool(CPU, cpus=cpus, gpus=0, least=max(1, len(ours) * per_node), ongoing=WAITING, per_node=per_node),
    ]
    if gpus:
        made.append(Pool(GPU, cpus=0, gpus=1, least=gpus - chat_gpus, ongoing=WAITING))
    return tuple(made)


def worker_state(age: float, said: Mapping[str, Any]) -> WorkerState:
    """age: seconds since the replica said this."""
    status = WorkerStatus(said["status"])
    if status is WorkerStatus.IDLE and said["doing"]:
        status = WorkerStatus.WORKING
    if age > LOST_SECONDS:
        status = WorkerStatus.LOST
    return WorkerState(
        name=said["name"],
        device="cuda" if any(device["name"] != "cpu" for device in said["devices"]) else "cpu",
        status=status,
        pid=said["pid"],
        node=said["node"],
        memory=said["memory"],
        doing=tuple(said["doing"]),
        reason=said["reason"] or (f"it has said nothing for {age:.0f} s" if age > LOST_SECONDS else ""),
    )


def strangers(code: cluster.Code) -> tuple[WorkerState, ...]:
    """Nodes that get no replica, because they run other code than the studio."""
    return tuple(
        WorkerState(
            name=f"node {node['NodeID'][:8]}",
            device="",
            status=WorkerStatus.LOST,
            node=f"{node['NodeManagerAddress']}/{node['NodeID'][:8]}",
            reason=f"It runs Maquette {node['Labels'].get(cluster.VERSION_LABEL, 'unknown')} of other code than the studio "
            f"({code.version}), so nothing is made there. Install the same version and start the node again.",
        )
        for node in nodes()
        if node["Labels"].get(cluster.CODE_LABEL) != code.label
    )


def lost_cluster(address: str, error: Exception) -> WorkerState:
    return WorkerState(
        name="cluster",
        device="",
        status=WorkerStatus.LOST,
        node=address,
        reason=f"The cluster does not answer: {cluster.first_line(error)}.",
    )
