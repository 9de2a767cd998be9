"""Memory has one owner: what is loaded once, what goes first, what stays, and what a failure leaves behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from domain.errors import EngineFailed, OutOfMemory
from pipelines.devices import Devices, Weights


class Shop:
    """Weights of the test: what was loaded and unloaded, in order, and how much lay in memory at most."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.most = 0
        self._now = 0
        self._guard = threading.Lock()

    def weights(self, key: str, footprint: int = 10, *, exclusive: bool = True) -> Weights[str]:
        def load() -> str:
            with self._guard:
                self.said.append(f"+{key}")
                self._now += footprint
                self.most = max(self.most, self._now)
            return key

        def unload(value: str) -> None:
            with self._guard:
                self.said.append(f"-{value}")
                self._now -= footprint

        return Weights(key=key, footprint=footprint, load=load, unload=unload, exclusive=exclusive)


@contextmanager
def in_use(devices: Devices, weights: Weights[str]) -> Iterator[threading.Event]:
    """Another thread holds these weights until the event is set or the block ends."""
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with devices.acquire(weights):
            held.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    try:
        yield done
    finally:
        done.set()
        thread.join()


def use(devices: Devices, *weights: Weights[str]) -> None:
    for one in weights:
        with devices.acquire(one):
            pass


def test_weights_are_loaded_once_however_many_threads_ask() -> None:
    shop, devices, together = Shop(), Devices(100), threading.Barrier(8)

    def ask() -> str:
        together.wait()
        with devices.acquire(shop.weights("a", exclusive=False)) as value:
            return value

    with ThreadPoolExecutor(8) as pool:
        assert [f.result() for f in [pool.submit(ask) for _ in range(8)]] == ["a"] * 8
    assert shop.said == ["+a"]


def test_the_memory_mode_is_part_of_what_is_loaded() -> None:
    shop, devices = Shop(), Devices(100)
    with devices.acquire(shop.weights("a"), "full"), devices.acquire(shop.weights("a"), "offload"):
        assert set(devices.loaded()) == {"a/full", "a/offload"}


def test_what_was_used_longest_ago_goes_first() -> None:
    shop, devices = Shop(), Devices(30)
    use(devices, *(shop.weights(key) for key in "abc"))
    use(devices, shop.weights("a"))
    use(devices, shop.weights("d"), shop.weights("e"))
    assert shop.said == ["+a", "+b", "+c", "-b", "+d", "-c", "+e"]
    assert set(devices.loaded()) == {"a/full", "d/full", "e/full"}


def test_weights_in_use_are_never_unloaded() -> None:
    shop, devices = Shop(), Devices(20)
    with in_use(devices, shop.weights("a")):
        use(devices, shop.weights("b"), shop.weights("c"))
        devices.release_idle()
        assert "a/full" in devices.loaded()
    assert "-a" not in shop.said


def test_idle_weights_stay_while_their_room_would_not_be_enough() -> None:
    shop, devices = Shop(), Devices(30)
    use(devices, shop.weights("small"))
    with in_use(devices, shop.weights("busy", 15)) as done:
        waiting = threading.Thread(target=use, args=(devices, shop.weights("large", 20)))
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive(), "15 of 30 are in use: 20 more cannot be loaded"
        assert "small/full" in devices.loaded(), "taking the small one out would not have helped"
        use(devices, shop.weights("small"))
        done.set()
        waiting.join()
    assert shop.said.count("+small") == 1
    assert shop.most <= 30


def test_the_budget_holds_while_many_threads_come_and_go() -> None:
    shop, devices = Shop(), Devices(25)

    def work(start: int) -> None:
        use(devices, *(shop.weights("abcdef"[(start + i) % 6]) for i in range(40)))

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(work, n) for n in range(6)]:
            done.result()
    assert shop.most <= 25
    assert sum(devices.loaded().values()) <= 25


def test_memory_counts_until_it_has_been_freed() -> None:
    shop, devices = Shop(), Devices(10)
    freeing, free = threading.Event(), threading.Event()

    def slowly(_: str) -> None:
        freeing.set()
        free.wait()
        shop.said.append("-slow")

    use(devices, Weights(key="slow", footprint=10, load=lambda: "slow", unload=slowly))
    leaving = threading.Thread(target=devices.release_idle)
    leaving.start()
    freeing.wait()
    next_one = threading.Thread(target=use, args=(devices, shop.weights("next")))
    next_one.start()
    next_one.join(0.3)
    free.set()
    leaving.join()
    next_one.join()
    assert shop.said == ["-slow", "+next"]


def test_weights_larger_than_the_budget_are_refused_and_nothing_is_unloaded_for_them() -> None:
    shop, devices = Shop(), Devices(20)
    use(devices, shop.weights("a"))
    with pytest.raises(OutOfMemory, match="MAQUETTE_MEMORY"), devices.acquire(shop.weights("huge", 21)):
        pass
    assert shop.said == ["+a"]


def test_a_load_that_fails_leaves_nothing_and_can_be_tried_again() -> None:
    shop, devices = Shop(), Devices(10)

    def fail() -> str:
        raise EngineFailed("The file is short.")

    with pytest.raises(EngineFailed), devices.acquire(Weights(key="a", footprint=10, load=fail)):
        pass
    assert devices.loaded() == {}
    use(devices, shop.weights("a"))
    assert shop.said == ["+a"]


def test_an_interrupt_while_waiting_for_room_leaves_the_weights_to_others() -> None:
    shop, devices = Shop(), Devices(10)

    def interrupted() -> None:
        raise KeyboardInterrupt

    with in_use(devices, shop.weights("busy")), pytest.raises(KeyboardInterrupt):  # noqa: SIM117
        with devices.acquire(shop.weights("a"), check=interrupted):
            pass
    use(devices, shop.weights("a"))
    assert shop.said == ["+busy", "-busy", "+a"]


def test_exclusive_weights_serve_one_thread_at_a_time_and_others_many() -> None:
    shop, devices = Shop(), Devices(100)
    alone, shared = shop.weights("alone"), shop.weights("shared", exclusive=False)
    with in_use(devices, alone), in_use(devices, shared):
        use(devices, shared)
        second = threading.Thread(target=use, args=(devices, alone))
        second.start()
        second.join(0.3)
        assert second.is_alive()
    second.join()


def test_what_nobody_uses_can_be_released() -> None:
    shop, devices = Shop(), Devices(100)
    use(devices, shop.weights("a"), shop.weights("b"))
    devices.release_idle()
    assert devices.loaded() == {}
    assert sorted(shop.said) == ["+a", "+b", "-a", "-b"]
