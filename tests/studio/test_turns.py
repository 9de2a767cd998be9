"""Locks by name."""

from __future__ import annotations

import threading
import time

from studio.turns import Turns


def test_the_same_thing_takes_turns_and_another_waits_for_nobody() -> None:
    turns, inside, most = Turns(), 0, 0
    held = threading.Event()

    def work() -> None:
        nonlocal inside, most
        with turns.of("plan"), turns.of("plan"):
            inside += 1
            most = max(most, inside)
            held.set()
            time.sleep(0.01)
            inside -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    with turns.of("plan"):
        for thread in threads:
            thread.start()
        with turns.of("another"):
            assert not held.is_set()
    for thread in threads:
        thread.join()
    assert most == 1
    assert turns._locks == {}
