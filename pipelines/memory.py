"""The one owner of RAM and VRAM: who may load what, where, and who has to give back. Loads and unloads nothing itself.

Holders (the Devices of each process) ask before they load; the Arbiter keeps the table, chooses what goes, and asks its holder
to unload it. It knows nothing of what the weights are, and calls nobody (`evict`, `check`, `learned`, `learn`) with its lock held.

What goes is chosen by GreedyDual-Size (Cao and Irani, "Cost-Aware WWW Proxy Caching Algorithms", USITS 1997): weights used last
at clock L have the credit H = L + seconds to load them again / bytes; the least credit goes first, and L rises to the credit of
what went. So what is dear to load per byte stays longer, and what nobody uses ages with every eviction on its device.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from domain.engine import DeviceState, Resident
from domain.errors import OutOfMemory, WorkerLost

log = logging.getLogger(__name__)
T = TypeVar("T")

#: How long one wait lasts before the table is looked at, and `check` called, again.
_POLL = 0.1
#: A holder that said no is asked again after this long: its word that it is idle may have crossed ours.
_REFUSED = 0.2
#: An unloading that takes longer is no longer waited for: others are asked. Its memory counts until it is back.
_PATIENCE = 10.0
#: Weights that are never idle, because somebody always comes before the last one leaves, are told to close after this long.
_STARVED = 10.0
#: Loads quicker than this cost the same; what differs between them is noise.
_QUICK = 0.05


class Memory(Protocol):
    """The owner of memory as one holder of weights (one process's Devices) sees it. Thread-safe."""

    def admit(self, key: str, device: str, footprint: int, check: Callable[[], None]) -> None:
        """Wait until `footprint` bytes may be loaded on this device. `check` is called while waiting and may raise.

        A learned footprint of this key and device replaces the given one. Raises OutOfMemory when it can never fit.
        """

    def loaded(self, key: str, footprint: int | None, seconds: float) -> None:
        """The weights are there. footprint: bytes as measured, None where that could not be told."""

    def using(self, key: str, users: int) -> None:
        """So many calls use them now. What is in use is never taken: asked for it, a holder says no, and may let those who come next
        wait until it has been idle and gone."""

    def gone(self, key: str) -> None:
        """They were unloaded, or loading them failed."""


@dataclass(frozen=True)
class Footprint:
    """What weights took on a device, as measured. load_seconds: what loading them again will take."""

    key: str
    device: str
    bytes: int
    load_seconds: float = 0.0


@dataclass(eq=False)
class _Lease:
    """What was admitted to a device and not returned. Whoever was admitted uses it until `using` says otherwise.

    credit: see the module. leaving: since when its holder has been asked to unload it. refused: when it last said no.
    """

    holder: Holder
    footprint: Footprint
    credit: float
    used_at: float
    users: int = 1
    loaded: bool = False
    measured: bool = False
    leaving: float | None = None
    refused: float = float("-inf")


@dataclass(eq=False)
class _Waiter:
    """One `admit` in the line of its device."""

    holder: Holder
    footprint: Footprint
    since: float = field(default_factory=time.monotonic)


class Holder:
    """The table as one holder of weights sees it: its Memory. Made by `Arbiter.holder`."""

    def __init__(self, arbiter: Arbiter, name: str, evict: Callable[[str], bool], alias: Mapping[str, str]) -> None:
        self.name = name
        self.evict = evict
        self.lost = False
        self._arbiter = arbiter
        self._alias = dict(alias)

    def admit(self, key: str, device: str, footprint: int, check: Callable[[], None]) -> None:
        """See Memory. Of what this holder has already, it waits for nothing. Raises WorkerLost when this holder was lost."""
        self._arbiter.admit(self, Footprint(key, self._alias.get(device, device), footprint), check)

    def loaded(self, key: str, footprint: int | None, seconds: float) -> None:
        self._arbiter.loaded(self, key, footprint, seconds)

    def using(self, key: str, users: int) -> None:
        self._arbiter.using(self, key, users)

    def gone(self, key: str) -> None:
        self._arbiter.gone(self, key)


class Arbiter:
    """The one owner of memory over all holders. Thread-safe. Waiting is first come, first served on each device.

    A thread that uses weights and asks for more may wait for itself: makers use one kind of weights at a time.

    Args:
        budgets: bytes that may be loaded, by device ("cpu", "cuda:0"). A device of a kind that has no budget here counts against
            "cpu": Apple's GPU shares that memory.
        learned: what earlier runs measured of a key on a device, if anything.
        learn: told what was measured now. Both are called from any thread and must not raise.
        described: what people call each device, and its bytes in all.
        starved: seconds after which one who waits has weights closed that are never idle.
    """

    def __init__(
        self,
        budgets: Mapping[str, int],
        learned: Callable[[str, str], Footprint | None] = lambda key, device: None,
        learn: Callable[[Footprint], None] = lambda footprint: None,
        described: Mapping[str, tuple[str, int]] | None = None,
        starved: float = _STARVED,
    ) -> None:
        self._starved = starved
        self._budgets = dict(budgets)
        self._learned = learned
        self._learn = learn
        self._described = dict(described or {})
        self._holders: dict[str, Holder] = {}
        self._leases: dict[tuple[Holder, str], _Lease] = {}
        self._lines: dict[str, list[_Waiter]] = {name: [] for name in budgets}
        self._clocks = dict.fromkeys(budgets, 0.0)
        self._known: dict[tuple[str, str], Footprint] = {}
        self._pinned: set[str] = set()
        self._changed = threading.Condition()

    # Holders

    def holder(self, name: str, evict: Callable[[str], bool], alias: Mapping[str, str] | None = None) -> Holder:
        """A new holder. One of the same name before it is lost.

        evict: asked, in a thread of its own, to unload one idle key; False when it is in use, else it says `gone` before it
            returns True.
        alias: devices as this process names them -> as `budgets` does, for one that sees a single GPU as "cuda".
        """
        made = Holder(self, name, evict, alias or {})
        self.lost(name)
        with self._changed:
            self._holders[name] = made
        return made

    def lost(self, name: str) -> None:
        """The process of this holder is gone: all it had returns, and what still waits for it ends with WorkerLost."""
        with self._changed:
            holder = self._holders.pop(name, None)
            if holder is None:
                return
            holder.lost = True
            for key in [key for owner, key in self._leases if owner is holder]:
                del self._leases[holder, key]
            self._changed.notify_all()

    def pin(self, key: str) -> None:
        """This key is never asked back, whoever holds it, until `unpin`."""
        with self._changed:
            self._pinned.add(key)

    def unpin(self, key: str) -> None:
        with self._changed:
            self._pinned.discard(key)
            self._changed.notify_all()

    # What holders ask and say

    def admit(self, holder: Holder, wanted: Footprint, check: Callable[[], None]) -> None:
        """See Memory.admit. wanted.device is a name of `budgets`, or of a kind that has none."""
        device = self._home(wanted)
        wanted = self._expected(replace(wanted, device=device))
        waiter = _Waiter(holder, wanted)
        with self._changed:
            self._lines[device].append(waiter)
        try:
            while True:
                check()
                with self._changed:
                    if self._served(waiter):
                        return
                    self._changed.wait(_POLL)
        finally:
            with self._changed:
                self._lines[device].remove(waiter)
                self._changed.notify_all()

    def loaded(self, holder: Holder, key: str, footprint: int | None, seconds: float) -> None:
        """See Memory.loaded."""
        with self._changed:
            lease = self._leases.get((holder, key))
            if lease is None:
                return
            lease.loaded = True
            lease.measured = footprint is not None
            size = lease.footprint.bytes if footprint is None else footprint
            lease.footprint = replace(lease.footprint, bytes=size, load_seconds=seconds)
            self._touch(lease)
            if lease.measured:
                self._known[key, lease.footprint.device] = lease.footprint
            self._changed.notify_all()
        if footprint is not None:
            self._learn(lease.footprint)

    def using(self, holder: Holder, key: str, users: int) -> None:
        """See Memory.using."""
        with self._changed:
            lease = self._leases.get((holder, key))
            if lease is not None:
                lease.users = users
                self._touch(lease)
                self._changed.notify_all()

    def gone(self, holder: Holder, key: str) -> None:
        """See Memory.gone."""
        with self._changed:
            self._leases.pop((holder, key), None)
            self._changed.notify_all()

    # What others ask

    def place(self, footprint: Footprint, among: Sequence[str]) -> str:
        """The device of these that holds the key already, else the one with most free budget, of those large enough.

        footprint.device is not read. Raises OutOfMemory when none is large enough.
        """
        with self._changed:
            held = [lease for lease in self._leases.values() if lease.footprint.key == footprint.key and lease.leaving is None]
            for lease in sorted(held, key=lambda lease: lease.users):
                if lease.footprint.device in among:
                    return lease.footprint.device
            free = {name: self._budgets[name] - self._taken(name) - self._asked(name) for name in among}
        needs = {name: self._expected(replace(footprint, device=name)) for name in among}
        fitting = [name for name in among if needs[name].bytes <= self._budgets[name]]
        if not fitting:
            raise self._never(min(needs.values(), key=lambda need: need.bytes - self._budgets[need.device]), 0)
        return max(fitting, key=lambda name: free[name])

    def residents(self) -> tuple[Resident, ...]:
        """What is in memory, or on its way in or out, in the order in which it was admitted."""
        now = time.monotonic()
        with self._changed:
            return tuple(
                Resident(
                    key=lease.footprint.key, device=lease.footprint.device, worker=lease.holder.name,
                    mode=lease.footprint.key.rpartition("/")[2], footprint=lease.footprint.bytes, measured=lease.measured,
                    users=lease.users, pinned=lease.footprint.key in self._pinned, load_seconds=lease.footprint.load_seconds,
                    idle_seconds=0.0 if lease.users else now - lease.used_at,
                )
                for lease in self._leases.values()
            )  # fmt: skip

    def devices(self) -> tuple[DeviceState, ...]:
        with self._changed:
            return tuple(self._device(name, budget) for name, budget in self._budgets.items())

    def release_idle(self) -> None:
        """Ask back everything that nobody uses and that is not pinned. Returns when it is back, or after ten seconds."""
        until = time.monotonic() + _PATIENCE
        with self._changed:
            asked = [lease for name in self._budgets for lease in self._idle(name, patient=False)]
            for lease in asked:
                self._ask_back(lease)
            while time.monotonic() < until and any(lease.leaving is not None and self._current(lease) for lease in asked):
                self._changed.wait(_POLL)

    # The table: called with the lock held, except _home and _expected

    def _device(self, name: str, budget: int) -> DeviceState:
        title, total = self._described.get(name, ("", 0))
        return DeviceState(name=name, title=title, total=total, budget=budget, used=self._taken(name))

    def _home(self, wanted: Footprint) -> str:
        if wanted.device in self._budgets:
            return wanted.device
        kind = wanted.device.partition(":")[0]
        if f"{kind}:0" in self._budgets and kind == wanted.device:
            return f"{kind}:0"
        if "cpu" in self._budgets and not any(name.partition(":")[0] == kind for name in self._budgets):
            return "cpu"
        known = ", ".join(self._budgets)
        raise OutOfMemory(f"{wanted.key} is to be loaded on {wanted.device}, which this studio does not have.", hint=f"It has {known}.")

    def _expected(self, wanted: Footprint) -> Footprint:
        """What was measured of it, in this run or an earlier one, else what is said of it."""
        at = wanted.key, wanted.device
        return self._known.get(at) or self._learned(*at) or wanted

    def _served(self, waiter: _Waiter) -> bool:
        """Admit the waiter if it is its turn and there is room; else see to it that there will be."""
        wanted, device = waiter.footprint, waiter.footprint.device
        if waiter.holder.lost:
            raise WorkerLost(f"The process that was to load {wanted.key} has ended.", hint="Run the step again.")
        pinned = sum(one.footprint.bytes for one in self._on(device) if one.footprint.key in self._pinned)
        has = self._leases.get((waiter.holder, wanted.key))
        if has is not None:
            return has.leaving is None
        if wanted.bytes > self._budgets[device] - pinned:
            raise self._never(wanted, pinned)
        if self._lines[device][0] is not waiter:
            return False
        short = self._taken(device) + wanted.bytes - self._budgets[device]
        if short <= 0:
            lease = _Lease(waiter.holder, wanted, credit=0.0, used_at=0.0)
            self._leases[waiter.holder, wanted.key] = lease
            self._touch(lease)
            return True
        # One at a time: whoever says no has cost nobody else their weights.
        now = time.monotonic()
        if not any(one.leaving is not None and now - one.leaving < _PATIENCE for one in self._on(device)):
            going = self._going(device, short, now - waiter.since > self._starved)
            if going:
                self._ask_back(going[0])
        return False

    def _going(self, device: str, short: int, starved: bool) -> list[_Lease]:
        """What goes so that `short` bytes come free: idle weights, and for one who has waited long also what is always in use."""
        idle = self._idle(device)
        going = victims({lease: (lease.credit, lease.footprint.bytes) for lease in idle}, short)
        if going or not starved:
            return going
        all_there = [one for one in self._on(device) if one.loaded and one.footprint.key not in self._pinned]
        chosen = victims({lease: (lease.credit, lease.footprint.bytes) for lease in all_there}, short)
        latest = time.monotonic() - _REFUSED
        return [lease for lease in chosen if lease.users and lease.leaving is None and lease.refused <= latest]

    def _ask_back(self, lease: _Lease) -> None:
        """Its holder is asked in a thread of its own: it may be long about it, or hang, and whoever waits must hear a stop."""

        def ask() -> None:
            try:
                went = lease.holder.evict(lease.footprint.key)
            except Exception:  # its holder is failing: what it has counts until `lost`, and others are asked meanwhile
                log.warning("%s could not be asked to unload %s", lease.holder.name, lease.footprint.key, exc_info=True)
                went = False
            with self._changed:
                lease.leaving = None
                if not went:
                    lease.refused = time.monotonic()
                else:
                    device = lease.footprint.device
                    self._clocks[device] = max(self._clocks[device], lease.credit)
                    if self._current(lease):
                        del self._leases[lease.holder, lease.footprint.key]
                self._changed.notify_all()

        threading.Thread(target=ask, name=f"unload {lease.footprint.key}", daemon=True).start()
        lease.leaving = time.monotonic()

    def _on(self, device: str) -> list[_Lease]:
        return [lease for lease in self._leases.values() if lease.footprint.device == device]

    def _idle(self, device: str, patient: bool = True) -> list[_Lease]:
        """What may be asked back; least recently used first. patient: leave those in peace that have just said no."""
        latest = time.monotonic() - (_REFUSED if patient else 0.0)
        free = [one for one in self._on(device) if one.loaded and not one.users and one.leaving is None and one.refused <= latest]
        return sorted((one for one in free if one.footprint.key not in self._pinned), key=lambda one: one.used_at)

    def _current(self, lease: _Lease) -> bool:
        return self._leases.get((lease.holder, lease.footprint.key)) is lease

    def _taken(self, device: str) -> int:
        return sum(lease.footprint.bytes for lease in self._on(device))

    def _asked(self, device: str) -> int:
        return sum(waiter.footprint.bytes for waiter in self._lines[device])

    def _touch(self, lease: _Lease) -> None:
        lease.used_at = time.monotonic()
        cost = max(lease.footprint.load_seconds, _QUICK) / max(lease.footprint.bytes, 1)
        lease.credit = self._clocks[lease.footprint.device] + cost

    def _never(self, wanted: Footprint, pinned: int) -> OutOfMemory:
        device, budget = wanted.device, self._budgets[wanted.device]
        kept = f", {pinned / 1e9:.1f} GB of it kept for pinned models" if pinned else ""
        more = ", or raise MAQUETTE_MEMORY." if device == "cpu" else "."
        return OutOfMemory(
            f"{wanted.key} needs {wanted.bytes / 1e9:.1f} GB; this studio may use {budget / 1e9:.1f} GB on {device}{kept}.",
            hint=f"Choose a smaller model on the Models page{more}",
        )


def victims(idle: Mapping[T, tuple[float, int]], short: int) -> list[T]:
    """Which idle weights go so that `short` bytes come free: least credit first, and none that is not needed. [] when all would not do.

    idle: credit and bytes of each, in the order in which equals go.
    """
    going: list[T] = []
    for one in sorted(idle, key=lambda one: idle[one][0]):
        if short <= 0:
            break
        going.append(one)
        short -= idle[one][1]
    if short > 0:
        return []
    # A small one taken first is not needed when a larger one had to follow.
    for one in sorted(going, key=lambda one: -idle[one][0]):
        if short + idle[one][1] <= 0:
            short += idle[one][1]
            going.remove(one)
    return going
