"""Signing in through a provider: the whole way with a real provider, and everything that must not get in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from joserfc.jwk import RSAKey

from domain.errors import HostingError, MaquetteError
from library.library import Library
from studio.people import People
from tests.web.oidc_provider import CLIENT, SECRET, Provider, provided
from web.accounts import COOKIE, Accounts
from web.api.single_sign_on import BACK, THERE, single_sign_on_router
from web.errors import status_of
from web.guard import Guard
from web.single_sign_on import Provider as Configured
from web.single_sign_on import SingleSignOn, require_usable

KEY = b"s" * 32


@dataclass
class House:
    provider: Provider
    people: People
    client: TestClient

    def go(self) -> dict[str, str]:
        """To the provider: what it is asked."""
        answer = self.client.get(THERE)
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"].startswith(f"{self.provider.issuer}/authorize?")
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    def come_back(self, query: dict[str, str], **changes: str) -> httpx.Response:
        given = {"state": query["state"], "code": self.provider.grant(query)} | changes
        return self.client.get(BACK, params=given)

    def who(self) -> str:
        answer = self.client.get("/me")
        return str(answer.json()) if answer.status_code == 200 else ""


@pytest.fixture
def provider() -> Iterator[Provider]:
    with provided() as found:
        yield found


def opened(provider: Provider, library: Library, *, adds: bool = True) -> House:
    people = People(library)
    accounts = Accounts("", people, KEY, single=True)
    configured = Configured(provider.issuer, CLIENT, SECRET, "preferred_username", adds)
    app = FastAPI()
    app.include_router(single_sign_on_router(SingleSignOn(configured, people, KEY), accounts, people))

    @app.get("/me")
    def me(request: Request) -> str:
        return str(request.state.caller.person)

    async def known(request: Any, error: Exception) -> JSONResponse:
        assert isinstance(error, MaquetteError)
        return JSONResponse({"error": str(error)}, status_code=status_of(error))

    app.add_exception_handler(MaquetteError, known)
    app.add_middleware(Guard, accounts=accounts, local_only=False)
    return House(provider, people, TestClient(app, base_url="http://studio.test", follow_redirects=False))


@pytest.fixture
def library(home: Path) -> Iterator[Library]:
    with Library.open(f"sqlite:///{home / 'maquette.db'}", home) as found:
        yield found


@pytest.fixture
def house(provider: Provider, library: Library) -> House:
    return opened(provider, library)


def test_the_first_to_come_owns_the_studio_and_comes_again_as_the_same(house: House) -> None:
    assert house.who() == ""
    query = house.go()
    assert (query["client_id"], query["redirect_uri"], query["response_type"]) == (CLIENT, f"http://studio.test{BACK}", "code")
    assert len(query["state"]) >= 43
    answer = house.come_back(query)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert house.who() == "Mei"
    assert house.people.get("Mei").owner
    house.client.cookies.clear()
    house.provider.claims = {"sub": "1", "preferred_username": "Mei Renamed"}
    assert house.come_back(house.go()).status_code == 303
    assert house.who() == "Mei", "who somebody is, the subject says, not the name"
    assert [person.name for person in house.people.all()] == ["Mei"]


def test_nobody_gets_the_account_of_another_by_calling_themselves_so(house: House) -> None:
    house.people.add("Mei", "a long password")
    assert house.come_back(house.go()).status_code == 401
    assert house.who() == ""


def test_who_is_signed_in_links_the_provider_and_comes_in_by_it_afterwards(provider: Provider, library: Library) -> None:
    house = opened(provider, library, adds=False)
    house.people.add("Ada", "a long password")
    assert house.come_back(house.go()).status_code == 401, "nobody new is let in"
    house.client.cookies.set(COOKIE, house.people.sign_in("Ada", "a long password"))
    assert house.come_back(house.go()).status_code == 303
    house.client.cookies.clear()
    assert house.come_back(house.go()).status_code == 303
    assert house.who() == "Ada"
    house.people.add("Bo", "a long password")
    house.client.cookies.clear()
    house.client.cookies.set(COOKIE, house.people.sign_in("Bo", "a long password"))
    assert house.come_back(house.go()).status_code == 409, "one who is Ada there is not Bo here"


def test_who_was_closed_out_stays_out(house: House) -> None:
    assert house.come_back(house.go()).status_code == 303
    house.people.add("Ada", "a long password", owner=True)
    house.people.change("Mei", active=False)
    house.client.cookies.clear()
    assert house.come_back(house.go()).status_code == 401


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "http://127.0.0.1:1"},
        {"aud": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"sub": None},
        {"preferred_username": None},
        {"preferred_username": ["Mei"]},
    ],
    ids=str,
)
def test_a_token_that_says_something_wrong_lets_nobody_in(house: House, claims: dict[str, Any]) -> None:
    house.provider.claims |= claims
    assert house.come_back(house.go()).status_code == 401
    assert house.who() == ""
    assert house.people.all() == ()


def test_a_token_signed_by_somebody_else_lets_nobody_in(house: House) -> None:
    house.provider.published = RSAKey.generate_key(2048, {"kid": "a"})
    assert house.come_back(house.go()).status_code == 401


@pytest.mark.parametrize("changes", [{"state": "another"}, {"code": ""}, {"code": "guessed"}, {"error": "access_denied"}])
def test_what_was_not_begun_here_is_refused(house: House, changes: dict[str, str]) -> None:
    query = house.go()
    assert house.come_back(query, **changes).status_code >= 400
    assert house.who() == ""


def test_another_browser_cannot_finish_what_this_one_began(house: House) -> None:
    query = house.go()
    house.client.cookies.clear()
    assert house.come_back(query).status_code == 401


def test_a_provider_that_is_away_or_lies_is_named(house: House) -> None:
    house.provider.issuer, real = "http://127.0.0.1:9", house.provider.issuer
    away = SingleSignOn(Configured("http://127.0.0.1:9", CLIENT), house.people, KEY)
    app = FastAPI()
    app.include_router(single_sign_on_router(away, Accounts("", house.people, KEY, single=True), house.people))
    with pytest.raises(HostingError, match=r"127\.0\.0\.1:9"):
        TestClient(app).get(THERE)
    # Its metadata names another issuer than it was asked at.
    lying = SingleSignOn(Configured(real, CLIENT), house.people, KEY)
    app = FastAPI()
    app.include_router(single_sign_on_router(lying, Accounts("", house.people, KEY, single=True), house.people))
    with pytest.raises(HostingError, match="another issuer"):
        TestClient(app).get(THERE)


UNFIT = [("http://login.example.org", "maquette"), ("ftp://a", "b"), ("https://login.example.org", "")]


@pytest.mark.parametrize(("issuer", "client"), UNFIT)
def test_a_provider_that_cannot_be_trusted_is_refused_at_the_start(issuer: str, client: str) -> None:
    with pytest.raises(HostingError):
        require_usable(Configured(issuer, client))
