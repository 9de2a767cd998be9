"""Comments on what was made, pinned to a part of it: said, answered, resolved, opened again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from domain.asset import Asset
from domain.comment import COMMENT_MAX, Anchor, Comment, NodeLine, Region, TextSpan, TimeRange
from domain.errors import InputError
from domain.said import Said
from domain.value import Value
from library.library import Library
from studio.takes import Takes

#: A player rounds: a range may end so many seconds after the sound.
ROUNDING_SECONDS = 0.5


class Thread(Value):
    """A comment with its answers, oldest first."""

    start: Comment
    answers: tuple[Comment, ...] = ()


class Comments:
    """now: the clock, for stored times."""

    def __init__(self, library: Library, now: Callable[[], datetime]) -> None:
        self._library = library
        self._takes = Takes(library)
        self._now = now

    def threads(self, asset_id: str) -> tuple[Thread, ...]:
        """Oldest first, open and resolved ones. Raises NotFound."""
        self._library.asset(asset_id)
        all_of = self._library.comments(asset_id)
        return tuple(
            Thread(start=start, answers=tuple(one for one in all_of if one.thread == start.id)) for start in all_of if not start.thread
        )

    def say(self, asset_id: str, text: str, *, person: str, anchor: Anchor | None = None, thread: str = "") -> Comment:
        """Start a thread, or (thread not "") answer in one. Raises NotFound; InputError for a place that the asset does not have."""
        clean = text.strip()[:COMMENT_MAX]
        if not clean:
            raise InputError("The comment is empty.", hint="Type what should be known.", field="text")
        if thread and anchor is not None:
            raise InputError("An answer stands where its thread stands.", hint="Leave the place out.", field="anchor")
        asset = self._library.asset(asset_id)
        if anchor is not None:
            self._require_place(asset, anchor)
        return self._library.add_comment(
            Comment(asset_id=asset_id, thread=thread, person=person, text=clean, anchor=anchor, created=self._now())
        )

    def resolve(self, asset_id: str, comment_id: str, person: str, *, resolved: bool) -> Comment:
        """Close a thread, or open it again. Raises NotFound, InputError for an answer."""
        return self._library.resolve_comment(asset_id, comment_id, person, self._now() if resolved else None)

    def _require_place(self, asset: Asset, anchor: Anchor) -> None:
        media_type = asset.main.media_type
        if isinstance(anchor, Region) and not media_type.startswith("image/"):
            raise _misplaced(asset, Said.of("Only a picture has regions."))
        if isinstance(anchor, TimeRange):
            if not media_type.startswith(("audio/", "video/")):
                raise _misplaced(asset, Said.of("Only a sound has times."))
            seconds = asset.facts.get("seconds")
            if isinstance(seconds, int | float) and anchor.end > seconds + ROUNDING_SECONDS:
                raise _misplaced(asset, Said.of("The sound is shorter than that."))
        if isinstance(anchor, TextSpan):
            lines = asset.text.splitlines()
            if anchor.line > len(lines) or anchor.quote not in lines[anchor.line - 1]:
                raise _misplaced(asset, Said.of("The text has no such line, or the line does not hold these words."))
        if isinstance(anchor, NodeLine) and not _in_dialogue(self._takes.document(asset), anchor):
            raise _misplaced(asset, Said.of("The dialogue has no such node or line."))


def _in_dialogue(document: dict[str, object] | object, anchor: NodeLine) -> bool:
    nodes = document.get("nodes") if isinstance(document, dict) else None
    for node in nodes if isinstance(nodes, list) else []:
        if isinstance(node, dict) and node.get("id") == anchor.node:
            lines = [line for line in node.get("lines") or [] if isinstance(line, dict)]
            return not anchor.line or any(line.get("id") == anchor.line for line in lines)
    return False


def _misplaced(asset: Asset, why: Said) -> InputError:
    return InputError("{why}", why=why, hint="Comment on the whole, or choose a place in {title}.", field="anchor", title=asset.title)
