"""Writes a branching scene: code draws the graph, the LLM says what is said, beat by beat, each beat checked.

Line ids come from the node and the place in it, so that they stay when words change.
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
from agents.writers.calls import Assignment, Desk, errors, message, room, sampling_of, text_schema
from agents.writers.copy import sources_of
from agents.writers.skeleton import Beat, skeleton
from domain.chat import ChatModel
from domain.context import StepContext
from domain.documents import Choice, DialogueDocument, DialogueLine, DialogueNode
from domain.errors import InputError, InvalidOutput
from domain.finding import Finding, Severity
from domain.progress import Progress
from domain.specs import DialogueSpec
from domain.value import JsonValue, content_hash

#: Raised when the same context, seed and model give another scene.
MAKER_VERSION = 1

_ATTEMPTS = 3
_LINES = 2
#: Lines of the way here that the model is shown.
_MEMORY = 6


@dataclass
class _Scene:
    """A scene while it is written: who speaks, and the nodes there are."""

    run: Assignment
    spec: DialogueSpec
    characters: tuple[str, ...]
    beats: dict[str, Beat]
    nodes: dict[str, DialogueNode] = field(default_factory=dict)

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
        raise InputError(f"A dialogue writer was given a {spec.kind} step.", field="spec.kind")
    run = Assignment(context, chat, seed, progress, desk)
    beats = skeleton(spec.nodes, seed)
    progress.report(0.0, "casting the scene")
    scene = _Scene(run, spec, _cast(run, spec), {beat.id: beat for beat in beats})
    findings: list[Finding] = []
    for number, beat in enumerate(beats):
        progress.report(number / len(beats), f"writing beat {number + 1} of {len(beats)}")
        node, faults = _beat(scene, beat)
        scene.nodes[beat.id] = node
        findings += faults
    document = DialogueDocument(language=spec.language, characters=scene.characters, nodes=tuple(scene.nodes.values()))
    findings += graph(document, endings=[beat.id for beat in beats if beat.role == "ending"])
    progress.report(1.0, "scene written")
    return document.model_copy(update={"findings": tuple(findings)})


def line_id(node: str, index: int) -> str:
    """ "l_3fa2c1": from the node and the place in it, so the words may change and the id (a recorded voice line, a translation) stays."""
    return "l_" + content_hash(f"line/{node}/{index}")[:6]


def choice_id(node: str, index: int) -> str:
    return "c_" + content_hash(f"choice/{node}/{index}")[:6]


def _cast(run: Assignment, spec: DialogueSpec) -> tuple[str, ...]:
    """The characters asked for; else those of the brand's cast that the brief names; else the LLM's choice."""
    if spec.characters:
        return tuple(dict.fromkeys(spec.characters))
    wanted = f"{spec.about}\n{run.context.material}"
    known = [m.name for m in run.context.brand.cast if m.name.casefold() != "narrator" and wording.find_word(wanted, m.name)]
    if known:
        return tuple(dict.fromkeys(known))[:4]
    ask = Template(run.desk.prompts("dialogue")[run.speaks]["cast"]).substitute(about=spec.about)
    names: JsonValue = {"type": "array", "items": text_schema(24, run.script), "minItems": 1, "maxItems": 2}
    schema: dict[str, JsonValue] = {
        "type": "object",
        "properties": {"characters": names},
        "required": ["characters"],
        "additionalProperties": False,
    }
    plain = sampling_of(run.desk.prompts("dialogue"), run.speaks).model_copy(update={"temperature": 0.0, "repeat_penalty": 1.0})
    reply = run.ask_json("cast", [message("user", ask)], plain, room(2, 24), schema)
    found = dict.fromkeys(
        re.sub(r"^(?:the|a|an) ", "", str(name).strip(" .,。，"), flags=re.IGNORECASE) for name in reply.get("characters", ())
    )
    # Who the brief names speaks; whom the model made up speaks only when it names nobody.
    material = sources_of(run)
    found = {name: None for name in found if material.holds(name)} or dict.fromkeys(list(found)[:1])
    players = ("player", "the player", "you", "玩家", "我", "你")
    characters = tuple(name[:1].upper() + name[1:] for name in found if name and name.casefold() not in players)
    if not characters:
        raise InvalidOutput("The chat model named nobody who speaks.", hint="Name the characters in the step.", field="characters")
    return characters


def _beat(scene: _Scene, beat: Beat) -> tuple[DialogueNode, tuple[Finding, ...]]:
    """1. ask under the schema  2. check  3. once more with the faults named  4. the better one, its faults shown."""
    run, said = scene.run, scene.said
    choices = len(beat.exits) if len(beat.exits) > 1 else 0
    ask = _question(scene, beat, choices)
    sampling = sampling_of(run.desk.prompts("dialogue"), run.speaks)
    most = _longest(scene.limits["line"]) * _LINES + _longest(scene.limits["choice"]) * choices + 30 * _LINES
    best: DialogueNode | None = None
    faults: tuple[Finding, ...] = ()
    for attempt in range(_ATTEMPTS):
        # Bolder with every attempt, away from the line it is stuck on.
        bolder = sampling.model_copy(update={"temperature": sampling.temperature + 0.2 * attempt})
        reply = run.ask_json(f"{beat.id}/{attempt}", [message("user", ask)], bolder, room(1, most), _schema(scene, choices))
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
        raise InvalidOutput(f"The chat model wrote nothing for {beat.id}.", field=beat.id)
    return best, faults


def _question(scene: _Scene, beat: Beat, choices: int) -> str:
    said, spec = scene.said, scene.spec
    comma = "、" if scene.run.speaks == "zh" else ", "
    rows = [Template(said["scene"]).substitute(about=spec.about, characters=comma.join(scene.characters))]
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
    if choices:
        # Which pair of attitudes: by the node's place, so that no two choices of a scene feel alike.
        kinds = said["kinds"][-1] if choices > 2 else said["kinds"][len(scene.nodes) % (len(said["kinds"]) - 1)]
        ask += " " + Template(said["choices"]).substitute(count=choices, kinds=kinds)
    return "\n".join([*rows, ask])


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


def _schema(scene: _Scene, choices: int) -> dict[str, JsonValue]:
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
    if choices:
        answer = text_schema(_longest(limits["choice"]), script, limits["least"])
        properties["choices"] = {"type": "array", "items": answer, "minItems": choices, "maxItems": choices}
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _node(scene: _Scene, beat: Beat, reply: dict[str, Any]) -> DialogueNode:
    try:
        spoken = [(str(row["speaker"]), _tidy(str(row["text"]), scene.characters)) for row in reply["lines"]]
        answers = [_tidy(str(row), scene.characters) for row in reply.get("choices", ())]
    except (KeyError, TypeError) as error:
        raise InvalidOutput(f"The chat model did not answer in the form asked for ({beat.id}).", field=beat.id) from error
    lines = tuple(DialogueLine(id=line_id(beat.id, at), speaker=who, text=text) for at, (who, text) in enumerate(spoken) if text)
    if len(beat.exits) > 1:
        if len(answers) < len(beat.exits):
            raise InvalidOutput(f"The chat model gave {len(answers)} choices of {len(beat.exits)} ({beat.id}).", field=beat.id)
        choices = tuple(Choice(id=choice_id(beat.id, at), text=answers[at], goto=goto) for at, goto in enumerate(beat.exits))
        return DialogueNode(id=beat.id, lines=lines, choices=choices)
    return DialogueNode(id=beat.id, lines=lines, goto=beat.exits[0] if beat.exits else "")


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
            findings += wording.near_duplicate(text, [*before, *own], id_, same=0.68)
    if not node.lines:
        findings.append(Finding(rule="empty_node", severity=Severity.ERROR, message="Nobody says anything here.", field=node.id))
    return tuple(findings)


def _tidy(text: str, characters: Sequence[str]) -> str:
    """Without a speaker's name before the line, stage directions in brackets, or quotation marks around all of it."""
    text = re.sub(r"\s+", " ", text).strip().lstrip(".,;:，。、；： ")
    for name in (*characters, "Player", "玩家"):
        text = re.sub(rf"^{re.escape(name)}\s*[:：]\s*", "", text, flags=re.IGNORECASE)
    text = re.sub(r"^[（(][^)）]*[)）]\s*", "", text)
    if len(text) > 2 and (text[0], text[-1]) in {('"', '"'), ("“", "”"), ("「", "」"), ("‘", "’")}:
        text = text[1:-1].strip()
    return text
