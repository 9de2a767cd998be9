"""Traces reach the collector that was named, with all their spans; a collector that is away costs nothing but spans."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from domain.errors import HostingError, InputError
from domain.settings import Settings
from pipelines.telemetry import export_traces

ROOT = Path(__file__).resolve().parents[2]

TWO_FLOORS = """
import logging, sys
sys.path.insert(0, {root!r})
logging.disable()
from domain.tracing import carry, continued, span
from pipelines.telemetry import export_traces
end = export_traces({endpoint!r}, "worker gpu-0")
with span("studio.make"):
    with span("executor.generate", maker="kokoro"):
        print(carry())
end()
"""


class Collector:
    """An OTLP/HTTP endpoint that keeps what it is sent."""

    def __init__(self) -> None:
        self.received: list[tuple[str, bytes]] = []
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @property
    def spans(self) -> dict[str, Span]:
        """What was sent, by name."""
        batches = [ExportTraceServiceRequest.FromString(body) for _, body in self.received]
        return {told.name: told for batch in batches for resource in batch.resource_spans for s in resource.scope_spans for told in s.spans}


@contextmanager
def listening() -> Iterator[Collector]:
    found = Collector()
    thread = threading.Thread(target=found.server.serve_forever)
    thread.start()
    try:
        yield found
    finally:
        found.server.shutdown()
        found.server.server_close()
        thread.join()


@pytest.fixture
def collector() -> Iterator[Collector]:
    with listening() as found:
        yield found


def traced(endpoint: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own: a provider is for good."""
    code = TWO_FLOORS.format(root=str(ROOT), endpoint=endpoint)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd="/", check=False)


def test_what_was_traced_is_at_the_collector_when_the_process_ends(collector: Collector) -> None:
    done = traced(collector.url)
    assert done.returncode == 0, done.stderr
    ((path, body),) = collector.received
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    spans = collector.spans
    facts = {fact.key: fact.value.string_value for fact in resource.resource.attributes}
    assert (path, set(spans)) == ("/v1/traces", {"studio.make", "executor.generate"})
    assert spans["executor.generate"].parent_span_id == spans["studio.make"].span_id
    assert {found.trace_id.hex() for found in spans.values()} == {done.stdout.split("-")[1]}
    assert (facts["service.name"], facts["maquette.role"]) == ("maquette", "worker gpu-0")


def test_a_collector_that_is_away_fails_nothing(collector: Collector) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as closed:
        gone = f"http://127.0.0.1:{closed.server_port}/"
    done = traced(gone)
    assert (done.returncode, done.stdout.startswith("00-"), done.stderr) == (0, True, "")


@pytest.mark.parametrize("endpoint", ["localhost:4318", "collector", "ftp://a/b", "http://", "file:///tmp/traces"])
def test_an_endpoint_that_is_no_web_address_is_refused_by_name(endpoint: str) -> None:
    with pytest.raises(InputError, match="MAQUETTE_OTLP") as refused:
        export_traces(endpoint, "studio")
    assert refused.value.field == "MAQUETTE_OTLP"


def test_a_missing_exporter_is_named_with_the_way_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(HostingError, match=r"maquette\[otel\]"):
        export_traces("http://127.0.0.1:4318", "studio")


def test_the_collector_is_read_from_the_environment() -> None:
    assert Settings.from_environment({"MAQUETTE_OTLP": "http://127.0.0.1:4318"}, Path("/nowhere")).otlp == "http://127.0.0.1:4318"
    assert Settings.from_environment({}, Path("/nowhere")).otlp == ""
