"""The owner of memory under any order of events: processes that ask, use, finish, drop, give up and die.

Threads wait for real; what a rule does is decided by numbers drawn beforehand, never by how far the threads have come.
"""

from __future__ import annotations

import threading
import time

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.errors import Cancelled, OutOfMemory, WorkerLost
from pipelines.memory import Arbiter, Holder

BUDGETS = {"cpu": 10, "cuda:0": 6}
#: Never asked back; of one byte, so that at most three bytes of a device are pinned.
PINNED = "0"
PROCESSES, KEYS, DEVICES = st.integers(0, 2), st.sampled_from("01234"), st.sampled_from(sorted(BUDGETS))


class Process:
    """One holder and what it knows itself of its memory: users and (device, bytes) by key. All processes share one lock."""

    def __init__(self, arbiter: Arbiter, number: int, lock: threading.Lock, faults: list[str]) -> None:
        self.users: dict[str, int] = {}
        self.held: dict[str, tuple[str, int]] = {}
        self.asking: dict[str, threading.Event] = {}
        self._lock = lock
        self._faults = faults
        self.memory: Holder = arbiter.holder(str(number), self._evict)

    def _evict(self, key: str) -> bool:
        with self._lock:
            if self.users.get(key):
                return False
            if key == PINNED and key in self.held:
                self._faults.append("a pinned key was asked back")
            self.forget(key)
            return True

    def forget(self, key: str) -> None:
        self.users.pop(key, None)
        self.held.pop(key, None)
        self.memory.gone(key)

    def ask(self, key: str, device: str, size: int, stop: threading.Event) -> None:
        def check() -> None:
            if stop.is_set():
                raise Cancelled("Stopped.")

        try:
            self.memory.admit(key, device, size, check)
        except OutOfMemory:
            if size <= BUDGETS[device] - 3:
                self._faults.append(f"{size} bytes were refused on {device}")
        except (Cancelled, WorkerLost):
            pass
        else:
            with self._lock:
                self.users[key], self.held[key] = 1, (device, size)
                self.memory.loaded(key, None, 0.5)
        with self._lock:
            del self.asking[key]


class AnyOrder(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()
        self.faults: list[str] = []
        self.threads: list[threading.Thread] = []
        self.arbiter = Arbiter(BUDGETS)
        self.arbiter.pin(PINNED)
        self.processes = [Process(self.arbiter, number, self.lock, self.faults) for number in range(3)]

    @rule(number=PROCESSES, key=KEYS, device=DEVICES, size=st.integers(1, 11))
    def ask(self, number: int, key: str, device: str, size: int) -> None:
        process, stop = self.processes[number], threading.Event()
        with self.lock:
            if key in process.held or key in process.asking:
                return
            process.asking[key] = stop
        self.threads.append(threading.Thread(target=process.ask, args=(key, device, 1 if key == PINNED else size, stop)))
        self.threads[-1].start()

    @rule(number=PROCESSES, key=KEYS, users=st.integers(0, 2))
    def use(self, number: int, key: str, users: int) -> None:
        process = self.processes[number]
        with self.lock:
            if key in process.held:
                process.users[key] = users
                process.memory.using(key, users)

    @rule(number=PROCESSES, key=KEYS)
    def drop(self, number: int, key: str) -> None:
        process = self.processes[number]
        with self.lock:
            if key in process.held and not process.users[key]:
                process.forget(key)

    @rule(number=PROCESSES, key=KEYS)
    def give_up(self, number: int, key: str) -> None:
        with self.lock:
            stop = self.processes[number].asking.get(key)
        if stop is not None:
            stop.set()

    @rule(number=PROCESSES)
    def die(self, number: int) -> None:
        self.arbiter.lost(str(number))
        with self.lock:
            self.processes[number] = Process(self.arbiter, number, self.lock, self.faults)

    @invariant()
    def no_device_holds_more_than_its_budget(self) -> None:
        with self.lock:
            held = [each for process in self.processes for each in process.held.values()]
        for device in self.arbiter.devices():
            assert device.used <= device.budget
            assert sum(size for name, size in held if name == device.name) <= device.budget
        assert self.faults == []

    def teardown(self) -> None:
        """Everybody who waits is served once all the others have finished."""
        until = time.monotonic() + 30
        while any(thread.is_alive() for thread in self.threads) and time.monotonic() < until:
            for number in range(3):
                for key in "01234":
                    self.use(number, key, 0)
            time.sleep(0.005)
        waiting = [(process.memory.name, key) for process in self.processes for key in process.asking]
        for process in self.processes:
            for stop in process.asking.values():
                stop.set()
        for thread in self.threads:
            thread.join()
        assert waiting == []
        self.no_device_holds_more_than_its_budget()


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=30, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
