"""Memory has one owner: what is loaded once, what goes first, what stays, and what a failure leaves behind."""

from __future__ import annotations

import multiprocessing
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from domain.errors import Cancelled, EngineFailed, InputError, OutOfMemory
from pipelines.devices import Devices, Mode, Weights
from pipelines.measuring import resident
from pipelines.memory import Arbiter


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


def use(devices: Devices, *weights: Weights[Any], mode: str = "full") -> None:
    for one in weights:
        with devices.acquire(one, mode):
            pass


def process(arbiter: Arbiter, name: str) -> Devices:
    """The weights of one process of several, all under one owner of memory."""
    devices: Devices = Devices(arbiter.holder(name, lambda key: devices.evict(key)))
    return devices


def fail() -> str:
    raise EngineFailed("The file is short.")


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


# What the owner of memory is asked and told


class Ledger:
    """An owner of memory that lets everything in, and writes down what it hears."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.sizes: list[int | None] = []

    def admit(self, key: str, device: str, footprint: int, check: Callable[[], None]) -> None:
        self.said.append(f"admit {key} {device} {footprint}")

    def loaded(self, key: str, footprint: int | None, seconds: float) -> None:
        self.said.append(f"loaded {key}")
        self.sizes.append(footprint)

    def using(self, key: str, users: int) -> None:
        self.said.append(f"using {key} {users}")

    def gone(self, key: str) -> None:
        self.said.append(f"gone {key}")


def test_the_owner_of_memory_is_asked_first_and_told_everything() -> None:
    ledger = Ledger()
    devices, shop = Devices(ledger), Shop()
    with in_use(devices, shop.weights("a")):
        assert not devices.evict("a/full"), "it is in use"
    assert devices.evict("a/full")
    assert devices.evict("a/full"), "what is not here is gone already"
    with pytest.raises(EngineFailed), devices.acquire(Weights("b", 5, fail)):
        pass
    assert ledger.said == [
        "admit a/full cpu 10", "loaded a/full", "using a/full 1", "using a/full 0", "gone a/full", "admit b/full cpu 5", "gone b/full",
    ]  # fmt: skip
    assert shop.said == ["+a", "-a"]


def test_two_processes_share_one_budget() -> None:
    arbiter, shop = Arbiter({"cpu": 25}), Shop()
    both = [process(arbiter, name) for name in ("one", "two")]

    def work(number: int) -> None:
        use(both[number % 2], *(shop.weights(f"{number % 2}{'abcd'[(number + i) % 4]}") for i in range(30)))

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(work, number) for number in range(6)]:
            done.result()
    assert shop.most <= 25
    assert sum(resident.footprint for resident in arbiter.residents()) == sum(sum(one.loaded().values()) for one in both)


def test_weights_that_are_never_idle_make_way_for_one_who_has_waited_long() -> None:
    arbiter, shop, asked = Arbiter({"cpu": 10}, starved=0.0), Shop(), threading.Event()
    other = process(arbiter, "other")

    def evict(key: str) -> bool:
        went = devices.evict(key)
        asked.set()
        return went

    devices: Devices = Devices(arbiter.holder("hot", evict))
    hot = shop.weights("hot", exclusive=False)
    with ThreadPoolExecutor(2) as pool:
        with in_use(devices, hot) as done:
            cold = pool.submit(use, other, shop.weights("cold"))
            assert asked.wait(10)
            again = pool.submit(use, devices, hot)
            done.set()
        cold.result(timeout=10)
        again.result(timeout=10)
    assert shop.said == ["+hot", "-hot", "+cold", "-cold", "+hot"]


def test_unloading_that_fails_still_returns_the_memory(caplog: pytest.LogCaptureFixture) -> None:
    devices, shop = Devices(10), Shop()

    def refuse(_: str) -> None:
        raise RuntimeError("the library is confused")

    use(devices, Weights("a", 10, lambda: "a", refuse))
    use(devices, shop.weights("b"))
    assert set(devices.loaded()) == {"b/full"}
    assert "unloading a/full failed" in caplog.text


def test_a_stop_is_heard_while_waiting_for_room_for_a_turn_and_for_another_thread() -> None:
    devices, shop, stopped = Devices(10), Shop(), threading.Event()
    loading, go_on = threading.Event(), threading.Event()

    def stop() -> None:
        raise Cancelled("Stopped.")

    def slowly() -> str:
        loading.set()
        go_on.wait()
        return "slow"

    busy = shop.weights("busy")
    with in_use(devices, busy):
        for wanted in (shop.weights("more"), busy):
            with pytest.raises(Cancelled), devices.acquire(wanted, check=stop):
                pass
    slow = Weights("slow", 10, slowly)
    first = threading.Thread(target=use, args=(devices, slow))
    first.start()
    loading.wait()
    with pytest.raises(Cancelled), devices.acquire(slow, check=stop):
        stopped.set()
    go_on.set()
    first.join()
    assert not stopped.is_set()
    assert set(devices.loaded()) == {"slow/full"}


# Memory modes


def model(shop: Shop) -> Weights[str]:
    def way(name: str, footprint: int, host: int = 0) -> Mode[str]:
        return Mode(name, footprint, shop.weights(name, footprint).load, host)

    full = shop.weights("full", 30)
    return Weights("m", 30, full.load, device="cuda:0", modes=(way("model_offload", 20, 25), way("group_offload", 5, 25)))


@pytest.mark.parametrize(("vram", "mode"), [(30, "full"), (29, "model_offload"), (20, "model_offload"), (19, "group_offload")])
def test_the_first_mode_that_fits_the_device_is_taken(vram: int, mode: str) -> None:
    arbiter = Arbiter({"cpu": 100, "cuda:0": vram})
    devices = process(arbiter, "gpu")
    with devices.acquire(model(Shop()), "auto") as value:
        assert value == mode
    states = {state.name: state.used for state in arbiter.devices()}
    assert states["cpu"] == (0 if mode == "full" else 25), "what is offloaded lies in RAM"
    devices.release_idle()
    assert arbiter.residents() == ()


def test_a_model_that_fits_in_no_mode_is_refused() -> None:
    with (
        pytest.raises(OutOfMemory, match="m/group_offload needs"),
        process(Arbiter({"cpu": 100, "cuda:0": 4}), "gpu").acquire(model(Shop()), "auto"),
    ):
        pass
    little_ram = process(Arbiter({"cpu": 10, "cuda:0": 20}), "gpu")
    with pytest.raises(OutOfMemory, match="on cpu"), little_ram.acquire(model(Shop()), "auto"):
        pass
    assert little_ram.loaded() == {}


def test_a_mode_that_is_asked_for_is_taken_and_auto_stays_with_what_is_loaded() -> None:
    shop, devices = Shop(), process(Arbiter({"cpu": 100, "cuda:0": 100}), "gpu")
    with devices.acquire(model(shop), "group_offload"):
        pass
    with devices.acquire(model(shop), "auto") as value:
        assert value == "group_offload"
    with pytest.raises(InputError, match="disk") as caught, devices.acquire(model(shop), "disk"):
        pass
    assert "full, model_offload, group_offload" in caught.value.hint
    assert shop.said == ["+group_offload"]


def test_ram_that_is_needed_takes_offloaded_weights_with_it() -> None:
    arbiter, shop = Arbiter({"cpu": 30, "cuda:0": 20}), Shop()
    devices = process(arbiter, "gpu")
    use(devices, model(shop), mode="auto")
    use(devices, shop.weights("text", 20))
    assert [resident.key for resident in arbiter.residents()] == ["text/full"]


def test_a_dry_run_says_what_each_mode_needs_and_loads_nothing() -> None:
    shop, ledger = Shop(), Ledger()
    fits = Devices(ledger, {"cuda:0": 20}).dry_run(model(shop))
    assert [(fit.mode, fit.footprint, fit.host, fit.fits) for fit in fits] == [
        ("full", 30, 0, False), ("model_offload", 20, 25, True), ("group_offload", 5, 25, True),
    ]  # fmt: skip
    assert [fit.fits for fit in Devices(ledger).dry_run(model(shop))] == [None] * 3
    assert [fit.fits for fit in Devices(30).dry_run(shop.weights("a", 31))] == [False]
    assert (shop.said, ledger.said) == ([], [])


# What is measured

MB = 1 << 20


def blob(size: int) -> bytearray:
    """Memory that is really there: every page written."""
    return bytearray(b"x") * size


def test_what_loading_took_is_measured_and_held_against_the_budget() -> None:
    devices = Devices(600 * MB)
    use(devices, Weights("a", 100 * MB, lambda: blob(160 * MB)))
    assert devices.loaded()["a/full"] == pytest.approx(160 * MB, rel=0.1)


def test_a_measurement_is_not_believed_below_half_of_what_is_expected() -> None:
    devices = Devices(600 * MB)
    use(devices, Weights("mapped", 200 * MB, lambda: "pages that nobody has read yet"))
    assert devices.loaded() == {"mapped/full": 100 * MB}


def test_what_was_loaded_together_or_beside_work_or_is_small_or_brings_libraries_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger()
    devices, together = Devices(ledger), threading.Barrier(2)

    def with_another() -> bytearray:
        together.wait()
        return blob(40 * MB)

    def with_libraries() -> bytearray:
        for number in range(50):
            monkeypatch.setitem(sys.modules, f"library.part{number}", sys)
        return blob(40 * MB)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(use, devices, Weights(key, 40 * MB, with_another)) for key in "ab"]:
            done.result()
    with in_use(devices, Shop().weights("small")):
        use(devices, Weights("beside", 40 * MB, lambda: blob(40 * MB)))
    use(devices, Weights("libraries", 40 * MB, with_libraries))
    assert ledger.sizes == [None] * 5


def grown_and_gone() -> tuple[int, int]:
    """By how many bytes this process grows when 200 MB of small pieces are loaded, and how many of them stay when they are unloaded."""
    devices = Devices(600 * MB)
    before = resident()
    # Pieces this small come from the heap, which keeps what is freed unless it is told not to.
    use(devices, Weights("a", 200 * MB, lambda: [blob(50_000) for _ in range(4000)]))
    loaded = resident()
    devices.release_idle()
    after = resident()
    assert before is not None and loaded is not None and after is not None
    return loaded - before, after - before


def test_memory_goes_back_to_the_system_when_weights_are_unloaded() -> None:
    # In a process of its own: what other tests freed in this one would be used again, and nothing would grow.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        grown, left = pool.submit(grown_and_gone).result()
    assert grown > 150 * MB
    assert left < 30 * MB
