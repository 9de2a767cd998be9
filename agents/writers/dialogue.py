"""Writes a branching scene: code draws graph, variables and conditions, the LLM says what is said, beat by beat, each beat checked.

Graph and line ids come from what the step asks for, so that another take says other words in the same places.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from string import Template
from typing import Any

from agents.checks import text as wording
from agents.checks.brand import brand
from agents.checks.graph import graph
from agents.checks.lore import world
from agents.writers.calls import Assignment, Desk, errors, message, room, sampling_of, text_schema
from agents.writers.casting import cast, person_rows
from agents.writers.plot import Plot, plot
from agents.writers.skeleton import Beat, skeleton
from domain.chat import ChatModel
from domain.context import StepContext
from domain.dialogue import Character, Choice, DialogueDocument, DialogueLine, DialogueNode, Variable, choice_id, line_id
from domain.errors import InputError, InvalidOutput
from domain.finding import Finding, Severity
from domain.progress import Progress
from domain.specs import DialogueSpec
from domain.value import JsonValue, content_hash

#: Raised when the same context, seed and model give another scene.
MAKER_VERSION = 3

_ATTEMPTS = 3
_LINES = 2
#: Lines of the way here that the model is shown.
_MEMORY = 6


@dataclass
class _Scene:
    """A scene while it is written: who speaks, what is remembered, and the nodes there are. key: tells it from others of the game."""

    run: Assignment
    spec: DialogueSpec
    cast: tuple[Character, ...]
    beats: dict[str, Beat]
    plot: Plot
    key: str
    #: The instruction of the beat at hand, without what was said before.
    asked: str = ""
    nodes: dict[str, DialogueNode] = field(default_factory=dict)

    @property
    def characters(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.cast)

    @property
    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = self.run.desk.prompts("dialogue")[self.run.speaks]
        return found

    @property
    def limits(self) -> dict[str, int]:
        found: dict[str, int] = self.run.desk.prompts("dialogue")["limits"][self.run.speaks]
        return found


def write_dialogue(context: StepContext, chat: ChatModel, seed: int, progress: Progress, desk: Desk) -> DialogueDocument:
    """A scene of exactly spec.nodes nodes. findings: graph faults (there are none by construction) and lines that still fail a check.

    Raises InputError when the step is not a dialogue step, InvalidOutput when the model names nobody, Cancelled, and what the chat raises.
    """
    spec = context.spec
    if not isinstance(spec, DialogueSpec):
        raise InputError("A dialogue writer was given a {kind} step.", field="spec.kind", kind=spec.kind)
    run = Assignment(context, chat, seed, progress, desk)
    key = content_hash("/".join((spec.about, *spec.characters, *(one.name for one in spec.cast))))
    beats = skeleton(spec.nodes, int(key[:8], 16))
    progress.report(0.0, "casting the scene")
    scene = _Scene(run, spec, cast(run, spec), {beat.id: beat for beat in beats}, plot(beats, spec.variables), key[:12])
    findings: list[Finding] = []
    for number, beat in enumerate(beats):
        progress.report(number / len(beats), f"writing beat {number + 1} of {len(beats)}")
        node, faults = _beat(scene, beat)
        scene.nodes[beat.id] = node
        findings += faults
    document = DialogueDocument(
        language=spec.language,
        characters=scene.characters,
        cast=scene.cast,
        variables=tuple(scene.plot.variables),
        nodes=tuple(scene.nodes.values()),
        endings=tuple(beat.id for beat in beats if beat.role == "ending"),
    )
    findings += graph(document)
    progress.report(1.0, "scene written")
    return document.model_copy(update={"findings": tuple(findings)})


def _beat(scene: _Scene, beat: Beat) -> tuple[DialogueNode, tuple[Finding, ...]]:
    """1. ask under the schema  2. check  3. once more with the faults named  4. the better one, its faults shown."""
    run, said = scene.run, scene.said
    choices = len(beat.exits) if len(beat.exits) > 1 else 0
    ask = _question(scene, beat, choices)
    sampling = sampling_of(run.desk.prompts("dialogue"), run.speaks)
    lines = _LINES + len(scene.plot.extra.get(beat.id, ()))
    most = _longest(scene.limits["line"]) * lines + _longest(scene.limits["choice"]) * choices + 30 * lines
    best: DialogueNode | None = None
    faults: tuple[Finding, ...] = ()
    for attempt in range(_ATTEMPTS):
        # Bolder with every attempt, away from the line it is stuck on.
        bolder = sampling.model_copy(update={"temperature": sampling.temperature + 0.2 * attempt})
        reply = run.ask_json(f"{beat.id}/{attempt}", [message("user", ask)], bolder, room(1, most), _schema(scene, beat, choices))
        node = _node(scene, beat, reply)
        found = _judge(scene, beat, node)
        if best is None or errors(found) < errors(faults):
            best, faults = node, found
        if not found:
            return node, ()
        # A repeated line is not quoted back: a small model would say it a third time.
        named = [f.message for f in found if f.rule != "near_duplicate"][:3] or [said["anew"]]
        mend = Template(said["repair"]).substitute(faults="\n".join(f"- {m}" for m in named))
        ask = _question(scene, beat, choices) + "\n" + mend
    if best is None:
        raise InvalidOutput("The chat model wrote nothing for {beat}.", field=beat.id, beat=beat.id)
    return best, faults


def _question(scene: _Scene, beat: Beat, choices: int) -> str:
    said, spec = scene.said, scene.spec
    comma = "、" if scene.run.speaks == "zh" else ", "
    rows = [Template(said["scene"]).substitute(about=spec.about, characters=comma.join(scene.characters))]
    rows += _world(scene)
    rows += person_rows(scene.run, scene.cast)
    wishes = {"tone": spec.tone, "note": scene.run.context.note}
    rows += [Template(said[key]).substitute({key: value}) for key, value in wishes.items() if value]
    way = _way(scene, beat)
    if way:
        rows.append(Template(said["before"]).substitute(before="\n".join(way)))
    if beat.choice >= 0:
        rows.append(Template(said["player"]).substitute(choice=scene.nodes[beat.after[0]].choices[beat.choice].text))
    outcome = said["outcomes"][max(0, beat.ending) % len(said["outcomes"])]
    reveal = said["reveals"][(scene.run.seed + len(scene.nodes)) % len(said["reveals"])]
    rows.append(Template(said[beat.role]).safe_substitute(outcome=outcome, reveal=reveal))
    ask = Template(said["lines"]).substitute(count=_LINES)
    for variable, _ in scene.plot.extra.get(beat.id, ()):
        ask += " " + Template(said["extra"]).substitute(about=_meant(variable))
    if choices:
        kinds = _attitudes(scene, beat, choices)
        ask += " " + Template(said["choices"]).substitute(count=choices, kinds=kinds)
    scene.asked = ask
    return "\n".join([*rows, ask])


def _attitudes(scene: _Scene, beat: Beat, choices: int) -> str:
    """In the order of what the answers lead to: the friendliest first. Before the endings the player decides; elsewhere the pair is
    taken by the node's place, so that no two choices of a scene feel alike."""
    said = scene.said
    if scene.beats[beat.exits[0]].role == "ending":
        return str(said["deciding"][min(choices, 3) - 2])
    pairs = said["kinds"][:-1]
    return str(said["kinds"][-1] if choices > 2 else pairs[len(scene.nodes) % len(pairs)])


def _world(scene: _Scene) -> list[str]:
    """What the world sheet says, in the words the writer of lore is told it in."""
    own, said = scene.spec.world, scene.run.desk.prompts("lore")[scene.run.speaks]
    comma = "；" if scene.run.speaks == "zh" else "; "
    told = {
        "world": " ".join(part for part in (own.name, own.about) if part),
        "facts": comma.join(own.facts),
        "names": comma.join(own.names),
        "absent": comma.join(own.absent),
    }
    return [Template(said[key]).substitute(value=value) for key, value in told.items() if value]


def _meant(variable: Variable) -> str:
    return variable.about or variable.name.replace("_", " ")


def _way(scene: _Scene, beat: Beat) -> list[str]:
    """The last lines on one way here. At a merge the branches are left out, as only one of them was walked."""
    rows: list[str] = []
    here = beat
    while here.after and len(rows) < _MEMORY:
        before = scene.beats[here.after[0]]
        if len(here.after) > 1:
            before = scene.beats[before.after[0]]
        rows = [f"{line.speaker}: {line.text}" for line in scene.nodes[before.id].lines] + rows
        here = before
    return rows[-_MEMORY:]


def _longest(limit: int) -> int:
    return int(limit * 1.4)


def _schema(scene: _Scene, beat: Beat, choices: int) -> dict[str, JsonValue]:
    script, limits = scene.run.script, scene.limits
    line: JsonValue = {
        "type": "object",
        "properties": {
            "speaker": {"type": "string", "enum": list(scene.characters)},
            "text": text_schema(_longest(limits["line"]), script),
        },
        "required": ["speaker", "text"],
        "additionalProperties": False,
    }
    properties: dict[str, JsonValue] = {"lines": {"type": "array", "items": line, "minItems": _LINES, "maxItems": _LINES}}
    for number in range(len(scene.plot.extra.get(beat.id, ()))):
        properties[f"only_if_{number + 1}"] = line
    if choices:
        answer = text_schema(_longest(limits["choice"]), script, limits["least"])
        properties["choices"] = {"type": "array", "items": answer, "minItems": choices, "maxItems": choices}
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _node(scene: _Scene, beat: Beat, reply: dict[str, Any]) -> DialogueNode:
    plotted = scene.plot
    extra = plotted.extra.get(beat.id, ())
    try:
        spoken = [(row, ()) for row in reply["lines"]] + [(reply[f"only_if_{n + 1}"], (when,)) for n, (_, when) in enumerate(extra)]
        said = [(str(row["speaker"]), _tidy(str(row["text"]), scene.characters), when) for row, when in spoken]
        answers = [_tidy(str(row), scene.characters) for row in reply.get("choices", ())]
    except (KeyError, TypeError) as error:
        raise InvalidOutput("The chat model did not answer in the form asked for ({beat}).", field=beat.id, beat=beat.id) from error
    lines = tuple(
        DialogueLine(id=line_id(beat.id, at, scene.key), speaker=who, text=text, when=when)
        for at, (who, text, when) in enumerate(said)
        if text
    )
    node = DialogueNode(id=beat.id, lines=lines, effects=plotted.entering.get(beat.id, ()))
    if len(beat.exits) < 2:
        return node.model_copy(update={"goto": beat.exits[0] if beat.exits else "", "jumps": plotted.jumps.get(beat.id, ())})
    if len(answers) < len(beat.exits):
        raise InvalidOutput(
            "The chat model gave {count} choices of {count2} ({beat}).",
            field=beat.id,
            count=len(answers),
            count2=len(beat.exits),
            beat=beat.id,
        )
    choices = tuple(
        Choice(
            id=choice_id(beat.id, at, scene.key),
            text=answers[at],
            goto=goto,
            when=plotted.closed.get((beat.id, at), ()),
            effects=plotted.answering.get((beat.id, at), ()),
        )
        for at, goto in enumerate(beat.exits)
    )
    return node.model_copy(update={"choices": choices})


def _judge(scene: _Scene, beat: Beat, node: DialogueNode) -> tuple[Finding, ...]:
    """Lines and choices: finished, in the language, clean, within their limits, and not said before."""
    run, limits = scene.run, scene.limits
    lists, kit = run.desk.words, run.context.brand
    earlier = [line.text for known in scene.nodes.values() for line in known.lines]
    offered = [choice.text for known in scene.nodes.values() for choice in known.choices]
    findings: list[Finding] = []
    for texts, limit, before in (
        ([(line.id, line.text) for line in node.lines], limits["line"], [*earlier, *offered]),
        ([(choice.id, choice.text) for choice in node.choices], limits["choice"], offered),
    ):
        for at, (id_, text) in enumerate(texts):
            own = [other for _, other in texts[:at]]
            findings += wording.length(text, limit, id_)
            findings += wording.plain(text, lists, run.language, id_)
            findings += brand(text, kit, id_)
            findings += world(text, scene.spec.world, id_)
            findings += _echo(text, id_, scene.asked)
            findings += wording.near_duplicate(text, [*before, *own], id_, same=0.68)
    if not node.lines:
        findings.append(Finding.of("empty_node", Severity.ERROR, "Nobody says anything here.", node.id))
    return tuple(findings)


def _echo(text: str, id_: str, asked: str) -> tuple[Finding, ...]:
    """A small model answers now and then with the words of the question ("asks why") instead of a reply."""
    bare = text.strip(" .!?。！？").casefold()
    if len(bare) < 3 or bare not in asked.casefold():
        return ()
    message = "“{text}” is the instruction, not what is said."
    return (Finding.of("leakage", Severity.ERROR, message, id_, (0, len(text)), text=text),)


def _tidy(text: str, characters: Sequence[str]) -> str:
    """Without a speaker's name before the line, stage directions in brackets, or quotation marks around all of it."""
    text = re.sub(r"\s+", " ", text).strip().lstrip(".,;:，。、；： ")
    for name in (*characters, "Player", "玩家"):
        text = re.sub(rf"^{re.escape(name)}\s*[:：]\s*", "", text, flags=re.IGNORECASE)
    text = re.sub(r"^[（(][^)）]*[)）]\s*", "", text)
    if len(text) > 2 and (text[0], text[-1]) in {('"', '"'), ("“", "”"), ("「", "」"), ("‘", "’")}:
        text = text[1:-1].strip()
    return text
