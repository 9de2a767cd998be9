"""A trace begins where something is asked for over the API, and only there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient

from domain.tracing import carry, span
from tests.tracing import parent_of, recorded, trace_of
from web.traced import NO_TELEMETRY, Traced


@pytest.fixture
def client() -> Iterator[TestClient]:
    app = FastAPI(telemetry=NO_TELEMETRY)

    @app.post("/api/plans/{plan_id}/approve")
    def approve(plan_id: str) -> dict[str, str]:
        with span("studio.approve", plan=plan_id):
            return {"traceparent": carry()}

    @app.get("/api/plans/{plan_id}")
    def plan(plan_id: str) -> dict[str, str]:
        return {"traceparent": carry()}

    @app.post("/api/broken")
    def broken() -> JSONResponse:
        return JSONResponse({}, status_code=507)

    @app.post("/gradio_api/queue/join")
    def join() -> dict[str, str]:
        return {}

    app.add_middleware(Traced)
    with TestClient(app) as found:
        yield found


def test_what_a_request_starts_belongs_to_its_trace(client: TestClient) -> None:
    with recorded() as found:
        told = client.post("/api/plans/p1/approve").json()["traceparent"]
    request, approve = found.one("web.request"), found.one("studio.approve")
    assert (trace_of(approve), parent_of(approve)) == (trace_of(request), request.context.span_id)
    assert told.split("-")[1] == trace_of(request)
    assert found.facts("web.request") == {
        "maquette.method": "POST",
        "maquette.route": "/api/plans/{plan_id}/approve",
        "maquette.status": 200,
    }


def test_a_caller_s_own_trace_goes_on(client: TestClient) -> None:
    with recorded() as found:
        client.post("/api/plans/p1/approve", headers={"traceparent": "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"})
    assert {trace_of(one) for one in found.spans} == {"0123456789abcdef0123456789abcdef"}


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/plans/p1"), ("POST", "/gradio_api/queue/join"), ("HEAD", "/api/plans/p1")])
def test_what_only_looks_is_not_traced(client: TestClient, method: str, path: str) -> None:
    with recorded() as found:
        client.request(method, path)
    assert found.names == []


def test_two_requests_are_two_traces(client: TestClient) -> None:
    with recorded() as found:
        client.post("/api/plans/p1/approve")
        client.post("/api/broken")
    first, second = (one for one in found.spans if one.name == "web.request")
    assert trace_of(first) != trace_of(second)
    assert (second.attributes or {})["maquette.status"] == 507
