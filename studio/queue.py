"""The only queue: who is next in each lane, and who may be made together. Pure but for the clock; it starts nothing.

Between priorities the higher goes first, and what has waited long rises by one class a minute, so nothing starves. Within a
class the person who was served least goes first, then their least served project (start-time fair queueing: Goyal, Vin, Cheng,
SIGCOMM 1996), counted in expected seconds over a weight. A plan of sixty steps therefore delays others by one step, not by sixty.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from heapq import heapify, heappop, heapreplace

AGE_SECONDS = 60.0
#: Served time is forgotten below this many flows' worth of idleness: see _Lane.forget.
FLOWS_KEPT = 10_000

Key = tuple[str, str, int]


class Stage(StrEnum):
    """The two pieces of work of a take."""

    PREPARE = "prepare"
    MAKE = "make"


class Priority(IntEnum):
    INTERACTIVE = 0
    NORMAL = 1
    BACKGROUND = 2


@dataclass(frozen=True)
class Ticket:
    """One take waiting for one stage.

    lane: the resource class it needs a place in. cost: expected seconds, what fairness counts.
    batch: tickets of equal keys may be made together, at most `most`; "" is made alone. window: seconds worth waiting for company.
    """

    plan_id: str
    step_id: str
    take: int
    stage: Stage
    lane: str
    project_id: str
    person: str = ""
    priority: Priority = Priority.NORMAL
    cost: float = 1.0
    batch: str = ""
    most: int = 1
    window: float = 0.0

    @property
    def key(self) -> Key:
        return self.plan_id, self.step_id, self.take


@dataclass
class _Waiting:
    ticket: Ticket
    since: float
    gone: bool = False


@dataclass
class _Flow:
    """The tickets of one person's project in one lane, by priority, oldest first."""

    lines: tuple[deque[_Waiting], ...] = field(default_factory=lambda: tuple(deque() for _ in Priority))
    served: float = 0.0
    count: int = 0


@dataclass
class _Person:
    flows: dict[str, _Flow] = field(default_factory=dict)
    served: float = 0.0
    count: int = 0


@dataclass
class _Company:
    """The tickets of one batch key, by person, oldest first. A place in a batch is service like any other: it goes by fairness."""

    people: dict[str, deque[_Waiting]] = field(default_factory=dict)
    count: int = 0


@dataclass
class _Lane:
    people: dict[str, _Person] = field(default_factory=dict)
    companies: dict[str, _Company] = field(default_factory=dict)
    count: int = 0
    #: The service a newcomer starts with: that of the least served who waits. Idling earns no credit.
    clock: float = 0.0

    def forget(self) -> None:
        """Drop people without tickets who are not ahead of anybody: a year of visitors must not stay in memory."""
        if len(self.people) > FLOWS_KEPT:
            for person in [p for p, held in self.people.items() if not held.count and held.served <= self.clock]:
                del self.people[person]


class FairQueue:
    """Not thread-safe: the runner guards it.

    Args:
        clock: monotonic seconds.
        weight: a person's share; 2.0 is served twice as much as 1.0.
    """

    def __init__(self, clock: Callable[[], float], weight: Callable[[str], float] = lambda person: 1.0) -> None:
        self._clock = clock
        self._weight = weight
        self._lanes: dict[str, _Lane] = {}
        self._held: dict[Key, _Waiting] = {}

    def add(self, ticket: Ticket) -> bool:
        """Queue it; False when this take waits already."""
        if ticket.key in self._held:
            return False
        lane = self._lanes.setdefault(ticket.lane, _Lane())
        person = lane.people.setdefault(ticket.person, _Person())
        flow = person.flows.setdefault(ticket.project_id, _Flow())
        if not person.count:
            person.served = max(person.served, lane.clock)
        if not flow.count:
            flow.served = max(flow.served, min((f.served for f in person.flows.values() if f.count), default=0.0))
        waiting = _Waiting(ticket, self._clock())
        flow.lines[ticket.priority].append(waiting)
        if ticket.batch:
            lane.companies.setdefault(ticket.batch, _Company()).people.setdefault(ticket.person, deque()).append(waiting)
        self._held[ticket.key] = waiting
        self._count(ticket, 1)
        return True

    def remove(self, keys: Iterable[Key]) -> int:
        """Take tickets out that must not be served any more; returns how many waited."""
        removed = 0
        for key in keys:
            waiting = self._held.pop(key, None)
            if waiting is not None:
                waiting.gone = True
                self._count(waiting.ticket, -1)
                removed += 1
        return removed

    def take(self, lane_name: str) -> tuple[Ticket, ...]:
        """Who is next in a lane: one ticket, or several to be made together; () when nobody is ripe."""
        lane = self._lanes.get(lane_name)
        if lane is None or not lane.count:
            return ()
        now = self._clock()
        heads = [found for found in self._heads(lane) if self._ripe(lane, found[1], now)]
        if not heads:
            return ()
        _, first = min(heads, key=lambda found: self._rank(found[0], found[1], now))
        # Not of whom is served: priorities serve one who had much, and a newcomer would stand behind all who had less.
        lane.clock = max(lane.clock, min(found[0].served for found in heads))
        together = self._company(lane, first)
        for waiting in together:
            self._serve(lane, waiting)
        lane.forget()
        return tuple(waiting.ticket for waiting in together)

    def ripe_in(self, lane_name: str) -> float | None:
        """Seconds until a ticket that waits for company will be served without; None when no ticket waits for that."""
        lane = self._lanes.get(lane_name)
        if lane is None or not lane.count:
            return None
        now = self._clock()
        return min((max(0.0, w.since + w.ticket.window - now) for _, w in self._heads(lane)), default=None)

    def waiting(self) -> dict[str, int]:
        """Tickets by lane."""
        return {name: lane.count for name, lane in self._lanes.items() if lane.count}

    def oldest(self, lane_name: str) -> float:
        """Seconds the ticket that entered this lane first has waited."""
        lane = self._lanes.get(lane_name)
        return self._clock() - min((w.since for _, w in self._heads(lane)), default=self._clock()) if lane else 0.0

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, key: Key) -> bool:
        return key in self._held

    def _heads(self, lane: _Lane) -> Iterable[tuple[_Person, _Waiting]]:
        """The oldest ticket of each priority of each flow."""
        for person in lane.people.values():
            if not person.count:
                continue
            for flow in person.flows.values():
                for line in flow.lines:
                    _drop_gone(line)
                    if line:
                        yield person, line[0]

    def _ripe(self, lane: _Lane, waiting: _Waiting, now: float) -> bool:
        ticket = waiting.ticket
        if not ticket.batch or ticket.window <= 0 or now - waiting.since >= ticket.window:
            return True
        return lane.companies[ticket.batch].count >= ticket.most

    def _rank(self, person: _Person, waiting: _Waiting, now: float) -> tuple[float, float, float, float, float]:
        ticket = waiting.ticket
        risen = int((now - waiting.since) / AGE_SECONDS)
        # Of equally old or risen classes a person's interactive work goes first: what rose must not undo the priority.
        served = person.served, ticket.priority, person.flows[ticket.project_id].served
        return max(0, ticket.priority - risen), *served, waiting.since

    def _company(self, lane: _Lane, first: _Waiting) -> list[_Waiting]:
        """`first` and those it may be made with: of each place in turn, the oldest ticket of the least served person."""
        together = [first]
        if not first.ticket.batch:
            return together
        lines = []
        for name, line in lane.companies[first.ticket.batch].people.items():
            others = _living(line, first)
            oldest = next(others, None)
            if oldest is not None:
                own = self._charge(first.ticket) if name == first.ticket.person else 0.0
                lines.append((lane.people[name].served + own, oldest.since, name, oldest, others))
        heapify(lines)
        most = first.ticket.most
        while lines:
            served, _, name, waiting, others = lines[0]
            most = min(most, waiting.ticket.most)
            if len(together) >= most:
                break
            together.append(waiting)
            following = next(others, None)
            if following is None:
                heappop(lines)
            else:
                heapreplace(lines, (served + self._charge(waiting.ticket), following.since, name, following, others))
        return together

    def _charge(self, ticket: Ticket) -> float:
        return max(ticket.cost, 1e-3) / max(self._weight(ticket.person), 1e-3)

    def _serve(self, lane: _Lane, waiting: _Waiting) -> None:
        ticket = waiting.ticket
        person = lane.people[ticket.person]
        cost = self._charge(ticket)
        person.served += cost
        person.flows[ticket.project_id].served += cost
        self.remove([ticket.key])

    def _count(self, ticket: Ticket, change: int) -> None:
        lane = self._lanes[ticket.lane]
        person = lane.people[ticket.person]
        flow = person.flows[ticket.project_id]
        lane.count += change
        person.count += change
        flow.count += change
        company = lane.companies.get(ticket.batch)
        if company is not None:
            company.count += change
        if change > 0:
            return
        if not flow.count:
            for line in flow.lines:
                line.clear()
        if company is not None:
            _drop_gone(company.people[ticket.person])
            if not company.people[ticket.person]:
                del company.people[ticket.person]
            if not company.count:
                del lane.companies[ticket.batch]
        if not person.count:
            # Projects come and go; what a person was served stays with the person.
            person.flows.clear()


def _living(line: deque[_Waiting], but: _Waiting) -> Iterator[_Waiting]:
    return (waiting for waiting in line if not waiting.gone and waiting is not but)


def _drop_gone(line: deque[_Waiting]) -> None:
    while line and line[0].gone:
        line.popleft()
