"""Sends the spans of domain/tracing.py to an OpenTelemetry collector, when a person named one (MAQUETTE_OTLP, extra `otel`)."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from domain.errors import HostingError, InputError

#: Seconds a collector may take to answer; a studio that stops waits for it once.
_PATIENCE = 5.0


def export_traces(endpoint: str, role: str) -> Callable[[], None]:
    """Send every span of this process to `endpoint` from now on. Returns what sends the rest and ends it; call it once.

    Args:
        endpoint: base URL of an OTLP/HTTP collector, like http://127.0.0.1:4318; "" sends nothing and imports nothing.
            OTEL_EXPORTER_OTLP_HEADERS and the other OTEL_* variables are read by the exporter.
        role: what this process is: "studio", or the name of a worker.

    Raises InputError for what is no http(s) URL, HostingError where the extra is not installed. A collector that does not
    answer costs spans, never work.
    """
    if not endpoint:
        return lambda: None
    url = urlsplit(endpoint)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise InputError(f"MAQUETTE_OTLP is {endpoint!r}.", hint="Use a URL like http://127.0.0.1:4318.", field="MAQUETTE_OTLP")
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise HostingError(
            "MAQUETTE_OTLP is set, but OpenTelemetry's exporter is not installed.",
            hint="Install it: pip install 'maquette[otel]'",
            field="MAQUETTE_OTLP",
        ) from error
    from opentelemetry import trace

    processor = BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=_PATIENCE))
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        resource = Resource.create({"service.name": "maquette", "maquette.role": role})
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        trace.set_tracer_provider(provider)
    provider.add_span_processor(processor)
    return processor.shutdown
