"""One attempt at a Step: the step as it stood, what was asked to be different, and, once prepared, what its maker is given."""

from __future__ import annotations

from domain.plan import Step
from domain.said import Note
from domain.value import JsonValue, Value


class Take(Value):
    """Stored with the Step. Kept across restarts, so that a resumed take is not prepared twice.

    note: what a person asked to be different. previous: id of the asset this take replaces, "" for a first take.
    parameters: None until prepared. maker and prompt are set with it. preparing: seconds that took.
    awaits: takes of the same run that must be made before, by step id. priority: 0 somebody waits for it, 1 as it comes, 2 later.
    trace: the W3C traceparent of what ran it, "" when nothing is traced.
    """

    plan_id: str
    step: Step
    take: int = 0
    note: str = ""
    previous: str = ""
    person: str = ""
    maker: str = ""
    prompt: str = ""
    parameters: dict[str, JsonValue] | None = None
    notes: tuple[Note, ...] = ()
    preparing: float = 0.0
    awaits: dict[str, int] = {}
    priority: int = 1
    trace: str = ""


class Prepared(Value):
    """A prepared step: the finished values its maker works from. prompt is what a person reads and may edit.

    maker: the maker that preparing decided on (a voice belongs to one engine), "" for the one it was prepared for.
    notes: what a person should know of choices made while preparing.
    """

    prompt: str
    parameters: dict[str, JsonValue]
    maker: str = ""
    notes: tuple[Note, ...] = ()
