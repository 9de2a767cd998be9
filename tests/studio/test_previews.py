"""How a take looks while it is made: kept while somebody looks, gone when it ends."""

from __future__ import annotations

import threading

from domain.progress import CancelToken, Previewed, Silent
from studio.previews import LOOK_SECONDS, Previews
from studio.progress import LiveProgress, Together

FIRST, SECOND = ("plan", "picture-1", 0), ("plan", "picture-2", 0)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def live(previews: Previews, key: tuple[str, str, int]) -> LiveProgress:
    return LiveProgress(CancelToken(), threading.Event(), lambda fraction, note: None, previews.of(key))


def test_a_take_is_watched_while_a_page_asks_for_it() -> None:
    clock = Clock()
    previews = Previews(clock)
    take = live(previews, FIRST)
    assert isinstance(take, Previewed)
    assert not take.watched()
    assert previews.look("plan", "picture-1") is None
    assert take.watched()
    take.show(0, b"half a fox")
    assert previews.look("plan", "picture-1") == b"half a fox"
    clock.now += LOOK_SECONDS
    assert not take.watched()


def test_what_nobody_looks_at_is_dropped() -> None:
    previews = Previews()
    live(previews, FIRST).show(0, b"half a fox")
    assert previews.look("plan", "picture-1") is None


def test_a_preview_goes_with_its_take() -> None:
    previews = Previews()
    previews.look("plan", "picture-1")
    live(previews, FIRST).show(0, b"half a fox")
    previews.forget([FIRST])
    assert previews.look("plan", "picture-1") is None


def test_pictures_of_one_batch_are_shown_each_at_its_own_step() -> None:
    previews = Previews()
    together = Together([live(previews, FIRST), live(previews, SECOND), Silent()])
    assert not together.watched()
    previews.look("plan", "picture-2")
    assert together.watched()
    for index in range(3):
        together.show(index, b"picture %d" % index)
    assert previews.look("plan", "picture-2") == b"picture 1"
    assert previews.look("plan", "picture-1") is None, "nobody looked at that one"
