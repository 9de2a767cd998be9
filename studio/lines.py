"""Lines to be spoken: a string table in, one take per line, each heard; one line fixed alone; all of them as a pack with a report.

    studio.lines.voice(project_id, table, language="en")    -> Voicing: what is being made, and the rows that cannot be spoken
    studio.lines.report(brief_id)                           -> a row per line: state, voice, what was heard of it
    studio.lines.taken_out(brief_id)                        -> the same rows, where nothing in them is held or refused
    studio.lines.takes(brief_id, line)                      -> its takes, the newest first, with what was heard of each
    studio.lines.fix(brief_id, line, text=…, note=…)        -> that line spoken again; its takes are versions
    studio.lines.pack(brief_id)                             -> a ZIP of WAVs named by line id, the reports, a sealed manifest

A table is a brief with a plan of one speech step per line, 60 to a plan: it runs, resumes, stops and is redone as every plan.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from pathlib import Path

from agents.writers.game.data import string_table
from domain.asset import Asset
from domain.brand import BrandKit
from domain.brief import Attachment, AttachmentUse, Brief
from domain.capability import Capability, StepKind
from domain.dialogue import Character, DialogueDocument
from domain.errors import ContentRefused, InputError, NotFound
from domain.hearing import Hearing
from domain.job import Job, JobState
from domain.plan import PLAN_MAX_STEPS, Plan, Step
from domain.progress import Progress, Silent
from domain.project import Project
from domain.review import Verdict
from domain.specs import SpeechSpec
from domain.value import JsonValue, Value, content_hash
from library.library import AssetQuery, Library
from pipelines.audio import text as speakable
from studio.dialogues import dialogue_of
from studio.gate import Gate
from studio.labelling import Labeller
from studio.line_packs import write_lines
from studio.line_tables import (
    LINES_MAX,
    LineReport,
    LineRow,
    RefusedRow,
    file_names,
    lines_of,
    people_of,
    read_table,
)
from studio.plans import Plans, new_plan
from studio.takes import Takes
from studio.voices import VoicesDesk

TABLE_MEDIA_TYPE = "text/csv"
_TITLE_CHARACTERS = 80


class Voicing(Value):
    """What `voice` began. brief_id names it from now on. plans: in the order of the table."""

    brief_id: str
    plans: tuple[str, ...]
    lines: int
    refused: tuple[RefusedRow, ...] = ()


class LineTable(Value):
    """A string table that was spoken, by the id that `voice` gave it."""

    brief_id: str
    title: str
    lines: int


class LineTake(Value):
    """One take of a line. counts: it is the one that reports and packs take. verdict: of a person, "" for none. note: what was asked."""

    asset_id: str
    version: int
    text: str
    voice: str
    note: str = ""
    seconds: float = 0.0
    counts: bool = False
    verdict: str = ""
    hearing: Hearing | None = None


class Lines:
    """Args: refuse_unsafe: raises ContentRefused for words that are not spoken here. capabilities: what can be made now.

    packs: folder where packs wait to be fetched. labelling: marks and signs what leaves.
    """

    def __init__(
        self,
        library: Library,
        plans: Plans,
        voices: VoicesDesk,
        capabilities: Callable[[], Sequence[Capability]],
        refuse_unsafe: Callable[[str], None],
        packs: Path,
        labelling: Labeller,
    ) -> None:
        self._library = library
        self._plans = plans
        self._voices = voices
        self._takes = Takes(library)
        self._capabilities = capabilities
        self._refuse_unsafe = refuse_unsafe
        self._packs = packs
        self._labelling = labelling
        self._known: dict[Hashable, bool] = {}

    def voice(
        self,
        project_id: str,
        table: str,
        *,
        language: str = "en",
        title: str = "Lines",
        known: Sequence[Character] = (),
        silent: bool = False,
        person: str = "",
    ) -> Voicing:
        """Speak every row of a string table that can be spoken. Who has no voice yet is cast first, and stays so.

        known: what is known of the characters. silent: speak choices too. Raises InputError when no row can be spoken,
        LimitError for too large a table or a budget, ModelMissing.
        """
        rows, refused = self._readable(table, language, silent=silent)
        if not rows:
            first = f" Row {refused[0].row}: {refused[0].why}" if refused else ""
            raise InputError(
                "The table has no line that can be spoken.{first}", hint="Give rows with an id and a text.", field="table", first=first
            )
        members = self._voices.propose(project_id, people_of(rows, known), language)
        if members:
            self._voices.cast(project_id, *members)
        brief = self._brief(project_id, table, title, language, person)
        plans = [self._plan(brief, rows[start : start + PLAN_MAX_STEPS], title, language) for start in range(0, len(rows), PLAN_MAX_STEPS)]
        self._plans.keep(brief, plans[0])
        for plan in plans[1:]:
            self._plans.save(plan)
        for plan in plans:
            self._plans.approve(plan.id, person=person)
        return Voicing(brief_id=brief.id, plans=tuple(plan.id for plan in plans), lines=len(rows), refused=refused)

    def voice_dialogue(self, asset: Asset, *, choices: bool = False, person: str = "") -> Voicing:
        """Speak the lines of a dialogue that was made; its characters are cast by what the scene knows of them.

        Raises as `voice` does, NotFound for an asset that is no dialogue, and ContentHeld for one that does not leave the studio now: what
        is spoken is a result of its own, which nothing ties to the dialogue.
        """
        Gate(self._library).require([asset])
        document = dialogue_of(self._library, asset)
        table = string_table(document)
        known = self.people(document)
        return self.voice(
            asset.project_id, table, language=document.language, title=asset.title, known=known, silent=choices, person=person
        )

    def people(self, document: DialogueDocument) -> tuple[Character, ...]:
        """Who speaks in a scene, with what it knows of them."""
        return people_of(lines_of(document), document.cast)

    def report(self, brief_id: str) -> tuple[LineReport, ...]:
        """A row per line in the order of the table, then the rows that were refused. Raises NotFound."""
        brief, plans = self._found(brief_id)
        project = self._library.project(brief.project_id)
        found = [row for plan in plans for row in self._rows(plan, project)]
        names = file_names([row.line for row in found])
        rows = [row.model_copy(update={"file": name if row.asset_id else ""}) for row, name in zip(found, names, strict=True)]
        _, refused = self._read_again(brief, plans)
        return (*rows, *(LineReport(line=one.id or f"row {one.row}", state="refused", why=f"Row {one.row}: {one.why}") for one in refused))

    def taken_out(self, brief_id: str) -> tuple[LineReport, ...]:
        """The report as it leaves the studio. Raises NotFound, ContentHeld where a take that counts, or the newest, may not."""
        plans, rows = self._found(brief_id)[1], self.report(brief_id)
        # The words of a row are those of the newest take, its sound may be of an earlier one.
        out = {asset.id: asset for plan in plans for asset in self._library.latest_assets(plan.id).values()}
        counted = [self._library.asset(row.asset_id) for row in rows if row.asset_id and row.asset_id not in out]
        Gate(self._library).require((*out.values(), *counted))
        return rows

    def fix(
        self,
        brief_id: str,
        line: str,
        *,
        text: str | None = None,
        voice: str | None = None,
        speed: float | None = None,
        note: str = "",
        person: str = "",
    ) -> tuple[Job, ...]:
        """Speak one line again, and no other: with other words, another voice than the sheet's, or only another take.

        Raises NotFound, InputError at the field, Conflict while it is being spoken.
        """
        plan, step = self._line(brief_id, line)
        values: dict[str, JsonValue] = {name: v for name, v in (("text", text), ("voice", voice), ("speed", speed)) if v is not None}
        if text is not None:
            speakable.clean(text)
            if fault := next(iter(self._refusals([LineRow(id=line, text=text)])), None):
                raise InputError(fault.why, hint="Write the line otherwise.", field="text")
        if voice:
            self._voices.require(plan.project_id, voice)
        return self._plans.redo(plan.id, step.id, note=note, values=values or None, person=person)

    def _line(self, brief_id: str, line: str) -> tuple[Plan, Step]:
        for plan in self._found(brief_id)[1]:
            for step in plan.steps:
                if isinstance(step.spec, SpeechSpec) and step.spec.line == line:
                    return plan, step
        raise NotFound("There is no line {line} here.", hint="Take an id from the report.", line=repr(line[:80]))

    def all(self, project_id: str) -> tuple[LineTable, ...]:
        """The tables that were spoken in a project, the newest first."""
        found: dict[str, LineTable] = {}
        for plan in self._plans.all(project_id):
            lines = sum(isinstance(step.spec, SpeechSpec) and bool(step.spec.line) for step in plan.steps)
            if lines:
                known = found.get(plan.brief_id)
                found[plan.brief_id] = LineTable(brief_id=plan.brief_id, title=plan.title, lines=lines + (known.lines if known else 0))
        return tuple(found.values())

    def takes(self, brief_id: str, line: str) -> tuple[LineTake, ...]:
        """Every take of a line, the newest first. Raises NotFound."""
        plan, step = self._line(brief_id, line)
        made = self._library.assets(AssetQuery(plan_id=plan.id, step_id=step.id, limit=1000))
        verdicts = self._library.verdicts([asset.id for asset in made])
        counts = _that_counts(made, verdicts)
        return tuple(
            LineTake(
                asset_id=asset.id,
                version=asset.version,
                text=str(asset.recipe.parameters.get("text", "")),
                voice=str(asset.recipe.parameters.get("voice", "")),
                note=self._takes.get(plan.id, step.id, asset.take).note,
                seconds=_seconds(asset),
                counts=asset is counts,
                verdict=verdicts[asset.id].value if asset.id in verdicts else "",
                hearing=_hearing(asset),
            )
            for asset in made
        )

    def recast(self, brief_id: str, *, person: str = "") -> tuple[Job, ...]:
        """Speak again what was spoken before the cast sheet or the lexicon changed. Returns the queued jobs, which may be none."""
        jobs: list[Job] = []
        changed = {(row.plan_id, row.step_id) for row in self.report(brief_id) if row.changed and row.state == JobState.DONE}
        for plan_id in dict.fromkeys(plan_id for plan_id, _ in changed):
            jobs += self._plans.remake(plan_id, {step: "" for plan, step in changed if plan == plan_id}, person=person)
        return tuple(jobs)

    def pack(self, brief_id: str, progress: Progress | None = None) -> Path:
        """Write the ZIP: the newest take of each line, also of those whose check failed, and the reports, which say so.

        Raises as `taken_out` does."""
        brief, _ = self._found(brief_id)
        file = self._packs / f"lines-{content_hash(brief_id)[:12]}.zip"
        return write_lines(self._library, self._labelling, brief.project_id, self.taken_out(brief_id), file, progress or Silent())

    # What a table becomes

    def _readable(self, table: str, language: str, *, silent: bool) -> tuple[tuple[LineRow, ...], tuple[RefusedRow, ...]]:
        rows, refused = read_table(table, silent=silent)
        numbered = [row if row.language else row.model_copy(update={"language": language}) for row in rows]
        faulty = {fault.id: fault for fault in self._refusals(numbered)}
        return tuple(row for row in numbered if row.id not in faulty), (*refused, *faulty.values())

    def _refusals(self, rows: Sequence[LineRow]) -> Iterator[RefusedRow]:
        spoken = {code for one in self._capabilities() if one.kind is StepKind.SPEECH for code in one.languages}
        for row in rows:
            number = row.row
            if row.language and spoken and row.language.split("-")[0] not in spoken:
                why = f"No voice here speaks {row.language!r}; voices here speak {', '.join(sorted(spoken))}."
                yield RefusedRow(row=number, id=row.id, why=why)
                continue
            try:
                self._refuse_unsafe(row.text)
            except ContentRefused as error:
                yield RefusedRow(row=number, id=row.id, why=str(error))

    def _brief(self, project_id: str, table: str, title: str, language: str, person: str) -> Brief:
        stored = self._library.store_file(table.encode(), "lines.csv", TABLE_MEDIA_TYPE)
        use = AttachmentUse.MATERIAL
        attached = Attachment(name="lines.csv", sha256=stored.sha256, media_type=TABLE_MEDIA_TYPE, size=stored.size, use=use)
        drafted = self._plans.draft(project_id, f"Speak the lines of a string table: {title}", attachments=(attached,), person=person)
        return drafted.model_copy(update={"language": language})

    def _plan(self, brief: Brief, rows: Sequence[LineRow], title: str, language: str) -> Plan:
        steps = tuple(
            Step(
                id=f"{StepKind.SPEECH.value}-{number}",
                title=_title(row),
                spec=SpeechSpec(text=row.text, language=row.language or language, character=row.character, line=row.id),
            )
            for number, row in enumerate(rows, start=1)
        )
        return new_plan(brief, title[:200], steps, language)

    # What became of it

    def _found(self, brief_id: str) -> tuple[Brief, tuple[Plan, ...]]:
        brief = self._library.brief(brief_id)
        plans = [plan for plan in self._plans.all(brief.project_id) if plan.brief_id == brief_id]
        lines = [plan for plan in plans if any(isinstance(step.spec, SpeechSpec) and step.spec.line for step in plan.steps)]
        if not lines or not brief.attachments:
            raise NotFound("There are no lines of this name.", hint="Speak a string table first.")
        return brief, tuple(reversed(lines))  # the library gives the newest first, and they were stored in the table's order

    def _read_again(self, brief: Brief, plans: Sequence[Plan]) -> tuple[tuple[LineRow, ...], tuple[RefusedRow, ...]]:
        """The table of a brief, its choices too where these were spoken."""
        table = self._table(brief)
        spoken = {step.spec.line for plan in plans for step in plan.steps if isinstance(step.spec, SpeechSpec)}
        rows, refused = self._readable(table, brief.language, silent=False)
        everything = self._readable(table, brief.language, silent=True)
        return everything if any(row.id in spoken for row in set(everything[0]) - set(rows)) else (rows, refused)

    def _table(self, brief: Brief) -> str:
        return b"".join(self._library.file_chunks(brief.attachments[0].sha256)).decode("utf-8")

    def _rows(self, plan: Plan, project: Project) -> Iterator[LineReport]:
        jobs = self._library.latest_jobs(plan.id)
        made: dict[str, list[Asset]] = {}
        for asset in self._library.assets(AssetQuery(plan_id=plan.id, limit=1000)):  # the newest first
            made.setdefault(asset.step_id, []).append(asset)
        verdicts = self._library.verdicts([asset.id for takes in made.values() for asset in takes])
        for step in plan.steps:
            if isinstance(step.spec, SpeechSpec) and step.spec.line:
                yield self._row(plan, step, step.spec, jobs.get(step.id), made.get(step.id, ()), verdicts, project)

    def _row(
        self,
        plan: Plan,
        step: Step,
        spec: SpeechSpec,
        job: Job | None,
        takes: Sequence[Asset],
        verdicts: Mapping[str, Verdict],
        project: Project,
    ) -> LineReport:
        asset = _that_counts(takes, verdicts)
        state = "waiting" if job is None or job.state is JobState.QUEUED else job.state.value
        told = LineReport(
            line=spec.line,
            plan_id=plan.id,
            step_id=step.id,
            character=spec.character,
            text=spec.text,
            state=state,
            why=job.error if job is not None and job.state is JobState.FAILED else "",
        )
        if asset is None:
            return told
        return told.model_copy(
            update={
                "asset_id": asset.id,
                "voice": str(asset.recipe.parameters.get("voice", "")),
                "version": asset.version,
                "takes": len(takes),
                "newer": takes[0].id != asset.id,
                "seconds": _seconds(asset),
                "changed": self._changed(plan.id, step.id, spec, asset, project.brand),
                "hearing": _hearing(asset),
            }
        )

    def _changed(self, plan_id: str, step_id: str, spec: SpeechSpec, asset: Asset, brand: BrandKit) -> bool:
        """Whether the line would be spoken otherwise now. Pages ask every second: what was found out of a take is remembered."""
        key = (asset.id, spec, brand.cast, tuple(brand.lexicon.items()))
        if key not in self._known:
            if len(self._known) > 4 * LINES_MAX:
                self._known.clear()
            note = self._takes.get(plan_id, step_id, asset.take).note
            self._known[key] = self._voices.differs(brand, spec, note, asset.recipe.parameters)
        return self._known[key]


def _seconds(asset: Asset) -> float:
    seconds = asset.facts.get("seconds")
    return float(seconds) if isinstance(seconds, int | float) else 0.0


def _hearing(asset: Asset) -> Hearing | None:
    heard = asset.facts.get("hearing")
    return Hearing.model_validate(heard) if isinstance(heard, dict) else None


def _that_counts(takes: Sequence[Asset], verdicts: Mapping[str, Verdict]) -> Asset | None:
    """takes: the newest first. The newest approved, else the newest that was not rejected, else the newest."""
    approved = next((one for one in takes if verdicts.get(one.id) is Verdict.APPROVE), None)
    return approved or next((one for one in takes if verdicts.get(one.id) is not Verdict.REJECT), next(iter(takes), None))


def _title(row: LineRow) -> str:
    words = " ".join(row.text.split())
    short = words if len(words) <= _TITLE_CHARACTERS else words[: _TITLE_CHARACTERS - 1] + "…"
    return f"{row.character}: {short}" if row.character else short
