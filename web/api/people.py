"""People as JSON: who I am, my password and tokens, the people of the studio, members and links of a project, the audit log."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from domain.errors import NotAllowed
from domain.people import Link, Person, Quota
from domain.project import Role
from domain.value import Value
from studio.links import LinkWish
from studio.mailing import Mailbox
from studio.studio import Studio
from web.accounts import COOKIE, Accounts, no_accounts
from web.bodies import JsonRoute
from web.caller import caller_of

#: Numbers of rows go up to here.
ROWS_MAX = 2**31 - 1


class NewPerson(Value):
    name: str = Field(max_length=200)
    password: str = Field(max_length=400, repr=False)
    owner: bool = False


class PersonChange(Value):
    """What is None stays."""

    owner: bool | None = None
    active: bool | None = None
    quota: Quota | None = None


class NewPassword(Value):
    password: str = Field(max_length=400, repr=False)


class OwnPassword(Value):
    present: str = Field(max_length=400, repr=False)
    password: str = Field(max_length=400, repr=False)


class NewToken(Value):
    """days 0: it does not expire."""

    name: str = Field(max_length=200)
    days: int = Field(default=90, ge=0, le=3650)


class NewRole(Value):
    role: Role


def people_router(studio: Studio, accounts: Accounts) -> APIRouter:
    router = APIRouter(prefix="/api", route_class=JsonRoute)
    people, rights = studio.people, studio.rights

    @router.get("/me")
    def me(request: Request) -> dict[str, Any]:
        """accounts: whether people have accounts here; without, everybody who is in owns the studio."""
        caller = caller_of(request)
        return {
            "person": caller.person,
            "owner": rights.owns_studio(caller),
            "accounts": accounts.named is not None,
            "signed_in": accounts.required,
        }

    @router.put("/me/password")
    async def set_own_password(given: OwnPassword, request: Request) -> dict[str, bool]:
        address = request.client.host if request.client is not None else ""
        check = partial(accounts.change_password, caller_of(request).person, given.present, given.password, address)
        await asyncio.sleep(accounts.delay())
        async with accounts.checking:
            await run_in_threadpool(check)
        return {"saved": True}

    @router.get("/me/mail")
    def mailbox(request: Request) -> dict[str, Any]:
        """Where this person is written to. offered: whether this studio sends e-mail at all."""
        box = studio.mailboxes.get(caller_of(request).person)
        return {"offered": "mail" in studio.notices, "address": box.address}

    @router.put("/me/mail")
    def set_mailbox(given: Mailbox, request: Request) -> dict[str, bool]:
        studio.mailboxes.set(_account(request), given)
        return {"saved": True}

    @router.get("/me/tokens")
    def tokens(request: Request) -> list[dict[str, Any]]:
        return [token.model_dump(mode="json") for token in people.tokens(caller_of(request).person)]

    @router.post("/me/tokens")
    def make_token(wanted: NewToken, request: Request) -> dict[str, Any]:
        """`token` is told this once. Not for a program: whoever found a token could keep coming in after it was removed."""
        name = _account(request)
        if not accounts.signed_in(request.cookies.get(COOKIE), name):
            raise NotAllowed("An API token cannot make another one.", hint="Sign in on the page, and make it in Settings > People.")
        made, text = people.make_token(name, wanted.name, days=wanted.days)
        return made.model_dump(mode="json") | {"token": text}

    @router.delete("/me/tokens/{token_id}")
    def end_token(token_id: str, request: Request) -> dict[str, bool]:
        people.end_token(_account(request), token_id)
        return {"removed": True}

    @router.get("/people")
    def everybody(request: Request) -> list[dict[str, Any]]:
        """Names, to be made members; owners of the studio see the rest."""
        if rights.owns_studio(caller_of(request)):
            return [_person(person) for person in people.all()]
        return [{"name": person.name, "owner": person.owner, "active": True} for person in people.all() if person.active]

    @router.post("/people")
    def add(wanted: NewPerson, request: Request) -> dict[str, Any]:
        """The first person owns the studio, and from then on everybody signs in."""
        person = people.add(wanted.name, wanted.password, owner=wanted.owner, by=caller_of(request).person)
        accounts.look_again()
        return _person(person)

    @router.patch("/people/{name}")
    def change(name: str, wanted: PersonChange, request: Request) -> dict[str, Any]:
        by = caller_of(request).person
        return _person(people.change(name, owner=wanted.owner, active=wanted.active, quota=wanted.quota, by=by))

    @router.put("/people/{name}/password")
    def set_password(name: str, given: NewPassword, request: Request) -> dict[str, bool]:
        people.set_password(name, given.password, by=caller_of(request).person)
        return {"saved": True}

    @router.get("/audit")
    def audit(before: Annotated[int, Query(ge=0, le=ROWS_MAX)] = 0) -> list[dict[str, Any]]:
        return [entry.model_dump(mode="json") for entry in people.audited(None, before)]

    def _account(request: Request) -> str:
        """The caller's account. Raises InputError where there are none."""
        if accounts.named is None:
            raise no_accounts()
        return caller_of(request).person

    return router


def members_router(studio: Studio) -> APIRouter:
    router = APIRouter(prefix="/api/projects/{project_id}", route_class=JsonRoute)
    people, links = studio.people, studio.links

    @router.get("/members")
    def members(project_id: str, request: Request) -> dict[str, Any]:
        """rights: what the caller may do with this project."""
        found = [member.model_dump(mode="json") for member in people.members(project_id)]
        return {"members": found, "rights": sorted(studio.rights.of(caller_of(request), project_id))}

    @router.put("/members/{name}")
    def set_role(project_id: str, name: str, wanted: NewRole, request: Request) -> list[dict[str, Any]]:
        after = people.set_role(project_id, name, wanted.role, by=caller_of(request).person)
        return [member.model_dump(mode="json") for member in after]

    @router.delete("/members/{name}")
    def remove(project_id: str, name: str, request: Request) -> list[dict[str, Any]]:
        after = people.set_role(project_id, name, None, by=caller_of(request).person)
        return [member.model_dump(mode="json") for member in after]

    @router.get("/links")
    def all_links(project_id: str) -> list[dict[str, Any]]:
        return [_link(link) for link in links.all(project_id)]

    @router.post("/links")
    def make(project_id: str, wish: LinkWish, request: Request) -> dict[str, Any]:
        """`secret` is told this once. The address is shared#<id>.<secret> of this studio: what follows # reaches no server."""
        link, secret = links.make(project_id, wish, caller_of(request).person)
        return _link(link) | {"secret": secret, "path": f"shared#{link.id}.{secret}"}

    @router.delete("/links/{link_id}")
    def revoke(project_id: str, link_id: str, request: Request) -> dict[str, Any]:
        return _link(links.revoke(project_id, link_id, caller_of(request).person))

    @router.get("/audit")
    def audit(project_id: str, before: Annotated[int, Query(ge=0, le=ROWS_MAX)] = 0) -> list[dict[str, Any]]:
        return [entry.model_dump(mode="json") for entry in people.audited(project_id, before)]

    return router


def _person(person: Person) -> dict[str, Any]:
    return person.model_dump(mode="json")


def _link(link: Link) -> dict[str, Any]:
    return link.model_dump(mode="json", exclude={"password_hash"}) | {"password": bool(link.password_hash)}
