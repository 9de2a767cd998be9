"""Writes articles section by section, each form as assets/forms says: news, press release, blog, newsletter, poem and others.

Facts are taken from the brief by rule, quotations are printed as they stand, and each section is checked before the next is
written. What the LLM invents is mended, then left out, and the article says so. A thin brief gives a short article. A call holds
the outline and as many of the last sections as fit, so that a long text needs no long context.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from string import Template
from typing import Any

from agents.checks import facts as truth
from agents.checks import text as wording
from agents.checks.brand import brand
from agents.checks.forms import Written, form_findings
from agents.writers.calls import Assignment, Desk, errors, fault_list, lines_schema, message, prefix, room, sampling_of, text_schema
from agents.writers.copy import sources_of
from agents.writers.headline import Wanted, headline
from agents.writers.outline import Section, outline
from agents.writers.sources import dateline, sentences, tokens_of
from domain.chat import ChatModel, Message, Sampling
from domain.context import StepContext
from domain.documents import ArticleDocument
from domain.errors import InputError
from domain.finding import Finding, Severity
from domain.progress import Progress
from domain.said import Said
from domain.specs import ArticleSpec
from domain.value import JsonValue

#: Raised when the same context, seed and model give another article.
MAKER_VERSION = 3

_ATTEMPTS = 2
_NOTHING: tuple[Finding, ...] = ()
#: The delivered length may differ from the one asked for by this share before it is said.
_BAND = (0.75, 1.3)
#: A section takes over what the ones before it left unsaid or overran, within this share of its own length.
_STRETCH = (0.7, 1.35)
#: Tokens left free in every call: the chat template, and what the estimate of tokens misses.
_SPARE, _TURN = 64, 8
_HEADING_CHARS = {"en": 48, "zh": 18}


@dataclass(frozen=True)
class _Article:
    """One article being written: its form as data and what it is held against. told: the earlier sections as turns."""

    run: Assignment
    spec: ArticleSpec
    form: dict[str, Any]
    material: truth.Material
    parts: int = 1
    titles: tuple[str, ...] = ()
    told: list[Message] = field(default_factory=list)

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

    def remember(self, asked: str, text: str) -> None:
        """News starts each section afresh: its facts are all it may tell."""
        if not self.strict:
            self.told.extend((message("user", asked), message("assistant", text)))

    def remembered(self, spoken: int) -> list[Message]:
        """The last sections that leave room for `spoken` tokens (the question and its reply); older ones are forgotten for good.

        When it is full, more than one goes: each time the beginning changes, the engine has to read the rest again.
        """
        held = _tokens((*prefix(self.run.context, self.run.desk, self.run.speaks, self.room), *_example(self)))
        free = self.room - held - spoken - _SPARE
        if _tokens(self.told) > free:
            while self.told and _tokens(self.told) > free * 0.6:
                del self.told[:2]
        return list(self.told)

    @property
    def room(self) -> int:
        return self.run.chat.context_tokens


def _tokens(turns: Sequence[Message]) -> float:
    """Tokens of turns, on the safe side, with what the chat template puts around each."""
    return sum(tokens_of(turn.content) + _TURN for turn in turns)


def write_article(context: StepContext, chat: ChatModel, seed: int, progress: Progress, desk: Desk) -> ArticleDocument:
    """The article and, in its findings, what was left out, what still fails and why it is shorter than asked.

    Raises InputError when the step is not an article step, Cancelled, InvalidOutput, and what the chat raises.
    """
    spec = context.spec
    if not isinstance(spec, ArticleSpec):
        raise InputError("An article writer was given a {kind} step.", field="spec.kind", kind=spec.kind)
    run = Assignment(context, chat, seed, progress, desk)
    article = _Article(run, spec, desk.forms[spec.form], sources_of(run))
    sections = outline(article.form, spec, context.material, run.speaks)
    titles, findings = _titles(article, max(section.chapter for section in sections))
    article = replace(article, titles=titles, parts=len(sections))
    paragraphs: list[str] = []
    places: list[int] = []
    for number, section in enumerate(sections):
        progress.report(number / (len(sections) + 1), f"writing part {number + 1} of {len(sections)}")
        planned = sum(s.words for s in sections[:number]), sum(s.words for s in sections[number:])
        section = _fitted(article, section, planned, sum(wording.words(p) for p in paragraphs))
        text, faults = _section(article, section, number, paragraphs)
        findings += faults
        if text:
            article.remember(_question(article, section, number, paragraphs), text)
            paragraphs.append(text)
            places.append(section.chapter)
    title, faults = _headline(article, sections, paragraphs)
    framed = _framed(article, paragraphs)
    findings += [*faults, *_length_notes(article, paragraphs), *form_findings(_written(article, paragraphs))]
    progress.report(1.0, "article written")
    return ArticleDocument(
        language=spec.language,
        form=spec.form,
        headline=title,
        paragraphs=tuple(_headed(article, framed, places)),
        findings=tuple(findings),
    )


def _titles(article: _Article, count: int) -> tuple[tuple[str, ...], list[Finding]]:
    """The outline: one heading for each chapter, "" where none passes. Asked once, told to every section."""
    if not count:
        return (), []
    run, most = article.run, _HEADING_CHARS[article.run.speaks]
    ask = Template(article.said["outline"]).substitute(count=count, about=article.spec.about)
    reply = run.ask_json(
        "outline", [message("user", ask)], article.sampling, room(count, most + 12), lines_schema(count, 2, most + 12, run.script)
    )
    kept: list[str] = []
    findings: list[Finding] = []
    for number, row in enumerate(reply.get("lines", ()), 1):
        title, field_ = str(row).strip(' “”"。.#：:'), f"heading {number}"
        faults = [*wording.length(title, most, field_), *wording.plain(title, run.desk.words, run.language, field_)]
        faults += [*wording.near_duplicate(title, [t for t in kept if t], field_), *brand(title, run.context.brand, field_)]
        if not article.form.get("fiction"):
            faults += truth.facts(title, article.material, run.desk.words, field_)
        kept.append("" if faults else title)
        if faults:
            said = "A heading was left out: “{title}” ({why})"
            findings.append(Finding.of("dropped_heading", Severity.NOTE, said, field_, title=title, why=faults[0].said))
    return tuple(kept), findings


def _fitted(article: _Article, section: Section, planned: tuple[int, int], written: int) -> Section:
    """The section with what the earlier ones left of the length. News goes by its facts, verse by its lines.

    planned: words of the sections before it, and of it and those after it, as outlined. written: words there are.
    """
    before, left = planned
    if article.strict or section.lines:
        return section
    share = max(_STRETCH[0], min(_STRETCH[1], (left - (written - before)) / left))
    return replace(section, words=max(15, int(section.words * share)))


def _section(article: _Article, section: Section, number: int, before: Sequence[str]) -> tuple[str, tuple[Finding, ...]]:
    """1. quotations as they stand  2. write  3. check  4. mend once, the fault named  5. leave out what still fails, and say so.

    The earlier parts are turns of this conversation, so that the model goes on from them and the engine has them evaluated.
    """
    field = f"paragraph {number + 1}"
    if section.verbatim:
        return section.source, ()
    ask = question = _question(article, section, number, before)
    best, faults = "", _NOTHING
    for attempt in range(_ATTEMPTS):
        spoken = int(tokens_of(ask)) + _TURN + _reply_room(article, section)
        turns = [*_example(article), *article.remembered(spoken), message("user", ask)]
        text = _draft(article, section, turns, f"section/{number}/{attempt}")
        found = _judge(article, section, text, before, field)
        if not attempt or errors(found) < errors(faults) or not best:
            best, faults = text, found
        if not found:
            return best, _NOTHING
        # Asked anew with the faults named, without the failing text among the turns: small models copy what they see.
        mend = Template(article.said["repair"]).substitute(faults=fault_list([(f.message, ()) for f in found[:4]], "- $text"))
        ask = f"{question}\n{mend}"
    return _left_out(article, section, best, before, field)


def _left_out(article: _Article, section: Section, text: str, before: Sequence[str], field: str) -> tuple[str, tuple[Finding, ...]]:
    """The text without its failing sentences. News that would lose a fact is set in the words of the brief instead."""
    kept: list[str] = []
    dropped: list[Said] = []
    for sentence in sentences(text):
        faults = [f for f in _judge(article, section, sentence, [*before, *kept], field) if f.rule != "missing_number"]
        if faults:
            why = faults[0].said.model_dump(mode="json")
            dropped.append(Said(message_id="“{sentence}” ({why})", values={"sentence": sentence, "why": why}))
        else:
            kept.append(sentence)
    joined = ("" if article.run.speaks == "zh" else " ").join(kept)
    if article.strict and (not joined or truth.missing_numbers(joined, section.source)):
        said = "The chat model did not hold to the facts here: this paragraph stands in the words of the brief."
        return section.source, (Finding.of("set_from_brief", Severity.NOTE, said, field),)
    if not joined and article.form.get("fiction"):
        # A scene that says little new is still a scene; leaving it out would tear a hole in the story.
        return text, _judge(article, section, text, before, field)
    return joined, (Finding.of("dropped_sentence", Severity.WARNING, "Left out: {sentences}", field, sentences=dropped),)


def _draft(article: _Article, section: Section, turns: Sequence[Message], label: str) -> str:
    """One reply as text. Free forms are asked under a schema with a least length: small models stop after a sentence."""
    run, most = article.run, _reply_room(article, section)
    if article.strict:
        return _whole(run.ask(label, turns, article.sampling, most), section.words)
    if section.lines:
        longest = article.form["line_most"][run.speaks]
        reply = run.ask_json(label, turns, article.sampling, most, lines_schema(section.lines, 2, int(longest * 1.2), run.script))
        return "\n".join(str(row).strip() for row in reply.get("lines", ()))
    chars, longest = _chars(article, section)
    schema: dict[str, JsonValue] = {
        "type": "object",
        "properties": {"text": text_schema(longest, run.script, int(chars * 0.65))},
        "required": ["text"],
        "additionalProperties": False,
    }
    return _whole(str(run.ask_json(label, turns, article.sampling, most, schema).get("text", "")), section.words)


def _chars(article: _Article, section: Section) -> tuple[int, int]:
    """Characters of a section, and the most its schema allows: looser, so that the last sentence can end."""
    chars = section.words if article.run.speaks == "zh" else int(section.words * 5.8)
    return chars, int(chars * 1.7) + 60


def _reply_room(article: _Article, section: Section) -> int:
    """max_tokens of a section's reply. Chinese characters are about a token each; English words about 1.4."""
    chinese = article.run.speaks == "zh"
    if article.strict:  # the rest is room for a long last sentence
        return int(section.words * (1.3 if chinese else 2.0)) + 40
    if section.lines:
        return room(section.lines, int(article.form["line_most"][article.run.speaks] * 1.2))
    longest = _chars(article, section)[1]
    return room(1, longest) if chinese else 42 + longest // 2


def _judge(article: _Article, section: Section, text: str, before: Sequence[str], field: str) -> tuple[Finding, ...]:
    run, lists = article.run, article.run.desk.words
    findings = [*wording.plain(text, lists, run.language, field, sentences=not section.lines), *brand(text, run.context.brand, field)]
    if not text.strip():
        return (Finding.of("empty", Severity.ERROR, "There is no text.", field),)
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


def _question(article: _Article, section: Section, number: int, before: Sequence[str]) -> str:
    said, words = article.said, section.words
    rows = []
    if section.chapter and article.titles[section.chapter - 1]:
        rows.append(Template(said["part"]).substitute(title=article.titles[section.chapter - 1]))
    if section.facts:
        rows.append(Template(said["facts"]).substitute(facts="\n".join(f"- {fact.text}" for fact in section.facts)))
    if not article.strict and not before:
        rows.append(Template(said["about"]).substitute(about=article.spec.about))
    # Chinese needs about 1.6 characters where English needs a word.
    scale = 1.6 if article.run.speaks == "zh" else 1.0
    size = said["one"] if words <= 30 * scale else said["few"] if words <= 60 * scale else said["more"]
    ask = [section.ask, said["strict"]] if article.strict else [section.ask]
    if section.lines:
        ask.append(Template(said["stanza"]).substitute(number=number + 1, count=article.parts, lines=section.lines))
    else:
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
    run, key = article.run, article.form.get("headline")
    if not key or not paragraphs:
        return "", ()
    told = "\n".join(f"- {s.source}" for s in sections[:3]) if article.strict else f"{article.spec.about}. {paragraphs[0][:120]}"

    def held(line: str) -> list[Finding]:
        found: list[Finding] = []
        if not article.form.get("fiction"):
            found += truth.facts(line, article.material, run.desk.words, "headline", strict=article.strict)
        if article.strict:
            found += truth.unsupported(line, article.material, run.desk.words, "headline")
        return found

    own = article.spec.about if article.strict else ""
    return headline(run, Wanted(article.said[key], told, article.spec.about, own, held), article.sampling)


def _written(article: _Article, paragraphs: Sequence[str]) -> Written:
    """What the checks of the form see: the text as framed, without headings."""
    material = article.run.context.material
    place = dateline(material) if article.strict else ""
    shown = tuple(_framed(article, paragraphs))
    return Written(
        shown,
        f"{material}\n{article.spec.about}",
        article.form,
        article.run.language,
        place,
        article.run.desk.signs,
        article.run.desk.calls,
    )


def _headed(article: _Article, paragraphs: Sequence[str], places: Sequence[int]) -> list[str]:
    """Each chapter's heading before its first paragraph."""
    if not any(places):
        return list(paragraphs)
    rows: list[str] = []
    for number, (text, place) in enumerate(zip(paragraphs, places, strict=True)):
        if place and place != (places[number - 1] if number else 0) and article.titles[place - 1]:
            rows.append(f"## {article.titles[place - 1]}")
        rows.append(text)
    return rows


def _framed(article: _Article, paragraphs: Sequence[str]) -> list[str]:
    """The dateline the brief gives, before the lead; the line that opens a press release."""
    if not article.strict or not paragraphs:
        return list(paragraphs)
    place = dateline(article.run.context.material)
    first = f"{place} — {paragraphs[0]}" if place and not paragraphs[0].startswith(place) else paragraphs[0]
    frame = [article.said[article.form["frame"]]] if "frame" in article.form else []
    end = [article.said[article.form["end"]]] if "end" in article.form else []
    return [*frame, first, *paragraphs[1:], *end]


def _length_notes(article: _Article, paragraphs: Sequence[str]) -> tuple[Finding, ...]:
    written, asked = sum(wording.words(p) for p in paragraphs), article.spec.words
    if written < asked * _BAND[0]:
        told = "{written} words of the {asked} asked for: the brief has no more to say."
        told = "{written} words of the {asked} asked for." if article.form.get("fiction") else told
        mend = "Add facts to the brief, or ask for fewer words."
        return (Finding.of("short", Severity.NOTE, told, suggestion=mend, written=written, asked=asked),)
    if written > asked * _BAND[1]:
        told = "{written} words; {asked} were asked for."
        return (Finding.of("long", Severity.NOTE, told, suggestion="Redo it shorter.", written=written, asked=asked),)
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
