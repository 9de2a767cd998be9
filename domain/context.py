"""What a writer is handed to prepare or write one step: everything it may know, and nothing else."""

from __future__ import annotations

from domain.brand import BrandKit
from domain.capability import StepKind
from domain.specs import Spec
from domain.value import JsonValue, Value


class InputText(Value):
    """The finished words of an input step. document is its JSON (CopyDocument, ArticleDocument, ScriptDocument, DialogueDocument).

    drawn: a picture that the illustrator drew as vectors.
    """

    role: str
    step: str
    kind: StepKind
    text: str
    document: dict[str, JsonValue] = {}
    drawn: bool = False


class AttachedText(Value):
    """An attached text file, whole."""

    name: str
    text: str


class Remembered(Value):
    """A translation made earlier: the translation memory. approved: a person approved the asset it stands in."""

    source: str
    target: str
    approved: bool = False


class StepContext(Value):
    """material: brief and attachment text, the only source of facts. reference_palette: colours of attached pictures.

    note: what a person asked to be different in this take ("warmer"). avoid: texts of earlier takes, not to be repeated.
    attached and memory: only for a translation; memory holds pairs of earlier results in the same language, the newest first.
    """

    spec: Spec
    title: str = ""
    material: str = ""
    brand: BrandKit = BrandKit()
    inputs: tuple[InputText, ...] = ()
    reference_palette: tuple[str, ...] = ()
    maker: str = ""
    note: str = ""
    avoid: tuple[str, ...] = ()
    attached: tuple[AttachedText, ...] = ()
    memory: tuple[Remembered, ...] = ()
