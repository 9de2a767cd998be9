"""Who may come in, and what is refused before anything is exposed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domain.errors import HostingError, InputError, NotSignedIn
from domain.people import LOCAL, Caller
from domain.settings import sqlite_url
from library.library import Library
from studio.people import People, hashed
from web.accounts import BELIEVED_SECONDS, Accounts, add_account, is_loopback, read_accounts, require_protection, session_secret
from web.tries import ATTEMPT_WINDOW_SECONDS, ATTEMPTS, CROWD, CROWD_DELAY_SECONDS

SECRET = b"s" * 32


@pytest.fixture
def library(home: Path) -> Iterator[Library]:
    with Library.open(sqlite_url(home / "maquette.db"), home) as opened:
        yield opened


@pytest.fixture
def people(library: Library) -> People:
    """Ada owns the studio, Bo is in it."""
    people = People(library)
    people.add("Ada", "correct horse")
    people.add("Bo", "battery staple")
    return people


def name_of(accounts: Accounts, cookie: str | None, token: str = "") -> str | None:
    caller = accounts.caller(cookie, token)
    return caller.person if caller is not None else None


def test_without_a_password_everyone_on_this_machine_is_local() -> None:
    accounts = Accounts("", None, SECRET)
    assert not accounts.required
    assert accounts.caller(None) == Caller(person=LOCAL, everything=True)


def test_a_right_password_gives_a_session_and_a_wrong_one_does_not() -> None:
    accounts = Accounts("correct horse", None, SECRET)
    cookie = accounts.sign_in("Ada", "correct horse", "1.2.3.4")
    assert accounts.caller(cookie) == Caller(person="Ada", everything=True)
    with pytest.raises(NotSignedIn):
        accounts.sign_in("Ada", "wrong horse", "1.2.3.4")


@pytest.mark.parametrize("cookie", [None, "", "Ada", "Ada.x.y", "e30.aaaa.bbbb"])
def test_a_missing_or_forged_cookie_is_nobody(cookie: str | None) -> None:
    assert Accounts("correct horse", None, SECRET).caller(cookie) is None


def test_a_changed_password_ends_the_sessions_made_with_the_old_one() -> None:
    cookie = Accounts("correct horse", None, SECRET).sign_in("Ada", "correct horse", "1.2.3.4")
    assert Accounts("battery staple", None, SECRET).caller(cookie) is None


def test_the_tenth_wrong_try_closes_the_door_even_for_the_right_password() -> None:
    accounts = Accounts("correct horse", None, SECRET)
    for _ in range(ATTEMPTS):
        with pytest.raises(NotSignedIn):
            accounts.sign_in("Ada", "guess", "1.2.3.4")
    with pytest.raises(NotSignedIn, match="Too many"):
        accounts.sign_in("Ada", "correct horse", "1.2.3.4")
    assert accounts.sign_in("Ada", "correct horse", "5.6.7.8")


def guess(accounts: Accounts, name: str, address: str = "proxy") -> None:
    with pytest.raises(NotSignedIn):
        accounts.sign_in(name, "guess", address)


def test_a_stranger_behind_the_same_address_locks_out_nobody_else() -> None:
    accounts = Accounts("correct horse", None, SECRET)
    for _ in range(ATTEMPTS + 2):
        guess(accounts, "Mallory")
    assert accounts.sign_in("Ada", "correct horse", "proxy")


def test_many_wrong_tries_under_many_names_slow_every_try_for_a_while() -> None:
    time = [0.0]
    accounts = Accounts("correct horse", None, SECRET, clock=lambda: time[0])
    for number in range(CROWD):
        assert accounts.delay() == 0
        guess(accounts, f"name {number}", f"10.0.0.{number}")
    assert accounts.delay() == CROWD_DELAY_SECONDS
    assert accounts.sign_in("Ada", "correct horse", "1.2.3.4")
    time[0] += ATTEMPT_WINDOW_SECONDS
    assert accounts.delay() == 0


def test_the_door_opens_again_after_five_minutes_and_wrong_tries_are_forgotten() -> None:
    time = [0.0]
    accounts = Accounts("correct horse", None, SECRET, clock=lambda: time[0])
    for _ in range(ATTEMPTS):
        guess(accounts, "Ada")
    time[0] += ATTEMPT_WINDOW_SECONDS
    assert accounts.sign_in("Ada", "correct horse", "proxy")
    assert len(accounts._tries) == 0


def test_tries_at_the_same_moment_are_counted_before_they_are_checked() -> None:
    accounts = Accounts("correct horse", None, SECRET)
    said: list[str] = []

    def try_once(_: int) -> None:
        try:
            accounts.sign_in("Ada", "guess", "proxy")
        except NotSignedIn as error:
            said.append(error.message)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(try_once, range(ATTEMPTS + 4)))
    assert sorted(said) == sorted(["The name or password is wrong."] * ATTEMPTS + ["Too many wrong tries."] * 4)


def test_people_win_over_the_shared_password_and_come_in_by_their_own(people: People) -> None:
    accounts = Accounts("the old shared one", people, SECRET)
    assert name_of(accounts, accounts.sign_in("Bo", "battery staple", "a")) == "Bo"
    assert accounts.caller(accounts.sign_in("Ada", "correct horse", "a")) == Caller(person="Ada")
    for name, password in (("Ada", "battery staple"), ("Cy", "correct horse"), ("Ada", "the old shared one"), ("", "correct horse")):
        with pytest.raises(NotSignedIn):
            accounts.sign_in(name, password, "b")
    assert accounts.caller(Accounts("the old shared one", None, SECRET).sign_in("Ada", "the old shared one", "c")) is None


def test_the_first_person_closes_the_door_of_a_studio_that_had_none(library: Library) -> None:
    time = [0.0]
    people = People(library)
    accounts = Accounts("", people, SECRET, clock=lambda: time[0])
    assert not accounts.required
    people.add("Ada", "correct horse")
    time[0] += BELIEVED_SECONDS
    assert accounts.required
    assert accounts.caller(None) is None


def test_signing_out_a_new_password_and_being_closed_out_each_end_a_session(people: People) -> None:
    accounts = Accounts("", people, SECRET)
    first, second = (accounts.sign_in("Bo", "battery staple", "a") for _ in range(2))
    accounts.sign_out(first)
    assert (name_of(accounts, first), name_of(accounts, second)) == (None, "Bo")
    people.change_own_password("Bo", "battery staple", "another staple")
    assert name_of(accounts, second) is None
    third = accounts.sign_in("Bo", "another staple", "a")
    _, token = people.make_token("Bo", "script")
    people.change("Bo", active=False, by="Ada")
    assert (name_of(accounts, third), name_of(accounts, None, token)) == (None, None)
    with pytest.raises(NotSignedIn):
        accounts.sign_in("Bo", "another staple", "a")


def test_api_tokens_end_when_somebody_else_sets_the_password_and_not_when_the_person_does(people: People) -> None:
    _, token = people.make_token("Bo", "script")
    people.change_own_password("Bo", "battery staple", "another staple")
    people.set_password("Bo", "a third staple", by="Bo")
    assert people.bearer(token) == "Bo"
    people.set_password("Bo", "a fourth staple", by="Ada")
    assert people.bearer(token) is None
    assert people.tokens("Bo") == ()


def test_the_present_password_is_tried_no_oftener_than_at_the_login(people: People) -> None:
    time = [0.0]
    accounts = Accounts("", people, SECRET, clock=lambda: time[0])
    with pytest.raises(InputError):
        accounts.change_password("Bo", "battery staple", "short", "a")
    for _ in range(ATTEMPTS):
        with pytest.raises(NotSignedIn, match="present"):
            accounts.change_password("Bo", "guess", "another staple", "a")
    with pytest.raises(NotSignedIn, match="Too many"):
        accounts.change_password("Bo", "battery staple", "another staple", "a")
    with pytest.raises(NotSignedIn, match="Too many"):
        accounts.sign_in("Bo", "battery staple", "a")
    told = [(entry.person, entry.action, entry.subject, entry.data.get("address")) for entry in people.audited()]
    assert told[:ATTEMPTS] == [("Bo", "sign_in_refused", "Bo", "a")] * ATTEMPTS
    time[0] += ATTEMPT_WINDOW_SECONDS
    accounts.change_password("Bo", "battery staple", "another staple", "a")
    assert accounts.sign_in("Bo", "another staple", "a")


def test_sessions_and_tokens_are_stored_as_hashes_and_told_to_no_log(people: People, library: Library, home: Path) -> None:
    cookie = people.sign_in("Ada", "correct horse")
    made, token = people.make_token("Ada", "script")
    assert (people.session(cookie), people.bearer(token)) == ("Ada", "Ada")
    assert len(hashed(token)) == 64
    library.close()
    stored = b"".join(file.read_bytes() for file in home.glob("maquette.db*"))
    for secret in (cookie, token, "correct horse"):
        assert secret.encode() not in stored
    assert made.id.encode() in stored


@pytest.mark.parametrize("token", ["", "mq_", "mq_guess", "guess", "mq_" + "\ud800"])
def test_a_guessed_token_is_nobody(people: People, token: str) -> None:
    assert name_of(Accounts("", people, SECRET), None, token) is None


def test_an_accounts_file_brings_people_in_and_takes_them_out_again(library: Library, tmp_path: Path) -> None:
    file, people = tmp_path / "accounts", People(library)
    add_account(file, "Ada", "correct horse")
    add_account(file, "Bo", "battery staple")
    people.take_file(read_accounts(file))
    people.add("Cy", "a third person")
    cookie = people.sign_in("Bo", "battery staple")
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    assert "correct horse" not in file.read_text()
    file.write_text("".join(line + "\n" for line in file.read_text().splitlines() if line.startswith("Ada")))
    people.take_file(read_accounts(file))
    assert {person.name: (person.active, person.owner) for person in people.all()} == {
        "Ada": (True, True),
        "Bo": (False, False),
        "Cy": (True, False),
    }
    assert people.session(cookie) is None
    add_account(file, "Bo", "battery staple")
    people.take_file(read_accounts(file))
    assert people.sign_in("Bo", "battery staple")


def test_what_happens_to_people_stands_in_the_audit_log(people: People) -> None:
    people.sign_in("Ada", "correct horse", "1.2.3.4")
    with pytest.raises(NotSignedIn):
        people.sign_in("Ada", "a guess", "5.6.7.8")
    told = [(entry.person, entry.action, entry.subject, entry.data.get("address")) for entry in people.audited()]
    assert told[:2] == [("", "sign_in_refused", "Ada", "5.6.7.8"), ("Ada", "signed_in", "Ada", "1.2.3.4")]
    assert "a guess" not in str(people.audited())


@pytest.mark.parametrize(("name", "password"), [("a:b", "long enough"), ("", "long enough"), ("Ada", "short")])
def test_a_name_or_password_that_cannot_be_used_is_refused(tmp_path: Path, name: str, password: str) -> None:
    with pytest.raises(InputError):
        add_account(tmp_path / "accounts", name, password)


@pytest.mark.parametrize("text", ["", "Ada", "Ada:plain-text-password"])
def test_a_broken_accounts_file_is_refused_with_the_way_out(tmp_path: Path, text: str) -> None:
    file = tmp_path / "accounts"
    file.write_text(text)
    with pytest.raises(HostingError, match="accounts add"):
        read_accounts(file)


@pytest.mark.parametrize(("host", "share"), [("0.0.0.0", False), ("192.168.1.5", False), ("::", False), ("127.0.0.1", True)])
def test_being_reachable_without_sign_in_is_refused(host: str, share: bool) -> None:
    with pytest.raises(HostingError, match="MAQUETTE_PASSWORD"):
        require_protection(host, share, Accounts("", None, SECRET))
    require_protection(host, share, Accounts("correct horse", None, SECRET))


def test_a_short_password_is_refused() -> None:
    with pytest.raises(HostingError, match="at least 8"):
        Accounts("short", None, SECRET)


@pytest.mark.parametrize(
    ("host", "expected"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("10.0.0.1", False), ("evil.example", False)]
)
def test_loopback_is_known_by_address(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_the_secret_stays_the_same_and_is_private(home: Path) -> None:
    first = session_secret(home)
    assert session_secret(home) == first
    assert len(first) == 32
    assert oct((home / "session.key").stat().st_mode & 0o777) == "0o600"
