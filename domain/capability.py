"""What can be made here and now, and what one step asks for."""

from __future__ import annotations

from enum import StrEnum

from domain.value import Value


class StepKind(StrEnum):
    COPY = "copy"
    ARTICLE = "article"
    SCRIPT = "script"
    DIALOGUE = "dialogue"
    LORE = "lore"
    TRANSLATION = "translation"
    PICTURE = "picture"
    EDIT = "edit"
    UPSCALE = "upscale"
    CUTOUT = "cutout"
    SPEECH = "speech"
    MUSIC = "music"
    SOUND = "sound"
    MIX = "mix"
    LAYOUT = "layout"
    STORYBOARD = "storyboard"
    VIDEO = "video"
    PACK = "pack"


class Capability(Value):
    """One maker that can run on this machine with the models that are installed.

    limits: upper bounds on numeric fields of the kind's spec, by field name ("width": 4096, "seconds": 180).
    languages: BCP-47 primary subtags it speaks or writes; empty means language does not matter.
    models: ids of the models it would use. `reason` says why this one was chosen. channels: ids of the places it writes copy for.
    """

    kind: StepKind
    maker: str
    models: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    limits: dict[str, float] = {}
    reason: str = ""
    channels: tuple[str, ...] = ()
