"""One brief followed through all floors, as OpenTelemetry draws it: spans, and what carries them over threads, processes and restarts.

Only OpenTelemetry's API is used here, which does nothing by itself: nothing is recorded and nothing leaves the machine until
pipelines/telemetry.py is given an endpoint. Spans carry ids, names, counts and error codes, never what a person or a model wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

from opentelemetry import context, trace
from opentelemetry.trace import INVALID_SPAN_CONTEXT, Link, NonRecordingSpan, SpanContext, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from domain.errors import Cancelled, MaquetteError

Fact = str | bool | int | float

#: The name of the W3C header, and of the field in which a trace crosses a process border.
TRACEPARENT = "traceparent"

_W3C = TraceContextTextMapPropagator()
#: Characters of a traceparent, version 00 (W3C Trace Context, 3.2).
_LENGTH = 55


class Note(Protocol):
    def __call__(self, **facts: Fact) -> None:
        """Add what became known while the span ran."""


@contextmanager
def span(name: str, links: Iterable[str] = (), **facts: Fact) -> Iterator[Note]:
    """A piece of work, within the piece that is under way here. name: floor and verb ("studio.prepare").

    links: traceparents of other traces it belongs to as well: what is made together is made for several.
    facts become attributes `maquette.<fact>`; empty texts are left out. An error ends the span with its code, not with its
    message, which may quote what a person wrote; Cancelled is no error. Not around the `yield` of a generator: whoever stops
    reading it ends it in another context.
    """
    tracer = trace.get_tracer("maquette")
    with tracer.start_as_current_span(
        name,
        attributes=_attributes(facts),
        links=[Link(found) for found in map(_told, links) if found.is_valid],
        record_exception=False,
        set_status_on_exception=False,
    ) as current:

        def note(**more: Fact) -> None:
            current.set_attributes(_attributes(more))

        try:
            yield note
        except Exception as error:
            current.set_attribute("error.type", error.code if isinstance(error, MaquetteError) else type(error).__name__)
            if not isinstance(error, Cancelled):
                current.set_status(StatusCode.ERROR)
            raise


def carry() -> str:
    """The W3C traceparent of the span that is under way, for a row, a frame or a header; "" when nothing is traced."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier)
    return carrier.get(TRACEPARENT, "")


@contextmanager
def continued(traceparent: str) -> Iterator[None]:
    """Spans begun in the block belong to the trace of `traceparent`. One that is empty or broken changes nothing."""
    found = _told(traceparent)
    here = context.get_current()
    token = context.attach(trace.set_span_in_context(NonRecordingSpan(found), here) if found.is_valid else here)
    try:
        yield
    finally:
        context.detach(token)


def _told(traceparent: str) -> SpanContext:
    """Invalid for what is empty or broken."""
    # The header comes from anywhere; what has not its length is not worth a line in the log.
    if len(traceparent) != _LENGTH:
        return INVALID_SPAN_CONTEXT
    return trace.get_current_span(_W3C.extract({TRACEPARENT: traceparent}, context.Context())).get_span_context()


def _attributes(facts: dict[str, Fact]) -> dict[str, Fact]:
    return {f"maquette.{name}": value for name, value in facts.items() if value != ""}
