"""Makers on a Ray cluster: the same pipelines as Serve deployments, one replica per device, when one machine is not enough.

Ray places and replaces replicas, and repeats nothing: who died while making raises WorkerLost, and the studio makes it again.
See docs/decisions/0015-the-engine.md and docs/scale.md. What runs on the nodes is in replica.py.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from domain.engine import ExecutorState
from domain.errors import EngineFailed, InputError, MaquetteError, WorkerLost
from domain.progress import Progress
from domain.recipe import Output, Work
from domain.settings import Settings
from pipelines.audio.recognition import Transcript
from pipelines.executors.call import Call
from pipelines.executors.channel import Frame
from pipelines.executors.child import FACTORY
from pipelines.executors.layout import CHAT, CPU, GPU, kind_of_maker
from pipelines.executors.ray.cluster import first_line, read_token, require_ray
from pipelines.executors.ray.files import FolderSharing, Sharing, UrlSharing
from pipelines.executors.ray.link import Link
from pipelines.executors.spool import Spool
from pipelines.executors.wire import complete, error_to_json
from pipelines.executors.worker_chat import WorkerChat
from pipelines.text.chats import LLAMA_SLOTS, LocalChat

#: Seconds between two attempts to reach a cluster that is not there.
_AGAIN: Final = 3.0
#: How often, a second apart, a request that no replica has begun is sent: Serve takes a while to see that a node is gone.
_SENDS: Final = 60
_RESEND: Final = 1.0
_LOOK: Final = 0.1


@dataclass
class _Following:
    """One request at a replica. replica: "" while it waits for a free one. sign: when the replica last showed that it lives.

    trouble: why none comes free, as last told.
    """

    call: Call
    replica: str = ""
    sign: float = field(default_factory=time.monotonic)
    trouble: str = ""


class RayExecutor:
    """An Executor (executor.py). Connects when it is first asked. Thread-safe; one per process, because Ray knows one cluster.

    Args:
        settings: ray_address, ray_token_file and ray_store say which cluster; stall_seconds when a replica counts as hung.
        described: a chat model of the catalogue as this process would build it; it is asked what it is, and never run.
        factory: builds what a replica serves (child.FACTORY); tests name their own.
        cpus: what a replica without a GPU reserves of a node.
        grace: seconds a cancelled request may take to stop before its replica ends.
    Raises InputError (no address, no token), HostingError (no Ray), StorageError.
    """

    def __init__(
        self,
        settings: Settings,
        described: Callable[[str], LocalChat],
        *,
        factory: str = FACTORY,
        cpus: float = 1.0,
        grace: float = 10.0,
    ) -> None:
        require_ray()
        if not settings.ray_address:
            raise InputError(
                "MAQUETTE_RAY_ADDRESS is not set.",
                hint="Start a cluster with `python app.py cluster head`; it says its address.",
                field="MAQUETTE_RAY_ADDRESS",
            )
        read_token(settings.token_file)
        self._settings = settings
        self._described = described
        self._numbers = itertools.count(1)
        self._link = Link(settings, factory, cpus, grace)
        self._spool = Spool(settings.home / "spool")
        store, run = settings.ray_store, self._link.run
        self._sharing: Sharing = UrlSharing(store, self._spool, run) if store else FolderSharing(self._spool)

    def generate(self, maker: str, works: Sequence[Work], progress: Progress) -> list[Output]:
        """See Executor.generate. Waits for a replica; cancellable meanwhile."""
        self._reach(progress)
        attempt = str(next(self._numbers))
        request = {"do": "generate", "maker": maker, "works": self._sharing.works(works), "place": self._sharing.begin(attempt)}
        with self._asked(kind_of_maker(maker, self._gpus), request, progress.check, attempt) as frames:
            for frame in frames:
                if frame["is"] in ("progress", "waiting"):
                    progress.report(frame["fraction"], frame["note"])
                elif frame["is"] == "done":
                    return complete(maker, works, self._sharing.collect(attempt, frame["result"]))
        raise EngineFailed(f"{maker} ended without a result.", hint="Run the step again.")

    def chat(self, model_id: str) -> WorkerChat:
        """See Executor.chat."""
        self._described(model_id)

        @contextmanager
        def ask(frame: Mapping[str, Any], check: Callable[[], None]) -> Iterator[Iterator[Frame]]:
            self._link.open()
            with self._asked(CHAT, frame, check) as frames:
                yield frames

        return WorkerChat(model_id, lambda: self._described(model_id), ask)

    def transcribe(self, data: bytes) -> Transcript:
        """See Executor.transcribe."""
        return Transcript.model_validate(self._read({"do": "transcribe"}, data))

    def caption(self, model_id: str, picture: bytes) -> str:
        """See Executor.caption."""
        return str(self._read({"do": "caption", "model": model_id}, picture))

    def _read(self, request: Mapping[str, Any], data: bytes) -> Any:
        """What a reader says of an upload; its bytes travel as a file."""
        self._link.open()
        path = self._spool.keep(f"{request['do']}-{next(self._numbers)}", data)
        try:
            with self._asked(CPU, {**request, "path": self._sharing.file(path)}, lambda: None) as frames:
                for frame in frames:
                    if frame["is"] == "done":
                        return frame["result"]
        finally:
            path.unlink(missing_ok=True)
        raise EngineFailed("A replica ended without saying what it read.", hint="Try again.")

    @property
    def lanes(self) -> Mapping[str, int]:
        """See Executor.lanes."""
        return Lanes(self._link)

    def state(self) -> ExecutorState:
        return self._link.state()

    def release_idle(self) -> None:
        self._link.release_idle()

    def close(self) -> None:
        self._link.close()
        self._sharing.close()
        self._spool.close()

    @property
    def _gpus(self) -> tuple[str, ...]:
        return ("cuda",) if any(pool.name == GPU for pool in self._link.pools) else ()

    def _reach(self, progress: Progress) -> None:
        """Until the cluster is there; cancellable meanwhile."""
        while True:
            try:
                return self._link.open()
            except InputError as error:
                progress.report(0.0, f"waiting for the cluster: {error.message}")
            again = time.monotonic() + _AGAIN
            while time.monotonic() < again:
                progress.check()
                time.sleep(_LOOK)

    # following a request

    @contextmanager
    def _asked(self, pool: str, request: Mapping[str, Any], check: Callable[[], None], attempt: str = "") -> Iterator[Iterator[Frame]]:
        """The frames that answer a request. Leaving the context early stops it; what it still answers is discarded."""
        name = str(request.get("maker") or request.get("model") or request["do"])
        following = _Following(Call(next(self._numbers), pool, name, lambda call: None, lambda: None))
        task = self._link.soon(self._follow(following, pool, name, json.dumps(request)))

        def look() -> None:
            check()
            self._watch(following)

        try:
            with closing(following.call.events(look)) as frames:
                yield frames
        finally:
            task.cancel()
            if attempt:
                self._sharing.forget(attempt)

    async def _follow(self, following: _Following, pool: str, name: str, request: str) -> None:
        """Serve goes on sending to the replicas of a node that has just died: what none of them began costs no attempt."""
        for number in range(_SENDS):
            following.call.hear(waiting(""))
            try:
                await self._send(following, pool, name, request)
                return
            except Exception as error:  # whatever Ray raises, somebody waits
                frame = lost(error, following.replica)
            if frame["is"] != "lost" or following.replica or number == _SENDS - 1:
                break
            await asyncio.sleep(_RESEND)
        following.call.hear(frame)

    async def _send(self, following: _Following, pool: str, name: str, request: str) -> None:
        response = self._link.handle(pool).options(stream=True, multiplexed_model_id=name).call.remote(request)
        try:
            async for text in response:
                self._heard(following, json.loads(text))
        except asyncio.CancelledError:
            response.cancel()
            raise

    def _heard(self, following: _Following, frame: Frame) -> None:
        following.sign = time.monotonic() - frame.get("quiet", 0.0)
        if frame["is"] == "hello":
            following.replica = frame["replica"]
        elif frame["is"] != "alive":
            following.call.hear(frame)

    def _watch(self, following: _Following) -> None:
        """Raises WorkerLost when the replica stands still, and has it killed: Serve starts another one."""
        quiet = time.monotonic() - following.sign
        if following.replica and quiet > self._settings.stall_seconds:
            threading.Thread(target=kill, args=(following.replica,), name="kill", daemon=True).start()
            raise WorkerLost(
                f"The replica {following.replica} gave no sign of progress for {quiet:.0f} s and was ended.", hint="Run the step again."
            )
        if not following.replica and self._link.trouble != following.trouble:
            following.trouble = self._link.trouble
            following.call.hear(waiting(following.trouble))


class Lanes(Mapping[str, int]):
    """As many places as there are replicas now; one while there is none, so that somebody waits for the first."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def __getitem__(self, lane: str) -> int:
        living = self._link.living
        counts = {
            "chat": living[CHAT] * LLAMA_SLOTS - 1,  # one place is nobody's: it is for who waits at the screen
            "prepare": 2 + living.total() // 4,
            "media": living[CPU],
            "diffusion": living[GPU] or living[CPU],
        }
        return max(1, counts[lane])

    def __iter__(self) -> Iterator[str]:
        return iter(("chat", "prepare", "media", "diffusion"))

    def __len__(self) -> int:
        return 4


def waiting(trouble: str) -> Frame:
    return {"is": "waiting", "fraction": 0.0, "note": f"waiting for a replica: {trouble}" if trouble else "waiting for a replica"}


def kill(replica: str) -> None:
    """End a replica now, whatever it does."""
    import ray

    with suppress(ValueError, ray.exceptions.RayError):  # it is gone already
        ray.kill(ray.get_actor(replica, namespace="serve"), no_restart=True)


def lost(error: Exception, replica: str) -> Frame:
    """A frame that tells what ended a request: the death of its replica, or a fault of ours."""
    import ray
    from ray.serve import exceptions as serving

    gone = (ray.exceptions.RayActorError, ray.exceptions.WorkerCrashedError, ray.exceptions.ObjectLostError, ray.exceptions.RaySystemError,
            serving.RequestCancelledError, serving.BackPressureError, serving.DeploymentUnavailableError)  # fmt: skip
    if isinstance(error, gone):
        who = f"The replica {replica}" if replica else "The replica"
        return {"is": "lost", "message": f"{who} was lost while it made this: {first_line(error)}."}
    if isinstance(error, ray.exceptions.RayTaskError) and isinstance(error.cause, MaquetteError):
        return {"is": "failed", "error": error_to_json(error.cause)}
    return {"is": "failed", "error": error_to_json(EngineFailed(f"The cluster failed: {first_line(error)}.", hint="Run the step again."))}
