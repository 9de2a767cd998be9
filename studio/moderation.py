"""Content safety where something is asked for or kept: which rules a wish is judged by, and what stands between a result and the library.

Judges by the rules of agents and the score of a picture. What a person decides: studio/cases.py; what may leave: studio/gate.py.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from agents.picture_safety import PictureRules
from agents.safety import WAY_OUT, SafetyRules, folded
from domain.asset import Asset
from domain.brief import Brief
from domain.errors import ContentRefused, GenerationError, MaquetteError, ModelError
from domain.moderation import AS_WISHED, Case, CaseState, Judged, Level, Outcome, PictureCheck, SafetyFinding, Screening, Stage, worst
from domain.plan import Plan
from domain.recipe import OutputFile
from domain.said import Said
from domain.value import Value
from library.library import Library
from studio.gate import Gate

#: (plan, text, stage) -> None; raises ContentRefused
Screen = Callable[[Plan, str, Stage], None]
#: The score of a picture, 0..1. Raises MaquetteError.
Score = Callable[[bytes], float]


class Doubt(Value):
    """What the rules say of an answer in the chat."""

    refused: bool
    said: Said


#: (brief, answer) -> Doubt, None where nothing is said of it
ScreenAnswer = Callable[[Brief, str], Doubt | None]

RASTER = frozenset({"image/png", "image/jpeg", "image/webp"})
#: Pictures of one result that are looked at: the main one and its first companions.
PICTURES_MAX = 4

log = logging.getLogger(__name__)


def everything_passes(plan: Plan, text: str, stage: Stage) -> None:
    """Where nothing is screened."""


def wish_hash(text: str) -> str:
    """The same for texts that differ in nothing a reader sees."""
    return hashlib.sha256(" ".join(folded(text).split()).encode()).hexdigest()


class Moderation:
    """Args:
    ready: whether a model that scores pictures is there. score: asks it. model: its id.
    now: the clock, for stored times.
    """

    def __init__(
        self,
        library: Library,
        rules: SafetyRules,
        pictures: PictureRules,
        ready: Callable[[], bool],
        score: Score,
        now: Callable[[], datetime],
        model: str = "",
    ) -> None:
        self._library = library
        self._rules = rules
        self._pictures = pictures
        self._ready = ready
        self._score = score
        self._now = now
        self._model = model

    @property
    def gate(self) -> Gate:
        """What may leave."""
        return Gate(self._library)

    def screening(self, project_id: str, text: str) -> Screening:
        """What a wish of a project is judged by: its level, and what a person allowed for this very text.

        project_id "": of a project that is not made yet. Raises NotFound."""
        if not project_id:
            return AS_WISHED
        level = self._library.project(project_id).moderation
        case = self._library.case_of(project_id, "wish", wish_hash(text))
        return Screening(level=level, cleared=case.rules if case is not None and case.state is CaseState.ALLOWED else ())

    def refused(self, project_id: str, text: str) -> tuple[SafetyFinding, ...]:
        """The rules that refuse a wish, () when none does."""
        found = self._rules.found(text, Stage.BRIEF, self.screening(project_id, text))
        return tuple(finding for finding in found if finding.outcome is Outcome.REFUSED)

    def screen(self, plan: Plan, text: str, stage: Stage) -> None:
        """Raise ContentRefused for the note or the prompt of a step that is refused in its project."""
        if text.strip():
            project = self._library.project(plan.project_id)
            screening = self._of_brief(self._library.brief(plan.brief_id), project.moderation)
            _refuse(self._rules.found(text, stage, screening), project.language)

    def spoken(self, project_id: str, text: str) -> None:
        """Raise ContentRefused for words that a step of this project would have refused or held: what is handed out at once, and kept
        nowhere, cannot wait for a decision."""
        language, screening = self._library.project(project_id).language, self.screening(project_id, text)
        found = tuple(one for stage in (Stage.BRIEF, Stage.PROMPT) for one in self._rules.found(text, stage, screening))
        _refuse(found, language)
        if found:
            raise ContentRefused(
                "The rule {rule} holds these words until a person has decided: {why}",
                hint="Make them as a step: it is held, and a reviewer decides under Library > Content review.",
                reason=found[0].rule,
                field="text",
                rule=found[0].rule,
                why=found[0].reason.of(language),
            )

    def upload(self, data: bytes) -> None:
        """Raise ContentRefused for a picture that is refused in a standard project. What is merely doubtful, or cannot be looked at, is
        taken: what is made of it is judged itself."""
        score = self._look(data)
        finding = self._pictures.finding(score, Level.STANDARD) if score is not None else None
        if finding is not None:
            _refuse((finding,), "en")

    def answer(self, brief: Brief, text: str) -> Doubt | None:
        """What is said of words the chat wrote: they leave by being copied, so nothing can hold them."""
        screening = self._of_brief(brief, self._library.project(brief.project_id).moderation)
        found = self._rules.found(text, Stage.OUTPUT, screening)
        if not found:
            return None
        refused = worst(found) is Outcome.REFUSED
        first = next((one for one in found if one.outcome is Outcome.REFUSED), found[0])
        why = first.reason.of(brief.language)
        template = Said.of("I take that answer back: the rule {rule} refuses it. {why}", rule=first.rule, why=why)
        return Doubt(refused=refused, said=template if refused else Said.of("Look at this before it is used: {why}", why=why))

    def judge(self, draft: Asset, files: Sequence[OutputFile]) -> tuple[Asset, Case | None]:
        """A result before it is stored: how it was judged, and the case it waits for, None when nothing is in doubt.

        A doubtful brief gets a case of its own, which holds all that is made from it. Raises ContentRefused.
        """
        project = self._library.project(draft.project_id)
        brief = self._brief(draft)
        screening = self._of_brief(brief, project.moderation) if brief is not None else Screening(level=project.moderation)
        found = list(self._rules.found(f"{draft.title}\n{draft.text}", Stage.OUTPUT, screening))
        known = {finding.rule for finding in found}
        # Words that are drawn or spoken as they stand are an output too; those of an upload's metadata are no prompt of ours.
        found += [one for one in self._rules.found(draft.recipe.prompt, Stage.PROMPT, screening) if one.rule not in known]
        check, score = self._seen(files)
        if check is not PictureCheck.NONE and (finding := self._pictures.finding(score, project.moderation)) is not None:
            found.append(finding)
        _refuse(tuple(found), project.language)
        if brief is not None:
            self._hold_brief(brief, screening)
        judged = Judged(
            level=project.moderation,
            text=bool(draft.text),
            picture=check,
            score=None if score is None else round(score, 4),
            model=self._model if score is not None else "",
        )
        draft = draft.model_copy(update={"judged": judged})
        if not found:
            return draft, None
        return draft, self._case("asset", draft.project_id, "", draft.title, tuple(found), draft.person)

    def _brief(self, draft: Asset) -> Brief | None:
        return self._library.brief(self._library.plan(draft.plan_id).brief_id) if draft.plan_id else None

    def _of_brief(self, brief: Brief, level: Level) -> Screening:
        return Screening(level=level, cleared=brief.screening.cleared, text=brief.text)

    def _hold_brief(self, brief: Brief, screening: Screening) -> None:
        found = self._rules.found(brief.text, Stage.BRIEF, screening)
        if found and self._library.case_of(brief.project_id, "brief", brief.id) is None:
            self._library.add_case(self._case("brief", brief.project_id, brief.id, brief.text[:200], found, brief.person))

    def _case(self, kind: str, project_id: str, subject: str, title: str, found: tuple[SafetyFinding, ...], person: str) -> Case:
        return Case.model_validate(
            {
                "project_id": project_id,
                "kind": kind,
                "subject": subject,
                "title": title[:200],
                "findings": found,
                "person": person,
                "created": self._now(),
            }
        )

    def _seen(self, files: Sequence[OutputFile]) -> tuple[PictureCheck, float | None]:
        """The highest score of the pictures among these files. One that could not be looked at makes all of them not checked."""
        pictures = [file for file in files if file.media_type in RASTER][:PICTURES_MAX]
        if not pictures:
            return PictureCheck.NONE, None
        scores = [self._look(file.data if file.path is None else file.path.read_bytes()) for file in pictures]
        known = [score for score in scores if score is not None]
        if len(known) < len(scores):
            return PictureCheck.NOT_CHECKED, None
        return PictureCheck.CHECKED, max(known)

    def _look(self, data: bytes) -> float | None:
        """None where no model could look: that is said, and never taken for clean."""
        if not self._ready():
            return None
        try:
            return self._score(data)
        except (ModelError, GenerationError) as error:
            log.warning("a picture was not checked: %s", error)
        except MaquetteError as error:  # a form that cannot be decoded
            log.info("a picture was not checked: %s", error)
        return None


def _refuse(found: Sequence[SafetyFinding], language: str) -> None:
    """Raise ContentRefused for the first that is refused."""
    if worst(tuple(found)) is not Outcome.REFUSED:
        return
    first = next(one for one in found if one.outcome is Outcome.REFUSED)
    raise ContentRefused(
        "The rule {rule} refuses this: {why}",
        hint=WAY_OUT if first.stage is Stage.BRIEF else "Nothing was kept of it. Change the words, or take another seed.",
        reason=first.rule,
        rule=first.rule,
        why=first.reason.of(language) + (f" ({first.score:.2f})" if first.score is not None else ""),
    )
