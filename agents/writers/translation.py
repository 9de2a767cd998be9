"""Translates a text asset or a string table line by line: placeholders are masked, checked and put back; what fails keeps its source.

Lines that were translated before come from the memory it is handed. Knows no languages but by their names.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from string import Template
from typing import Any

from agents.checks.placeholders import Piece
from agents.checks.translated import FATAL, judged, room_for, width
from agents.lexicon import language_of
from agents.writers.calls import Assignment, Desk, errors, message, room, sampling_of
from agents.writers.masking import Masked, masked, terms_for
from agents.writers.tables import JSON, Line, Table, document_table, read_table
from domain.chat import ChatModel, Message, Sampling
from domain.context import InputText, StepContext
from domain.documents import TranslatedLine, TranslationDocument
from domain.errors import InputError, InvalidOutput, LimitError
from domain.finding import Finding, Severity
from domain.progress import Progress
from domain.specs import TranslationSpec
from domain.value import JsonValue

#: Raised when the same context, seed and model give another translation.
MAKER_VERSION = 2

_ATTEMPTS = 3
_NOTHING: tuple[Finding, ...] = ()
#: The most a step translates, in characters.
_MOST = 200_000
#: A longer stretch is cut at the ends of its sentences.
_STRETCH = 500
_SENTENCES = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")
#: Signs that would be markup or code: the translator may write them only where the source has them.
_SIGNS = "\\{}<>[]|`*_~"


@dataclass
class _Work:
    """One translation under way. done: what each source line became, so that equal lines become equal ones."""

    run: Assignment
    spec: TranslationSpec
    source: str
    terms: dict[str, str]
    done: dict[str, TranslatedLine] = field(default_factory=dict)

    @property
    def data(self) -> dict[str, Any]:
        return self.run.desk.prompts("translation")

    @property
    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = self.data["en"]
        return found

    @property
    def language(self) -> str:
        return language_name(self.run.desk, self.spec.language)


def write_translation(context: StepContext, chat: ChatModel, seed: int, progress: Progress, desk: Desk) -> TranslationDocument:
    """Every line with its translation and what the checks say of it.

    Raises InputError (not a translation step, nothing to translate, a language that is not known or is the text's own, a broken table),
    LimitError over 200,000 characters, Cancelled, and what the chat raises.
    """
    spec = context.spec
    if not isinstance(spec, TranslationSpec):
        raise InputError("A translator was given a {kind} step.", field="spec.kind", kind=spec.kind)
    # 1. What is translated, from which language.
    table, source = _source(context, spec, desk)
    work = _Work(Assignment(context, chat, seed, progress, desk), spec, source, _terms(context, spec))
    work.run = Assignment(context, chat, seed, progress, desk, opening=_opening(work))
    # 2. What is known already.
    known, kept = _remembered(context, table)
    named = named_lines(context.note, table.lines)
    # 3. The rest, line by line.
    lines: list[TranslatedLine] = []
    for number, line in enumerate(table.lines):
        progress.report(number / max(1, len(table.lines)), f"line {number + 1} of {len(table.lines)}")
        # What a person wrote into the table stands before any memory.
        earlier = line.given if line.given and number not in named else known[line.text] if number in kept else ""
        lines.append(_kept(work, line, earlier) if earlier else _translated(work, line))
    # 4. The table or document with the new words in it.
    result = table.with_texts([line.target for line in lines])
    progress.report(1.0, "translated")
    return TranslationDocument(
        language=spec.language,
        source_language=source,
        lines=tuple(lines),
        result=_in_language(result, spec.language) if _from_document(context, spec) else result,
        result_type=table.media_type,
        findings=(*_notes(work, table), *(f for line in lines for f in line.findings)),
    )


def language_name(desk: Desk, code: str) -> str:
    """ "Chinese" for "zh". Raises InputError naming the languages there are."""
    known = desk.localisation["language"]
    entry = known.get(code.split("-")[0])
    if entry is None:
        named = [f"{each} ({known[each]['name']['en']})" for each in known]
        raise InputError("There is no language {code} here.", hint="Known: {known}.", field="language", code=repr(code), known=named)
    return str(entry["name"]["en"])


def _source(context: StepContext, spec: TranslationSpec, desk: Desk) -> tuple[Table, str]:
    """The lines, and the language they are in."""
    language_name(desk, spec.language)
    given = _from_document(context, spec)
    text = given.text if given is not None else _text(context, spec, desk)
    if len(text) > _MOST:
        raise LimitError(
            "There are {count} characters to translate; {most} are the most.",
            hint="Cut it into parts of at most {most} characters; nothing was translated.",
            field="text",
            count=f"{len(text):,}",
            most=f"{_MOST:,}",
        )
    source = spec.source_language or language_of(text)
    language_name(desk, source)
    if source.split("-")[0] == spec.language.split("-")[0]:
        raise InputError(
            "The text is in {language_name} already.",
            hint="Choose another language, or say which the source is in.",
            field="language",
            language_name=language_name(desk, source),
        )
    if given is not None:
        table = document_table(given.document, desk.localisation["texts"][given.kind.value])
    else:
        table = read_table(text, desk.localisation["columns"], source, spec.language)
    if not table.lines:
        raise InputError(
            "There is nothing to translate.", hint="Give the step a text, or attach a string table with texts in it.", field="text"
        )
    return table, source


def _from_document(context: StepContext, spec: TranslationSpec) -> InputText | None:
    return next((i for i in context.inputs if i.role == "source" and i.document and not spec.text), None)


def _text(context: StepContext, spec: TranslationSpec, desk: Desk) -> str:
    if spec.text.strip():
        return spec.text
    names = [attached.name for attached in context.attached]
    if spec.file:
        found = next((a.text for a in context.attached if a.name == spec.file), None)
        if found is None:
            raise InputError(
                "No file {file} is attached.",
                hint="Attached are: {names}." if names else "Attach it to a message, or paste the text.",
                field="file",
                file=repr(spec.file),
                names=names,
            )
        return found
    plain = next((i.text for i in context.inputs if i.role == "source" and i.text), "")
    tables = [a.text for a in context.attached if a.name.lower().endswith((".csv", ".tsv", ".json", ".arb"))]
    text = plain or next(iter(tables), "") or next((a.text for a in context.attached), "")
    if not text.strip():
        hint = "Connect a text step, paste the text, or attach a string table (CSV or JSON)."
        raise InputError("There is nothing to translate.", hint=hint, field="text")
    return text


def _terms(context: StepContext, spec: TranslationSpec) -> dict[str, str]:
    return terms_for(context.brand.glossary, (context.brand.name,), spec.language)


def _opening(work: _Work) -> tuple[Message, ...]:
    said = work.said
    names = {"source": language_name(work.run.desk, work.source), "language": work.language}
    turns = [message("system", Template(said["system"]).substitute(names))]
    for shown in said["example"]:
        if shown["to"] == work.spec.language.split("-")[0]:
            turns.append(message("user", Template(said["ask"]).substitute(language=work.language, text=shown["ask"])))
            turns.append(message("assistant", json.dumps({"text": shown["answer"]}, ensure_ascii=False)))
    return tuple(turns)


# -- memory -------------------------------------------------------------------------------------------------------------------


def _remembered(context: StepContext, table: Table) -> tuple[dict[str, str], set[int]]:
    """Source -> earlier translation, and the numbers of the lines that keep theirs.

    A line named in the note ("menu.start", "line 3") is translated anew, and then all others are kept. Without a note an approved line
    is always kept; one nobody approved only where the source has changed elsewhere: a take asked for once more is a new one.
    """
    known: dict[str, str] = {}
    approved: set[str] = set()
    for pair in context.memory:
        if pair.source not in known or (pair.approved and pair.source not in approved):
            known[pair.source] = pair.target
        if pair.approved:
            approved.add(pair.source)
    named = named_lines(context.note, table.lines)
    changed = any(line.text not in known for line in table.lines)
    if named:
        keep = {n for n, line in enumerate(table.lines) if n not in named and line.text in known}
    elif context.note:
        keep = set()
    else:
        keep = {n for n, line in enumerate(table.lines) if line.text in approved or (changed and line.text in known)}
    return known, keep


def named_lines(note: str, lines: Sequence[Line]) -> set[int]:
    """Numbers of the lines a note names, by id or as "line 3", "第3行"."""
    by_id = {
        n for n, line in enumerate(lines) if re.search(rf"(?<![\w.-]){re.escape(line.id)}(?![\w-]|\.\w)", note) and not line.id.isdigit()
    }
    counted = re.findall(r"\blines? (\d+(?:(?:, | and |, and )\d+)*)|第(\d+)[行条句]", note)
    numbers = {int(n) - 1 for pair in counted for n in re.findall(r"\d+", " ".join(pair))}
    return by_id | {n for n in numbers if 0 <= n < len(lines)}


def _kept(work: _Work, line: Line, target: str) -> TranslatedLine:
    """An earlier translation, still held to the checks: a placeholder that a person's edit lost is lost here too."""
    found = _judge(work, line, target)
    if any(f.rule in FATAL for f in found):
        return _translated(work, line)
    return TranslatedLine(id=line.id, source=line.text, target=target, state="kept", findings=found)


# -- one line -----------------------------------------------------------------------------------------------------------------


def _translated(work: _Work, line: Line) -> TranslatedLine:
    """1. what cannot be held to is not tried  2. pieces between markers  3. check  4. again, drawn anew  5. else the source."""
    broken = work.run.desk.placeholders.faults(line.text, line.id)
    if any(f.rule == "broken_placeholder" for f in broken):
        return TranslatedLine(id=line.id, source=line.text, target=line.text, state="failed", findings=broken)
    if line.text in work.done:
        return work.done[line.text].model_copy(update={"id": line.id, "findings": _judge(work, line, work.done[line.text].target)})
    best, faults, state = "", _NOTHING, "same"
    for attempt in range(_ATTEMPTS):
        try:
            text, asked = _written(work, line, attempt, faults)
        except (LimitError, InvalidOutput) as error:
            text, asked = "", True
            found: tuple[Finding, ...] = (Finding.of("engine", Severity.ERROR, "{error}", line.id, error=error.message),)
        else:
            if not asked:
                break
            found = _judge(work, line, text)
        state = "translated"
        if not attempt or errors(found) < errors(faults):
            best, faults = text, found
        if not found:
            break
    else:
        if any(f.rule in FATAL for f in faults):
            said = "Not translated; the source stands: {why}"
            failed = (Finding.of(faults[0].rule, faults[0].severity, said, line.id, why=faults[0].said), *broken)
            return TranslatedLine(id=line.id, source=line.text, target=line.text, state="failed", findings=failed)
    target = best if state == "translated" else line.text
    done = TranslatedLine.model_validate(
        {"id": line.id, "source": line.text, "target": target, "state": state, "findings": (*faults, *broken)}
    )
    work.done[line.text] = done
    return done


def _judge(work: _Work, line: Line, text: str) -> tuple[Finding, ...]:
    data = work.run.desk.localisation
    most = room_for(line.text, data["most"], data["least_room"], work.spec.expansion)
    source = line.text
    for term, form in work.terms.items():  # a term is what the glossary says, in whatever script
        source, text = source.replace(term, ""), text.replace(form, "") if text.replace(form, "").strip() else text
    found = judged(source, text, work.run.desk.placeholders, work.spec.language, most, line.limit, line.id)
    return tuple(f for f in found if not (f.rule in ("language", "untranslated") and not any(c.isalpha() for c in source)))


def _written(work: _Work, line: Line, attempt: int, faults: Sequence[Finding]) -> tuple[str, bool]:
    """The line in the other language, and whether there was anything to ask for."""
    parts: list[str] = []
    asked = False
    for number, piece in enumerate(_stretches(work.run.desk.placeholders.pieces(line.text))):
        hidden = masked(piece, work.run.desk.placeholders, work.terms)
        if piece.fixed or (hidden.bare and not hidden.meant):
            parts.append(piece.text)
            continue
        asked = True
        if hidden.bare:
            parts.append(hidden.restored(hidden.text))
            continue
        parts.append(_asked(work, line, hidden, f"{line.id}/{number}/{attempt}", attempt, faults))
    return "".join(parts), asked


def _asked(work: _Work, line: Line, hidden: Masked, label: str, attempt: int, faults: Sequence[Finding]) -> str:
    said, spec, note = work.said, work.spec, work.run.context.note
    lead, tail = re.match(r"\s*", hidden.text), re.search(r"\s*$", hidden.text)
    # The text stands last: small models translate what follows it, too. For the same reason only a fault of length is named.
    rows = [Template(said["meaning"]).substitute(number=m.strip("[]"), text=text) for m, text in hidden.meant.items()]
    wishes = {"about": spec.about, "note": "" if named_lines(note, [line]) else note}
    rows += [Template(said[key]).substitute({key: value}) for key, value in wishes.items() if value]
    if any(f.rule in ("expansion", "length") for f in faults):
        rows.append(said["shorter"])
    rows.append(Template(said["ask"]).substitute(language=work.language, text=hidden.text.strip()))
    chinese = spec.language.split("-")[0] in ("zh", "ja", "ko")
    longest = int((width(hidden.text) * 2.2 + 24) / (2 if chinese else 1)) + 4 * len(hidden.kept)
    letters = "[^\\n\\r\\t" + "".join(f"\\{c}" if c in "\\[]" else c for c in _SIGNS if c not in _without(hidden)) + "]"
    schema: dict[str, JsonValue] = {
        "type": "object",
        "properties": {"text": {"type": "string", "pattern": hidden.pattern(letters), "minLength": 1, "maxLength": longest}},
        "required": ["text"],
        "additionalProperties": False,
    }
    reply = work.run.ask_json(label, [message("user", "\n".join(rows))], _sampling(work, attempt), room(1, longest), schema)
    text = str(reply.get("text", "")).strip()
    return (lead.group() if lead else "") + hidden.restored(text) + (tail.group() if tail else "") if hidden.whole(text) else ""


def _without(hidden: Masked) -> str:
    """The text without its markers."""
    text = hidden.text
    for marker in hidden.kept:
        text = text.replace(marker, "")
    return text


def _sampling(work: _Work, attempt: int) -> Sampling:
    """The first take is greedy; one that a person asked for again, and further attempts, are drawn."""
    plain = sampling_of(work.data, "en")
    return plain.model_copy(update=work.data["again"]) if work.run.context.note or work.run.context.avoid or attempt else plain


def _stretches(pieces: Sequence[Piece]) -> list[Piece]:
    """Long pieces cut after sentences, so that each call is short."""
    found: list[Piece] = []
    for piece in pieces:
        if piece.fixed or len(piece.text) <= _STRETCH:
            found.append(piece)
            continue
        start = 0
        cuts = [m.end() for m in _SENTENCES.finditer(piece.text) if m.end() < len(piece.text)]
        for at, cut in enumerate([*cuts, len(piece.text)]):
            following = cuts[at + 1] if at + 1 < len(cuts) else len(piece.text)
            if cut == len(piece.text) or following - start > _STRETCH:
                found.append(Piece(piece.text[start:cut], False, piece.branch))
                start = cut
    return [piece for piece in found if piece.text]


# -- the whole ----------------------------------------------------------------------------------------------------------------


def _in_language(result: str, language: str) -> str:
    """A translated document says its own language, and what was found in the source is not said of it."""
    value = json.loads(result)
    value["language"] = language
    for holder in [value, *(line for slot in value.get("slots", ()) for line in slot.get("lines", ()))]:
        if "findings" in holder:
            holder["findings"] = []
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _notes(work: _Work, table: Table) -> tuple[Finding, ...]:
    notes = []
    known = work.run.desk.localisation["language"]
    unchecked = [code for code in (work.source, work.spec.language) if not known[code.split("-")[0]].get("checked")]
    if unchecked:
        names = " + ".join(language_name(work.run.desk, code) for code in unchecked)
        said = "How well the chat model translates {languages} was not measured. Have a speaker read it."
        notes.append(Finding.of("unmeasured_language", Severity.NOTE, said, "language", languages=names))
    twice = [each for each, count in Counter(line.id for line in table.lines).items() if count > 1]
    if twice and table.media_type != JSON:
        said, mend = "The table has these ids more than once: {ids}. Every row is kept.", "Give every line an id of its own."
        notes.append(Finding.of("double_id", Severity.WARNING, said, suggestion=mend, ids=", ".join(twice[:8])))
    return tuple(notes)
