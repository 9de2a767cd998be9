"""Writes what fills a world: barks by situation, quests with stages and outcomes, items, places and people, true to a world sheet.

Code draws the stages and situations, the LLM fills in the words under a schema, each text checked and asked for again when it fails.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from string import Template
from typing import Any

from agents.checks import text as wording
from agents.checks.brand import brand
from agents.checks.lore import lore, peopled, world
from agents.writers.calls import Assignment, Desk, errors, message, room, sampling_of, text_schema
from agents.writers.casting import names_of, person_rows
from domain.chat import ChatModel
from domain.context import StepContext
from domain.errors import InputError, InvalidOutput
from domain.finding import Finding
from domain.lore import Bark, BarkSet, EntryKind, LoreDocument, LoreEntry, Quest, QuestStage, QuestWay, bark_id, told_of
from domain.progress import Progress
from domain.specs import DialogueSpec, LoreSpec
from domain.value import JsonValue

#: Raised when the same context, seed and model give other texts.
MAKER_VERSION = 2

_ATTEMPTS = 3
_KINDS: dict[str, EntryKind] = {"items": "item", "places": "place", "people": "person"}

Texts = dict[str, str]


@dataclass
class _Sheet:
    """The work while it is done. before: texts that may not be said again; findings: what still fails."""

    run: Assignment
    spec: LoreSpec
    before: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = self.run.desk.prompts("lore")[self.run.speaks]
        return found

    @property
    def limits(self) -> dict[str, int]:
        found: dict[str, int] = self.run.desk.prompts("lore")["limits"][self.run.speaks]
        return found


def write_lore(context: StepContext, chat: ChatModel, seed: int, progress: Progress, desk: Desk) -> LoreDocument:
    """findings: texts that still fail a check.

    Raises InputError for another kind of step, InvalidOutput, Cancelled, and what the chat raises.
    """
    spec = context.spec
    if not isinstance(spec, LoreSpec):
        raise InputError("A lore writer was given a {kind} step.", field="spec.kind", kind=spec.kind)
    sheet = _Sheet(Assignment(context, chat, seed, progress, desk), spec)
    progress.report(0.0, "reading the world")
    document = LoreDocument(language=spec.language, form=spec.form, world=spec.world, cast=spec.cast)
    if spec.form == "barks":
        document = document.model_copy(update={"barks": _barks(sheet)})
    elif spec.form == "quest":
        document = document.model_copy(update={"quest": _quest(sheet)})
    else:
        document = document.model_copy(update={"entries": _entries(sheet, _KINDS[spec.form])})
    known = {(f.rule, f.field) for f in sheet.findings}
    more = [f for f in lore(document) if (f.rule, f.field) not in known]
    progress.report(1.0, "lore written")
    return document.model_copy(update={"findings": (*sheet.findings, *more)})


def _barks(sheet: _Sheet) -> tuple[BarkSet, ...]:
    spec, run = sheet.spec, sheet.run
    people = names_of(run, DialogueSpec(about=spec.about, language=spec.language, characters=spec.speaking))
    pairs = [(who, when) for who in people for when in (spec.situations or tuple(sheet.said["situations"]))]
    found = []
    for number, (who, when) in enumerate(pairs):
        run.progress.report(number / len(pairs), f"barks {number + 1} of {len(pairs)}")
        ask = _filled(sheet, "barks", character=who, situation=when, count=str(spec.count))
        ids = [bark_id(spec.world.name or spec.about, who, when, at) for at in range(spec.count)]
        told = _best(sheet, f"barks/{number}", ask, dict.fromkeys(ids, "bark"))
        found.append(BarkSet(character=who, situation=when, barks=tuple(Bark(id=id_, text=told[id_]) for id_ in ids)))
    return tuple(found)


def _quest(sheet: _Sheet) -> Quest:
    """Stages in a row, then a decision, then the outcomes: count stages before the outcomes, two at least."""
    spec, run = sheet.spec, sheet.run
    giver = next(iter(spec.speaking), "")
    last = max(2, spec.count)
    stages: list[QuestStage] = []
    for number in range(1, last + 1):
        run.progress.report((number - 1) / (last + 2), f"stage {number} of {last}")
        kind = "stage_first" if number == 1 else "stage_choice" if number == last else "stage_next"
        fields = {"title": "title", "objective": "objective", "text": "text"}
        if kind == "stage_choice":
            fields |= {"one": "objective", "other": "objective"}
        ask = _filled(sheet, kind, before=_so_far(stages), giver=giver or "—")
        told = _best(sheet, f"stage/{number}", ask, fields, f"s{number}")
        ways: tuple[QuestWay, ...] = (QuestWay(text="", goto=f"s{number + 1}"),)
        if kind == "stage_choice":
            ways = tuple(QuestWay(text=told[key], goto=f"o{at}") for at, key in enumerate(("one", "other"), start=1))
        stages.append(QuestStage(id=f"s{number}", title=told["title"], objective=told["objective"], text=told["text"], ways=ways))
    before = _so_far(stages)
    for at, (way, outcome) in enumerate(zip(stages[-1].ways, sheet.said["outcomes"], strict=True), start=1):
        run.progress.report((last + at - 1) / (last + 2), f"outcome {at}")
        ask = _filled(sheet, "stage_outcome", before=before, choice=way.text, outcome=outcome)
        told = _best(sheet, f"outcome/{at}", ask, {"title": "title", "text": "text"}, f"o{at}")
        stages.append(QuestStage(id=f"o{at}", title=told["title"], text=told["text"], outcome=outcome))
    return Quest(title=stages[0].title, giver=giver, stages=tuple(stages))


def _so_far(stages: Sequence[QuestStage]) -> str:
    return "\n".join(f"{stage.title}: {stage.text}" for stage in stages[-3:])


def _entries(sheet: _Sheet, kind: EntryKind) -> tuple[LoreEntry, ...]:
    found: list[LoreEntry] = []
    for number in range(1, sheet.spec.count + 1):
        sheet.run.progress.report((number - 1) / sheet.spec.count, f"entry {number} of {sheet.spec.count}")
        # Somebody who lives there already is not invented again.
        there = [one.name for one in sheet.spec.cast] if kind == "person" else []
        names = ", ".join([*there, *(entry.name for entry in found)]) or sheet.said["nothing"]
        told = _best(sheet, f"{kind}/{number}", _filled(sheet, kind, before=names), {"name": "title", "text": "text"}, f"e{number}")
        found.append(LoreEntry(id=f"e{number}", kind=kind, name=told["name"], text=told["text"]))
    return tuple(found)


def _filled(sheet: _Sheet, key: str, **words: str) -> str:
    said, spec = sheet.said, sheet.spec
    comma = "；" if sheet.run.speaks == "zh" else "; "
    own = spec.world
    of_world = {
        "world": " ".join(part for part in (own.name, own.about) if part),
        "facts": comma.join(own.facts),
        "names": comma.join(own.names),
        "absent": comma.join(own.absent),
    }
    rows = [Template(said[name]).substitute(value=value) for name, value in of_world.items() if value]
    # Who barks says what they are like themselves; elsewhere everybody may come in.
    known = [one for one in spec.cast if words.get("character", one.name) == one.name and told_of(one)]
    rows += person_rows(sheet.run, known)
    others = [one.name for one in spec.cast if one not in known and one.name not in words.values()]
    rows += [Template(said["people"]).substitute(value=comma.join(others))] if others else []
    wishes = {"tone": spec.tone, "note": sheet.run.context.note}
    rows += [Template(said[name]).substitute({name: value}) for name, value in wishes.items() if value]
    return "\n".join([*rows, Template(said[key]).substitute({"about": spec.about, **words})])


def _best(sheet: _Sheet, label: str, ask: str, fields: dict[str, str], owner: str = "") -> Texts:
    """1. ask under the schema  2. check  3. again with the faults named  4. the better one, its faults kept.

    fields: name -> which limit it has. owner: the id the findings carry; "" when each field is its own.
    """
    run, said = sheet.run, sheet.said
    sampling = sampling_of(run.desk.prompts("lore"), run.speaks)
    schema = _schema(sheet, fields)
    most = sum(int(sheet.limits[limit] * 1.4) + 24 for limit in fields.values())
    best: tuple[Texts, list[Finding]] | None = None
    question = ask
    for attempt in range(_ATTEMPTS):
        bolder = sampling.model_copy(update={"temperature": sampling.temperature + 0.2 * attempt})
        reply = run.ask_json(f"{label}/{attempt}", [message("user", question)], bolder, room(1, most), schema)
        told = {name: _tidy(str(reply.get(key, ""))) for key, name in _keys(fields).items()}
        found = _judge(sheet, told, fields, owner)
        if best is None or errors(found) < errors(best[1]):
            best = told, found
        if not found:
            break
        named = [f.message for f in found if f.rule != "near_duplicate"][:3] or [said["anew"]]
        question = ask + "\n" + Template(said["repair"]).substitute(faults="\n".join(f"- {m}" for m in named))
    if best is None:
        raise InvalidOutput("The chat model wrote nothing for {label}.", field=label, label=label)
    sheet.before += [best[0][name] for name, limit in fields.items() if limit in ("bark", "text")]
    sheet.findings += best[1]
    return best[0]


def _keys(fields: dict[str, str]) -> dict[str, str]:
    """What the model sees for a field: its name, but for barks, whose names are ids."""
    return {f"line_{at}" if limit == "bark" else name: name for at, (name, limit) in enumerate(fields.items(), start=1)}


def _schema(sheet: _Sheet, fields: dict[str, str]) -> dict[str, JsonValue]:
    keys = _keys(fields)
    texts: dict[str, JsonValue] = {
        key: text_schema(int(sheet.limits[fields[name]] * 1.4), sheet.run.script, sheet.limits["least"]) for key, name in keys.items()
    }
    return {"type": "object", "properties": texts, "required": list(texts), "additionalProperties": False}


def _judge(sheet: _Sheet, told: Texts, fields: dict[str, str], owner: str) -> list[Finding]:
    run, kit = sheet.run, sheet.run.context.brand
    findings: list[Finding] = []
    own: list[str] = []
    for name, text in told.items():
        at = owner or name
        findings += wording.length(text, sheet.limits[fields[name]], at)
        findings += wording.plain(text, run.desk.words, run.language, at)
        findings += world(text, peopled(sheet.spec.world, sheet.spec.cast), at)
        findings += brand(text, kit, at)
        if fields[name] in ("bark", "text"):
            findings += wording.near_duplicate(text, [*sheet.before, *own], at, same=0.68)
            own.append(text)
    return findings


def _tidy(text: str) -> str:
    text = re.sub(r"\s+", " ", text).strip().lstrip(".,;:，。、；： ")
    if len(text) > 2 and (text[0], text[-1]) in {('"', '"'), ("“", "”"), ("「", "」"), ("‘", "’")}:
        text = text[1:-1].strip()
    return text
