"""People, roles, sessions, tokens, links and the audit log, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import JSON, Column, MetaData, Table, create_engine, insert, text

from domain.asset import Asset
from domain.errors import Conflict, MaquetteError, NotFound
from domain.people import ApiToken, AuditEntry, Link, LinkRole, Member, Person, Standing
from domain.plan import Plan
from domain.project import Role
from library.database import Database, migrate
from library.files import FileStore
from library.library import Library
from tests.library.samples import WHEN, png


def person(name: str, **values: object) -> Person:
    return Person.model_validate({"name": name, "created": WHEN, **values})


def test_a_name_is_taken_once_and_a_new_password_ends_the_sessions(library: Library) -> None:
    library.add_person(person("Ann"), "$argon2id$one")
    library.add_person(person("李雷"), "$argon2id$two")
    with pytest.raises(Conflict):
        library.add_person(person("Ann"), "$argon2id$three")
    library.add_session("a" * 64, "Ann", "", WHEN + timedelta(days=40_000))
    library.add_session("b" * 64, "李雷", "", WHEN + timedelta(days=40_000))
    library.set_person_hash("Ann", "$argon2id$four")
    assert (library.session("a" * 64), library.session("b" * 64)) == (None, ("李雷", ""))
    assert [one.name for one in library.people()] == ["Ann", "李雷"]
    assert (library.person_hash("Ann"), library.person_hash("ann")) == ("$argon2id$four", None)
    with pytest.raises(NotFound):
        library.set_person_hash("Bob", "x")


def test_the_first_person_owns_the_studio_and_the_last_owner_stays(library: Library) -> None:
    assert not library.has_people()
    first = library.add_person(person("Ann"), "x")
    second = library.add_person(person("Bo"), "x")
    assert (first.owner, second.owner, library.has_people()) == (True, False, True)
    for change in ({"owner": False}, {"active": False}):
        with pytest.raises(Conflict, match="own the studio"):
            library.save_person(first.model_copy(update=change))
    assert library.person("Ann") == first
    library.save_person(second.model_copy(update={"owner": True}))
    library.save_person(first.model_copy(update={"active": False}))
    assert library.standing("Ann") == Standing(active=False, owner=True)


def test_a_role_holds_in_its_project_alone(library: Library) -> None:
    library.add_person(person("Ann"), "x")
    library.add_person(person("Bo"), "x")
    one, other = library.create_project("One", person="Ann"), library.create_project("Other", person="Ann")
    library.set_member(one.id, "Bo", Role.REVIEWER)
    assert library.standing("Bo", one.id) == Standing(active=True, role=Role.REVIEWER)
    assert library.standing("Bo", other.id) == Standing(active=True)
    assert library.standing("Cy", one.id) == Standing()
    assert library.roles("Bo") == {one.id: Role.REVIEWER}
    library.set_member(one.id, "Bo", None)
    assert library.members(one.id) == (Member(person="Ann", role=Role.OWNER),)
    with pytest.raises(NotFound):
        library.set_member("nope", "Bo", Role.VIEWER)


def test_the_last_owner_of_a_project_cannot_leave_even_when_both_leave_at_once(library: Library) -> None:
    project = library.create_project("One", person="Ann")
    with pytest.raises(Conflict, match="last owner"):
        library.set_member(project.id, "Ann", Role.EDITOR)
    library.set_member(project.id, "Bo", Role.OWNER)

    def leave(name: str) -> str:
        try:
            library.set_member(project.id, name, None)
        except MaquetteError as error:
            return error.code
        return "left"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(leave, ["Ann", "Bo"])) == ["conflict", "left"]
    assert len(library.members(project.id)) == 1


def test_everything_is_traced_to_its_project(library: Library, plan: Plan, draft: Callable[..., Asset]) -> None:
    asset = library.add_asset(draft(), png())
    assert library.project_of("project", plan.project_id) == plan.project_id
    assert library.project_of("plan", plan.id) == plan.project_id
    assert library.project_of("asset", asset.id) == plan.project_id
    for kind in ("project", "plan", "asset", "brief"):
        with pytest.raises(NotFound, match=kind):
            library.project_of(kind, "nope")  # type: ignore[arg-type]


def test_sessions_and_tokens_end_at_their_time(database_url: str, home: Path) -> None:
    now: list[datetime] = [WHEN]
    migrate(database_url)
    with Library(Database(database_url), FileStore(home / "files"), lambda: now[0]) as library:
        library.add_session("a" * 64, "Ann", "", WHEN + timedelta(hours=1))
        library.add_session("b" * 64, "", "link1", WHEN + timedelta(hours=1))
        library.add_token(ApiToken(person="Ann", name="short", created=WHEN, expires=WHEN + timedelta(hours=1)), "c" * 64)
        lasting = library.add_token(ApiToken(person="Ann", name="lasting", created=WHEN), "d" * 64)
        assert (library.session("a" * 64), library.session("b" * 64)) == (("Ann", ""), ("", "link1"))
        library.end_sessions(link_id="link1")
        assert library.session("b" * 64) is None
        now[0] += timedelta(hours=1)
        assert (library.session("a" * 64), library.token("c" * 64)) == (None, None)
        assert library.token("d" * 64) == lasting
        with pytest.raises(NotFound):
            library.end_token("Bo", lasting.id)
        library.end_token("Ann", lasting.id)
        assert library.token("d" * 64) is None
        assert [token.name for token in library.tokens("Ann")] == ["short"]


def test_a_link_is_opened_by_its_secret_and_revoked_by_its_own_project(library: Library) -> None:
    mine, other = library.create_project("Mine"), library.create_project("Other")
    link = library.add_link(Link(project_id=mine.id, role=LinkRole.REVIEW, created=WHEN, expires=WHEN + timedelta(days=1)), "a" * 64)
    assert library.link_opens(link.id, "a" * 64)
    assert not library.link_opens(link.id, "b" * 64)
    assert not library.link_opens("nope", "a" * 64)
    assert not library.link_opens("nope", "")
    with pytest.raises(NotFound):
        library.revoke_link(other.id, link.id, WHEN)
    revoked = library.revoke_link(mine.id, link.id, WHEN)
    assert revoked.revoked == WHEN and not revoked.open_at(WHEN)
    assert library.revoke_link(mine.id, link.id, WHEN + timedelta(days=9)) == revoked
    assert library.links(mine.id) == (revoked,)


def test_the_audit_log_is_read_from_the_newest_back(library: Library) -> None:
    for number in range(5):
        library.audit(AuditEntry(person="Ann", action="edited", project_id="one" if number % 2 else "", subject=str(number), created=WHEN))
    page = library.audited(limit=2)
    assert [entry.subject for entry in page] == ["4", "3"]
    assert [entry.subject for entry in library.audited(before=page[-1].number, limit=2)] == ["2", "1"]
    assert [entry.subject for entry in library.audited("one")] == ["3", "1"]


def test_members_of_an_older_library_keep_their_projects(database_url: str, home: Path) -> None:
    migrate(database_url, to="0002")
    engine = create_engine(database_url)
    projects = Table("projects", MetaData(), Column("id"), Column("archived"), Column("document", JSON))
    document = {"id": "x", "name": "Old", "created": WHEN.isoformat(), "members": [{"person": "Ann", "role": "owner"}]}
    with engine.begin() as connection:
        connection.execute(insert(projects).values(id="x", archived=False, document=document))
        for name in ("Ann", "Bo"):
            row = {"name": name, "created": WHEN.isoformat()}
            connection.execute(text("INSERT INTO people (name, password_hash, created) VALUES (:name, 'h', :created)"), row)
    engine.dispose()
    with Library.open(database_url, home) as library:
        assert library.project("x").name == "Old"
        assert library.standing("Ann", "x") == Standing(active=True, owner=True, role=Role.OWNER)
        assert library.standing("Bo", "x") == Standing(active=True)
