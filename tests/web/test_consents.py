"""Consents over HTTP: recorded with a recording, listed, taken back; what is wrong is said at its field."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.studio.bench import Bench, Hand, open_bench
from tests.studio.test_consents import VOICE
from tests.web.test_board import app_of_ada, studio_of
from web.api.consents import consents_router
from web.api.voices import lines_router, voices_router


@pytest.fixture
def bench(home: Path) -> Iterator[Bench]:
    opened = open_bench(home, Hand())
    opened.runner.start()
    yield opened
    opened.runner.stop()
    opened.library.close()


@pytest.fixture
def client(bench: Bench, home: Path, assets: Path) -> Iterator[TestClient]:
    app, studio = app_of_ada(), studio_of(bench, home, assets)
    for router in (consents_router(studio), voices_router(studio), lines_router(studio)):
        app.include_router(router)
    with TestClient(app) as made:
        yield made


def recorded(client: TestClient, bench: Bench, data: bytes = VOICE, **values: Any) -> Any:
    asked = {"name": "ada.wav", "person": "Ada", "proof": "form 12, signed", **values}
    return client.post(f"/api/projects/{bench.project}/consents", params=asked, content=data)


def test_a_consent_is_recorded_cast_and_taken_back(client: TestClient, bench: Bench) -> None:
    path = f"/api/projects/{bench.project}"
    made = recorded(client, bench, territory="Austria", days=30, commercial=True).json()
    assert {name: made[name] for name in ("person", "scope", "territory", "standing", "everywhere", "recorded_by")} == {
        "person": "Ada", "scope": "commercial", "territory": "Austria", "standing": "holds", "everywhere": False, "recorded_by": "ada",
    }  # fmt: skip
    [voice] = made["voices"]
    member = {"name": "Mira", "voice": voice}
    assert client.put(f"{path}/cast", json=member).json()[0]["voice"] == voice
    [listed] = client.post(f"{path}/consents/{made['id']}/revoke").json()
    assert (listed["standing"], listed["voices"]) == ("revoked", [])
    assert client.get(f"{path}/consents").json() == [listed]
    refused = client.put(f"{path}/cast", json=member)
    assert (refused.status_code, refused.json()["field"]) == (403, "consent")
    begun = client.post(f"{path}/lines", json={"csv": "id,character,text\nl_1,Mira,Good evening.\nl_2,Tom,Good night.\n"}).json()
    for plan in begun["plans"]:
        bench.wait(plan)
    rows = {row["line"]: row for row in client.get(f"/api/lines/{begun['brief_id']}").json()}
    assert (rows["l_1"]["state"], rows["l_2"]["state"]) == ("failed", "done")
    assert "Ada" in rows["l_1"]["why"] and "taken back" in rows["l_1"]["why"]


MISSING = [({"person": " "}, "person"), ({"proof": ""}, "proof"), ({"days": 0}, "days"), ({"territory": "x" * 300}, "territory")]


@pytest.mark.parametrize(("values", "field"), MISSING)
def test_what_is_missing_of_a_consent_is_said_at_its_field(client: TestClient, bench: Bench, values: dict[str, Any], field: str) -> None:
    refused = recorded(client, bench, **values)
    assert (refused.status_code, refused.json()["field"]) == (400, field)
    assert client.get(f"/api/projects/{bench.project}/consents").json() == []


def test_what_is_no_recording_and_what_is_nobodys_consent_are_refused(client: TestClient, bench: Bench) -> None:
    assert recorded(client, bench, b"%PDF no sound").status_code == 415
    assert client.post(f"/api/projects/{bench.project}/consents/nobody/revoke").status_code == 404
    elsewhere = recorded(client, bench).json()
    assert client.post(f"/api/projects/{bench.another_project()}/consents/{elsewhere['id']}/revoke").status_code == 404
