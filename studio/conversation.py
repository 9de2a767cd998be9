"""The chat of a project: hands a message to the Director and carries out, with the studio's own methods, what its reply decides.

An answer is made in a thread of its own: closing the page does not stop it, and a page opened meanwhile finds it.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime

from agents.director import Director, DirectorState, PlanEdited, PlanProposed, Question, ReplyPart, Routed, RunRequested, TextDelta
from domain.asset import FileRef
from domain.brief import Attachment, Brief
from domain.context import AttachedText
from domain.conversation import Intent, Turn
from domain.errors import Cancelled, Conflict, MaquetteError
from domain.events import EventKind
from domain.finding import Severity
from domain.job import JobState
from domain.plan import Plan
from domain.progress import CancelToken
from domain.tracing import continued, span
from library.library import AssetQuery, Library
from studio.makers import Makers
from studio.moderation import Doubt, ScreenAnswer
from studio.plans import Plans, new_id

TURNS_SHOWN = 200
TURNS_KNOWN = 8
TITLES_KNOWN = 40
FILES_KNOWN = 10
REMARKS_TOLD = 4

log = logging.getLogger(__name__)


class Answer:
    """An answer being made: grows, then ends. Read from any thread."""

    def __init__(self) -> None:
        self.token = CancelToken()
        self.text = ""
        #: Said when the rest has been.
        self.last = ""
        self.ended = False
        self._changed = threading.Condition()

    def grow(self, text: str) -> None:
        with self._changed:
            self.text += text
            self._changed.notify_all()

    def judged(self, doubt: Doubt, table: Mapping[str, str]) -> None:
        """Take a refused answer back, or say after a doubtful one that it is."""
        with self._changed:
            self.text = ("" if doubt.refused else f"{self.text}\n\n") + f"⚠ {doubt.said.told(table)}"
            self._changed.notify_all()

    def end(self) -> None:
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def follow(self) -> Iterator[str]:
        """The text so far, again whenever it grew, until the answer has ended."""
        seen = None
        while True:
            with self._changed:
                while self.text == seen and not self.ended:
                    self._changed.wait(timeout=1.0)
                seen, ended = self.text, self.ended
            yield seen
            if ended:
                return


class Conversation:
    """Args:
    messages: what findings and errors say, by language and English template.
    screen: what stands in place of an answer that is refused, or after one in doubt; None for the others.
    """

    def __init__(
        self,
        library: Library,
        plans: Plans,
        director: Director,
        makers: Makers,
        now: Callable[[], datetime],
        messages: Mapping[str, Mapping[str, str]] | None = None,
        screen: ScreenAnswer = lambda brief, text: None,
    ) -> None:
        self._messages = messages or {}
        self._screen = screen
        self._library = library
        self._plans = plans
        self._director = director
        self._makers = makers
        self._now = now
        self._answers: dict[str, Answer] = {}
        self._guard = threading.Lock()

    def turns(self, project_id: str) -> tuple[Turn, ...]:
        """Oldest first. An answer still being made is not among them: see `pending`."""
        return self._library.turns(project_id, TURNS_SHOWN)

    def pending(self, project_id: str) -> Answer | None:
        """The answer being made in a project, None when there is none."""
        with self._guard:
            return self._answers.get(project_id)

    def say(self, project_id: str, text: str, *, attachments: tuple[Attachment, ...] = (), person: str = "") -> Iterator[str]:
        """Send a message; yields the growing answer. Leaving the iterator does not stop the answer.

        Raises InputError and LimitError for a message that cannot be used, Conflict while another is being answered.
        """
        with span("studio.say", project=project_id):
            brief = self._plans.draft(project_id, text, attachments=attachments, person=person)
        answer = Answer()
        with self._guard:
            if project_id in self._answers:
                raise Conflict("The last message is still being answered.", hint="Wait for it, or stop it.")
            self._answers[project_id] = answer
        try:
            state = self._state(project_id)
            self._add_turn(brief, "user", brief.text, attachments=tuple(a.name for a in attachments), files=self._texts(attachments))
        except BaseException:
            self._forget(project_id)
            raise
        threading.Thread(target=self._answer, args=(answer, brief, state), name="answer", daemon=True).start()
        return answer.follow()

    def stop(self, project_id: str) -> None:
        """Stop the answer being made; what was said so far stays."""
        answer = self.pending(project_id)
        if answer is not None:
            answer.token.cancel()

    def _answer(self, answer: Answer, brief: Brief, state: DirectorState) -> None:
        intent: Intent | None = None
        plan_id = ""
        options: tuple[str, ...] = ()
        try:
            seed = secrets.randbelow(2**31)
            with continued(brief.trace), span("studio.answer", brief=brief.id):
                for part in self._director.respond(brief, state, plan_id=new_id(), seed=seed, cancel=answer.token):
                    match part:
                        case Routed():
                            intent = part.intent
                        case Question():
                            intent, options = Intent.ASK, part.options
                    plan_id = self._carry_out(part, brief, answer) or plan_id
            if answer.last:
                answer.grow(answer.last)
            if intent is Intent.ANSWER and (doubt := self._screen(brief, answer.text)):
                answer.judged(doubt, self._table(brief.language))
        except Cancelled:
            answer.grow(" …")
        except MaquetteError as error:
            self._tell(error, brief.language, answer)
        except Exception as error:
            log.exception("the answer in project %s failed", brief.project_id)
            broken = MaquetteError(
                "Something broke inside the studio ({kind}).", hint="Nothing was lost; send it again.", kind=type(error).__name__
            )
            self._tell(broken, brief.language, answer)
        finally:
            try:
                self._add_turn(brief, "assistant", answer.text.strip() or "…", intent=intent, plan_id=plan_id, options=options)
            except MaquetteError:
                log.exception("an answer in project %s could not be stored", brief.project_id)
            finally:
                self._forget(brief.project_id)
                answer.end()

    def _carry_out(self, part: ReplyPart, brief: Brief, answer: Answer) -> str:
        """Do what one part decides. Returns the id of the plan it made or changed, "" for none."""
        match part:
            case TextDelta() | Question():
                answer.grow(part.text)
            case PlanProposed():
                plan = self._plans.keep(part.brief, part.plan)
                self._remark(plan, [step.id for step in plan.steps], part.brief.language, answer)
                return part.plan.id
            case PlanEdited():
                self._remark(self._plans.save(part.plan), part.changed, brief.language, answer)
                if part.redo:
                    self._plans.remake(part.plan.id, part.redo, person=brief.person)
                return part.plan.id
            case RunRequested():
                self._plans.approve(part.plan_id, person=brief.person)
                return part.plan_id
        return ""

    def _tell(self, error: MaquetteError, language: str, answer: Answer) -> None:
        answer.grow(("\n\n" if answer.text else "") + f"⚠ {error.told(self._table(language))}")

    def _table(self, language: str) -> Mapping[str, str]:
        return self._messages.get(language.split("-")[0], {})

    def _remark(self, plan: Plan, only: Collection[str], language: str, answer: Answer) -> None:
        """What the person should know of these steps of the plan before they are made, each thing once."""
        table = self._table(language)
        said: dict[str, str] = {}
        for step in (step for step in plan.steps if step.id in only):
            for finding in self._plans.remarks(plan, step):
                if finding.severity is not Severity.NOTE:
                    said.setdefault(finding.told(table), step.title)
        for words, title in list(said.items())[:REMARKS_TOLD]:
            answer.last += f"\n\n⚠ {title}: {words}"

    def _state(self, project_id: str) -> DirectorState:
        project = self._library.project(project_id)
        plan = self._plans.current(project_id)
        jobs = self._plans.jobs(plan.id) if plan is not None else ()
        made = {job.step_id for job in jobs if job.state is JobState.DONE}
        assets = self._library.assets(AssetQuery(project_id=project_id, newest_only=True, limit=TITLES_KNOWN)) if made else ()
        turns = self._library.turns(project_id, TURNS_SHOWN)
        return DirectorState(
            project=project.name,
            brand=project.brand,
            language=project.language,
            plan=plan,
            jobs=jobs,
            assets=tuple(asset.title for asset in assets),
            turns=turns[-TURNS_KNOWN:],
            files=self._earlier(turns),
            capabilities=self._makers.capabilities(),
        )

    def _earlier(self, turns: tuple[Turn, ...]) -> tuple[AttachedText, ...]:
        """Texts that came with earlier messages, the newest first, each name once; a file that is damaged is left out."""
        found: dict[str, AttachedText] = {}
        for file in (file for turn in reversed(turns) for file in reversed(turn.files)):
            if file.name in found or len(found) == FILES_KNOWN:
                continue
            try:
                text = self._library.file_path(file.sha256).read_text(encoding="utf-8-sig")
            except (MaquetteError, OSError, UnicodeDecodeError):
                log.warning("the attached file %s cannot be read any more", file.sha256)
                continue
            found[file.name] = AttachedText(name=file.name, text=text)
        return tuple(found.values())

    def _texts(self, attachments: tuple[Attachment, ...]) -> tuple[FileRef, ...]:
        """What was read from each attachment, stored as text: a transcript is not the sound it was read from."""
        return tuple(self._library.store_file(a.text.encode(), a.name, "text/plain") for a in attachments if a.text)

    def _add_turn(
        self,
        brief: Brief,
        role: str,
        text: str,
        *,
        intent: Intent | None = None,
        plan_id: str = "",
        attachments: tuple[str, ...] = (),
        files: tuple[FileRef, ...] = (),
        options: tuple[str, ...] = (),
    ) -> None:
        turn = Turn.model_validate(
            {
                "id": "",
                "project_id": brief.project_id,
                "role": role,
                "text": text,
                "intent": intent,
                "plan_id": plan_id,
                "attachments": attachments,
                "files": files,
                "options": options,
                "person": brief.person if role == "user" else "",
                "created": self._now(),
            }
        )
        self._library.add_turn(turn)
        self._library.add_event(brief.project_id, EventKind.MESSAGE, role)

    def _forget(self, project_id: str) -> None:
        with self._guard:
            self._answers.pop(project_id, None)
