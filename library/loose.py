"""Files of the library that nobody names any more: an attachment whose message was never stored, a table whose lines were refused.

Such a file has no row that goes, so no deletion ever asks for it. Once a day everything is looked through: what is named nowhere gets a
note, and what still has its note a day later is doomed as if it had been deleted (library/purging.py). Who stores the same bytes again
takes the note away (library/assets.py). Only files with a row of `blobs` are looked at: what lies in the folder without one may belong to
a newer state of a database that was restored, and `check` lists it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, exists, select

from library import tables
from library.assets import LOOSE
from library.database import Room, stamp, upsert
from library.purging import BATCH, doom, named

#: A setting: when everything was last looked through.
SWEPT = "retention.swept"
#: How long nobody names a file before it goes, and how often is looked.
LOOSE_AGE = timedelta(days=1)
#: So many files get a note in one look; the others get theirs in the next.
NOTES = 1000


class Loose(Room):
    def sweep(self, now: datetime) -> int:
        """Doom what nobody has named for a day, at most once a day. Returns how many files; their bytes go with `finish_purge`.

        Nothing goes while any project is held: of a file that nobody names it cannot be told whose it was. Raises StorageError.
        """
        loose = self._unnamed(now)
        if loose is None:
            return 0
        old = self._note(loose, now)
        return sum(self._doom(old[start : start + BATCH], now) for start in range(0, len(old), BATCH))

    def _unnamed(self, now: datetime) -> set[str] | None:
        """Only reads, so that nobody waits for it; what it finds is asked for again before it goes. None when it is not time."""
        with self._database.read("look for files nobody names") as connection:
            swept = connection.scalar(select(tables.settings.c.value).where(tables.settings.c.key == SWEPT))
            # A look in the future is one of a clock that was wrong.
            if (swept and stamp(now - LOOSE_AGE) < swept <= stamp(now)) or _held(connection):
                return None
            used = exists().where(tables.asset_files.c.sha256 == tables.blobs.c.sha256)
            candidates = set(connection.scalars(select(tables.blobs.c.sha256).where(~used)))
            return candidates - named(connection, candidates)

    def _note(self, loose: set[str], now: datetime) -> list[str]:
        """Note what is new, forget what is named again, and give those that were noted long enough ago."""
        with self._database.write("note files nobody names") as connection:
            notes = _notes(connection)
            for sha256, since in notes.items():
                if sha256 not in loose or since > stamp(now):
                    connection.execute(delete(tables.settings).where(tables.settings.c.key == LOOSE + sha256))
            for sha256 in sorted(loose - notes.keys())[:NOTES]:
                upsert(connection, tables.settings, {"key": LOOSE + sha256}, {"value": stamp(now)})
            upsert(connection, tables.settings, {"key": SWEPT}, {"value": stamp(now)})
        return sorted(sha256 for sha256, since in notes.items() if sha256 in loose and since <= stamp(now - LOOSE_AGE))

    def _doom(self, old: list[str], now: datetime) -> int:
        with self._database.write("delete files nobody names") as connection:
            used = named(connection, set(old), lock=True)
            # Read after the files are locked: whoever stored one again meanwhile has taken its note away.
            notes = {} if _held(connection) else _notes(connection)
            going = [sha256 for sha256 in old if sha256 not in used and notes.get(sha256, stamp(now)) <= stamp(now - LOOSE_AGE)]
            doom(connection, going)
            for sha256 in going:
                connection.execute(delete(tables.settings).where(tables.settings.c.key == LOOSE + sha256))
        return len(going)


def _held(connection: Connection) -> bool:
    return connection.scalar(select(tables.holds.c.project_id).limit(1)) is not None


def _notes(connection: Connection) -> dict[str, str]:
    """Since when nobody names which file."""
    columns = tables.settings.c
    found = connection.execute(select(columns.key, columns.value).where(columns.key.startswith(LOOSE, autoescape=True)))
    return {row.key.removeprefix(LOOSE): str(row.value) for row in found}
