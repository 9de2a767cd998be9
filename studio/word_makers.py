"""Makers of words: a writer of agents/writers with the chat model of pipelines, and its document as files."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version

from agents.checks.score import score
from agents.checks.words import ScoreWeights
from agents.writers.render import render
from domain.capability import Capability, StepKind
from domain.chat import ChatModel, Embedder
from domain.context import StepContext
from domain.documents import ArticleDocument, CopyDocument, DialogueDocument, ScriptDocument, TranslationDocument
from domain.errors import InputError
from domain.finding import Finding
from domain.lore import LoreDocument
from domain.progress import Progress
from domain.recipe import ModelRef, Output, OutputFile, Trace, Work
from domain.take import Prepared
from domain.value import JsonValue
from pipelines.text.chats import Chats
from studio.makers import Maker

Document = CopyDocument | ArticleDocument | ScriptDocument | DialogueDocument | LoreDocument | TranslationDocument
Write = Callable[[StepContext, ChatModel, int, Progress], Document]
#: A document as further files (Fountain, PDF, Word, a translated table), and what is to be said of them.
Print = Callable[[Document], tuple[tuple[OutputFile, ...], tuple[Finding, ...]]]

#: Languages the embedded writers are tuned and checked for.
LANGUAGES = ("en", "zh")


def word_maker(
    kind: StepKind,
    write: Write,
    maker_version: int,
    chats: Chats,
    *,
    media_type: str,
    weights: ScoreWeights,
    channels: tuple[str, ...] = (),
    embedder: Callable[[str], Embedder | None] | None = None,
    languages: tuple[str, ...] = LANGUAGES,
    printed: Print = lambda document: ((), ()),
) -> Maker:
    """A maker whose work is several calls of the chat model. Its Recipe holds the whole StepContext, so it covers them all.

    channels: ids of the places it knows. embedder: the one it compares texts of a language with, part of the recipe where there is one.
    """

    def prepare(context: StepContext, progress: Progress) -> Prepared:
        about = str(getattr(context.spec, "about", ""))
        return Prepared(prompt=about, parameters={"context": context.model_dump(mode="json")})

    def models(parameters: Mapping[str, JsonValue]) -> tuple[ModelRef, ...]:
        chat = chats.current().model
        if embedder is None or "context" not in parameters:  # nothing prepared yet: which runs count is asked, not what makes it
            return (chat,)
        spec = StepContext.model_validate(parameters["context"]).spec
        compares = embedder(str(getattr(spec, "language", "en")))
        return (chat, *((compares.model,) if compares is not None else ()))

    def capability() -> Capability | None:
        answering = chats.answering()
        if answering is None:
            return None
        name, reason = answering
        return Capability(kind=kind, maker="writer", models=(name,), languages=languages, reason=reason, channels=channels)

    def make(works: Sequence[Work], progress: Progress) -> list[Output]:
        return [scored(_write_one(work, write, printed, chats.current(), media_type, progress), weights) for work in works]

    return Maker(
        kind=kind, name="writer", version=maker_version, lane="chat", prepare=prepare, models=models, capability=capability, make=make
    )


def _write_one(work: Work, write: Write, printed: Print, chat: ChatModel, media_type: str, progress: Progress) -> Output:
    started = time.monotonic()
    context = StepContext.model_validate(work.recipe.parameters["context"])
    if chat.model.sha256 and work.recipe.models and chat.model != work.recipe.models[0]:
        raise InputError("The chat model was changed while this step waited.", hint="Redo the step.", field="model")
    document = write(context, chat, work.recipe.seed, progress)
    trace = Trace(seconds=time.monotonic() - started, versions=versions_of(chat.model))
    return output_of(document, work.recipe.kind, media_type, trace, printed)


def output_of(document: Document, kind: StepKind, media_type: str, trace: Trace, printed: Print = lambda document: ((), ())) -> Output:
    """A document as files, with the facts an asset keeps of it. The same whether a writer or a person wrote it."""
    text = document.plain_text
    more, remarks = printed(document)
    return Output(
        files=(
            OutputFile(name=f"{kind.value}.json", media_type=media_type, data=document.model_dump_json(indent=2).encode()),
            OutputFile(name=f"{kind.value}.md", media_type="text/markdown", data=render(document).encode()),
            *more,
        ),
        trace=trace,
        facts={
            "text": text,
            "words": len(text.split()),
            "findings": [f.model_dump(mode="json") for f in (*findings_in(document), *remarks)],
            **_counts(document),
        },
    )


def versions_of(model: ModelRef) -> dict[str, str]:
    """The library that ran the model; nothing for one behind an endpoint, whose engine is not known here."""
    return {} if model.id.startswith("openai:") else {"xllamacpp": version("xllamacpp")}


def scored(output: Output, weights: ScoreWeights) -> Output:
    """With the score of its findings in its facts (domain/score.py), so that the asset keeps both."""
    listed = output.facts.get("findings")
    findings = [Finding.model_validate(item) for item in listed] if isinstance(listed, list) else []
    return replace(output, facts={**output.facts, "check_score": score(findings, weights).model_dump(mode="json")})


def findings_in(document: Document) -> tuple[Finding, ...]:
    """What a document says of its own faults. For copy: only of fields without a single line that passed."""
    if isinstance(document, CopyDocument):
        slots = [slot for one in document.sets for slot in one.slots]
        failed = [slot for slot in slots if slot.lines and not any(line.passed for line in slot.lines)]
        lines = tuple(f.model_copy(update={"field": slot.name, "span": None}) for slot in failed for f in slot.lines[0].findings)
        return (*document.findings, *lines)
    return tuple(document.findings)


def _counts(document: Document) -> dict[str, JsonValue]:
    """For copy: its channel, and how long every line is as its field counts. Export names them."""
    if not isinstance(document, CopyDocument):
        return {}
    fields: list[JsonValue] = [
        {
            "set": one.label,
            "field": slot.name,
            "counting": slot.counting.value,
            "limit": slot.limit,
            "hard": slot.hard_limit is not None or not document.channel,
            "counts": [slot.length(line) for line in slot.lines],
        }
        for one in document.sets
        for slot in one.slots
    ]
    return {"channel": document.channel, "fields": fields}
