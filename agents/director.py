"""The Director: what a chat message leads to. Answers, asks, proposes a plan, edits it, asks the studio to run it, reports.

Side effects come only from typed parts, and only code decides on them: a run from the person's own words, an edit from word lists over
those words. Quoted and pasted text is never routed on. What is said about results is rendered from the state handed in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from agents.edits import Editor
from agents.jobs.desk import JobDesk
from agents.jobs.kinds import ChatJob
from agents.jobs.retrieval import Choose, Finder, no_embedder
from agents.lexicon import language_of, side
from agents.planner import Planner
from agents.prompts import as_data, load_prompts
from agents.reports import Reports
from agents.request import RequestReading
from agents.routing import Router
from agents.safety import SafetyRules
from domain.brand import BrandKit
from domain.brief import BRIEF_MAX_CHARACTERS, Brief
from domain.capability import Capability
from domain.chat import ChatModel, ChatRequest, Message, Sampling
from domain.context import AttachedText
from domain.conversation import Intent, Turn
from domain.errors import ContentRefused, InvalidOutput
from domain.job import Job, JobState
from domain.moderation import AS_WISHED, Screening
from domain.plan import Plan
from domain.progress import CancelToken
from domain.value import JsonValue, Value

#: Earlier turns an answer is given, and the characters of each.
_TURNS_SHOWN = 4
_HISTORY_SHOWN = 240


class DirectorState(Value):
    """All the Director may know of a project. assets: titles of what was really made. turns: oldest first, without the new message.

    files: texts that came with earlier messages, the newest first.
    """

    project: str = ""
    brand: BrandKit = BrandKit()
    language: str = "en"
    plan: Plan | None = None
    jobs: tuple[Job, ...] = ()
    assets: tuple[str, ...] = ()
    turns: tuple[Turn, ...] = ()
    files: tuple[AttachedText, ...] = ()
    capabilities: tuple[Capability, ...] = ()


class Routed(Value):
    """First part of every reply: what the message was taken for. The studio stores it with the turn."""

    part: Literal["routed"] = "routed"
    intent: Intent


class TextDelta(Value):
    part: Literal["text"] = "text"
    text: str


class PlanProposed(Value):
    """brief: the one to store. It differs from what was typed when it completes an earlier, thin message."""

    part: Literal["plan"] = "plan"
    plan: Plan
    brief: Brief


class PlanEdited(Value):
    """changed: ids with a new spec or inputs (added ones too); redo: note per changed id for steps that were made already."""

    part: Literal["edited"] = "edited"
    plan: Plan
    changed: tuple[str, ...]
    redo: dict[str, str]
    dropped: tuple[str, ...] = ()


class RunRequested(Value):
    part: Literal["run"] = "run"
    plan_id: str


class Question(Value):
    """options are whole messages a person may send as they are; offer them as buttons. Store the turn with intent ASK."""

    part: Literal["question"] = "question"
    text: str
    options: tuple[str, ...] = ()


ReplyPart = Routed | TextDelta | PlanProposed | PlanEdited | RunRequested | Question


class Director:
    """One Director serves all projects: it holds shipped data and the chat model, and no state between messages."""

    def __init__(self, chat: ChatModel, assets: Path, planner: Planner | None = None, embedder: Choose = no_embedder) -> None:
        """embedder: by language, what passages of long texts are found with; words alone decide where there is none."""
        self._chat = chat
        self._planner = planner or Planner(assets)
        self._phrases = self._planner.phrases
        self._reader = self._planner.reader
        self._safety: SafetyRules = self._planner.safety
        self._editor = Editor.load(assets, self._planner)
        self._router = Router.load(assets, self._planner, self._editor)
        self._reports = Reports(self._planner)
        self._prompts = load_prompts(assets, "director")
        self._jobs = JobDesk(assets, self._reader, self._planner.book, self._phrases, self._planner.lexicon.languages, Finder(embedder))

    def prefix(self) -> tuple[Message, ...]:
        """The messages every chat call starts with; evaluate them once so that the first answer starts quickly."""
        return self._prompts["director"].prefix

    def plan_prefix(self) -> tuple[Message, ...]:
        """The same for plans."""
        return self._planner.prefix()

    # -- routing ---------------------------------------------------------------------------------------------------------------

    def route(
        self,
        message: str,
        state: DirectorState,
        *,
        attached: bool = False,
        job: ChatJob | None = None,
        screening: Screening = AS_WISHED,
        cancel: CancelToken | None = None,
    ) -> Intent:
        """What a message wants. Code decides where it can; the model chooses among the harmless rest.

        attached: files came with the message. job: what everyday work it was read as, where that is known already. screening: what its
        words are judged by.
        Raises Cancelled and ModelError.
        """
        job = job or self._jobs.read(message, state.turns)
        known = self._router.by_rule(message, state.plan, attached=attached, job=job, screening=screening)
        if known is not None:
            return known
        return self._voted(message, state, cancel)

    def _voted(self, message: str, state: DirectorState, cancel: CancelToken | None) -> Intent:
        reading = self._reader.read(message, state.language)
        schema: dict[str, JsonValue] = {
            "type": "object",
            "properties": {"do": {"enum": ["plan", "edit", "status", "ask", "answer", "refuse"]}},
            "required": ["do"],
            "additionalProperties": False,
        }
        request = ChatRequest(
            messages=(*self.prefix(), self._shown(reading)),
            json_schema=schema,
            max_tokens=self._prompts["director"].max_tokens,
            sampling=Sampling(),
        )
        try:
            said = str(json.loads(self._chat.complete(request, cancel).text).get("do", "answer"))
        except (InvalidOutput, json.JSONDecodeError, AttributeError):
            said = "answer"
        voted = Intent(said) if said in {i.value for i in Intent} else Intent.ANSWER
        return self._router.allowed(voted, reading, state.plan)

    def _shown(self, reading: RequestReading) -> Message:
        """The person's words as the model sees them. Material stays out of what is routed on."""
        text = (reading.described or "…")[:1200]
        return Message(role="user", content=self._prompts["message"].frame(reading.language, text=text))

    # -- replying --------------------------------------------------------------------------------------------------------------

    def respond(
        self, brief: Brief, state: DirectorState, *, plan_id: str, seed: int, cancel: CancelToken | None = None
    ) -> Iterator[ReplyPart]:
        """The reply to one message, in parts. brief: the message as a brief; plan_id and seed are used if it becomes a plan.

        Raises Cancelled, ModelError, LimitError. Unsafe wishes and thin briefs are answered, not raised.
        """
        files = tuple(AttachedText(name=a.name, text=a.text) for a in brief.attachments if a.text)
        job = self._jobs.read(brief.text, state.turns, files, state.files)
        message = brief.text if job is not None else self._router.completed(brief.text, state)
        brief = brief if message == brief.text else brief.model_copy(update={"text": message[:BRIEF_MAX_CHARACTERS]})
        # A question is answered in its own language, whatever the language of the text it is about.
        told = side(language_of(job.ask if job is not None else message, state.language))
        intent = self.route(message, state, attached=bool(brief.attachments), job=job, screening=brief.screening, cancel=cancel)
        yield Routed(intent=intent)
        match intent:
            case Intent.PLAN:
                yield from self._plan(brief, state, plan_id, seed, told, cancel)
            case Intent.EDIT:
                yield from self._edit(message, state, told, cancel)
            case Intent.RUN:
                yield from self._run(state, told)
            case Intent.STATUS:
                yield TextDelta(text=self._reports.status(state.plan, state.jobs, state.assets, told))
            case Intent.ASK:
                yield self._ask(brief, told)
            case Intent.REFUSE:
                yield TextDelta(text=self._refusal(message, told, brief.screening))
            case Intent.ANSWER:
                yield from self._answer(message, job, state, told, seed, cancel)

    def _plan(
        self, brief: Brief, state: DirectorState, plan_id: str, seed: int, told: str, cancel: CancelToken | None
    ) -> Iterator[ReplyPart]:
        yield TextDelta(text=self._phrases.say("plan_reading", told) + "\n\n")
        try:
            plan = self._planner.plan(brief, state.capabilities, self._chat, state.brand, plan_id=plan_id, seed=seed, cancel=cancel)
        except ContentRefused as refusal:
            yield TextDelta(text=self._phrases.say("refuse", told, reason=refusal.message))
            return
        yield PlanProposed(plan=plan, brief=brief)
        yield TextDelta(text=self._reports.summary(plan, told))

    def _edit(self, message: str, state: DirectorState, told: str, cancel: CancelToken | None) -> Iterator[ReplyPart]:
        if state.plan is None:
            yield TextDelta(text=self._phrases.say("no_plan_yet", told))
            return
        result = self._editor.apply_edit(state.plan, message, self._chat, state.capabilities, cancel)
        if result.question:
            yield Question(text=result.question, options=result.options)
            return
        if result.plan != state.plan or result.changed:
            made = {job.step_id for job in state.jobs if job.state is JobState.DONE}
            redo = {step_id: note for step_id, note in result.notes.items() if step_id in made}
            yield PlanEdited(plan=result.plan, changed=result.changed, redo=redo, dropped=result.dropped)
        yield TextDelta(text=result.summary)

    def _run(self, state: DirectorState, told: str) -> Iterator[ReplyPart]:
        plan = state.plan
        if plan is None:
            yield TextDelta(text=self._phrases.say("no_plan_yet", told))
            return
        faults = plan.check(state.capabilities)
        if faults:
            yield TextDelta(text=self._phrases.say("run_cannot", told, why=" ".join(f.message for f in faults)))
            return
        jobs = [job for job in state.jobs if job.plan_id == plan.id]
        if any(not job.state.ended for job in jobs):
            done = len({job.step_id for job in jobs if job.state is JobState.DONE})
            yield TextDelta(text=self._phrases.say("run_going", told, done=done, total=len(plan.steps)))
            return
        count = self._phrases.say("run_count", told, n=len(plan.steps), s="" if len(plan.steps) == 1 else "s")
        yield RunRequested(plan_id=plan.id)
        yield TextDelta(text=self._phrases.say("run_now", told, count=count))

    def _ask(self, brief: Brief, told: str) -> Question:
        reading = self._reader.read(brief.text, brief.language)
        if not reading.own.replace("…", "").strip() and reading.material:
            return Question(
                text=self._phrases.say("ask_material", told), options=tuple(self._phrases.say("ask_material_options", told).split("|"))
            )
        recipe = self._planner.book.match(reading.own)
        if recipe is not None:
            return Question(text=self._phrases.say("ask_subject", told, what=recipe.name.of(told).lower()))
        return Question(text=self._phrases.say("ask_what", told), options=tuple(self._phrases.say("ask_what_options", told).split("|")))

    def _refusal(self, message: str, told: str, screening: Screening) -> str:
        refusal = self._safety.check(message, told, screening=screening)
        if refusal is not None:
            return self._phrases.say("refuse", told, reason=refusal.reason)
        outside = self._safety.outside(message, told)
        return self._phrases.say("outside", told, what=outside) if outside else self._phrases.say("outside_any", told)

    # -- answering -------------------------------------------------------------------------------------------------------------

    def _answer(
        self, message: str, job: ChatJob | None, state: DirectorState, told: str, seed: int, cancel: CancelToken | None
    ) -> Iterator[ReplyPart]:
        """Everyday work, or a short answer, streamed. A sentence that claims something was made is held back: no asset, no claim."""
        if self._router.greets(message):
            yield TextDelta(text=self._phrases.say("greet", told))
            return
        known = self._router.known_answer(message, told) if job is None or not job.text else ""
        if not known and job is not None and self._router.works(job, message, state.plan):
            for piece in self._jobs.do(job, self._chat, language=told, seed=seed, cancel=cancel):
                yield TextDelta(text=piece)
            return
        reading = self._reader.read(message, state.language)
        known = known or self._cannot(reading, told)
        if known:
            yield TextDelta(text=known)
            return
        prompt = self._prompts["answer"]
        about_plan = state.plan is not None and self._router.concerns(reading, state.plan)
        named = self._router.named_steps(reading, state.plan) if state.plan else ()
        facts = self._reports.facts(state.plan, state.assets, reading.described, named, told) if about_plan else ""
        facts += self._recent(state) + self._material(reading)
        name = self._planner.lexicon.languages.name(reading.language, told)
        request = ChatRequest(
            messages=(
                *self.prefix(),
                self._shown(reading),
                Message(role="assistant", content='{"do":"answer"}'),
                Message(role="user", content=prompt.frame(told, facts=facts, language=name)),
            ),
            sampling=self._jobs.sampling.of("answer").at(seed),
            max_tokens=prompt.max_tokens,
        )
        gate = self._router.gate()
        for piece in self._chat.stream(request, cancel):
            if text := gate.feed(piece):
                yield TextDelta(text=text)
        if text := gate.close():
            yield TextDelta(text=text)
        if gate.cut:
            yield TextDelta(text=" " + self._reports.status(state.plan, state.jobs, state.assets, told))

    def _cannot(self, reading: RequestReading, told: str) -> str:
        """ "Do you make videos?": what has no maker here is said by code, with the nearest that has one."""
        wishes = [self._reader.wish(wish_id) for wish_id in reading.unsupported]
        if reading.requests:
            return ""
        return " ".join(self._phrases.say("edit_cannot_add", told, asked=w.name.of(told), nearest=w.nearest.of(told)) for w in wishes)

    @staticmethod
    def _recent(state: DirectorState) -> str:
        """The last exchanges that were chat, so that "my name" and "the one before" mean something."""
        if not state.turns or state.turns[-1].role != "assistant" or state.turns[-1].intent is not Intent.ANSWER:
            return ""
        names = {"user": "User", "assistant": "You"}
        lines = [f"{names[turn.role]}: {' '.join(turn.text.split())[:_HISTORY_SHOWN]}" for turn in state.turns[-_TURNS_SHOWN:]]
        return f" {as_data(chr(10).join(lines), _TURNS_SHOWN * (_HISTORY_SHOWN + 8))}\n"

    @staticmethod
    def _material(reading: RequestReading) -> str:
        pieces = [m for m in reading.material if m.strip('"“”「」『』《》 ') not in reading.described]
        return f" {as_data(' '.join(pieces), 600)}\n" if pieces else ""
