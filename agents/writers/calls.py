"""What every writer shares: the messages all calls of one brief begin with, one bounded call, and the loop that keeps what passes.

All calls of all writers begin with the same system and material message, so the engine evaluates them once per brief.
"""

from __future__ import annotations

import json
import threading
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from agents.channels import Channels
from agents.checks.forms import read_signs
from agents.checks.placeholders import Placeholders
from agents.checks.text import calls
from agents.checks.words import WordLists
from agents.frameworks import Crafts
from agents.presets import Presets
from agents.telling import templates
from agents.writers.sources import condensed
from domain.chat import ChatModel, ChatReply, ChatRequest, Message, Sampling
from domain.colours import ColourWords
from domain.context import StepContext
from domain.errors import InvalidOutput
from domain.finding import Finding, Severity
from domain.progress import Progress, Watched
from domain.tracing import span
from domain.value import JsonValue, seed_for

#: Share of the context that the material may take; the rest is for the task, its examples and the reply.
_MATERIAL_SHARE = 0.35


class Desk:
    """Prompts and word lists, read once from assets/. Raises OSError, TOMLDecodeError, KeyError when shipped data is wrong."""

    def __init__(self, assets: Path) -> None:
        self.folder = assets
        self.words = WordLists.load(assets / "checks")
        self.channels = Channels.load(assets)
        self.crafts = Crafts.load(assets)
        self.presets = Presets.load(assets)
        self.placeholders = Placeholders.load(assets / "localisation")
        #: Languages, columns of string tables and where the words of a document stand: assets/localisation/languages.toml.
        self.localisation = tomllib.loads((assets / "localisation" / "languages.toml").read_text(encoding="utf-8"))
        #: What findings and errors say, by language and English template; English has no table.
        self.messages = templates(assets)
        #: By which signs a text answers who, when, where and why.
        self.signs = read_signs(assets / "checks")
        #: What each form of article and script is made of, by its name: assets/forms/*.toml.
        self.forms = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted((assets / "forms").glob("*.toml"))}
        #: Ids of the families that art sets belong to.
        self.families = frozenset(
            str(entry["family"])
            for path in sorted((assets / "art").glob("*sets.toml"))
            for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("set", ())
        )
        self.colours = ColourWords.of(tomllib.loads((assets / "colours.toml").read_text(encoding="utf-8")))
        self._prompts = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted((assets / "prompts").glob("*.toml"))}

        self._made: dict[str, Any] = {}
        self._making = threading.Lock()

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """What make() gives, made on first use and kept: readers compile thousands of words."""
        with self._making:
            if name not in self._made:
                self._made[name] = make()
            return self._made[name]

    def calls(self, text: str) -> bool:
        """A text asks the reader to do something."""
        return calls(text, self.words.calls)

    def prompts(self, name: str) -> dict[str, Any]:
        """assets/prompts/NAME.toml"""
        return self._prompts[name]


@dataclass(frozen=True)
class Assignment:
    """One run of a writer: what it may know, whom it asks, and the seed all its calls derive theirs from.

    opening: what every call begins with, when it is not the brief (a translator is handed its lines, not the brief).
    """

    context: StepContext
    chat: ChatModel
    seed: int
    progress: Progress
    desk: Desk
    opening: tuple[Message, ...] | None = None

    @property
    def language(self) -> str:
        return str(getattr(self.context.spec, "language", "en"))

    @property
    def script(self) -> str:
        """The primary subtag ("zh" of "zh-CN")."""
        return self.language.split("-")[0]

    @property
    def speaks(self) -> str:
        """The language of the instructions: Chinese for Chinese texts, English for all others."""
        return "zh" if self.language.split("-")[0] == "zh" else "en"

    def ask(
        self, label: str, turns: Sequence[Message], sampling: Sampling, max_tokens: int, schema: dict[str, JsonValue] | None = None
    ) -> str:
        """One call after the shared prefix. label makes its seed its own; the same label and seed ask the same again."""
        begin = self.opening if self.opening is not None else prefix(self.context, self.desk, self.speaks, self.chat.context_tokens)
        request = ChatRequest(
            messages=(*begin, *turns),
            json_schema=schema,
            sampling=sampling.model_copy(update={"seed": seed_for(self.seed, label, 0)}),
            max_tokens=max_tokens,
        )
        self.progress.check()
        with span("agents.chat", call=label, model=self.chat.model.id, constrained=schema is not None) as note:
            reply: ChatReply = self.chat.complete(request, Watched(self.progress))
            note(prompt_tokens=reply.prompt_tokens, cached_tokens=reply.cached_tokens, completion_tokens=reply.completion_tokens)
            note(finish=reply.finish)
        return reply.text.strip()

    def ask_json(
        self, label: str, turns: Sequence[Message], sampling: Sampling, max_tokens: int, schema: dict[str, JsonValue]
    ) -> dict[str, Any]:
        """Raises InvalidOutput when the reply is not an object, which a model that ignores the schema can cause."""
        text = self.ask(label, turns, sampling, max_tokens, schema)
        try:
            value = json.loads(text)
        except json.JSONDecodeError as error:
            raise InvalidOutput(
                "The chat model did not answer in the form asked for ({label}).", hint="Try again or use another model.", label=label
            ) from error
        if not isinstance(value, dict):
            raise InvalidOutput(
                "The chat model did not answer in the form asked for ({label}).", hint="Try again or use another model.", label=label
            )
        return value


def prefix(context: StepContext, desk: Desk, speaks: str, context_tokens: int = 4096) -> tuple[Message, ...]:
    """System, material and brand: the same for every call of one brief, whatever is written."""
    said = desk.prompts("writers")[speaks]
    budget = int(context_tokens * _MATERIAL_SHARE)
    about = str(getattr(context.spec, "about", "") or getattr(context.spec, "text", ""))
    parts = [Template(said["material"]).substitute(material=condensed(context.material or about, budget))]
    kit = context.brand
    rows = {
        "name": kit.name,
        "voice": kit.voice,
        "required": ", ".join(kit.required_words),
        "forbidden": ", ".join(kit.forbidden_words[:40]),
        "glossary": ", ".join(f"{term} → {form}" for term, form in list(kit.glossary.items())[:20]),
    }
    parts += [Template(said[key]).substitute(value=value) for key, value in rows.items() if value]
    parts += [Template(said["source"]).substitute(value=condensed(given.text, budget // 3)) for given in context.inputs if given.text]
    return (message("system", said["system"]), message("user", "\n".join(parts)), message("assistant", said["ready"]))


def message(role: str, content: str) -> Message:
    return Message.model_validate({"role": role, "content": content.strip()})


def lines_schema(count: int, least: int, longest: int, language: str) -> dict[str, JsonValue]:
    """A list of `count` texts. The pattern keeps small models from wandering into markup and code."""
    # The limit is looser than the text's own, so that a long line shows as too long and is not cut to fit.
    return {
        "type": "object",
        "properties": {"lines": {"type": "array", "items": text_schema(longest, language, least), "minItems": count, "maxItems": count}},
        "required": ["lines"],
        "additionalProperties": False,
    }


#: What a text may hold, by language. Without bounds small models wander into markup, code and emoji rows.
_LETTERS = {
    "en": r"[A-Za-zÀ-ɏ0-9 .,!?:;'’‘“”()&%$€£#@+—–…-]",
    "zh": r"[A-Za-z0-9 \u3400-\u9fff，。！？：；、“”‘’《》（）·—…%#@+&.￥¥-]",
}
_ANYTHING = r"[^\n\r\t\\{}<>\[\]|`*_~]"


def text_schema(longest: int, language: str, least: int = 1) -> dict[str, JsonValue]:
    letters = _LETTERS.get({"fr": "en", "de": "en", "es": "en", "it": "en", "pt": "en", "nl": "en"}.get(language, language), _ANYTHING)
    return {"type": "string", "pattern": f"^{letters}+$", "minLength": max(1, least), "maxLength": longest}


def room(count: int, longest: int) -> int:
    """max_tokens that a reply of `count` texts of `longest` characters cannot exceed (a rare CJK character may be two tokens)."""
    return 32 + int(count * (10 + 1.3 * longest))


def sampling_of(data: Mapping[str, Any], speaks: str) -> Sampling:
    """The [sampling] table of a prompt file, with its per-language differences."""
    table = data["sampling"]
    plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
    return Sampling.model_validate({**plain, **table.get(speaks, {})})


def errors(findings: Sequence[Finding]) -> int:
    """How bad: an error weighs four warnings."""
    return sum(4 if f.severity is Severity.ERROR else 1 for f in findings)


def fault_list(failed: Sequence[tuple[str, tuple[Finding, ...]]], row: str) -> str:
    """Failing texts and why, for the model that is to mend them. row: a template of $text and $why."""
    return "\n".join(Template(row).substitute(text=text, why=" ".join(f.message for f in findings)) for text, findings in failed)


Check = Callable[[str], tuple[Finding, ...]]
