"""An Asset is an immutable result; versions form a tree."""

from __future__ import annotations

from datetime import datetime

from domain.finding import Finding
from domain.moderation import Judged
from domain.recipe import Credit, Recipe, Trace
from domain.value import JsonValue, Value


class FileRef(Value):
    """A stored file: sha256 is its name in the library, `name` what a person sees."""

    name: str
    sha256: str
    media_type: str
    size: int


class Labels(Value):
    """Marks an export carries. Later work adds to these; the origin is always stated."""

    ai_generated: bool = True
    digital_source_type: str = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


class Asset(Value):
    """files[0] is the asset itself, the others its companions. parents are ids of earlier versions and of inputs.

    version: 1 for a first take, then one more than the version it was redone from (`previous`).
    judged: how it was judged by the rules of content safety when it was stored; None for what was stored before there were any.
    """

    id: str
    project_id: str
    plan_id: str = ""
    step_id: str = ""
    take: int = 0
    title: str
    files: tuple[FileRef, ...]
    recipe: Recipe
    trace: Trace = Trace()
    labels: Labels = Labels()
    credits: tuple[Credit, ...] = ()
    facts: dict[str, JsonValue] = {}
    findings: tuple[Finding, ...] = ()
    text: str = ""
    previous: str = ""
    parents: tuple[str, ...] = ()
    version: int = 1
    judged: Judged | None = None
    person: str = ""
    created: datetime

    @property
    def main(self) -> FileRef:
        return self.files[0]
