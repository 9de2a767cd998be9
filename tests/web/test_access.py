"""The access matrix: every route and page event of the running application, for everybody there is. Nothing is listed by hand: a new
route or event without a row fails here by name."""

from __future__ import annotations

import asyncio
import gc
import io
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from PIL import Image
from starlette.routing import BaseRoute, Mount

import app
from domain.asset import Asset
from domain.brief import Brief
from domain.capability import StepKind
from domain.errors import MaquetteError
from domain.people import Caller, Link, LinkRole, Right
from domain.plan import Plan, Step
from domain.project import Role
from domain.recipe import OutputFile, Recipe
from domain.settings import Settings
from domain.specs import PictureSpec
from studio.links import LinkWish
from studio.people import hashed
from studio.studio import Studio
from tests.pipelines.labels.samples import SAMPLES
from web.access import RULES, Rule, link_cookie
from web.accounts import COOKIE, Accounts, session_secret
from web.server import build
from web.tries import ATTEMPTS
from web.ui.door import ANSWERED
from web.ui.needs import MARK, Needs

#: Gradio makes an event loop for each mounted page (its safe_get_lock) and leaves it to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

#: What each role may do, written out once more: the code's own table is what is tested.
MAY = {
    "studio owner": {"view", "download", "comment", "review", "edit", "own", "studio"},
    "owner": {"view", "download", "comment", "review", "edit", "own"},
    "editor": {"view", "download", "comment", "review", "edit"},
    "reviewer": {"view", "download", "comment", "review"},
    "viewer": {"view", "download"},
    "outsider": set[str](),
}
ROLES = {"owner": Role.OWNER, "editor": Role.EDITOR, "reviewer": Role.REVIEWER, "viewer": Role.VIEWER}
LINKS = {"view": {"view"}, "comment": {"view", "comment"}, "review": {"view", "comment", "review"}}
#: Routes that may be asked with another method than GET by whoever may look: they keep nothing.
KEEPS_NOTHING = re.compile(r"POST /api/assets/\{asset_id\}/(writing/(check|repair)|dialogue/(play|graph|check|strings)|lore/check)")
#: What a person who may comment keeps: a comment.
COMMENTS = re.compile(r"(POST|PUT) /api/assets/\{asset_id\}/comments(/\{comment_id\})?")
PASSWORD = "correct horse"


@dataclass
class House:
    """A studio with accounts, one project with something of every kind in it, and a cookie for everybody."""

    studio: Studio
    application: FastAPI
    client: TestClient
    ids: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    links: dict[str, tuple[Link, str]] = field(default_factory=dict)

    def ask(self, who: str, method: str, path: str, body: Any = None, **query: str) -> httpx.Response:
        headers = {"cookie": f"{COOKIE}={self.cookies[who]}"} if who in self.cookies else {}
        return self.client.request(method, path, json=body, headers=headers, params=query)

    def visit(self, which: str, method: str, path: str, body: Any = None) -> httpx.Response:
        link, cookie = self.links[which]
        headers = {"cookie": f"{link_cookie(link.id)}={cookie}"}
        return self.client.request(method, path.replace("{link_id}", link.id), json=body, headers=headers)


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "#a8412a").save(out, "PNG")
    return out.getvalue()


def fill(house: House, name: str, person: str) -> dict[str, str]:
    """A project with a brief, a plan and a picture. Returns their ids."""
    library = house.studio.library
    now = datetime.now(UTC)
    project = house.studio.projects.create(name, person=person)
    brief = library.add_brief(Brief(id="", project_id=project.id, text="Apples", created=now))
    step = Step(id="picture-1", title="Apple", spec=PictureSpec(about="a red apple", width=256, height=256))
    plan = library.save_plan(Plan(id="", project_id=project.id, brief_id=brief.id, title="Apples", steps=(step,)))
    recipe = Recipe(kind=StepKind.PICTURE, maker="illustrator", maker_version=1, prompt="a secret prompt")
    draft = Asset(id="", project_id=project.id, title="Apple", files=(), recipe=recipe, created=now)
    files = [OutputFile("apple.png", "image/png", png()), OutputFile("apple.webp", "image/webp", SAMPLES["webp"]())]
    asset = library.add_asset(draft, files)
    return {"project_id": project.id, "plan_id": plan.id, "asset_id": asset.id, "brief_id": brief.id}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[House]:
    home = tmp_path_factory.mktemp("access")
    # Everybody asks everything here, faster than any person: that has limits of its own (test_limits.py).
    unlimited = {f"MAQUETTE_{name}": "0" for name in ("REQUESTS_PER_MINUTE", "WRITES_PER_MINUTE", "OPEN_REQUESTS")}
    places = {"MAQUETTE_HOME": str(home), "MAQUETTE_CACHE": str(cache), "MAQUETTE_OFFLINE": "1"}
    settings: Settings = app.settings_from(places | unlimited)
    studio = app.open_studio(settings)
    people = studio.people
    for name in ("studio owner", *ROLES, "outsider"):
        people.add(name, PASSWORD)
    application = build(studio, settings, Accounts("", people, session_secret(home)), app.assets_folder())
    client = TestClient(application, base_url="http://127.0.0.1", raise_server_exceptions=False, follow_redirects=False)
    house = House(studio, application, client)
    house.ids = fill(house, "Apples", "owner")
    house.ids |= {f"other_{name}": value for name, value in fill(house, "Pears", "studio owner").items()}
    project = house.ids["project_id"]
    for name, role in ROLES.items():
        people.set_role(project, name, role)
    house.cookies = {name: people.sign_in(name, PASSWORD) for name in ("studio owner", *ROLES, "outsider")}
    for role in LINKS:
        link, secret = studio.links.make(project, LinkWish(role=LinkRole(role), download=role == "review"), "owner")
        house.links[role] = (link, studio.links.open(link.id, secret, name="Gast")[1])
    add_ended_links(house, project)
    yield house
    studio.close()
    del application, client
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def add_ended_links(house: House, project: str) -> None:
    """Links that were opened in their time: one is revoked, one has expired since, one is of some other results."""
    links, library, now = house.studio.links, house.studio.library, datetime.now(UTC)
    revoked, secret = links.make(project, LinkWish(role=LinkRole.REVIEW, download=True), "owner")
    house.links["revoked"] = (revoked, links.open(revoked.id, secret)[1])
    links.revoke(project, revoked.id, "owner")
    expired = Link(
        project_id=project, role=LinkRole.REVIEW, download=True, created=now - timedelta(days=2), expires=now - timedelta(seconds=1)
    )
    expired = library.add_link(expired, hashed("secret"))
    library.add_session(hashed("of the expired"), "Gast (guest)", expired.id, now + timedelta(hours=1))
    house.links["expired"] = (expired, "of the expired")
    selected = fill(house, "Unused", "studio owner")
    other = Link(
        project_id=selected["project_id"], assets=(selected["asset_id"],), role=LinkRole.REVIEW, created=now, expires=now + timedelta(1)
    )
    other = library.add_link(other, hashed("secret"))
    library.add_session(hashed("of the other"), "Gast (guest)", other.id, now + timedelta(hours=1))
    house.links["of another project"] = (other, "of the other")


def routes_of(routes: list[BaseRoute]) -> Iterator[tuple[str, str]]:
    """Method and path of everything a list of routes answers, without what is mounted."""
    for route in routes:
        if hasattr(route, "effective_candidates"):  # a router that FastAPI included
            yield from routes_of(route.effective_candidates())
        else:
            for method in sorted(getattr(route, "methods", None) or ()):
                yield method, str(getattr(route, "path", ""))


def events_of(application: FastAPI) -> Iterator[tuple[Any, int, Any]]:
    """(pages, number, function) of every event of the mounted pages that runs Python."""
    for route in application.routes:
        if isinstance(route, Mount):
            pages = route.app.app.get_blocks()
            for number, block in pages.fns.items():
                if block.fn is not None:
                    yield pages, number, block


def filled(house: House, path: str) -> str:
    known = {**house.ids, "index": "0", "form": "csv" if "report" in path else "png", "task": "chat"}
    return re.sub(r"\{(\w+)\}", lambda found: known.get(found.group(1), "nope"), path)


def hidden(answer: httpx.Response, house: House) -> bool:
    """Whether this is what an id that does not exist is answered with, said of an id that does."""
    if answer.status_code != 404 or "json" not in answer.headers.get("content-type", ""):
        return False
    message = str(answer.json().get("message", ""))
    return any(re.fullmatch(rf"There is no (project|plan|asset|brief) {value!r}\.", message) for value in house.ids.values())


def test_every_route_has_a_row_and_every_row_a_route(house: House) -> None:
    found = set(routes_of(house.application.routes))
    assert len(found) > 100
    assert sorted(found - set(RULES)) == [], "add a row to RULES in web/access.py"
    assert sorted(set(RULES) - found) == [], "rows of RULES without a route"


def test_nothing_but_what_keeps_nothing_is_written_by_those_who_may_only_look(house: House) -> None:
    lax = [
        f"{method} {path}"
        for (method, path), rule in RULES.items()
        if method != "GET" and rule.who == "project" and rule.right in (Right.VIEW, Right.COMMENT)
    ]
    assert [one for one in lax if not (KEEPS_NOTHING.fullmatch(one) or COMMENTS.fullmatch(one))] == []


def test_a_route_about_a_project_asks_for_a_right_on_it(house: House) -> None:
    named = {(method, path): rule for (method, path), rule in RULES.items() if re.search(r"\{(project|plan|asset|brief)_id\}", path)}
    assert len(named) > 60
    assert [key for key, rule in named.items() if rule.who not in ("project", "link")] == []


@pytest.mark.parametrize("who", [*MAY, "nobody"])
def test_everybody_gets_of_every_route_what_their_role_gives(house: House, who: str) -> None:
    wrong: list[str] = []
    for method, path in routes_of(house.application.routes):
        rule = RULES.get((method, path), Rule("studio"))
        if rule.who in ("open", "link"):
            continue
        # A body that fits no route: whoever is let in is refused by the handler, and nothing happens.
        body: Any = named_in_body(rule, house) if rule.body else []
        answer = house.ask(who, method, filled(house, path), body, **{name: house.ids[f"{kind}_id"] for name, kind in rule.query.items()})
        if (fault := misjudged(answer, rule, who, house)) is not None:
            wrong.append(f"{who}: {method} {path}: {fault}: {answer.text[:120]}")
    assert wrong == []


def named_in_body(rule: Rule, house: House) -> dict[str, Any]:
    """The ids a body may name, and a field no body has."""
    return {name: [house.ids[f"{kind}_id"]] if name.endswith("s") else house.ids[f"{kind}_id"] for name, kind in rule.body.items()} | {
        "no such field": 1
    }


def misjudged(answer: httpx.Response, rule: Rule, who: str, house: House) -> str | None:
    """What is wrong with an answer, None when it is what this caller is to get."""
    status = answer.status_code
    if who == "nobody":
        return None if status == 401 else f"{status} instead of 401"
    needed = {"signed_in": set[str](), "studio": {"studio"}}.get(rule.who, {rule.right.value})
    if needed <= MAY[who]:
        refused = status in (401, 403) or hidden(answer, house) or status >= 500
        return f"{status} for somebody who may" if refused else None
    if rule.who == "project" and not MAY[who]:
        return None if hidden(answer, house) else f"{status} instead of the 404 of what does not exist"
    return None if status == 403 else f"{status} instead of 403"


@pytest.mark.parametrize("who", ["owner", "editor", "reviewer", "viewer"])
def test_a_role_in_one_project_opens_nothing_of_another(house: House, who: str) -> None:
    leaks: list[str] = []
    for (method, path), rule in RULES.items():
        if rule.who != "project" or not re.search(r"\{(project|plan|asset|brief)_id\}", path):
            continue
        there = re.sub(r"\{(\w+)_id\}", lambda found: house.ids.get(f"other_{found.group(1)}_id", "nope"), path)
        answer = house.ask(who, method, filled(house, there), [])
        if answer.status_code != 404:
            leaks.append(f"{method} {there}: {answer.status_code}")
    assert leaks == []


@pytest.mark.parametrize(
    ("method", "path", "body", "query"),
    [
        ("POST", "/api/projects/{project_id}/packs", {"asset_ids": ["{other_asset_id}"]}, {}),
        ("POST", "/api/projects/{project_id}/packs", {"plan_id": "{other_plan_id}"}, {}),
        ("POST", "/api/projects/{project_id}/lines", {"asset": "{other_asset_id}"}, {}),
        ("POST", "/api/projects/{project_id}/cast/propose", {"asset": "{other_asset_id}"}, {}),
        ("POST", "/api/projects/{project_id}/links", {"assets": ["{other_asset_id}"]}, {}),
        ("POST", "/api/pictures/sheet", {"assets": ["{other_asset_id}"]}, {}),
        ("POST", "/api/pictures/sheet", {"assets": []}, {}),
        ("GET", "/api/projects/{project_id}/board", None, {"plan": "{other_plan_id}"}),
        ("GET", "/api/assets/{asset_id}/writing/difference", None, {"before": "{other_asset_id}"}),
        ("GET", "/api/assets/{asset_id}/comparison", None, {"before": "{other_asset_id}"}),
        ("POST", "/api/projects/{project_id}/reviews", {"asset_ids": ["{other_asset_id}"], "to": "approved"}, {}),
    ],
)
def test_what_a_body_or_query_names_is_held_to_the_same_right(
    house: House, method: str, path: str, body: Any, query: dict[str, str]
) -> None:
    def put(value: Any) -> Any:
        if isinstance(value, str):
            return re.sub(r"\{(\w+)\}", lambda found: house.ids[found.group(1)], value)
        return [put(one) for one in value] if isinstance(value, list) else {k: put(v) for k, v in value.items()} if value else value

    answer = house.ask("owner", method, put(path), put(body), **put(query))
    assert answer.status_code in (403, 404), answer.text
    assert hidden(answer, house) or answer.status_code == 403


def test_lists_show_each_person_their_own_projects(house: House) -> None:
    seen = {who: {project["name"] for project in house.ask(who, "GET", "/api/projects").json()} for who in MAY}
    assert seen["studio owner"] >= {"Apples", "Pears"}
    assert (seen["viewer"], seen["outsider"]) == ({"Apples"}, set())


def test_work_that_was_started_is_known_to_who_started_it(house: House) -> None:
    task = house.ask("viewer", "POST", f"/api/projects/{house.ids['project_id']}/packs", {}).json()["task"]
    assert house.ask("viewer", "GET", f"/api/tasks/{task}").status_code == 200
    for who in ("editor", "outsider"):
        assert house.ask(who, "GET", f"/api/tasks/{task}").status_code == 404
        assert house.ask(who, "DELETE", f"/api/tasks/{task}").status_code == 404
    while (state := house.ask("viewer", "GET", f"/api/tasks/{task}").json())["state"] == "running":
        pass
    name = state["result"]["name"]
    assert house.ask("viewer", "GET", f"/packs/{house.ids['project_id']}/{name}").status_code == 200
    assert house.ask("studio owner", "GET", f"/packs/{house.ids['other_project_id']}/{name}").status_code == 404


def test_a_role_that_is_taken_away_ends_with_the_next_request(house: House) -> None:
    path, project = f"/api/assets/{house.ids['asset_id']}", house.ids["project_id"]
    house.studio.people.set_role(project, "outsider", Role.VIEWER)
    assert house.ask("outsider", "GET", path).status_code == 200
    house.studio.people.set_role(project, "outsider", None)
    assert house.ask("outsider", "GET", path).status_code == 404


def test_a_refusal_stands_in_the_audit_log(house: House) -> None:
    assert house.ask("viewer", "POST", f"/api/plans/{house.ids['plan_id']}/approve").status_code == 403
    # The same refusal is written once in a while: it may stand on an older page of the log.
    told: list[tuple[str, str, str]] = []
    page = house.studio.people.audited()
    while page:
        told += [(entry.person, entry.action, entry.subject) for entry in page]
        page = house.studio.people.audited(before=page[-1].number)
    assert ("viewer", "refused", f"POST /api/plans/{house.ids['plan_id']}/approve") in told


def test_the_present_password_is_guessed_no_oftener_than_at_the_login(house: House) -> None:
    guess = {"present": "a guess", "password": "another horse"}
    answers = [house.ask("outsider", "PUT", "/api/me/password", guess) for _ in range(ATTEMPTS + 1)]
    assert [answer.status_code for answer in answers] == [401] * (ATTEMPTS + 1)
    assert ["Too many" in answer.text for answer in answers] == [False] * ATTEMPTS + [True]
    right = house.ask("outsider", "PUT", "/api/me/password", {**guess, "present": PASSWORD})
    assert (right.status_code, "Too many" in right.text) == (401, True)


def test_an_api_token_is_the_person_who_made_it(house: House) -> None:
    made = house.ask("viewer", "POST", "/api/me/tokens", {"name": "script"}).json()
    headers = {"authorization": f"Bearer {made['token']}"}
    path = f"/api/assets/{house.ids['asset_id']}"
    assert house.client.get(path, headers=headers).status_code == 200
    assert house.client.post(f"/api/plans/{house.ids['plan_id']}/approve", headers=headers).status_code == 403
    assert house.client.post("/api/me/tokens", json={"name": "another"}, headers=headers).status_code == 403
    assert house.ask("editor", "DELETE", f"/api/me/tokens/{made['id']}").status_code == 404
    assert house.ask("viewer", "DELETE", f"/api/me/tokens/{made['id']}").status_code == 200
    assert house.client.get(path, headers=headers).status_code == 401


@pytest.mark.parametrize("which", [*LINKS, "expired", "revoked", "of another project"])
def test_a_link_shows_what_it_is_for_and_only_while_it_is_open(house: House, which: str) -> None:
    may = LINKS.get(which, set())
    wrong: list[str] = []
    for (method, path), rule in RULES.items():
        if rule.who != "link":
            continue
        body = {"text" if path.endswith("/comments") else "note": "Nice"}
        answer = house.visit(which, method, filled(house, path.replace("{link_id}", "LINK")).replace("LINK", "{link_id}"), body)
        allowed = rule.right.value in may or (which == "of another project" and "{asset_id}" not in path)
        missing = 401 if which in ("expired", "revoked") else 404 if which == "of another project" else 403
        if answer.status_code != (200 if allowed else missing):
            wrong.append(f"{which}: {method} {path}: {answer.status_code} {answer.text[:100]}")
    assert wrong == []


@pytest.mark.parametrize("which", ["review", "expired", "revoked"])
def test_a_link_opens_nothing_of_the_studio(house: House, which: str) -> None:
    leaks = []
    for method, path in routes_of(house.application.routes):
        rule = RULES[method, path]
        if rule.who not in ("open", "link"):
            answer = house.visit(which, method, filled(house, path), [])
            if answer.status_code != 401:
                leaks.append(f"{method} {path}: {answer.status_code}")
    assert leaks == []


def test_a_link_without_download_gives_what_the_page_shows_and_no_more(house: House) -> None:
    asset = house.ids["asset_id"]
    for which, status in (("review", 200), ("view", 403)):
        assert house.visit(which, "GET", f"/shared/{{link_id}}/files/{asset}/0").status_code == 200
        assert house.visit(which, "GET", f"/shared/{{link_id}}/files/{asset}/1").status_code == status
        assert house.visit(which, "GET", f"/shared/{{link_id}}/files/{asset}/0?download=1").status_code == status
    content = house.visit("view", "GET", "/shared/{link_id}/content")
    assert len(content.json()["assets"][0]["files"]) == 1
    assert "a secret prompt" not in content.text
    assert content.headers["x-robots-tag"] == "noindex, nofollow"


def test_a_verdict_needs_a_link_that_may_review_and_is_marked_as_a_guests(house: House) -> None:
    path, wish = f"/shared/{{link_id}}/assets/{house.ids['asset_id']}/reviews", {"verdict": "approve", "note": "Print it"}
    assert house.visit("comment", "POST", path, wish).status_code == 403
    assert house.visit("review", "POST", path, wish).status_code == 200
    assert house.visit("review", "POST", path, {"verdict": "prefer", "note": "x"}).status_code == 403
    assert house.visit("comment", "POST", path, {"note": " "}).status_code == 400
    assert house.visit("comment", "POST", path, {"note": "A hint"}).status_code == 200
    told = [(review.verdict, review.person) for review in house.studio.shelf.reviews(house.ids["asset_id"])]
    assert told[-2:] == [("approve", "Gast (guest)"), ("comment", "Gast (guest)")]
    # A comment leaves the verdict that stands.
    assert house.studio.shelf.verdicts([house.ids["asset_id"]]) == {house.ids["asset_id"]: "approve"}


def test_a_link_is_opened_with_its_secret_and_password_and_the_eleventh_guess_not_even_looked_at(house: House) -> None:
    link, secret = house.studio.links.make(house.ids["project_id"], LinkWish(password="open sesame"), "owner")
    path = f"/shared/{link.id}/open"
    assert house.client.post(path, json={"secret": "guess"}).status_code == 404
    assert house.client.post(path, json={"secret": secret}).status_code == 401
    opened = house.client.post(path, json={"secret": secret, "password": "open sesame"})
    assert opened.status_code == 200
    cookie = opened.headers["set-cookie"]
    assert all(part in cookie for part in (f"Path=/shared/{link.id}", "HttpOnly", "SameSite=strict"))
    for _ in range(10):
        assert house.client.post(path, json={"secret": secret, "password": "a guess"}).status_code == 401
    told = house.client.post(path, json={"secret": secret, "password": "open sesame"})
    assert (told.status_code, told.json()["message"]) == (401, "Too many wrong tries.")
    assert secret not in str(house.studio.people.audited()) + str(
        house.ask("owner", "GET", f"/api/projects/{link.project_id}/links").json()
    )


def test_the_page_of_a_link_keeps_its_scripts_whole_and_says_where_the_studio_is(house: House) -> None:
    page = house.client.get("/shared").text
    assert 'name="maquette-base" content="&quot;&quot;"' in page
    assert "`${base}/${path}`" in page
    assert "Apples" not in page


def test_a_revoked_link_is_closed_with_the_next_request(house: House) -> None:
    link, secret = house.studio.links.make(house.ids["project_id"], LinkWish(), "owner")
    house.links["short"] = (link, house.studio.links.open(link.id, secret)[1])
    assert house.visit("short", "GET", "/shared/{link_id}/content").status_code == 200
    assert house.ask("owner", "DELETE", f"/api/projects/{link.project_id}/links/{link.id}").status_code == 200
    assert house.visit("short", "GET", "/shared/{link_id}/content").status_code == 401
    assert house.client.post(f"/shared/{link.id}/open", json={"secret": secret}).json()["message"] == "This link is not open any more."


def test_every_event_of_the_pages_says_what_it_needs(house: House) -> None:
    events = list(events_of(house.application))
    assert len(events) > 40
    assert [block.fn for _, _, block in events if not isinstance(getattr(block.fn, MARK, None), Needs)] == []


@pytest.mark.parametrize("who", [*MAY, "nobody"])
def test_no_event_of_the_pages_runs_without_its_right(house: House, who: str) -> None:
    ran: list[str] = []
    for pages, number, block in events_of(house.application):
        need: Needs = getattr(block.fn, MARK)
        if who != "nobody" and (need.right is None or need.right.value in MAY[who]):
            continue
        inputs: list[Any] = [{"text": "", "files": []}] * len(block.inputs)
        if block.inputs:
            inputs[need.at] = house.ids["project_id"]
        try:
            asyncio.run(pages.call_function(number, inputs, None, request_of(who)))
        except gr.Error as error:
            assert re.search("not change it|There is no project|Sign in", str(error)), error
            continue
        ran.append(f"{who}: {block.name}")
    assert ran == []


def test_those_who_may_are_let_through_to_the_event(house: House) -> None:
    for pages, number, block in events_of(house.application):
        if block.name == "stop":
            asyncio.run(pages.call_function(number, [house.ids["project_id"]], None, request_of("editor")))


def test_a_stream_ends_when_the_role_is_taken_away(house: House) -> None:
    project, people = house.ids["project_id"], house.studio.people
    people.set_role(project, "outsider", Role.VIEWER)
    pages, number = next((pages, number) for pages, number, block in events_of(house.application) if block.name == "resume")
    pages.asked_again = 0.0

    async def streamed() -> None:
        first = await pages.call_function(number, [project], None, request_of("outsider"), "event-1")
        assert first["is_generating"]
        people.set_role(project, "outsider", None)
        with pytest.raises(gr.Error, match="There is no project"):
            await pages.call_function(number, [], first["iterator"], request_of("outsider"), "event-1")

    asyncio.run(streamed())


def request_of(who: str) -> gr.Request:
    caller = None if who == "nobody" else Caller(person=who)
    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b"", "state": {"caller": caller}}
    return gr.Request(request=Request(scope))


def test_gradios_own_routes_want_a_person_and_only_those_the_pages_need_are_there(house: House) -> None:
    wrong: list[str] = []
    for route in house.application.routes:
        if not isinstance(route, Mount):
            continue
        for method, path in routes_of(route.app.app.routes):
            there = route.path + re.sub(r"\{(\w+)(:path)?\}", "x", path)
            if (status := house.ask("nobody", method, there).status_code) not in (200, 401) or (status == 200 and there not in OPEN_TO_ALL):
                wrong.append(f"nobody: {method} {there}: {status}")
            needed = (method, there) in RULES or ANSWERED.fullmatch(there.removeprefix(route.path))
            if not needed and (status := house.ask("viewer", method, there).status_code) not in (404, 405):
                wrong.append(f"viewer: {method} {there}: {status}")
    assert wrong == []


#: Gradio has a login page and a robots file of its own; ours answer at these addresses.
OPEN_TO_ALL = ("/login", "/robots.txt")


def test_rights_answer_the_same_for_what_is_not_there_and_what_may_not_be_seen(house: House) -> None:
    rights, asset = house.studio.rights, house.ids["asset_id"]
    told = []
    for row_id in (asset, "x" * 14):
        with pytest.raises(MaquetteError) as refused:
            rights.require(Caller(person="outsider"), Right.VIEW, "asset", row_id)
        told.append((refused.value.code, refused.value.message.replace(row_id, "ID"), refused.value.hint))
    assert told[0] == told[1]
