"""Whether the studio is ready, its numbers, and what is told of a request."""

from __future__ import annotations

import json
import logging

import pytest
from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from domain.engine import EngineState, ExecutorState, LaneState, WorkerState, WorkerStatus
from web.api.health import health_router, wrong
from web.logs import JsonLines
from web.observed import Numbers, Observed

CALM = EngineState(
    executor=ExecutorState(name="process", workers=(WorkerState(name="cpu-0", device="cpu", status=WorkerStatus.IDLE, restarts=2),)),
    lanes=(LaneState(lane="picture", places=1, working=1, waiting=7, oldest=900.0),),
    done_per_hour=12,
)


LOST = WorkerState(name="cpu-0", device="cpu", status=WorkerStatus.LOST)


def client(state: EngineState) -> TestClient:
    app, numbers = FastAPI(), Numbers(lambda: state)
    app.include_router(health_router(lambda: state, numbers.registry, stall_seconds=300))

    @app.get("/things/{thing_id}")
    def thing(thing_id: str) -> str:
        if thing_id == "none":
            raise HTTPException(404)
        return thing_id

    app.add_middleware(Observed, numbers=numbers)
    return TestClient(app)


def value(text: str, name: str, **labels: str) -> float:
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples if sample.name == name]
    found = [sample.value for sample in samples if labels.items() <= sample.labels.items()]
    assert len(found) == 1, (name, labels, found)
    return found[0]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"trouble": "the disk is full"}, ["storage"]),
        ({"lanes": (LaneState(lane="picture", places=1, waiting=1, oldest=301.0),)}, ["lane picture"]),
        ({"lanes": (LaneState(lane="picture", places=1, waiting=1, oldest=299.0),)}, []),
        (
            {"executor": ExecutorState(name="process", workers=(LOST,))},
            ["workers"],
        ),
    ],
)
def test_ready_means_that_work_gets_on(changes: dict[str, object], found: list[str]) -> None:
    state = CALM.model_copy(update=changes)
    assert wrong(state, 300) == found
    answer = client(state).get("/readyz")
    assert answer.status_code == (503 if found else 200)
    assert "full" not in answer.text, "whoever watches need not be signed in"


def test_numbers_name_routes_and_no_ids() -> None:
    asking = client(CALM)
    for name in ("secret-1", "secret-2", "none"):
        asking.get(f"/things/{name}?key=hidden")
    asking.get("/wp-admin/setup.php")
    text = asking.get("/metrics").text
    assert value(text, "maquette_requests_total", route="/things/{thing_id}", status="200") == 2
    assert value(text, "maquette_requests_total", route="/things/{thing_id}", status="404") == 1
    assert value(text, "maquette_requests_total", route="other", status="404") == 1
    assert value(text, "maquette_jobs_waiting", lane="picture") == 7
    assert value(text, "maquette_worker_restarts_total") == 2
    assert value(text, "maquette_jobs_done_last_hour") == 12
    assert not [word for word in ("secret", "hidden", "wp-admin") if word in text]


def test_every_answer_has_an_id_and_a_good_one_is_kept() -> None:
    asking = client(CALM)
    assert asking.get("/things/a", headers={"x-request-id": "proxy-0123456789"}).headers["x-request-id"] == "proxy-0123456789"
    made = {
        asking.get("/things/a", headers={"x-request-id": bad}).headers["x-request-id"] for bad in ("short", "a b c d e f g h i", "x" * 500)
    }
    assert len(made) == 3
    assert all(len(one) == 16 for one in made)


def test_the_log_tells_the_request_as_json_without_what_was_asked(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="maquette.requests"):
        client(CALM).get("/things/secret?key=hidden", headers={"x-request-id": "proxy-0123456789"})
    line = JsonLines().format(caplog.records[-1])
    told = json.loads(line)
    assert (told["request"], told["route"], told["status"], told["level"]) == ("proxy-0123456789", "/things/{thing_id}", 200, "info")
    assert "secret" not in line
    assert "hidden" not in line
