"""Writes articles section by section: news, press release, blog, voice-over script, film treatment, lore.

Facts are taken from the brief by rule, quotations are printed as they stand, and each section is checked before the next is
written. What the LLM invents is mended, then left out, and the article says so. A thin brief gives a short article.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import Template
from typing import Any

from agents.checks import facts as truth
from agents.checks import text as wording
from agents.checks.brand import brand
from agents.writers.calls import Assignment, Desk, errors, fault_list, lines_schema, message, room, sampling_of, text_schema
from agents.writers.copy import sources_of
from agents.writers.outline import Section, outline
from agents.writers.sources import dateline, sentences
from domain.chat import ChatModel, Message, Sampling
from domain.context import StepContext
from domain.documents import ArticleDocument
from domain.errors import InputError
from domain.finding import Finding, Severity
from domain.progress import Progress
from domain.specs import ArticleSpec
from domain.value import JsonValue

#: Raised when the same context, seed and model give another article.
MAKER_VERSION = 1

_ATTEMPTS = 2
_NOTHING: tuple[Finding, ...] = ()
#: The delivered length may differ from the one asked for by this share before it is said.
_BAND = (0.75, 1.3)
_HEADLINE_CHARS = {"en": 90, "zh": 30}


@dataclass(frozen=True)
class _Article:
    """One article being written: its form as data and what it is held against."""

    run: Assignment
    spec: ArticleSpec
    form: dict[str, Any]
    material: truth.Material

    @property
    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = self.run.desk.prompts("article")[self.run.speaks]
        return found

    @property
    def strict(self) -> bool:
        return bool(self.form.get("strict"))

    @property
    def sampling(self) -> Sampling:
        data = self.run.desk.prompts("article")
        plain = sampling_of(data, self.run.speaks)
        table = "strict_sampling" if self.strict else "fiction_sampling" if self.form.get("fiction") else ""
        return sampling_of({"sampling": {**plain.model_dump(), **data[table]}}, self.run.speaks) if table else plain


def write_article(context: StepContext, chat: ChatModel, seed: int, progress: Progress, desk: Desk) -> ArticleDocument:
    """The article and, in its findings, what was left out, what still fails and why it is shorter than asked.

    Raises InputError when the step is not an article step, Cancelled, InvalidOutput, and what the chat raises.
    """
    spec = context.spec
    if not isinstance(spec, ArticleSpec):
        raise InputError(f"An article writer was given a {spec.kind} step.", field="spec.kind")
    run = Assignment(context, chat, seed, progress, desk)
    article = _Article(run, spec, desk.prompts("article")["form"][spec.form], sources_of(run))
    sections = outline(article.form, spec, context.material, run.speaks)
    paragraphs: list[str] = []
    told: list[Message] = []
    findings: list[Finding] = []
    for number, section in enumerate(sections):
        progress.report(number / (len(sections) + 1), f"writing part {number + 1} of {len(sections)}")
        text, faults = _section(article, section, number, paragraphs, told)
        findings += faults
        if text:
            if not article.strict:
                told += [message("user", _question(article, section, paragraphs)), message("assistant", text)]
            paragraphs.append(text)
    headline, faults = _headline(article, sections, paragraphs)
    findings += [*faults, *_length_notes(article, paragraphs)]
    progress.report(1.0, "article written")
    return ArticleDocument(
        language=spec.language, form=spec.form, headline=headline, paragraphs=tuple(_framed(article, paragraphs)), findings=tuple(findings)
    )


def _section(
    article: _Article, section: Section, number: int, before: Sequence[str], told: Sequence[Message]
) -> tuple[str, tuple[Finding, ...]]:
    """1. quotations as they stand  2. write  3. check  4. mend once, the fault named  5. leave out what still fails, and say so.

    told: the earlier parts as turns of this conversation, so that the model goes on from them and the engine has them evaluated.
    """
    field = f"paragraph {number + 1}"
    if section.verbatim:
        return section.source, ()
    ask = _question(article, section, before)
    turns = [*_example(article), *told, message("user", ask)]
    best, faults = "", _NOTHING
    for attempt in range(_ATTEMPTS):
        text = _whole(_draft(article, section, turns, f"section/{number}/{attempt}"), section.words)
        found = _judge(article, section, text, before, field)
        if not attempt or errors(found) < errors(faults) or not best:
            best, faults = text, found
        if not found:
            return best, _NOTHING
        # Asked anew with the faults named, without the failing text among the turns: small models copy what they see.
        mend = Template(article.said["repair"]).substitute(faults=fault_list([(f.message, ()) for f in found[:4]], "- $text"))
        turns[-1] = message("user", ask + "\n" + mend)
    return _left_out(article, section, best, before, field)


def _left_out(article: _Article, section: Section, text: str, before: Sequence[str], field: str) -> tuple[str, tuple[Finding, ...]]:
    """The text without its failing sentences. News that would lose a fact is set in the words of the brief instead."""
    kept: list[str] = []
    dropped: list[str] = []
    for sentence in sentences(text):
        faults = [f for f in _judge(article, section, sentence, [*before, *kept], field) if f.rule != "missing_number"]
        if faults:
            dropped.append(f"“{sentence}” ({faults[0].message})")
        else:
            kept.append(sentence)
    joined = ("" if article.run.speaks == "zh" else " ").join(kept)
    if article.strict and (not joined or truth.missing_numbers(joined, section.source)):
        said = "The chat model did not hold to the facts here: this paragraph stands in the words of the brief."
        return section.source, (Finding(rule="set_from_brief", severity=Severity.NOTE, message=said, field=field),)
    if not joined and article.form.get("fiction"):
        # A scene that says little new is still a scene; leaving it out would tear a hole in the story.
        return text, _judge(article, section, text, before, field)
    return joined, (Finding(rule="dropped_sentence", severity=Severity.WARNING, message="Left out: " + " ".join(dropped), field=field),)


def _draft(article: _Article, section: Section, turns: Sequence[Message], label: str) -> str:
    """One reply as text. Free forms are asked under a schema with a least length: small models stop after a sentence."""
    run, chars = article.run, section.words if article.run.speaks == "zh" else int(section.words * 5.8)
    if article.strict:
        # Chinese characters are about a token each; English words about 1.4. The rest is room for a long last sentence.
        return run.ask(label, turns, article.sampling, int(section.words * (1.3 if run.speaks == "zh" else 2.0)) + 40)
    longest = int(chars * 1.7) + 60
    schema: dict[str, JsonValue] = {
        "type": "object",
        "properties": {"text": text_schema(longest, run.script, int(chars * 0.65))},
        "required": ["text"],
        "additionalProperties": False,
    }
    return str(run.ask_json(label, turns, article.sampling, room(1, longest), schema).get("text", ""))


def _judge(article: _Article, section: Section, text: str, before: Sequence[str], field: str) -> tuple[Finding, ...]:
    run, lists = article.run, article.run.desk.words
    findings = [*wording.plain(text, lists, run.language, field, sentences=True), *brand(text, run.context.brand, field)]
    if not text.strip():
        return (Finding(rule="empty", severity=Severity.ERROR, message="There is no text.", field=field),)
    if not article.form.get("fiction"):
        findings += truth.facts(text, article.material, lists, field, strict=article.strict)
    said = [sentence for paragraph in before for sentence in sentences(paragraph)]
    own = sentences(text)
    for at, sentence in enumerate(own):
        findings += wording.near_duplicate(sentence, [*said, *own[:at]], field, same=0.72)
        if article.strict:
            findings += truth.unsupported(sentence, article.material, lists, field)
    if article.strict:
        findings += truth.missing_numbers(text, section.source, field)
    names = run.desk.prompts("article")["example_names"]
    findings += wording.forbidden(text, [n for n in names if not article.material.holds(n)], field)
    return tuple(findings)


def _question(article: _Article, section: Section, before: Sequence[str]) -> str:
    said, words = article.said, section.words
    rows = []
    if section.facts:
        rows.append(Template(said["facts"]).substitute(facts="\n".join(f"- {fact.text}" for fact in section.facts)))
    if not article.strict and not before:
        rows.append(Template(said["about"]).substitute(about=article.spec.about))
    # Chinese needs about 1.6 characters where English needs a word.
    scale = 1.6 if article.run.speaks == "zh" else 1.0
    size = said["one"] if words <= 30 * scale else said["few"] if words <= 60 * scale else said["more"]
    ask = [section.ask, said["strict"]] if article.strict else [section.ask]
    ask.append(Template(said["size"]).substitute(words=words, sentences=size))
    wishes = {"tone": article.spec.tone, "note": article.run.context.note}
    ask += [Template(said[key]).substitute({key: value}) for key, value in wishes.items() if value]
    if before:
        ask.append(said["end"])
    return "\n".join([*rows, " ".join(ask)])


def _example(article: _Article) -> list[Message]:
    shown = [e for e in article.form.get("example", ()) if e["language"] == article.run.speaks]
    return [turn for e in shown for turn in (message("user", e["ask"]), message("assistant", e["answer"]))]


def _headline(article: _Article, sections: Sequence[Section], paragraphs: Sequence[str]) -> tuple[str, tuple[Finding, ...]]:
    """The first of a few that passes every check; else the least bad, its findings shown."""
    run, key = article.run, article.form.get("headline")
    if not key or not paragraphs:
        return "", ()
    most = _HEADLINE_CHARS[run.speaks]
    longest = int(most * 1.4)
    told = "\n".join(f"- {s.source}" for s in sections[:3]) if article.strict else f"{article.spec.about}. {paragraphs[0][:120]}"
    turns = [message("user", Template(article.said[key]).substitute(facts=told))]
    reply = run.ask_json(
        "headline",
        turns,
        article.sampling.model_copy(update={"temperature": 0.7}),
        room(3, longest),
        lines_schema(3, 1, longest, run.script),
    )
    judged: list[tuple[str, tuple[Finding, ...]]] = []
    for line in (str(row).strip(' “”"。.#') for row in reply.get("lines", ())):
        findings = [*wording.length(line, most, "headline"), *wording.plain(line, run.desk.words, run.language, "headline")]
        findings += brand(line, run.context.brand, "headline")
        if not article.form.get("fiction"):
            findings += truth.facts(line, article.material, run.desk.words, "headline", strict=article.strict)
        if line[:1].islower() or len(line) >= longest - 1:
            findings.append(Finding(rule="unfinished", severity=Severity.ERROR, message="It is a piece of a sentence.", field="headline"))
        if article.strict:
            findings += truth.unsupported(line, article.material, run.desk.words, "headline")
        findings += wording.near_duplicate(line, run.context.avoid, "headline")
        judged.append((line, tuple(findings)))
    if article.strict and len(article.spec.about) <= most and all(findings for _, findings in judged):
        # Every candidate failed: the person's own words for the story.
        judged.append((article.spec.about[0].upper() + article.spec.about[1:], _NOTHING))
    subject = f"{article.spec.about} {told}"
    return min(judged, key=lambda pair: (errors(pair[1]), -round(wording.kinship(pair[0], subject), 1)), default=("", _NOTHING))


def _framed(article: _Article, paragraphs: Sequence[str]) -> list[str]:
    """The dateline the brief gives, before the lead; the line that opens a press release."""
    if not article.strict or not paragraphs:
        return list(paragraphs)
    place = dateline(article.run.context.material)
    first = f"{place} — {paragraphs[0]}" if place and not paragraphs[0].startswith(place) else paragraphs[0]
    frame = [article.said[article.form["frame"]]] if "frame" in article.form else []
    return [*frame, first, *paragraphs[1:]]


def _length_notes(article: _Article, paragraphs: Sequence[str]) -> tuple[Finding, ...]:
    written, asked = sum(wording.words(p) for p in paragraphs), article.spec.words
    if written < asked * _BAND[0]:
        told = f"{written} words of the {asked} asked for: the brief has no more to say." if not article.form.get("fiction") else ""
        told = told or f"{written} words of the {asked} asked for."
        return (Finding(rule="short", severity=Severity.NOTE, message=told, suggestion="Add facts to the brief, or ask for fewer words."),)
    if written > asked * _BAND[1]:
        return (
            Finding(
                rule="long", severity=Severity.NOTE, message=f"{written} words; {asked} were asked for.", suggestion="Redo it shorter."
            ),
        )
    return ()


def _whole(reply: str, wanted: int) -> str:
    """A first draft as one paragraph of whole sentences: what the token limit tore is not used, nor what runs far over the size."""
    rows = [row.strip() for row in reply.splitlines() if row.strip() and not row.lstrip().startswith(("#", "- ", "---"))]
    # A row without an end that more rows follow is a title.
    rows = [row for at, row in enumerate(rows) if at == len(rows) - 1 or row[-1] in wording.SENTENCE_END]
    kept: list[str] = []
    for sentence in sentences("\n".join(rows)):
        closed = sentence.rstrip()[-1:] in wording.SENTENCE_END
        over = sum(wording.words(s) for s in kept) > wanted * 1.25
        if kept and (over or not closed):
            break
        kept.append(sentence)
    return ("" if wording.cjk("".join(kept)) else " ").join(kept)
