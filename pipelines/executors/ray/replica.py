"""What runs on a node: one replica per device, which builds its own engine and makes what the studio sends it.

It opens no database and retries nothing. What it is asked and what it answers is JSON; files lie in the shared store. It says
of itself on the roster every two seconds: where it runs, which code, what it has loaded. Knows nothing of plans or people.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol, runtime_checkable

from domain.capability import Capability
from domain.chat import ChatRequest, Message
from domain.errors import Cancelled, EngineFailed, ModelMissing
from domain.settings import Settings
from domain.value import Value
from pipelines.executors.child import FACTORY, Served, measured, resident_bytes
from pipelines.executors.ray.cluster import NAMESPACE, Code, assets_folder, own_code, require_token
from pipelines.executors.ray.files import FolderStore, Store, UrlStore
from pipelines.executors.ray.routing import GATHERS, LOADED
from pipelines.executors.ray.work import Call, Frame, Loads, Together, Watching
from pipelines.executors.wire import complete, error_from_json, error_to_json, outputs_to_json
from pipelines.models.profiles import Hardware
from pipelines.text.chats import Answering, LocalChat
from pipelines.worker import budgets

#: Settings that a node knows better than the studio, by the variable they are read from.
_OF_THE_NODE: Final = {
    "MAQUETTE_CACHE": "cache",
    "MAQUETTE_MODELS": "models_folder",
    "MAQUETTE_THREADS": "threads",
    "MAQUETTE_MEMORY": "memory_budget",
}

log = logging.getLogger(__name__)

#: Seconds between two words on the roster, and between two signs of life of a call that waits.
BEAT = 2.0
_SIGN = 0.5
#: Weights that are being read may keep silent so many times longer.
_LOADING = 4.0


class Spec(Value):
    """What a replica is to be. share: the part of its machine's memory that is its own. gpu: whether it has one.
    grace: seconds a call that was given up may take to stop.

    store: an fsspec URL, "" for folders that every node sees. factory: "module:function" that builds what is served; only tests
    name another. code: what the studio runs. roster: the name of the studio's list.
    """

    pool: str
    roster: str
    code: Code
    settings: Settings
    store: str = ""
    gpu: bool = False
    share: float = 1.0
    slots: int = 1
    grace: float = 10.0
    factory: str = FACTORY


@runtime_checkable
class Able(Protocol):
    """A maker that says whether what it needs is installed."""

    def capability(self) -> Capability | None: ...


class Replica:
    """Thread-safe. Serve gives every replica a process and calls these methods on its event loop."""

    def __init__(self, spec: str) -> None:
        self._spec = at_this_node(Spec.model_validate_json(spec), os.environ)
        self._doing: dict[int, str] = {}
        self._line: list[Call] = []
        self._last_sign = time.monotonic()
        self._released = 0
        self._made: set[str] = set()
        self._memory = Loads(lambda key: bool(self._served.devices.evict(key)), memory_of(self._spec))
        self._identity: dict[str, Any] = identity(self._spec.pool)
        self._announce_once()
        try:
            require_token()
            if not self._spec.gpu:
                os.environ["CUDA_VISIBLE_DEVICES"] = ""  # a card of this node belongs to another replica
            require_same_code(self._spec.code, own_code(), self._identity["node"])
            self._served = self._build()
        except BaseException as error:
            self._identity |= {"status": "lost", "reason": str(error_from_json(error_to_json(error)))}
            self._announce_once()  # a person sees why, on the Engine page
            raise
        url = self._spec.store
        self._store: Store = UrlStore(url, self._spec.settings.cache / "cluster-inputs") if url else FolderStore()
        self._identity["status"] = "idle"
        self._makers = ThreadPoolExecutor(self._spec.slots, thread_name_prefix="make")
        threading.Thread(target=self._announce, name="roster", daemon=True).start()

    def known(self) -> list[str]:
        """What this replica can make now, which of these gain from company, and what it has made: its weights are likely in memory."""
        makers = [name for name, maker in self._served.pipelines.items() if not isinstance(maker, Able) or maker.capability() is not None]
        gather = [name + GATHERS for name in makers if hasattr(self._served.pipelines[name], "company")]
        return [*makers, *gather, *self._made]

    async def call(self, text: str) -> AsyncIterator[str]:
        """Frames as JSON: who I am; then progress, pieces and signs of life; then done or failed. Left early, the work is stopped."""
        call = Call(json.loads(text), asyncio.get_running_loop())
        yield json.dumps({"is": "hello", **self._identity})
        work = asyncio.ensure_future(self._work(call))
        ended = False
        try:
            while not ended:
                frame = await self._next(call)
                ended = frame["is"] in ("done", "failed")
                yield json.dumps(frame, ensure_ascii=False)
        finally:
            call.token.cancel()
            call.loop.call_later(self._spec.grace, _insist, call)
            work.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _next(self, call: Call) -> Frame:
        try:
            return await asyncio.wait_for(call.frames.get(), _SIGN)
        except TimeoutError:
            # What the device is busy with may be another call: the studio judges by the age of its last sign.
            quiet = time.monotonic() - self._last_sign if self._doing else 0.0
            return {"is": "alive", "quiet": quiet / _LOADING if self._memory.loading else quiet}

    async def _work(self, call: Call) -> None:
        """Overridden where Serve's batches are added."""
        await self.make([call])

    async def make(self, calls: Sequence[Call]) -> None:
        """Make calls that came together: those alike in one go, the others one after the other. Every one is answered."""
        for group in self.alike(calls):
            await asyncio.get_running_loop().run_in_executor(self._makers, self._make_group, group)

    def alike(self, calls: Sequence[Call]) -> list[list[Call]]:
        """Calls that one pass of a maker can serve, in the order in which they came."""
        groups: dict[str, list[Call]] = {}
        for number, call in enumerate(calls):
            key, most = self._company(call) or (f"alone {number}", 1)
            group = groups.setdefault(key, [])
            if group and sum(len(c.request["works"]) for c in [*group, call]) > most:
                groups[f"{key} before {number}"] = group
                group = groups[key] = []
            group.append(call)
        return list(groups.values())

    def _company(self, call: Call) -> tuple[str, int] | None:
        maker = self._served.pipelines.get(call.maker) if call.what == "generate" else None
        offered = getattr(maker, "company", None)  # only a pipeline that gains from batches has it
        works = call.request.get("works", ())
        if offered is None or not works:
            return None
        company = offered(works[0]["recipe"]["parameters"])
        return (f"{call.maker} {company.key}", company.most) if company is not None else None

    def _make_group(self, group: list[Call]) -> None:
        living = [call for call in group if not call.token.cancelled]
        for call in group:
            call.ended = call.token.cancelled
        if not living:
            return
        self._doing[id(group)] = f"{living[0].what} {living[0].maker}"
        self._sign()
        try:
            getattr(self, f"_{living[0].what}")(living)
        except BaseException as error:  # whatever it was, somebody waits for an answer
            if len(living) == 1 or isinstance(error, Cancelled):
                for call in living:
                    call.refuse(error)
            else:  # one of them may be at fault: each alone
                for call in living:
                    self._make_group([call])
        finally:
            self._doing.pop(id(group), None)

    def _generate(self, calls: list[Call]) -> None:
        maker = calls[0].maker
        pipeline = self._served.pipelines.get(maker)
        if pipeline is None:
            raise EngineFailed(f"No pipeline here is called {maker!r}.", hint="Run the studio and its cluster from the same version.")
        works = [self._store.works(call.request["works"]) for call in calls]
        every = [work for part in works for work in part]
        self._memory.load_seconds()
        with self._naming_the_node():
            outputs = complete(maker, every, pipeline.generate(every, Together(calls, self._sign)))
        spent = self._memory.load_seconds() / max(1, len(outputs))
        for call, part in zip(calls, works, strict=True):
            mine, outputs = outputs[: len(part)], outputs[len(part) :]
            self._hand_over(call, [measured(output, spent) for output in mine])
        self._made.add(maker + LOADED)

    @contextmanager
    def _naming_the_node(self) -> Iterator[None]:
        try:
            yield
        except ModelMissing as error:
            raise ModelMissing(f"On node {self._identity['node']}: {error.message}", hint=error.hint, field=error.field) from error

    def _hand_over(self, call: Call, outputs: Sequence[Any]) -> None:
        try:
            call.token.check()
            told = self._store.hand_over(call.request["place"], lambda folder: outputs_to_json(outputs, folder, "result"))
        except BaseException as error:
            call.refuse(error)
        else:
            call.answer(told)

    def _chat(self, calls: list[Call]) -> None:
        """Sends pieces as they are decoded, and gives the whole reply where the model tells it."""
        [call] = calls
        chat, token = self._chat_model(call), Watching(call.token, self._sign)
        request = ChatRequest.model_validate(call.request["request"])
        told: Any = None
        if isinstance(chat, Answering):
            for event in chat.answer(request, token):
                self._sign()
                if isinstance(event, str):
                    call.send({"is": "piece", "text": event})
                else:
                    told = event.model_dump(mode="json")
        else:
            told = chat.complete(request, token).model_dump(mode="json")
        self._made.add(call.maker + LOADED)
        call.answer(told)

    def _warm(self, calls: list[Call]) -> None:
        messages = [Message.model_validate(message) for message in calls[0].request["messages"]]
        calls[0].answer(self._chat_model(calls[0]).warm(messages, Watching(calls[0].token, self._sign)))

    def _chat_model(self, call: Call) -> LocalChat:
        with self._naming_the_node():
            return self._served.local_chat(call.maker)

    def _transcribe(self, calls: list[Call]) -> None:
        source = self._store.file(calls[0].request["path"])
        heard = self._served.recogniser.transcribe(source, progress=Together(calls, self._sign))
        calls[0].answer(heard.model_dump(mode="json"))

    def _caption(self, calls: list[Call]) -> None:
        request = calls[0].request
        picture = self._store.file(request["path"]).read_bytes()
        with self._naming_the_node():
            calls[0].answer(self._served.caption(request["model"], picture, Together(calls, self._sign)))

    def _sign(self) -> None:
        self._last_sign = time.monotonic()

    def _build(self) -> Served:
        module, _, function = self._spec.factory.partition(":")
        served: Served = getattr(importlib.import_module(module), function)(self._spec.settings, assets_folder(), self._memory)
        return served

    def _announce(self) -> None:
        while True:
            time.sleep(BEAT)
            try:
                release = self._announce_once()
            except Exception as error:  # the studio is gone, or its node does not answer: the next word tries again
                log.info("the roster was not reached: %s", error)
                continue
            if release != self._released:
                self._released = release
                self._served.devices.release_idle()

    def _announce_once(self) -> int:
        import ray

        state = {**self._identity, "doing": list(self._doing.values()), "memory": resident_bytes()}
        state["devices"] = [device.model_dump(mode="json") for device in self._memory.arbiter.devices()]
        state["residents"] = [resident.model_dump(mode="json") for resident in self._memory.arbiter.residents()]
        roster = ray.get_actor(self._spec.roster, namespace=NAMESPACE)
        release: int = ray.get(roster.announce.remote(self._identity["replica"], json.dumps(state)), timeout=5 * BEAT)
        return release


def _insist(call: Call) -> None:
    """A maker that does not stop would keep its device: this replica ends, and Serve starts another one."""
    if not call.ended:
        os._exit(1)


def identity(pool: str) -> dict[str, Any]:
    """Who this replica is, for the studio and for people."""
    import ray
    from ray import serve

    replica = serve.get_replica_context().replica_id
    context = ray.get_runtime_context()
    node = f"{ray.util.get_node_ip_address()}/{context.get_node_id()[:8]}"
    code = own_code()
    return {
        "replica": replica.to_full_id_str(),
        "pool": pool,
        "name": f"{pool}-{replica.unique_id}",
        "node": node,
        "pid": os.getpid(),
        "version": code.version,
        "code": code.label,
        "status": "starting",
        "reason": "",
    }


def at_this_node(spec: Spec, environment: Mapping[str, str]) -> Spec:
    """Where models lie and what may be used of the machine is said by the node's own variables, where they are set."""
    own = Settings.from_environment(environment, Path.home())
    update = {field: getattr(own, field) for variable, field in _OF_THE_NODE.items() if environment.get(variable)}
    return spec.model_copy(update={"settings": spec.settings.model_copy(update=update)})


def memory_of(spec: Spec) -> dict[str, int]:
    """Bytes this replica may load, by device: its share of the machine's memory, and all of its GPU.

    Ray shows a replica its own GPU alone (CUDA_VISIBLE_DEVICES), so that is the first, whichever it is.
    """
    whole = budgets(spec.settings, Hardware.detect())
    memory = {"cpu": int(whole["cpu"] * spec.share)}
    if spec.gpu:
        memory["cuda:0"] = whole.get("cuda:0", 0)
    return memory


def require_same_code(studio: Code, here: Code, node: str) -> None:
    """Raises EngineFailed naming both. Two versions may read a recipe in different ways."""
    if studio != here:
        raise EngineFailed(
            f"Node {node} runs Maquette {here.version} ({here.sha256[:8]}), the studio {studio.version} ({studio.sha256[:8]}).",
            hint="Install the same version there, then start its node again with `python app.py cluster join`.",
        )
