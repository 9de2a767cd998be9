"""What was traced during a block, by the real SDK."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


class Recorded:
    """Spans that have ended, in the order of their ends."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    @property
    def names(self) -> list[str]:
        return [found.name for found in self.spans]

    def one(self, name: str) -> ReadableSpan:
        (found,) = [found for found in self.spans if found.name == name]
        return found

    def facts(self, name: str) -> dict[str, object]:
        return dict(self.one(name).attributes or {})


def trace_of(found: ReadableSpan) -> str:
    return f"{found.context.trace_id:032x}"


def parent_of(found: ReadableSpan) -> int | None:
    return found.parent.span_id if found.parent is not None else None


@contextmanager
def recorded() -> Iterator[Recorded]:
    """A process has one provider for good: each block adds its own ear, and stops it at the end."""
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider(shutdown_on_exit=False)
        trace.set_tracer_provider(provider)
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    try:
        yield Recorded(exporter)
    finally:
        exporter.shutdown()
