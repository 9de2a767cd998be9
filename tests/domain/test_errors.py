from __future__ import annotations

import inspect

from domain import errors
from web.errors import STATUS, status_of

ALL = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.MaquetteError)]


def make(kind: type[errors.MaquetteError]) -> errors.MaquetteError:
    return kind("m", reason="r") if kind is errors.ContentRefused else kind("m")  # type: ignore[call-arg]


def test_every_error_stands_in_the_tree_drawn_at_the_top() -> None:
    assert errors.__doc__ is not None
    assert [kind.__name__ for kind in ALL if kind.__name__ not in errors.__doc__] == []


def test_codes_are_unique() -> None:
    assert len({kind.code for kind in ALL}) == len(ALL)


def test_every_error_has_an_http_status() -> None:
    assert all(400 <= status_of(make(kind)) < 600 for kind in ALL)
    assert set(STATUS) <= set(ALL)


def test_the_message_carries_the_way_out() -> None:
    assert str(errors.InputError("The brief is empty.", hint="Say what you want.")) == "The brief is empty. Say what you want."
