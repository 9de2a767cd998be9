"""Writes scripts part by part: an ad in two columns, a podcast in segments, a short film in scenes with a shot list.

Code says how long each part runs, so that they sum to the length asked for, and how many words fit into it; the LLM says what is seen
and heard. What cannot be said in its seconds is asked again, and what still cannot is shown, never cut. The form is data (assets/forms).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from string import Template
from typing import Any

from agents.checks import facts as truth
from agents.checks import text as wording
from agents.checks.brand import brand
from agents.checks.language import language
from agents.writers.calls import Assignment, Desk, errors, lines_schema, message, room, sampling_of, text_schema
from agents.writers.copy import sources_of
from agents.writers.headline import Wanted, headline
from domain.chat import ChatModel
from domain.context import StepContext
from domain.documents import ScriptDocument, ScriptLine, ScriptPart, Shot
from domain.errors import InputError
from domain.finding import Finding, Severity
from domain.progress import Progress
from domain.said import Words
from domain.specs import ScriptSpec
from domain.value import JsonValue

#: Raised when the same context, seed and model give another script.
MAKER_VERSION = 2

_ATTEMPTS = 3
_TITLE_CHARS = 40
_NOTHING: tuple[Finding, ...] = ()


@dataclass
class _Script:
    """One script being written. parts: what there is so far; speakers: who may talk; titles: of the segments, where the form has them."""

    run: Assignment
    spec: ScriptSpec
    form: dict[str, Any]
    material: truth.Material
    speakers: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    parts: list[ScriptPart] = field(default_factory=list)

    @property
    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = self.run.desk.prompts("script")[self.run.speaks]
        return found

    @property
    def pace(self) -> float:
        return float(self.run.desk.prompts("script")["pace"][self.run.speaks])

    def words(self, seconds: float) -> int:
        """Words (Chinese: characters) that may be spoken in a part of so many seconds."""
        return max(3, int(seconds * self.pace * self.form["spoken_share"]))

    def chars(self, words: int) -> int:
        """The most characters of so many words: loose, so that what is too long shows and is not cut."""
        return words + 8 if self.run.speaks == "zh" else int(words * 6.5) + 24


@dataclass(frozen=True)
class _Part:
    """A part to be written: number from 1, what it is for, how long it runs."""

    number: int
    ask: str
    seconds: int
    title: str = ""
    call: bool = False


def write_script(context: StepContext, chat: ChatModel, seed: int, progress: Progress, desk: Desk) -> ScriptDocument:
    """A script whose parts run exactly spec.seconds. findings: what still fails a check, by part.

    Raises InputError when the step is not a script step, Cancelled, InvalidOutput, and what the chat raises.
    """
    spec = context.spec
    if not isinstance(spec, ScriptSpec):
        raise InputError("A script writer was given a {kind} step.", field="spec.kind", kind=spec.kind)
    run = Assignment(context, chat, seed, progress, desk)
    form = desk.forms[spec.form]
    script = _Script(run, spec, form, sources_of(run))
    plan = parts_of(form, spec.seconds, run.speaks)
    script.speakers = spec.speakers or tuple(form["voices"][run.speaks]) or _cast(script)
    script.titles = _titles(script, plan)
    findings: list[Finding] = []
    for part in plan:
        progress.report(part.number / (len(plan) + 2), f"writing part {part.number} of {len(plan)}")
        written, faults = _written(script, part, len(plan))
        script.parts.append(written)
        findings += faults
    title, faults = _title(script)
    progress.report(1.0, "script written")
    return ScriptDocument(
        language=spec.language,
        form=spec.form,
        title=title,
        seconds=spec.seconds,
        parts=tuple(script.parts),
        heads=_LAYOUTS[form["layout"]].heads(form, run.speaks),
        table=form.get("shot_list", {}).get(run.speaks, ""),
        findings=(*findings, *faults),
    )


def parts_of(form: Mapping[str, Any], seconds: int, speaks: str) -> tuple[_Part, ...]:
    """The parts of a script: as many as the length asks, their whole seconds summing to it."""
    layout = _LAYOUTS[form["layout"]]
    unit, most = form[f"{layout.unit}_seconds"], form[f"{layout.unit}s"]
    fixed = [part for part in form["part"] if not part.get("repeat")]
    count = max(1, min(most, round(seconds / unit), seconds))
    if count >= len(fixed):
        at = next(n for n, part in enumerate(form["part"]) if part.get("repeat"))
        asks = [*form["part"][:at], *[form["part"][at]] * (count - len(fixed)), *form["part"][at + 1 :]]
    else:  # so short that only some parts fit: the beginning, and the end
        asks = [*fixed[: count - 1], fixed[-1]]
    base, over = divmod(seconds, len(asks))
    return tuple(
        _Part(n, ask["ask"][speaks], base + (1 if n <= over else 0), ask.get("title", {}).get(speaks, ""), bool(ask.get("call")))
        for n, ask in enumerate(asks, 1)
    )


# -- one part -----------------------------------------------------------------------------------------------------------------


def _written(script: _Script, part: _Part, count: int) -> tuple[ScriptPart, tuple[Finding, ...]]:
    """1. write  2. check  3. again, the fault named  4. the least bad, with what is wrong with it."""
    run, layout = script.run, _LAYOUTS[script.form["layout"]]
    ask = _question(script, part, count)
    schema, longest = layout.schema(script, part)
    best, faults = ScriptPart(seconds=part.seconds), _NOTHING
    for attempt in range(_ATTEMPTS):
        turns = [message("user", ask if not attempt else f"{ask}\n{_repair(script, faults)}")]
        sampling = sampling_of(run.desk.prompts("script"), run.speaks)
        reply = run.ask_json(f"part/{part.number}/{attempt}", turns, sampling, room(1, longest), schema)
        made = layout.read(script, part, reply)
        found = _judged(script, made, f"part {part.number}", part.call)
        if not attempt or errors(found) < errors(faults):
            best, faults = made, found
        if not found:
            break
    return best, faults


def _question(script: _Script, part: _Part, count: int) -> str:
    said, spec = script.said, script.spec
    values = {
        "number": part.number,
        "count": count,
        "ask": part.ask,
        "seconds": part.seconds,
        "words": script.words(part.seconds),
        "turns": ", ".join(_turns(script, part)),
        "speakers": ", ".join(script.speakers),
    }
    rows = [Template(said["about"]).substitute(about=spec.about)]
    if script.parts:  # the last parts are enough to go on from, whatever the length
        told = " / ".join(" ".join([p.picture, *(line.text for line in p.lines)])[:240] for p in script.parts[-2:])
        rows.append(Template(said["before"]).substitute(before=told))
    rows.append(Template(said[script.form["layout"]]).substitute(values))
    wishes = {"tone": spec.tone, "note": script.run.context.note}
    rows += [Template(said[key]).substitute({key: value}) for key, value in wishes.items() if value]
    return "\n".join(rows)


def _repair(script: _Script, faults: Sequence[Finding]) -> str:
    return Template(script.said["repair"]).substitute(faults=" ".join(f"{f.message} {f.suggestion}".strip() for f in faults[:4]))


def _judged(script: _Script, part: ScriptPart, field_: str, call: bool) -> tuple[Finding, ...]:
    run, lists = script.run, script.run.desk.words
    findings: list[Finding] = []
    heard = [line.text for line in part.lines]
    for text in (part.picture, *heard):
        if text:
            findings += [*wording.plain(text, lists, run.language, field_), *brand(text, run.context.brand, field_)]
            if script.form["layout"] != "scenes":  # a film may tell what never happened
                findings += truth.facts(text, script.material, lists, field_)
    before = [line.text for other in script.parts for line in other.lines]
    for at, text in enumerate(heard):
        findings += wording.near_duplicate(text, [*before, *heard[:at]], field_, same=0.8)
    if part.picture:
        findings += wording.near_duplicate(part.picture, [other.picture for other in script.parts if other.picture], field_, same=0.8)
    if call and run.script in ("en", "zh"):  # whose imperatives are known
        findings += wording.call_to_action(heard, lists, field_)
    return (*findings, *_length(script, part, field_))


def _length(script: _Script, part: ScriptPart, field_: str) -> tuple[Finding, ...]:
    """What is said must fit into the seconds of its part."""
    said = sum(wording.words(line.text) for line in part.lines)
    needed = said / script.pace
    if needed <= part.seconds:
        return ()
    most = script.words(part.seconds)
    text, mend = "Its {words} words take {needed} seconds to say; the part runs {seconds}.", "Use at most {most} words."
    values: dict[str, Words] = {"words": said, "needed": f"{needed:.0f}", "seconds": f"{part.seconds:g}", "most": most}
    return (Finding.of("too_long", Severity.ERROR, text, field_, suggestion=mend, given=values),)


# -- what a script has besides its parts --------------------------------------------------------------------------------------


def _cast(script: _Script) -> tuple[str, ...]:
    """Two names for a film that was given none."""
    run = script.run
    schema = lines_schema(2, 2, 12, run.script)
    reply = run.ask_json(
        "cast", [message("user", script.said["cast"])], sampling_of(run.desk.prompts("script"), run.speaks), room(2, 12), schema
    )
    names = [str(row).strip(" .,。，").upper() for row in reply.get("lines", ())]
    good = [
        name
        for name in dict.fromkeys(names)
        if name.replace(" ", "").isalpha() and not language(name, run.language, run.desk.words.languages)
    ]
    return tuple(good) if len(good) == 2 else tuple(script.said["film_cast"])


def _titles(script: _Script, plan: Sequence[_Part]) -> tuple[str, ...]:
    """Titles of the segments: the form's for the first and the last, the model's for the others."""
    if script.form["layout"] != "segments":
        return ()
    open_, run = [part for part in plan if not part.title], script.run
    if not open_:
        return tuple(part.title for part in plan)
    ask = Template(script.said["segment_title"]).substitute(count=len(open_))
    turns = [message("user", f"{Template(script.said['about']).substitute(about=script.spec.about)}\n{ask}")]
    schema = lines_schema(len(open_), 2, _TITLE_CHARS, run.script)
    reply = run.ask_json("titles", turns, sampling_of(run.desk.prompts("script"), run.speaks), room(len(open_), _TITLE_CHARS), schema)
    found = [str(row).strip(' “”"。.#：:') for row in reply.get("lines", ())]
    kept: list[str] = []
    for title in found:
        faults = [*wording.plain(title, run.desk.words, run.language), *truth.facts(title, script.material, run.desk.words)]
        kept.append("" if faults or title in kept else title)
    named = iter(kept)
    return tuple(part.title or next(named, "") for part in plan)


def _title(script: _Script) -> tuple[str, tuple[Finding, ...]]:
    def held(line: str) -> Sequence[Finding]:
        return () if script.form["layout"] == "scenes" else truth.facts(line, script.material, script.run.desk.words, "title")

    told = " ".join(filter(None, (script.spec.about, script.parts[0].picture)))[:200]
    ask = f"{script.said['title']}\n$facts"
    wanted = Wanted(ask, told, script.spec.about, script.spec.about[:60], held)
    return headline(script.run, wanted, sampling_of(script.run.desk.prompts("script"), script.run.speaks))


# -- layouts ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Layout:
    """unit: what a part is called in the form's data. schema: of one part, and the characters its reply may have. heads: of its table."""

    unit: str
    schema: Callable[[_Script, _Part], tuple[dict[str, JsonValue], int]]
    read: Callable[[_Script, _Part, Mapping[str, Any]], ScriptPart]
    heads: Callable[[Mapping[str, Any], str], tuple[str, ...]]


def _object(properties: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _columns_schema(script: _Script, part: _Part) -> tuple[dict[str, JsonValue], int]:
    picture, words = (60 if script.run.speaks == "zh" else 180), script.chars(script.words(part.seconds))
    said: dict[str, JsonValue] = {"picture": text_schema(picture, script.run.script, 6), "words": text_schema(words, script.run.script, 2)}
    return _object(said), picture + words


def _columns_read(script: _Script, part: _Part, reply: Mapping[str, Any]) -> ScriptPart:
    line = ScriptLine(speaker=script.speakers[(part.number - 1) % len(script.speakers)], text=str(reply.get("words", "")).strip())
    return ScriptPart(seconds=part.seconds, picture=str(reply.get("picture", "")).strip(), lines=(line,))


def _turns(script: _Script, part: _Part) -> list[str]:
    """Who says the lines of a podcast segment, in order: by turns, whoever did not speak last beginning."""
    if not script.speakers or "line_seconds" not in script.form:
        return []
    count = max(len(script.speakers), min(script.form["lines"], round(part.seconds / script.form["line_seconds"])))
    start = sum(len(p.lines) for p in script.parts)
    return [script.speakers[(start + n) % len(script.speakers)] for n in range(count)]


def _segments_schema(script: _Script, part: _Part) -> tuple[dict[str, JsonValue], int]:
    turns = _turns(script, part)
    longest = script.chars(max(8, int(script.words(part.seconds) / len(turns) * 1.4)))
    schema = lines_schema(len(turns), 8 if script.run.speaks == "en" else 4, longest, script.run.script)
    return schema, longest * len(turns)


def _segments_read(script: _Script, part: _Part, reply: Mapping[str, Any]) -> ScriptPart:
    spoken = zip(_turns(script, part), reply.get("lines", ()), strict=False)
    lines = tuple(ScriptLine(speaker=speaker, text=str(text).strip()) for speaker, text in spoken)
    return ScriptPart(seconds=part.seconds, heading=script.titles[part.number - 1], lines=lines)


def _scenes_schema(script: _Script, part: _Part) -> tuple[dict[str, JsonValue], int]:
    run, form, speaks = script.run, script.form, script.run.speaks
    chinese = speaks == "zh"
    place, action, line, shot = (10, 90, 40, 36) if chinese else (28, 280, 110, 90)
    line = min(line, script.chars(max(4, script.words(part.seconds))))
    spoken = _object({"speaker": {"enum": list(script.speakers)}, "text": text_schema(line, run.script, 2)})
    shown = _object(
        {"size": {"enum": form["sizes"][speaks]}, "move": {"enum": form["moves"][speaks]}, "what": text_schema(shot, run.script, 4)}
    )
    properties: dict[str, JsonValue] = {
        "inside": {"enum": list(form["inside"])},
        "place": text_schema(place, run.script, 2),
        "time": {"enum": form["times"][speaks]},
        "action": text_schema(action, run.script, 12),
        "lines": {"type": "array", "items": spoken, "minItems": 0, "maxItems": form["lines"]},
        "shots": {"type": "array", "items": shown, "minItems": 1, "maxItems": form["shots"]},
    }
    return _object(properties), place + action + form["lines"] * (line + 40) + form["shots"] * (shot + 60) + 60


def _scenes_read(script: _Script, part: _Part, reply: Mapping[str, Any]) -> ScriptPart:
    form = script.form
    place = " ".join(str(reply.get("place", "")).strip(" .-，。").split()).upper()
    inside = form["inside"].get(str(reply.get("inside", "INT")), "INT.")
    lines = tuple(ScriptLine(speaker=str(row["speaker"]), text=str(row["text"]).strip()) for row in reply.get("lines", ()))
    first = sum(len(p.shots) for p in script.parts) + 1
    shots = tuple(
        Shot(number=first + n, size=str(row["size"]), move=str(row["move"]), what=str(row["what"]).strip())
        for n, row in enumerate(reply.get("shots", ()))
    )
    heading = f"{inside} {place} - {reply.get('time', '')}"
    return ScriptPart(seconds=part.seconds, heading=heading, picture=str(reply.get("action", "")).strip(), lines=lines, shots=shots)


_LAYOUTS: dict[str, _Layout] = {
    "columns": _Layout("row", _columns_schema, _columns_read, lambda form, s: (form["length"][s], form["seen"][s], form["heard"][s])),
    "segments": _Layout("segment", _segments_schema, _segments_read, lambda form, s: ()),
    "scenes": _Layout("scene", _scenes_schema, _scenes_read, lambda form, s: tuple(form["shot_head"][s])),
}
