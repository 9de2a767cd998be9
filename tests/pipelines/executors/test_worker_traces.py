"""A worker's part of a trace: what it makes for a span of the studio is that span's child, at the collector that was named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.chat import ChatRequest, Message
from domain.progress import Silent
from domain.settings import Settings
from domain.tracing import span
from pipelines.executors.workers import WorkerExecutor
from pipelines.memory import Arbiter
from tests.pipelines.executors.acting import FACTORY, GIVEN, Parrot, work
from tests.pipelines.test_telemetry import Collector, listening
from tests.tracing import recorded, trace_of


@pytest.fixture
def collector() -> Iterator[Collector]:
    with listening() as found:
        yield found


def test_what_a_worker_makes_is_in_the_trace_of_the_brief(collector: Collector, home: Path, assets: Path) -> None:
    settings = Settings(home=home, cache=home / "cache", workers=1, otlp=collector.url)
    executor = WorkerExecutor(settings, assets, Arbiter({"cpu": 3 * GIVEN}), {"parrot": Parrot()}.__getitem__, factory=FACTORY)
    with recorded() as found, span("studio.make"):
        executor.generate("actor", [work("a cake")], Silent())
        executor.chat("parrot").complete(ChatRequest(messages=(Message(role="user", content="Hello."),)))
    executor.close()
    worked = collector.spans
    assert {name: told.trace_id.hex() for name, told in worked.items()} == {
        "worker.generate": trace_of(found.one("studio.make")),
        "worker.chat": trace_of(found.one("studio.make")),
    }
    for here, there in (("executor.generate", "worker.generate"), ("executor.chat", "worker.chat")):
        assert int.from_bytes(worked[there].parent_span_id, "big") == found.one(here).context.span_id
    assert b"a cake" not in b"".join(body for _, body in collector.received)
