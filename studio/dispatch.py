"""Hands out what waits, as places become free. Knows lanes and tickets; what a piece of work is, runner.py knows."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from domain.engine import LaneState
from domain.errors import StorageError
from studio.durable import Piece
from studio.queue import FairQueue, Key, Ticket

#: Before a piece that could not be noted or read is handed out again.
RETRY_SECONDS = 5.0
#: The dispatcher looks again at least this often, should a wake-up be missed.
IDLE_SECONDS = 1.0
STOP_SECONDS = 10.0

log = logging.getLogger(__name__)


class Dispatcher:
    """Thread-safe; one thread of its own.

    Args:
        lanes: how many pieces may be worked on at once, by lane, read again each time: a cluster grows. A lane that is not named has one.
        submit: begins a piece elsewhere and returns at once; raises StorageError when it could not.
        again: called for takes that were put off, when it is time to queue them again; raises StorageError to put them off once more.
    """

    def __init__(
        self,
        lanes: Mapping[str, int],
        submit: Callable[[Piece], None],
        again: Callable[[Iterable[Key]], None],
        clock: Callable[[], float],
    ) -> None:
        self._lanes = lanes
        self._submit = submit
        self._again = again
        self._clock = clock
        self._queue = FairQueue(clock)
        self._entered: dict[Key, float] = {}
        self._in_flight: set[Key] = set()
        self._working: dict[str, int] = defaultdict(int)
        self._later: dict[Key, float] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)
        self._trouble = ""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Hand out nothing more."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout=STOP_SECONDS)

    @property
    def trouble(self) -> str:
        """Why work is put off just now, "" when it is not: a full disk, a database that does not answer."""
        with self._changed:
            return self._trouble if self._later else ""

    def begun(self, piece: Piece) -> None:
        """This piece is worked on without having been handed out here: an earlier process had begun it."""
        with self._changed:
            self._working[piece.lane] += 1
            self._in_flight |= set(piece.keys)

    def add(self, ticket: Ticket) -> None:
        """Queue it, unless this take waits already or is being worked on."""
        with self._changed:
            if ticket.key not in self._in_flight and self._queue.add(ticket):
                self._entered[ticket.key] = self._clock()
                self._changed.notify_all()

    def remove(self, keys: Iterable[Key]) -> None:
        with self._changed:
            for key in keys:
                self._queue.remove([key])
                self._entered.pop(key, None)
                self._later.pop(key, None)

    def waited(self, key: Key) -> float:
        """Seconds between queueing this take and now; asked once, when its work begins."""
        with self._changed:
            now = self._clock()
            return now - self._entered.pop(key, now)

    def left(self, piece: Piece) -> None:
        """The work on a piece has ended, however it ended: its place is free."""
        with self._changed:
            self._working[piece.lane] = max(0, self._working[piece.lane] - 1)
            self._in_flight -= set(piece.keys)
            self._changed.notify_all()

    def put_off(self, keys: Iterable[Key], why: Exception) -> None:
        """Queue these takes again in a while."""
        with self._changed:
            self._trouble = str(why)
            self._later.update(dict.fromkeys(keys, self._clock() + RETRY_SECONDS))
            self._changed.notify_all()

    def waiting(self) -> int:
        """How many takes stand in the queue, or will when what puts them off is over."""
        with self._changed:
            return len(self._queue) + len(self._later)

    def lanes(self) -> tuple[LaneState, ...]:
        """The queue as it stands."""
        with self._changed:
            waiting = self._queue.waiting()
            names = {*self._lanes, *waiting, *(lane for lane, count in self._working.items() if count)}
            return tuple(
                LaneState(
                    lane=name,
                    places=self._places(name),
                    working=self._working[name],
                    waiting=waiting.get(name, 0),
                    oldest=self._queue.oldest(name),
                )
                for name in sorted(names)
            )

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._stopping:
                    return
                piece = self._next()
                if piece is None:
                    self._changed.wait(self._pause())
                due = self._due()
            if piece is not None:
                self._begin(piece)
            if due:
                self._queue_again(due)

    def _begin(self, piece: Piece) -> None:
        try:
            self._submit(piece)
        except Exception as error:  # whatever it is: without this thread nobody's work goes on
            log.error("a piece could not be begun: %s", error, exc_info=not isinstance(error, StorageError))
            self.left(piece)
            self.put_off(piece.keys, error)

    def _queue_again(self, keys: list[Key]) -> None:
        try:
            self._again(keys)
        except Exception as error:  # likewise
            if not isinstance(error, StorageError):
                log.exception("takes could not be queued again")
            self.put_off(keys, error)

    def _next(self) -> Piece | None:
        for lane in sorted(self._queue.waiting(), key=self._queue.oldest, reverse=True):
            if self._working[lane] >= self._places(lane):
                continue
            tickets = self._queue.take(lane)
            if tickets:
                keys = tuple(ticket.key for ticket in tickets)
                self._working[lane] += 1
                self._in_flight |= set(keys)
                return Piece(stage=tickets[0].stage, lane=lane, keys=keys)
        return None

    def _due(self) -> list[Key]:
        now = self._clock()
        due = [key for key, when in self._later.items() if when <= now]
        for key in due:
            del self._later[key]
        return due

    def _pause(self) -> float:
        """How long nothing can happen by itself."""
        now = self._clock()
        free = [lane for lane in self._queue.waiting() if self._working[lane] < self._places(lane)]
        ripe = [wait for lane in free if (wait := self._queue.ripe_in(lane)) is not None]
        return max(0.001, min([IDLE_SECONDS, *ripe, *(when - now for when in self._later.values())]))

    def _places(self, lane: str) -> int:
        return self._lanes.get(lane, 1)
