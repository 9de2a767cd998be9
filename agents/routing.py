"""Routing by rule: which messages code understands without a model, and what a model's choice may lead to.

Works on the person's own words only. Does not reply; agents/director.py does.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from agents.claims import ClaimGate
from agents.edits import Editor
from agents.jobs.kinds import ChatJob, JobKind
from agents.lexicon import CJK, Named, Words, load_toml, words_pattern
from agents.planner import Planner
from agents.request import RequestReading
from domain.conversation import Intent
from domain.errors import InputError
from domain.moderation import AS_WISHED, Screening
from domain.plan import Plan, Step
from domain.value import Value

if TYPE_CHECKING:
    from agents.director import DirectorState

_EDGES = " \t\r\n.,;:!?…~、，。；：！？\"'“”"
#: Where one short message says two things: "yes, go", "好的，开始".
_PARTS = re.compile(r"\s*[,;.!，。！；]+\s*")


class Faq(Value):
    """A question about the studio with one true answer. ask: expressions on lower-case text."""

    ask: tuple[str, ...]
    answer: Named


class RoutingWords(Value):
    """assets/lexicon/routing.toml"""

    go: Words
    status: Words
    greeting: Words
    new_plan: Words
    keep: Words
    order: Words
    question: Words
    empty: Words
    plan: Words
    claims: Words
    faq: tuple[Faq, ...] = ()


class Router:
    def __init__(self, words: RoutingWords, planner: Planner, editor: Editor) -> None:
        self._words = words
        self._planner = planner
        self._editor = editor
        self._order = words.order.pattern(plural=False)
        self._question = words_pattern(words.question.en, (), plural=False)
        self._question_zh = re.compile("|".join(words.question.zh))
        self._empty = words_pattern(words.empty.en, words.empty.zh, plural=False)
        self._plan_words = words.plan.pattern()
        self._faq = [(faq, re.compile("|".join(faq.ask))) for faq in words.faq]
        self._claims = re.compile("|".join((*words.claims.en, *words.claims.zh)), re.IGNORECASE)

    @staticmethod
    def load(assets: Path, planner: Planner, editor: Editor) -> Router:
        path = assets / "lexicon" / "routing.toml"
        try:
            return Router(RoutingWords(**load_toml(path)), planner, editor)
        except (ValidationError, re.error) as error:
            raise InputError(
                "The word lists in {path} are not valid: {error}.", field=str(path), path=path.name, error=str(error)
            ) from error

    def by_rule(
        self,
        message: str,
        plan: Plan | None,
        *,
        attached: bool = False,
        job: ChatJob | None = None,
        screening: Screening = AS_WISHED,
    ) -> Intent | None:
        """The intent of a message that word lists settle, else None. job: the everyday work it was read as."""
        # 1. Refusals first: nothing below may turn an unsafe wish into work. Quotes count here: they can be what is to be made.
        if self._planner.safety.check(message, screening=screening) is not None:
            return Intent.REFUSE
        reading = self._planner.reader.read(message)
        own = reading.own
        bare = own.replace("…", " ").strip(_EDGES).lower()
        worked = job is not None and self.works(job, message, plan)
        if not bare and not worked:
            return Intent.ASK
        if worked and job is not None and job.reason == "live":
            return Intent.ANSWER
        # What a pasted text speaks of is no wish of the person's.
        if self._planner.safety.outside(job.ask if job is not None and job.text else own):
            return Intent.REFUSE
        # 2. Whole messages.
        if bare and all(self._is(self._words.go, part) for part in _PARTS.split(bare) if part):  # "looks good, go"
            return Intent.RUN
        if self._is(self._words.status, bare):
            return Intent.STATUS
        if self._is(self._words.greeting, bare) or self._is(self._words.keep, bare):
            return Intent.ANSWER
        if self._is(self._words.new_plan, bare):
            return Intent.ASK
        if self.known_answer(message, "en"):
            return Intent.ANSWER
        if worked:
            return Intent.ANSWER
        # 3. An edit of the plan that is there.
        if plan is not None and self._editor.reads(message, plan):
            return Intent.EDIT
        # 4. A brief: it names a recipe or kinds, has a subject, and does not merely ask about them.
        asks = self._asks(bare)
        orders = bool(self._order.search(bare))
        names = reading.names_something or self._planner.book.match(own) is not None
        if names and asks and not self.has_subject(reading):
            return Intent.ANSWER  # "do you support videos?"
        if names and plan is not None and not orders and self._editor.points(own, plan):
            return None  # "the picture feels cold": a wish, a remark or a question; the model chooses
        if names and (orders or not asks):
            return Intent.PLAN if attached or self.has_subject(reading) else Intent.ASK
        if orders and not asks and not self.has_subject(reading) and not attached:
            return Intent.ASK
        return Intent.ANSWER if asks and not orders and message.rstrip().endswith(("?", "？")) else None

    def works(self, job: ChatJob, message: str, plan: Plan | None) -> bool:
        """Whether a message read as everyday work is that, and not an edit of the plan at hand or a question about it."""
        if plan is None or (job.text and not job.follows):
            return True
        own = self._planner.reader.read(message).own
        if self._editor.reads(message, plan) or self._editor.points(own, plan):
            return False
        return job.kind is not JobKind.FACT or not self._plan_words.search(own.lower())

    def allowed(self, voted: Intent, reading: RequestReading, plan: Plan | None) -> Intent:
        """What a model's vote may lead to. It cannot start a run; it can edit only a plan that exists, and not on a question or beside
        material: then what looks like an edit may be somebody else's words."""
        if voted is Intent.RUN:
            return Intent.ANSWER
        if voted is Intent.EDIT and (
            reading.material or self._asks(reading.own.strip(_EDGES).lower()) or reading.own.rstrip().endswith(("?", "？"))
        ):
            return Intent.ANSWER
        if voted is Intent.EDIT and plan is None:
            return Intent.PLAN if reading.names_something and self.has_subject(reading) else Intent.ANSWER
        if voted is Intent.PLAN and not self.has_subject(reading):
            return Intent.ASK
        return voted

    def has_subject(self, reading: RequestReading) -> bool:
        """Whether anything is left of a message when kinds, recipes, numbers and empty words are taken out."""
        text = reading.described.lower().replace("…", " ")
        for recipe in self._planner.book.recipes:
            text = recipe.when.pattern().sub(" ", text)
        for start, end, _, _ in reversed(self._planner.reader.kind_mentions(text)):
            text = text[:start] + " " + text[end:]
        for wish in reading.unsupported:
            text = self._planner.reader.wish(wish).pattern().sub(" ", text)
        text = self._empty.sub(" ", text)
        text = re.sub(r"[\d\W_]+", " ", text)
        return any(len(word) >= 2 or CJK.search(word) for word in text.split()) and (not CJK.search(text) or len(CJK.findall(text)) >= 2)

    def concerns(self, reading: RequestReading, plan: Plan) -> bool:
        """Whether a question is about the plan or its parts, so that its facts belong into the prompt."""
        folded = reading.own.lower()
        return bool(self._plan_words.search(folded)) or self._editor.points(reading.own, plan)

    def named_steps(self, reading: RequestReading, plan: Plan) -> tuple[Step, ...]:
        """The steps of the plan that a question is about."""
        ids = self._editor.pointed(reading.own, plan)
        return tuple(step for step in plan.steps if step.id in ids)

    def known_answer(self, message: str, told: str) -> str:
        """The answer to a question about the studio that code knows, "" for any other message, a long one included."""
        folded = message.strip().lower().replace("’", "'")
        if len(folded) > 160:
            return ""
        return next((faq.answer.of(told) for faq, pattern in self._faq if pattern.search(folded)), "")

    def greets(self, message: str) -> bool:
        return self._is(self._words.greeting, message.strip(_EDGES).lower())

    def completed(self, message: str, state: DirectorState) -> str:
        """A short reply to a question, joined to the message the question was about; any other message as it is."""
        if len(state.turns) < 2 or state.turns[-1].role != "assistant" or state.turns[-1].intent is not Intent.ASK:
            return message
        asked, earlier = state.turns[-1], state.turns[-2]
        if earlier.role != "user" or message in asked.options:
            return message
        bare = message.strip(_EDGES).lower()
        known = (self._words.go, self._words.status, self._words.greeting, self._words.keep, self._words.new_plan)
        if any(self._is(words, bare) for words in known) or len(message) > 400:
            return message
        # "the square one", after "which banner?": the option that says it.
        fitting = [option for option in asked.options if bare.removeprefix("the ").removesuffix(" one") in option.lower()]
        if len(fitting) == 1:
            return fitting[0]
        rule = self.by_rule(message, state.plan)
        if rule not in (None, Intent.ASK, Intent.ANSWER) or self._asks(bare):
            return message
        return f"{earlier.text.strip()}\n{message.strip()}"

    def gate(self) -> ClaimGate:
        """A fresh gate for one streamed answer."""
        return ClaimGate(self._claims)

    def _asks(self, bare: str) -> bool:
        return bool(self._question.match(bare) or (CJK.search(bare) and self._question_zh.search(bare)))

    @staticmethod
    def _is(words: Words, bare: str) -> bool:
        return bare in words.en or bare in words.zh
