"""Which languages a brief writes in and which it translates into, and the translation steps that follow from it. Pure.

Knows readings and steps. Does not know the LLM or how a line is translated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agents.lexicon import side
from agents.request import RequestReading
from domain.capability import StepKind
from domain.plan import Step, StepInput
from domain.specs import ROLES, TranslationSpec

#: Marks around pasted text, and the label before it ("Source: …").
_LABEL = re.compile(r"^\s*(?:source(?: text)?|material|text|原文|素材)\s*[:：]\s*", re.IGNORECASE)
_MARKS = "“”「」『』\"'` \n"


def targets_of(reading: RequestReading) -> tuple[str, ...]:
    """Languages to translate into; none when no translation is asked for. Where none is named, the other of English and Chinese."""
    if StepKind.TRANSLATION not in reading.asked:
        return ()
    others = tuple(code for code in reading.languages if code.split("-")[0] != reading.language.split("-")[0])
    return others or reading.languages[:1] or ("en" if side(reading.language) == "zh" else "zh",)


def content_language(reading: RequestReading, targets: Sequence[str]) -> str:
    """What the texts themselves are written in: the brief's language, unless that is what they are translated into."""
    if reading.language.split("-")[0] not in {code.split("-")[0] for code in targets}:
        return reading.language
    return "en" if side(reading.language) == "zh" else "zh"


def pasted(reading: RequestReading) -> str:
    """The text a brief carries with it, without its marks and label."""
    return "\n".join(_LABEL.sub("", piece).strip(_MARKS) for piece in reading.material).strip()


def translations(steps: Sequence[Step], targets: Sequence[str], title: str, names: Sequence[str], text: str, start: int = 1) -> list[Step]:
    """One step for each text step and language; without text steps one for each language, of what is pasted or attached.

    title: "Translation"; names: of the languages. start: number of the first of them.
    """
    sources = [step for step in steps if step.kind in ROLES[StepKind.TRANSLATION]["source"]]
    made: list[Step] = []
    for code, name in zip(targets, names, strict=True):
        for source in sources or (None,):
            spec = TranslationSpec(language=code, text="" if source else text[:200_000])
            called = f"{source.title} ({name})" if source else f"{title} ({name})"
            inputs = (StepInput(role="source", step=source.id),) if source else ()
            made.append(Step(id=f"translation-{start + len(made)}", title=called[:200], spec=spec, inputs=inputs))
    return made
