"""Which slot runs what, and which prefixes are kept."""

from __future__ import annotations

import threading

import pytest

from domain.chat import Message
from domain.errors import Cancelled
from domain.progress import CancelToken
from pipelines.text.slots import SlotTable, rendered

SYSTEM = Message(role="system", content="rules")
PREFIX = rendered([SYSTEM])


def asked(text: str) -> str:
    return rendered([SYSTEM, Message(role="user", content=text)])


def test_equal_first_messages_give_an_equal_beginning_and_others_do_not() -> None:
    assert asked("a").startswith(PREFIX)
    assert not rendered([Message(role="system", content="rules of old")]).startswith(PREFIX)


def test_a_request_returns_to_the_slot_that_holds_its_prefix() -> None:
    table = SlotTable(3, room=100)
    cancel = CancelToken()
    with table.take(asked("a"), PREFIX, cancel) as first:
        first.held = asked("a")
    with table.take("other", "", cancel) as second:
        assert second.number != first.number
    with table.take(asked("b"), PREFIX, cancel) as third:
        assert third.number == first.number


def test_without_a_like_slot_the_one_unused_for_longest_is_taken() -> None:
    table = SlotTable(2, room=100)
    cancel = CancelToken()
    order = []
    for text in ("a", "b", "c"):
        with table.take(text, text, cancel) as slot:
            slot.held = text
            order.append(slot.number)
    assert order == [0, 1, 0]


def test_a_request_waits_for_a_slot_until_it_is_cancelled() -> None:
    table = SlotTable(1, room=100)
    cancel = CancelToken()
    with table.take("a", "", CancelToken()):
        threading.Timer(0.05, cancel.cancel).start()
        with pytest.raises(Cancelled), table.take("b", "", cancel):
            pytest.fail("there was no free slot")
    with table.take("c", "", CancelToken()) as slot:
        assert slot.number == 0


def test_one_request_evaluates_a_prefix_while_the_others_wait_for_it() -> None:
    table = SlotTable(4, room=100)
    cancel = CancelToken()
    assert table.claim(PREFIX, cancel) is None
    got: list[bool] = []
    waiting = threading.Thread(target=lambda: got.append(table.claim(PREFIX, cancel) is not None))
    waiting.start()
    assert table.keep(PREFIX, size=10) == []
    waiting.join()
    assert got == [True]


def test_an_abandoned_prefix_passes_to_the_next_who_wants_it() -> None:
    table = SlotTable(4, room=100)
    assert table.claim(PREFIX, CancelToken()) is None
    table.abandon(PREFIX)
    assert table.claim(PREFIX, CancelToken()) is None


def test_the_prefix_unused_for_longest_makes_room() -> None:
    table = SlotTable(1, room=100)
    cancel = CancelToken()
    names = {}
    for text in ("a", "b"):
        table.claim(text, cancel)
        names[text] = table.name(text)
        assert table.keep(text, size=40) == []
    assert table.claim("a", cancel) is not None
    table.claim("c", cancel)
    assert table.keep("c", size=40) == [names["b"]]
    assert table.longest("a and more") == "a"
    assert table.longest("b and more") == ""
