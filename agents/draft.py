"""Plans written by a strong model: a graph of steps under a JSON schema, checked, retried once with the errors, or given up.

Knows the schema and how a drafted step becomes a Step. Does not know recipes; agents/planner.py falls back to them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from agents.assembly import WORDLESS
from agents.prompts import Prompt, as_data
from agents.request import RequestReading
from domain.brand import BrandKit
from domain.brief import Brief
from domain.capability import Capability, StepKind
from domain.chat import ChatModel, ChatRequest, Message, Sampling
from domain.errors import GenerationError, LimitError
from domain.plan import PLAN_MAX_STEPS, Plan, Step, StepInput
from domain.progress import CancelToken
from domain.specs import ROLES, SPECS, Spec
from domain.value import JsonValue

_SPEC: TypeAdapter[Spec] = TypeAdapter(Spec)
#: Fields of a spec a model may set, by kind. What is not here keeps the spec's default.
_SETTABLE: dict[StepKind, tuple[str, ...]] = {
    StepKind.COPY: ("about", "fields", "angle", "tone"),
    StepKind.ARTICLE: ("about", "form", "words", "tone"),
    StepKind.SCRIPT: ("about", "form", "seconds", "speakers", "tone"),
    StepKind.TRANSLATION: ("about",),
    StepKind.DIALOGUE: ("about", "characters", "nodes", "tone"),
    StepKind.PICTURE: ("about", "width", "height", "style", "margin"),
    StepKind.UPSCALE: ("about", "scale"),
    StepKind.CUTOUT: ("about", "edge"),
    StepKind.SPEECH: ("about", "tone", "seconds", "character"),
    StepKind.MUSIC: ("about", "mood", "seconds"),
    StepKind.SOUND: ("about", "seconds", "loop"),
    StepKind.MIX: ("about", "seconds", "target"),
    StepKind.LAYOUT: ("about", "size"),
}


@dataclass(frozen=True)
class Draft:
    """steps empty: no plan came out of it, and `why` says what was wrong with the last one."""

    title: str = ""
    language: str = "en"
    steps: tuple[Step, ...] = ()
    why: str = ""


class Drafter:
    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt

    def draft(
        self,
        brief: Brief,
        reading: RequestReading,
        capabilities: Sequence[Capability],
        chat: ChatModel,
        brand: BrandKit,
        *,
        seed: int,
        cancel: CancelToken | None,
    ) -> Draft:
        """One plan and at most one repair. Raises Cancelled and ModelError; a failed generation ends in an empty Draft."""
        language = reading.languages[0] if reading.languages else reading.language
        kinds = sorted({c.kind for c in capabilities if c.kind in SPECS})
        if not kinds:
            return Draft(why="nothing can be made here")
        messages = [*self._prompt.prefix, Message(role="user", content=self._ask(brief, reading, kinds, brand))]
        why = ""
        for attempt in range(2):
            request = ChatRequest(
                messages=tuple(messages),
                json_schema=_schema(kinds),
                sampling=Sampling(seed=seed + attempt),
                max_tokens=self._prompt.max_tokens,
            )
            try:
                text = chat.complete(request, cancel).text
            except (GenerationError, LimitError) as error:
                return Draft(why=error.message)
            try:
                title, steps = _steps(text, language)
                why = " ".join(_faults(steps, reading, capabilities))
            except (ValueError, KeyError, TypeError) as error:  # ValidationError and JSONDecodeError are ValueErrors
                title, steps, why = "", (), _told(error)
            if not why:
                return Draft(title or brief.text[:60], language, steps)
            messages += [
                Message(role="assistant", content=text),
                Message(role="user", content=f"That plan cannot run: {why} Write it again."),
            ]
        return Draft(why=why)

    def _ask(self, brief: Brief, reading: RequestReading, kinds: Sequence[StepKind], brand: BrandKit) -> str:
        wishes = [f"{count} {kind.value}" for kind, count in reading.counts.items()]
        wishes += [f"no {kind.value}" for kind in sorted(reading.excluded)]
        foreign = "\n".join([*reading.material, *(a.text for a in brief.attachments if a.text)])
        text = self._prompt.frame(
            reading.language,
            kinds=", ".join(kinds),
            wishes=f"Asked outright: {', '.join(wishes)}." if wishes else "",
            text=reading.own[:4000] + (f"\n{as_data(foreign, 4000)}" if foreign else ""),
        )
        return f"Brand: {brand.name}. {text}" if brand.name else text


def _schema(kinds: Sequence[StepKind]) -> dict[str, JsonValue]:
    """steps: one object shape per kind, so that a kind or field that does not exist cannot be written."""
    # the others steer a picture by another picture: a person's choice
    roles = sorted({role for kind in kinds for role in ROLES[kind]} - {"mask", "control", "likeness"})
    shapes: list[JsonValue] = []
    for kind in kinds:
        known = SPECS[kind].model_json_schema(mode="validation", ref_template="#/$defs/{model}")
        definitions = known.get("$defs", {})
        spec = {name: _inlined(known["properties"][name], definitions) for name in _SETTABLE[kind]}
        shapes.append(
            {
                "type": "object",
                "properties": {
                    "id": {"type": "string", "pattern": f"^{kind.value}-[0-9]+$"},
                    "kind": {"const": kind.value},
                    "title": {"type": "string", "minLength": 1, "maxLength": 80},
                    "spec": {"type": "object", "properties": spec, "required": ["about"], "additionalProperties": False},
                    "inputs": {
                        "type": "array",
                        "maxItems": 8,
                        "items": {
                            "type": "object",
                            "properties": {"role": {"enum": list(roles)}, "step": {"type": "string", "maxLength": 20}},
                            "required": ["role", "step"],
                            "additionalProperties": False,
                        },
                    },
                },
                "required": ["id", "kind", "title", "spec", "inputs"],
                "additionalProperties": False,
            }
        )
    steps: JsonValue = {"type": "array", "minItems": 1, "maxItems": PLAN_MAX_STEPS, "items": {"anyOf": shapes}}
    title: JsonValue = {"type": "string", "minLength": 1, "maxLength": 80}
    return {"type": "object", "properties": {"title": title, "steps": steps}, "required": ["title", "steps"], "additionalProperties": False}


def _inlined(node: Any, definitions: dict[str, Any]) -> Any:
    """A property's schema with its references put in place and its defaults and titles left out."""
    if isinstance(node, dict):
        if "$ref" in node:
            return _inlined(definitions[node["$ref"].rsplit("/", 1)[1]], definitions)
        return {key: _inlined(value, definitions) for key, value in node.items() if key not in ("title", "default", "description")}
    if isinstance(node, list):
        return [_inlined(value, definitions) for value in node]
    return node


def _steps(text: str, language: str) -> tuple[str, tuple[Step, ...]]:
    drafted = json.loads(text)
    steps: list[Step] = []
    for row in drafted["steps"]:
        kind = StepKind(row["kind"])
        values = {name: value for name, value in row["spec"].items() if name in _SETTABLE[kind]}
        if kind not in WORDLESS:
            values["language"] = language
        spec = _SPEC.validate_python({"kind": kind, **values})
        inputs = tuple(StepInput(role=given["role"], step=given["step"]) for given in row.get("inputs", ()))
        steps.append(Step(id=row["id"], title=row["title"], spec=spec, inputs=inputs))
    return str(drafted.get("title", ""))[:200], tuple(steps)


def _faults(steps: tuple[Step, ...], reading: RequestReading, capabilities: Sequence[Capability]) -> list[str]:
    """Why a drafted plan will not do: it cannot run, or it is not what the brief says outright."""
    plan = Plan(id="draft", project_id="", brief_id="", title="draft", steps=steps)
    faults = [finding.message for finding in plan.check(capabilities)]
    held: dict[StepKind, int] = {}
    for step in steps:
        held[step.kind] = held.get(step.kind, 0) + 1
    makeable = {c.kind for c in capabilities}
    faults += [f"The brief wants no {kind.value}." for kind in sorted(reading.excluded) if held.get(kind)]
    if reading.only:
        feeding = {i.step for s in steps if s.kind in reading.only for i in s.inputs}
        faults += [
            f"The brief wants only {', '.join(sorted(reading.only))}, not {s.id}."
            for s in steps
            if s.kind not in reading.only and s.id not in feeding
        ]
    for kind, count in reading.counts.items():
        spare = any(not r.form for r in reading.requests if r.kind is kind)
        if kind in makeable and spare and held.get(kind, 0) != count:
            faults.append(f"The brief asks for {count} {kind.value}, the plan has {held.get(kind, 0)}.")
    faults += [f"{s.id} has no words to speak: give it an input in role text." for s in steps if s.kind is StepKind.SPEECH and not s.inputs]
    return faults


def _told(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:4])
    return f"it is not the JSON that was asked for ({type(error).__name__})."
