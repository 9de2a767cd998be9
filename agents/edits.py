"""Changing a plan by words: "drop the second banner", "make the voice-over warmer", "换成中文", "add another picture of a cat".

Code resolves references and operations; the model is asked only which step is meant when word lists cannot tell. Every result passes
Plan.check, or nothing changes and the reason is said.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agents.additions import Additions
from agents.changes import Changer
from agents.enlarging import Enlarging
from agents.lexicon import Lexicon, Phrases, language_of, side
from agents.planner import Planner
from agents.prompts import Prompt
from agents.references import EditWords, Reference, ReferenceReader
from agents.request import RequestReader, split_material
from domain.capability import Capability
from domain.chat import ChatModel, ChatRequest, Message
from domain.errors import InvalidOutput
from domain.plan import Plan, Step, StepInput
from domain.progress import CancelToken
from domain.specs import REQUIRED_ROLES, ROLES, ArticleSpec, CopySpec, CutoutSpec, LayoutSpec, SpeechSpec, UpscaleSpec
from domain.value import Value

_CLAUSES_EN = re.compile(
    r"(?<=[a-z0-9…])(?:\s*[;.!]\s+|\s*,?\s+(?:and|then|also)\s+"
    r"(?=(?:drop|remove|delete|make|change|add|use|put|translate|replace|redo|turn|set|let)\b))",
    re.I,
)
_CLAUSES_ZH = re.compile(r"[。；;！]|，?(?:然后|并且|同时|另外)|，(?=(?:把|再|删|去掉|加|换|改|给|让))")
_SUBJECT = re.compile(r"\b(?:of|showing|about|with)\s+(?:an?\s+|the\s+)?(?P<what>.+)$|[:：]\s*(?P<zh>.+)$", re.DOTALL)
_SUBJECT_ZH = re.compile(
    r"画(?:一[只个张条位座]?)?(?P<draw>[^，。]{2,30}?)(?:的)?(?:图片|图|画|插画)?$|[张幅个](?P<what>[^，。张幅个]{2,24})的(?:图片|插画|照片|图|画)"
)
_INDEFINITE = re.compile(
    r"^(?:(?:please|can you|could you|i want you to|now)\s+)*"
    r"(?:make|create|write|design|do|give|put together)(?:\s+(?:me|us))?\s+(?:an?|some|one|two|three|four|five|six|\d+)\b"
)
_NOT_A_DROP = re.compile(r"不要(?=太|这么|那么|用|再|有)|(?:don't|do not) (?:want|need) (?:it|them|that) (?:to|so|too)")


#: A change is said in a few sentences; a longer message is a brief.
EDIT_MAX_CHARACTERS = 800


class EditResult(Value):
    """plan: the new plan, or the old one when nothing changed. changed: ids whose spec or inputs changed, added ones included.

    notes: what to tell the maker when a changed step is made again, by id ("warmer"); "" where the spec says it all. What depends on a
    changed step (`plan.dependents`) has to be made again as well. question: what has to be known first; `options` are whole messages.
    """

    plan: Plan
    summary: str = ""
    changed: tuple[str, ...] = ()
    notes: dict[str, str] = {}
    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    question: str = ""
    options: tuple[str, ...] = ()


@dataclass
class _Sheet:
    """The plan as edited so far, and what has been said about it."""

    plan: Plan
    told: str
    said: list[str] = field(default_factory=list)
    changed: dict[str, str] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    question: str = ""
    options: tuple[str, ...] = ()

    def put(self, step: Step, note: str = "") -> None:
        self.plan = self.plan.model_copy(update={"steps": tuple(step if s.id == step.id else s for s in self.plan.steps)})
        self.changed[step.id] = "; ".join(n for n in (self.changed.get(step.id, ""), note) if n)


class Editor:
    """Edits plans with one set of shipped data. Thread-safe."""

    def __init__(
        self,
        lexicon: Lexicon,
        words: EditWords,
        phrases: Phrases,
        reader: RequestReader,
        additions: Additions,
        pick: Prompt,
        changer: Changer,
    ) -> None:
        self._lexicon = lexicon
        self._words = words
        self._phrases = phrases
        self._reader = reader
        self._references = ReferenceReader(reader, words)
        self._changer = changer
        self._additions = additions
        self._enlarging = Enlarging(words)
        self._pick = pick
        self._patterns = {name: getattr(words, name).pattern(plural=False) for name in ("drop", "add", "redo", "change")}

    @staticmethod
    def load(assets: Path, planner: Planner) -> Editor:
        """An editor that shares the planner's word lists, recipes and assembler."""
        additions = Additions(planner.assembler, planner.book.get("custom"), planner.effects, planner.styling)
        words = EditWords.load(assets)
        changer = Changer(words, planner.phrases, planner.styling)
        return Editor(planner.lexicon, words, planner.phrases, planner.reader, additions, planner.prompts["pick"], changer)

    def reads(self, message: str, plan: Plan) -> bool:
        """Whether word lists alone see an edit of this plan: an operation with something it applies to. Quotes do not count."""
        own, _ = split_material(message)
        if len(own) > EDIT_MAX_CHARACTERS:
            return False
        folded = own.lower()
        if self._adds(folded):
            return True
        reading = self._reader.read(own)
        reference = self._references.resolve(folded, plan)
        named = reference.found or bool(reference.candidates)
        if self._enlarging.asked(folded) and self._enlarging.steps(plan, reference.ids, folded):
            return True
        if not self._drops(folded) and not self._patterns["redo"].search(folded) and _INDEFINITE.search(folded) and reading.requests:
            return False  # "make a banner for our sale" orders a new thing, it does not point at one that is there
        operation = self._drops(folded) or bool(self._patterns["change"].search(folded) or self._patterns["redo"].search(folded))
        language = bool(self._reader.languages_in(folded)) and operation
        return (named and operation) or language or (named and bool(self._reader.read(own).excluded))

    def points(self, own: str, plan: Plan) -> bool:
        """Whether a message points at a step that is there ("the picture …", "第二张图…")."""
        if len(own) > EDIT_MAX_CHARACTERS:
            return False
        reference = self._references.resolve(own.lower(), plan)
        definite = re.search(r"\b(?:the|that|this|these|those)\b|第|最后|这|那", own.lower())
        return bool(definite) and (reference.found or bool(reference.candidates))

    def pointed(self, own: str, plan: Plan) -> tuple[str, ...]:
        """Ids of the steps a message names, every candidate included."""
        reference = self._references.resolve(own.lower()[:EDIT_MAX_CHARACTERS], plan)
        return reference.ids or reference.candidates

    def apply_edit(
        self, plan: Plan, message: str, chat: ChatModel, capabilities: Sequence[Capability], cancel: CancelToken | None = None
    ) -> EditResult:
        """Apply all clauses of a message, or ask. Raises Cancelled and ModelError (only when the model had to be asked)."""
        own, material = split_material(message)
        told = side(language_of(own, plan.language))
        if len(own) > EDIT_MAX_CHARACTERS:
            return EditResult(plan=plan, question=self._phrases.say("edit_too_long", told, n=EDIT_MAX_CHARACTERS))
        sheet = _Sheet(plan, told)
        quotes = list(material)
        for clause in self._clauses(own):
            count = clause.count("…")
            said, quotes = quotes[:count], quotes[count:]
            self._clause(sheet, plan, clause, said, chat, capabilities, cancel)
            if sheet.question:
                return EditResult(plan=plan, question=sheet.question, options=sheet.options)
        return self._result(plan, sheet, capabilities)

    def _clauses(self, own: str) -> Iterator[str]:
        """Clauses that each say an operation; what says none is joined to its neighbour."""
        pieces = [p.strip() for part in _CLAUSES_EN.split(own) for p in _CLAUSES_ZH.split(part) if p and p.strip(" ,，")]
        held = ""
        for piece in pieces:
            held = f"{held}, {piece}" if held else piece
            folded = held.lower()
            if any(p.search(folded) for p in self._patterns.values()):
                yield held
                held = ""
        if held:
            yield held

    def _clause(
        self,
        sheet: _Sheet,
        original: Plan,
        clause: str,
        quotes: Sequence[str],
        chat: ChatModel,
        capabilities: Sequence[Capability],
        cancel: CancelToken | None,
    ) -> None:
        folded = clause.lower()
        reference = self._references.resolve(folded, original)
        if self._enlarging.asked(folded) and self._enlarge(sheet, [i for i in reference.ids if i not in sheet.dropped], folded):
            return
        if self._adds(folded):
            self._add(sheet, clause, capabilities)
            return
        dropping = self._drops(folded)
        languages = self._reader.languages_in(folded)
        if not reference.found and not reference.candidates and not languages:
            reference = self._guess(original, clause, chat, cancel)
        if not reference.found and not (languages and not reference.candidates):
            self._ask_which(sheet, original, clause, reference)
            return
        ids = [i for i in reference.ids if i not in sheet.dropped]
        if dropping:
            self._drop(sheet, ids)
        elif languages and not dropping:
            self._translate(sheet, ids or [s.id for s in sheet.plan.steps], languages[0], capabilities, whole=not ids or reference.whole)
        else:
            self._change(sheet, ids, clause, reference, quotes)

    # -- operations ------------------------------------------------------------------------------------------------------------

    def _adds(self, folded: str) -> bool:
        match = self._patterns["add"].search(folded)
        if match is None:
            return False
        reading = self._reader.read(folded)
        ordinal = re.search(
            r"\b(?:first|second|third|last)\b|第[一二三四五六\d]"
            r"|(?:copy|article|dialogue|lore|picture|upscale|cutout|speech|music|sound|mix|layout)-\d",
            folded,
        )
        return not ordinal and bool(reading.requests or reading.unsupported)

    def _enlarge(self, sheet: _Sheet, ids: Sequence[str], folded: str) -> bool:
        """Whether pictures were named; then each gets its enlargement."""
        steps = self._enlarging.steps(sheet.plan, ids, folded)
        if steps:
            sheet.plan = sheet.plan.model_copy(update={"steps": (*sheet.plan.steps, *steps)})
            sheet.added += [step.id for step in steps]
            sheet.changed |= {step.id: "" for step in steps}
            sheet.said.append(self._phrases.say("edit_added", sheet.told, what=_titles(steps, sheet.told)))
        return bool(steps)

    def _drops(self, folded: str) -> bool:
        return bool(self._patterns["drop"].search(_NOT_A_DROP.sub(" ", folded))) or bool(self._reader.read(folded).excluded)

    def _drop(self, sheet: _Sheet, ids: Sequence[str]) -> None:
        plan, told = sheet.plan, sheet.told
        if {s.id for s in plan.steps} <= set(ids):
            sheet.question = self._phrases.say("edit_would_empty", told)
            sheet.options = (self._phrases.say("edit_new_plan", told), self._phrases.say("edit_keep", told))
            return
        gone = [plan.step(i) for i in ids]
        sheet.said.append(self._phrases.say("edit_dropped", told, what=_titles(gone, told)))
        queue = list(gone)
        while queue:
            step = queue.pop(0)
            sheet.plan = sheet.plan.without(step.id)
            sheet.dropped.append(step.id)
            sheet.changed.pop(step.id, None)
            for dependent in [s for s in sheet.plan.steps if any(i.step == step.id for i in s.inputs)]:
                orphan = self._without(sheet, dependent, step)
                if orphan is not None and orphan.id not in {s.id for s in queue}:
                    sheet.said.append(self._phrases.say("edit_dropped_with", told, what=_titles([orphan], told)))
                    queue.append(orphan)

    def _without(self, sheet: _Sheet, dependent: Step, gone: Step) -> Step | None:
        """Give a dependent another source, or let it go on without; return it when it cannot be made any more."""
        told = sheet.told
        roles = [i.role for i in dependent.inputs if i.step == gone.id]
        others = [s for s in sheet.plan.steps if s.kind is gone.kind and s.id not in sheet.dropped and _can_replace(s, gone, dependent)]
        inputs = tuple(i for i in dependent.inputs if i.step != gone.id)
        if others:
            inputs += tuple(StepInput(role=role, step=others[0].id) for role in roles)
            sheet.put(dependent.model_copy(update={"inputs": inputs}))
            sheet.said.append(self._phrases.say("edit_rewired", told, what=dependent.title, other=others[0].title))
            return None
        required = set(roles) & REQUIRED_ROLES.get(dependent.kind, frozenset())
        mute = isinstance(dependent.spec, SpeechSpec) and not dependent.spec.text and "text" in roles
        blind = isinstance(dependent.spec, UpscaleSpec | CutoutSpec)
        if required or mute or blind:
            return dependent
        spec = dependent.spec
        if isinstance(spec, LayoutSpec) and "copy" in roles and not spec.headline:
            spec = spec.model_copy(update={"headline": spec.about[:200] or sheet.plan.title[:200]})
        sheet.put(dependent.model_copy(update={"inputs": inputs, "spec": spec}))
        sheet.said.append(self._phrases.say("edit_lost_input", told, what=dependent.title))
        return None

    def _translate(self, sheet: _Sheet, ids: Sequence[str], language: str, capabilities: Sequence[Capability], *, whole: bool) -> None:
        told = sheet.told
        name = self._lexicon.languages.name(language, told)
        steps = [s for s in sheet.plan.steps if s.id in set(ids) and hasattr(s.spec, "language")]
        if not steps:
            sheet.question = self._phrases.say("edit_what_of", told, what=_titles([sheet.plan.step(i) for i in ids], told))
            return
        # Words that a spoken or laid-out step takes from another step have to be in its language too.
        sources = {i.step for s in steps for i in s.inputs if i.role in ("text", "copy")}
        steps += [s for s in sheet.plan.steps if s.id in sources and s.id not in {t.id for t in steps} and hasattr(s.spec, "language")]
        done: list[Step] = []
        for step in steps:
            if getattr(step.spec, "language", "") == language:
                continue
            makers = [c for c in capabilities if c.kind is step.kind]
            if makers and not any(not c.languages or language in c.languages for c in makers):
                known = ", ".join(self._lexicon.languages.name(c, told) for c in sorted({code for m in makers for code in m.languages}))
                sheet.said.append(self._phrases.say("edit_no_language", told, what=step.title, language=name, known=known))
                continue
            sheet.put(step.model_copy(update={"spec": step.spec.model_copy(update={"language": language})}))
            done.append(step)
        if whole and done:
            sheet.plan = sheet.plan.model_copy(update={"language": language})
        if done:
            sheet.said.append(self._phrases.say("edit_language", told, what=_titles(done, told), language=name))
        elif not sheet.said:
            sheet.said.append(self._phrases.say("edit_same_language", told, what=_titles(steps, told), language=name))

    def _change(self, sheet: _Sheet, ids: Sequence[str], clause: str, reference: Reference, quotes: Sequence[str]) -> None:
        told, folded = sheet.told, clause.lower()
        rest = _cut(clause, reference.spans).lower() if reference.spans else folded
        reading = self._reader.read(_cut(clause, reference.spans) if reference.spans else clause)
        redo = bool(self._patterns["redo"].search(folded))
        if redo:
            rest = self._patterns["redo"].sub(" ", rest)
        for step_id in ids:
            step = sheet.plan.step(step_id)
            change = self._changer.change(step, folded, rest, reading, quotes, told)
            if not change.how and not change.note and not redo:
                sheet.question = self._phrases.say("edit_what_of", told, what=step.title)
                return
            sheet.put(step.model_copy(update={"spec": change.spec}), change.note)
            how = ", ".join([*change.how, *([change.note] if change.note else [])])
            sheet.said.append(
                self._phrases.say("edit_changed", told, what=step.title, how=how)
                if how
                else self._phrases.say("edit_redo", told, what=step.title)
            )
            if isinstance(change.spec, SpeechSpec) and isinstance(step.spec, SpeechSpec) and change.spec.seconds != step.spec.seconds:
                self._fit_words(sheet, sheet.plan.step(step_id))

    def _fit_words(self, sheet: _Sheet, speech: Step) -> None:
        """A voice-over of another length needs words of another length."""
        seconds = getattr(speech.spec, "seconds", 0.0)
        for given in speech.inputs:
            source = sheet.plan.step(given.step)
            spec = self._additions.fitted(source.spec, seconds)
            if spec != source.spec:
                sheet.put(source.model_copy(update={"spec": spec}))

    def _add(self, sheet: _Sheet, clause: str, capabilities: Sequence[Capability]) -> None:
        told = sheet.told
        reading = self._reader.read(clause, sheet.plan.language)
        for wish_id in reading.unsupported:
            wish = self._reader.wish(wish_id)
            sheet.said.append(self._phrases.say("edit_cannot_add", told, asked=wish.name.of(told), nearest=wish.nearest.of(told)))
        if not reading.requests:
            return
        plan, steps, unavailable = self._additions.add(sheet.plan, reading, self._subject(clause), capabilities)
        sheet.said += [self._phrases.say("edit_cannot_add", told, asked=u.asked, nearest=u.nearest) for u in unavailable]
        sheet.plan = plan
        for step in steps:
            sheet.added.append(step.id)
            sheet.changed[step.id] = ""
        if steps:
            sheet.said.append(self._phrases.say("edit_added", told, what=_titles(steps, told)))

    @staticmethod
    def _subject(clause: str) -> str:
        match = _SUBJECT.search(clause) or _SUBJECT_ZH.search(clause)
        return next((g.strip(" .!，。") for g in match.groups() if g), "") if match else ""

    # -- which one -------------------------------------------------------------------------------------------------------------

    def _guess(self, plan: Plan, clause: str, chat: ChatModel, cancel: CancelToken | None) -> Reference:
        """Ask the model which step is meant. It can only name one of them, or none."""
        if len(plan.steps) == 1:
            return Reference((plan.steps[0].id,))
        rows = "\n".join(f"{s.id}: {s.title}" for s in plan.steps)
        text = self._pick.frame(plan.language, list=rows, text=clause)
        schema = {"type": "object", "properties": {"step": {"enum": [*(s.id for s in plan.steps), "none"]}}, "required": ["step"]}
        request = ChatRequest.model_validate(
            {
                "messages": (*self._pick.prefix, Message(role="user", content=text)),
                "json_schema": schema,
                "max_tokens": self._pick.max_tokens,
            }
        )
        try:
            step_id = json.loads(chat.complete(request, cancel).text).get("step", "none")
        except (InvalidOutput, json.JSONDecodeError, AttributeError):
            return Reference()
        return Reference((step_id,)) if any(s.id == step_id for s in plan.steps) else Reference()

    def _ask_which(self, sheet: _Sheet, plan: Plan, clause: str, reference: Reference) -> None:
        told = sheet.told
        candidates = [s for s in plan.steps if s.id in reference.candidates]
        if not candidates:
            sheet.question = self._phrases.say("edit_nothing", told)
            return
        sheet.question = self._phrases.say("edit_no_such" if reference.missing else "edit_which", told)
        titles = [s.title for s in plan.steps]
        names = [s.title if titles.count(s.title) == 1 else s.id for s in candidates]
        span = reference.spans[0] if reference.spans else None
        sheet.options = tuple((clause[: span[0]] + name + clause[span[1] :]) if span else name for name in names)[:8]

    def _result(self, plan: Plan, sheet: _Sheet, capabilities: Sequence[Capability]) -> EditResult:
        if sheet.plan == plan and not sheet.changed:
            return EditResult(plan=plan, summary=" ".join(sheet.said) or self._phrases.say("edit_nothing", sheet.told))
        edited = sheet.plan.model_copy(update={"version": plan.version + 1})
        before = {f.message for f in plan.check(capabilities)}
        faults = [f.message for f in edited.check(capabilities) if f.message not in before]
        if faults:
            return EditResult(plan=plan, summary=self._phrases.say("edit_cannot", sheet.told, why=" ".join(faults)))
        order = [s.id for s in edited.steps]
        changed = tuple(i for i in order if i in sheet.changed)
        return EditResult(
            plan=edited,
            summary=" ".join(dict.fromkeys(sheet.said)),
            changed=changed,
            notes={i: sheet.changed[i] for i in changed},
            added=tuple(sheet.added),
            dropped=tuple(sheet.dropped),
        )


def _can_replace(other: Step, gone: Step, dependent: Step) -> bool:
    """Whether `other` can feed `dependent` in place of `gone`: of the role's kinds, same language, and with words to speak for speech."""
    kinds = {kind for i in dependent.inputs if i.step == gone.id for kind in ROLES[dependent.kind].get(i.role, frozenset())}
    if other.kind not in kinds or getattr(other.spec, "language", "") != getattr(gone.spec, "language", ""):
        return False
    if dependent.kind is not SpeechSpec.model_fields["kind"].default:
        return True
    if isinstance(other.spec, CopySpec):
        return any(f.name == "voice_over" for f in other.spec.fields)
    return not isinstance(other.spec, ArticleSpec) or other.spec.form == "script"


def _titles(steps: Sequence[Step], told: str) -> str:
    return ("、" if told == "zh" else ", ").join(step.title for step in steps)


def _cut(clause: str, spans: Sequence[tuple[int, int]]) -> str:
    for start, end in sorted(spans, reverse=True):
        clause = clause[:start] + " " + clause[end:]
    return clause
