"""/api/engine: what the engine is doing, in names of the catalogue; unloading what is idle; keeping a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient

from domain.engine import DeviceState, EngineState, ExecutorState, LaneState, Resident, StageState, WorkerState, WorkerStatus
from domain.errors import EngineFailed, MaquetteError
from domain.model import Model
from domain.recipe import ModelRef
from domain.value import content_hash
from pipelines.models.catalogue import Catalogue
from web.accounts import Accounts
from web.api.engine import engine_router
from web.errors import body_of, status_of
from web.guard import Guard


class Machine:
    """An engine that can be told what it does, and counts how often it was asked."""

    def __init__(self) -> None:
        self.residents: tuple[Resident, ...] = ()
        self.asked = 0
        self.time = 0.0
        self.error: MaquetteError | None = None
        self.pinned: list[tuple[str, bool]] = []

    def state(self) -> EngineState:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return EngineState(
            executor=ExecutorState(
                name="process",
                devices=(DeviceState(name="cpu", total=8, budget=6, used=sum(row.footprint for row in self.residents)),),
                workers=(WorkerState(name="cpu-1", device="cpu", status=WorkerStatus.WORKING, doing=("generate kokoro",)),),
                residents=self.residents,
            ),
            lanes=(LaneState(lane="media", places=2, waiting=3, oldest=1.5),),
            stages=(StageState(maker="diffusion/sdxl-turbo", stage="make", runs=2, median=1, p90=2),),
            done_per_hour=4,
        )

    def release(self) -> None:
        self.residents = tuple(row for row in self.residents if row.users or row.pinned)

    def pin(self, key: str, pinned: bool) -> None:
        self.pinned.append((key, pinned))


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.read(Path(__file__).resolve().parents[2] / "assets" / "models.toml")


@pytest.fixture
def client(machine: Machine, catalogue: Catalogue) -> Iterator[TestClient]:
    def known() -> list[tuple[Model, ModelRef]]:
        return [(model, ModelRef(id=model.id, sha256=content_hash(model.id.encode()))) for model in catalogue.models]

    app = served(machine, pin=machine.pin, known=known)
    with TestClient(app) as found:
        yield found


def served(machine: Machine, **options: Any) -> FastAPI:
    app = FastAPI()

    async def refused(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, MaquetteError)
        return JSONResponse(body_of(error), status_code=status_of(error))

    app.add_exception_handler(MaquetteError, refused)
    app.include_router(engine_router(machine.state, release=machine.release, clock=lambda: machine.time, **options))
    return app


def test_the_state_is_told_whole(client: TestClient) -> None:
    found = client.get("/api/engine").json()
    assert found["executor"]["devices"] == [{"name": "cpu", "title": "", "total": 8, "budget": 6, "used": 0, "watts": None}]
    assert found["executor"]["workers"][0]["status"] == "working"
    assert (found["lanes"][0]["waiting"], found["done_per_hour"], found["can_pin"]) == (3, 4, True)


def test_weights_are_named_by_the_id_or_the_content_of_their_model(client: TestClient, machine: Machine, catalogue: Catalogue) -> None:
    first, second, third = catalogue.models[:3]
    keys = {
        f"llamacpp/{content_hash(first.id.encode())}/c4096": first.name,
        f"{second.id}@feedbeef/fp16/cpu/sdpa": second.name,
        f"whisper/{content_hash(third.id.encode())[:16]}": third.name,
        "phonemes/gb": None,
    }
    machine.residents = tuple(Resident(key=key, device="cpu") for key in keys)
    titles = client.get("/api/engine").json()["titles"]
    assert {key: titles.get(key, {}).get("title") for key in keys} == keys
    assert titles["diffusion/sdxl-turbo"] == {"title": catalogue.get("sdxl-turbo").name, "task": "picture"}


def test_pages_that_ask_together_read_the_engine_once(client: TestClient, machine: Machine) -> None:
    for _ in range(20):
        client.get("/api/engine")
    assert machine.asked == 1
    machine.time = 0.6
    client.get("/api/engine")
    assert machine.asked == 2


def test_what_was_unloaded_is_gone_from_the_very_next_answer(client: TestClient, machine: Machine) -> None:
    machine.residents = tuple(Resident(key=key, device="cpu", footprint=3, users=users) for key, users in (("busy", 1), ("idle", 0)))
    client.get("/api/engine")
    assert client.post("/api/engine/release").json() == {"released": True}
    found = client.get("/api/engine").json()["executor"]
    assert ([row["key"] for row in found["residents"]], found["devices"][0]["used"]) == (["busy"], 3)


def test_a_loaded_model_can_be_kept_and_let_go(client: TestClient, machine: Machine) -> None:
    machine.residents = (Resident(key="bark/0123/cpu", device="cpu"),)
    for pinned in (True, False):
        assert client.put("/api/engine/pin", json={"key": "bark/0123/cpu", "pinned": pinned}).status_code == 200
    assert machine.pinned == [("bark/0123/cpu", True), ("bark/0123/cpu", False)]


def test_a_model_that_is_no_longer_loaded_cannot_be_kept(client: TestClient, machine: Machine) -> None:
    answer = client.put("/api/engine/pin", json={"key": "bark/0123/cpu", "pinned": True})
    assert (answer.status_code, answer.json()["field"], machine.pinned) == (404, "key", [])


@pytest.mark.parametrize("body", [{}, {"key": "a"}, {"key": "a", "pinned": "perhaps"}, {"key": 3, "pinned": True}, []])
def test_a_wish_without_its_form_is_refused(client: TestClient, machine: Machine, body: Any) -> None:
    assert client.put("/api/engine/pin", json=body).status_code in (400, 422)
    assert machine.pinned == []


def test_an_engine_that_fails_says_so_and_is_asked_again(client: TestClient, machine: Machine) -> None:
    machine.error = EngineFailed("The engine does not answer.", hint="It is being started again.")
    answer = client.get("/api/engine")
    assert (answer.status_code, answer.json()["message"]) == (500, "The engine does not answer.")
    machine.error = None
    assert client.get("/api/engine").status_code == 200


def test_an_engine_without_pins_offers_none(machine: Machine) -> None:
    machine.residents = (Resident(key="a", device="cpu"),)
    with TestClient(served(machine)) as found:
        assert found.get("/api/engine").json()["can_pin"] is False
        assert found.put("/api/engine/pin", json={"key": "a", "pinned": True}).status_code in (404, 405)


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/release"), ("PUT", "/pin")])
def test_nobody_sees_or_touches_the_engine_of_a_hosted_studio_without_signing_in(machine: Machine, method: str, path: str) -> None:
    app = served(machine, pin=machine.pin)
    app.add_middleware(Guard, accounts=Accounts("a long password", None, b"secret"), local_only=False)
    with TestClient(app) as found:
        assert found.request(method, f"/api/engine{path}", json={"key": "a", "pinned": True}).status_code == 401
    assert (machine.asked, machine.pinned) == (0, [])


def test_naming_asks_the_catalogue_only_when_something_new_is_loaded(machine: Machine) -> None:
    asked: list[int] = []

    def known() -> list[tuple[Model, ModelRef]]:
        asked.append(1)
        return []

    with TestClient(served(machine, known=known)) as found:
        _each_second(machine, lambda: found.get("/api/engine"), 5)
        assert len(asked) == 1
        machine.residents = (Resident(key="new", device="cpu"),)
        _each_second(machine, lambda: found.get("/api/engine"), 5)
    assert len(asked) == 2


def _each_second(machine: Machine, ask: Callable[[], Any], times: int) -> None:
    for _ in range(times):
        machine.time += 1
        ask()
