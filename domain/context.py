"""What a writer is handed to prepare or write one step: everything it may know, and nothing else."""

from __future__ import annotations

from domain.brand import BrandKit
from domain.capability import StepKind
from domain.specs import Spec
from domain.value import JsonValue, Value


class InputText(Value):
    """The finished words of an input step. document is its JSON (CopyDocument, ArticleDocument, DialogueDocument)."""

    role: str
    step: str
    kind: StepKind
    text: str
    document: dict[str, JsonValue] = {}


class StepContext(Value):
    """material: brief and attachment text, the only source of facts. reference_palette: colours of attached pictures.

    note: what a person asked to be different in this take ("warmer"). avoid: texts of earlier takes, not to be repeated.
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
