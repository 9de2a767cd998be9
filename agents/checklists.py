"""What a person looks at before something is approved: questions by kind of result and by channel, as shipped data.

Knows assets/checks/checklists.toml. Does not know reviews: who ticked what is kept with them.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import Field, ValidationError

from agents.lexicon import load_toml
from domain.capability import StepKind
from domain.errors import InputError
from domain.value import Value


class Point(Value):
    """kinds, channels: what it is for; () is everything. source: "own", or where the duty stands."""

    id: str = Field(pattern=r"^[a-z_]{1,40}$")
    kinds: tuple[StepKind, ...] = ()
    channels: tuple[str, ...] = ()
    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)
    source: str = Field(min_length=1)


class Checklists:
    def __init__(self, points: Iterable[Point]) -> None:
        self.all = tuple(points)

    @staticmethod
    def load(assets: Path) -> Checklists:
        """Raises InputError when the file is not valid or names a point twice."""
        path = assets / "checks" / "checklists.toml"
        listed = load_toml(path).get("point", [])
        try:
            points = [Point.model_validate(one) for one in (listed if isinstance(listed, list) else [])]
        except ValidationError as error:
            said = "; ".join(str(fault["msg"]) for fault in error.errors())
            raise InputError("The file {path} is not valid: {said}.", field=str(path), path=path.name, said=said) from error
        if len({point.id for point in points}) != len(points):
            raise InputError("The file {path} is not valid: {said}.", field=str(path), path=path.name, said="an id stands twice")
        return Checklists(points)

    def of(self, kind: StepKind, channel: str) -> tuple[Point, ...]:
        """What is for this kind of result in this channel ("": none), in the order of the file."""
        return tuple(
            point for point in self.all if (not point.kinds or kind in point.kinds) and (not point.channels or channel in point.channels)
        )
