"""What went into a result that was not made here: files that people gave, and what these say of their own origin.

They are found through every step between: a picture that was edited twice still comes from the photo. Masks are left out: they say where,
not what. What a file says is told on, not believed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from domain.asset import Asset
from domain.errors import MaquetteError
from domain.labels import AI_SOURCES, COMPOSITE, AigcLabel, read_aigc
from domain.recipe import InputRef
from library.library import Library
from pipelines.labels.credentials import read_credentials
from pipelines.labels.formats import Formats, carried

#: Roles of inputs that a result is an edit of, not a composition with.
_EDITED = frozenset({"source", "reference"})
_LEFT_OUT = frozenset({"mask"})
#: Steps from a result back to what it comes from, and files that are named of one result.
DEPTH, MOST = 30, 20
#: How a label says which labels it takes on: ReservedCode2 is "from:" and, per file, producer, id, propagator and its id.
FROM = "from:"
_FROM_MAX = 1500
_REMEMBERED = 500


@dataclass(frozen=True)
class Incoming:
    """A file that a person gave. parent: the result is an edit of it. credentials: it has its own (C2PA).

    ai: it says that AI made all of it. marked: it says something of where it comes from.
    """

    role: str
    media_type: str
    sha256: str
    parent: bool = False
    aigc: AigcLabel | None = None
    source_type: str = ""
    credentials: bool = False

    @property
    def ai(self) -> bool:
        return self.source_type in AI_SOURCES - {COMPOSITE} or (not self.source_type and self.aigc is not None)

    @property
    def marked(self) -> bool:
        return self.credentials or self.aigc is not None or bool(self.source_type)


class Incomings:
    def __init__(self, library: Library, formats: Formats) -> None:
        self._library = library
        self._formats = formats
        self._known: dict[tuple[str, str], tuple[AigcLabel | None, str, bool]] = {}

    def of(self, asset: Asset) -> tuple[Incoming, ...]:
        """Every given file once, in the order of the inputs. What was deleted is left out."""
        found: dict[str, Incoming] = {}
        for given, edited in self._given(asset, True, DEPTH, {asset.id}):
            if given.sha256 in found or len(found) >= MOST:
                continue
            aigc, source_type, credentials = self._said(given)
            parent = edited and not any(one.parent for one in found.values())
            found[given.sha256] = Incoming(given.role, given.media_type, given.sha256, parent, aigc, source_type, credentials)
        return tuple(found.values())

    def data(self, one: Incoming) -> bytes:
        """Its bytes. Raises AssetDamaged, OSError."""
        return self._library.file_path(one.sha256).read_bytes()

    def _given(self, asset: Asset, edited: bool, depth: int, seen: set[str]) -> Iterator[tuple[InputRef, bool]]:
        for given in asset.recipe.inputs:
            if given.role in _LEFT_OUT or given.asset_id in seen:
                continue
            edit = edited and given.role in _EDITED
            if not given.asset_id:
                # A voice that speaks is made after a recording, of which nothing is in it.
                if given.media_type.startswith("image/"):
                    yield given, edit
                continue
            seen.add(given.asset_id)
            try:
                before = self._library.asset(given.asset_id)
            except MaquetteError:  # it was deleted, or never was an asset here
                continue
            if not before.labels.ai_generated:
                yield given, edit
            elif depth:
                yield from self._given(before, edit, depth - 1, seen)

    def _said(self, given: InputRef) -> tuple[AigcLabel | None, str, bool]:
        key = (given.sha256, given.media_type)
        if key not in self._known:
            if len(self._known) > _REMEMBERED:
                self._known.clear()
            self._known[key] = self._read(given)
        return self._known[key]

    def _read(self, given: InputRef) -> tuple[AigcLabel | None, str, bool]:
        row = self._formats.of_type(given.media_type)
        try:
            data = self._library.file_path(given.sha256).read_bytes()
        except (MaquetteError, OSError):  # the file of a deleted input
            return None, "", False
        if row is None:
            return None, "", False
        label, source_type = None, ""
        with suppress(MaquetteError):  # a damaged packet says nothing
            marks = carried(data, row)
            label = next((one for one in map(read_aigc, marks.aigc) if one is not None), None)
            source_type = marks.source_type
        credentials = read_credentials(data, given.media_type, b"") if row.c2pa else None
        return label, source_type or (credentials.source_type if credentials else ""), credentials is not None


def taken_on(incoming: tuple[Incoming, ...]) -> str:
    """What the label of a result says of the labels of what went into it, "" where there were none."""
    told = [
        "/".join((one.aigc.producer, one.aigc.produce_id, one.aigc.propagator, one.aigc.propagate_id)).rstrip("/")
        for one in incoming
        if one.aigc is not None
    ]
    kept: list[str] = []
    for one in dict.fromkeys(told):
        if sum(map(len, kept)) + len(one) + len(kept) < _FROM_MAX:
            kept.append(one)
    return FROM + ";".join(kept) if any(kept) else ""
