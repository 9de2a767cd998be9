"""Review as people do it: hand in, decide, assign, publish, many at once; what changed since an approval; the list of what waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Literal

from domain.asset import Asset
from domain.errors import Conflict, InputError, MaquetteError, NotAllowed, NotFound
from domain.events import EventKind
from domain.people import AuditEntry, Caller, Right
from domain.review import FROZEN, MOVES, NOTE_MAX, STATE_OF, VERDICT_OF, Review, ReviewRecord, ReviewState, Verdict, frozen_hash
from domain.said import Said
from domain.value import Value
from library.library import Library, new_id
from library.reviewing import state_words
from studio.gate import Gate
from studio.plans import Plans
from studio.preferences import Preferences
from studio.rights import Rights
from studio.takes import Takes

BATCH_MAX = 200
VERSIONS_MAX = 100


class Change(Value):
    """What is not as it was approved. asset_id, version: of the newest later version. step: the step whose wish was changed."""

    kind: Literal["version", "spec", "content"]
    asset_id: str = ""
    version: int = 0
    step: str = ""


class ReviewShown(Value):
    """A record with what may be done with it. changed: since it was approved; () while nothing is."""

    record: ReviewRecord
    moves: tuple[ReviewState, ...] = ()
    changed: tuple[Change, ...] = ()


class Moved(Value):
    """What became of one asset of many. record None: it was refused, and `error` says why."""

    asset_id: str
    record: ReviewRecord | None = None
    error: tuple[Said, ...] = ()


class Redone(Value):
    """The takes that a request for changes started, or (error) why it started none; the decision stands either way."""

    steps: tuple[str, ...] = ()
    error: tuple[Said, ...] = ()


class Reviews:
    """now: the clock, for stored times."""

    def __init__(self, library: Library, plans: Plans, rights: Rights, now: Callable[[], datetime]) -> None:
        self._library = library
        self._plans = plans
        self._rights = rights
        self._gate = Gate(library)
        self._takes = Takes(library)
        self._now = now

    def shown(self, asset_id: str, caller: Caller) -> ReviewShown:
        """Raises NotFound."""
        record = self._library.review_record(asset_id)
        held = self._rights.of(caller, record.project_id)
        moves = tuple(to for (start, to), right in MOVES.items() if start is record.state and right in held)
        return ReviewShown(record=record, moves=moves, changed=self.changed(record))

    def move(self, asset_id: str, to: ReviewState, caller: Caller, *, seen: int, note: str = "") -> ReviewRecord:
        """Take an asset to another state.

        seen: the revision the caller saw. Raises NotFound; NotAllowed without the right this move needs; Conflict when somebody
        changed it since, or the state cannot follow; ContentHeld when what is to be published waits for a decision on its content, or was
        refused; InputError when changes are asked for without saying which.
        """
        note = _note(note)
        if to is ReviewState.CHANGES_REQUESTED and not note:
            raise InputError("What should be changed is not said.", hint="Say it in a sentence: it is what is made again by.", field="note")

        def change(record: ReviewRecord, asset: Asset) -> tuple[ReviewRecord, Review | None]:
            self._require(record, to, caller)
            if to is ReviewState.PUBLISHED:
                self._gate.require([asset])
            verdict = VERDICT_OF.get(to) if record.state is not ReviewState.PUBLISHED else None
            review = self._review(asset.id, verdict, note, caller.person) if verdict is not None else None
            return self._moved(record, asset, to, caller.person, note), review

        record = self._library.change_review(asset_id, seen, change, self._audit("review_moved", caller.person))
        if to in VERDICT_OF:
            self._preferences.decided(record)
        return record

    def give(self, asset_id: str, verdict: Verdict, *, note: str = "", over: str = "", person: str = "", seen: int | None = None) -> Review:
        """Any verdict, as cards and links give it. seen: the revision that was shown; None counts whatever was decided meanwhile.

        Raises NotFound; InputError when PREFER names nothing it was preferred over, or a comment says nothing; Conflict for a verdict
        against what is published, or where somebody decided since what was seen.
        """
        if verdict in STATE_OF:
            return self._decide(asset_id, verdict, note, person, seen)
        asset = self._library.asset(asset_id)
        if verdict is Verdict.COMMENT and not note.strip():
            raise InputError("The comment is empty.", hint="Type what should be known.", field="note")
        if verdict is Verdict.PREFER and not over:
            raise InputError("Preferring needs the other version.", hint="Pick two versions.", field="over")
        other = self._library.asset(over) if over else asset
        if other.project_id != asset.project_id:
            raise InputError("Both versions have to be of one project.", hint="Pick two versions of one thing.", field="over")
        review = self._library.add_review(self._review(asset_id, verdict, _note(note), person).model_copy(update={"over": over}))
        self._library.add_event(asset.project_id, EventKind.REVIEW, asset_id, {"verdict": verdict.value, "person": person})
        if verdict is Verdict.PREFER:
            self._preferences.picked(asset, over, review.note, person)
        return review

    def _decide(self, asset_id: str, verdict: Verdict, note: str, person: str, seen: int | None) -> Review:
        given = self._review(asset_id, verdict, _note(note), person)

        def change(record: ReviewRecord, asset: Asset) -> tuple[ReviewRecord, Review | None]:
            if record.state is ReviewState.PUBLISHED and verdict is not Verdict.APPROVE:
                raise Conflict(
                    "{title} is published.", hint="An owner takes it back first: Published > Approved.", field="verdict", title=asset.title
                )
            to = record.state if record.state is ReviewState.PUBLISHED else STATE_OF[verdict]
            return self._moved(record, asset, to, person, given.note), given

        record = self._library.change_review(asset_id, seen, change, self._audit("review_moved", person))
        self._preferences.decided(record)
        return given

    def move_many(self, asset_ids: Sequence[str], to: ReviewState, caller: Caller, *, note: str = "") -> tuple[Moved, ...]:
        """Move each of up to 200 assets that can be moved; the others are told with the reason. Raises InputError for more or none."""
        if not 0 < len(asset_ids) <= BATCH_MAX:
            raise InputError("Choose 1 to {most} results.", hint="Do it in parts.", field="asset_ids", most=BATCH_MAX)
        done: list[Moved] = []
        for asset_id in dict.fromkeys(asset_ids):
            try:
                seen = self._library.review_record(asset_id).revision
                done.append(Moved(asset_id=asset_id, record=self.move(asset_id, to, caller, seen=seen, note=note)))
            except (Conflict, InputError, NotAllowed, NotFound) as error:
                done.append(Moved(asset_id=asset_id, error=error.said))
        return tuple(done)

    def assign(self, asset_id: str, person: str, due: date | None, caller: Caller, *, seen: int) -> ReviewRecord:
        """Say who reviews it ("": whoever comes first) and until when. Raises NotFound for somebody who may not review here, Conflict."""

        def change(record: ReviewRecord, asset: Asset) -> tuple[ReviewRecord, None]:
            if person and Right.REVIEW not in self._rights.of(_as(person, caller), record.project_id):
                raise InputError(
                    "{person} may not review this project.",
                    hint="Choose one of its owners, editors and reviewers.",
                    field="assignee",
                    person=repr(person[:80]),
                )
            return record.model_copy(update={"assignee": person, "due": due}), None

        return self._library.change_review(asset_id, seen, change, self._audit("review_assigned", caller.person))

    def tick(self, asset_id: str, point: str, caller: Caller, *, done: bool, seen: int) -> ReviewRecord:
        """Tick a point of the checklist, or take that back. Raises NotFound, Conflict."""

        def change(record: ReviewRecord, asset: Asset) -> tuple[ReviewRecord, None]:
            kept = {name: person for name, person in record.ticked.items() if name != point}
            return record.model_copy(update={"ticked": {**kept, point: caller.person} if done else kept}), None

        return self._library.change_review(asset_id, seen, change, self._audit("review_ticked", caller.person))

    def channel(self, asset: Asset) -> str:
        """The channel the asset was made for, "" for none."""
        if asset.plan_id and asset.step_id:
            try:
                return str(getattr(self._takes.get(asset.plan_id, asset.step_id, asset.take).step.spec, "channel", ""))
            except NotFound:
                return ""
        context = asset.recipe.parameters.get("context")
        spec = context.get("spec") if isinstance(context, dict) else None
        return str(spec.get("channel", "")) if isinstance(spec, dict) else ""

    def redo(self, record: ReviewRecord, person: str) -> Redone:
        """Make the asset's step again with the note of the review as its instruction, and what depends on it and was made before."""
        asset = self._library.asset(record.asset_id)
        if not asset.plan_id or not asset.step_id:
            return Redone(error=(Said.of("No plan made this result, so nothing can be made again by the note."),))
        try:
            jobs = self._plans.redo(asset.plan_id, asset.step_id, note=record.note, person=person)
        except MaquetteError as error:
            return Redone(error=error.said)
        return Redone(steps=tuple(job.step_id for job in jobs))

    def waiting(self, caller: Caller, project_ids: Iterable[str]) -> tuple[tuple[ReviewRecord, Asset], ...]:
        """What a person has to review in these projects, what is due first before the rest."""
        mine = [one for one in project_ids if Right.REVIEW in self._rights.of(caller, one)]
        return tuple((record, self._library.asset(record.asset_id)) for record in self._library.to_review(caller.person, mine))

    def changed(self, record: ReviewRecord) -> tuple[Change, ...]:
        """What is not as it was approved: a later version, another wish of its step, other content under the same id."""
        if record.state not in FROZEN:
            return ()
        asset = self._library.asset(record.asset_id)
        found: list[Change] = []
        if frozen_hash(asset) != record.frozen:
            found.append(Change(kind="content", asset_id=asset.id))
        later = self._newest(asset)
        if later.id != asset.id:
            found.append(Change(kind="version", asset_id=later.id, version=later.version))
        if self._spec_changed(asset):
            found.append(Change(kind="spec", step=asset.step_id))
        return tuple(found)

    def delete(self, asset_id: str, person: str, *, seen: int, dependents: bool = False) -> tuple[Asset, ...]:
        """Into the trash. seen: the revision that was shown. dependents: with all that was made from it. Returns what went.

        Raises NotFound, Conflict with the way out for what is approved or used.
        """

        def audit(asset: Asset) -> AuditEntry:
            data = {"title": asset.title, "files": [file.sha256 for file in asset.files]}
            return AuditEntry(
                person=person, action="asset_deleted", subject=asset.id, project_id=asset.project_id, data=data, created=self._now()
            )

        return self._library.delete_asset(asset_id, seen, self._now(), audit, dependents=dependents)

    @property
    def _preferences(self) -> Preferences:
        return Preferences(self._library, self._now)

    def _require(self, record: ReviewRecord, to: ReviewState, caller: Caller) -> None:
        right = MOVES.get((record.state, to))
        if right is None:
            raise Conflict(
                "This is {state} and cannot become {next}.",
                hint="Reload to see what can be done with it.",
                field="to",
                state=state_words(record.state),
                next=state_words(to),
            )
        if right not in self._rights.of(caller, record.project_id):
            raise NotAllowed(
                "You may not make this {next}.",
                hint="Ask an owner of the project for the right.",
                field="to",
                next=state_words(to),
            )

    def _moved(self, record: ReviewRecord, asset: Asset, to: ReviewState, person: str, note: str) -> ReviewRecord:
        update = {"state": to, "person": person, "note": note, "changed": self._now()}
        # Taken back from publication, it is still what was approved.
        update["frozen"] = "" if to not in FROZEN else record.frozen if record.state in FROZEN else frozen_hash(asset)
        if to is ReviewState.IN_REVIEW and not record.assignee and record.due is None and asset.previous:
            earlier = self._library.review_record(asset.previous)
            update |= {"assignee": earlier.assignee, "due": earlier.due}
        return record.model_copy(update=update)

    def _review(self, asset_id: str, verdict: Verdict, note: str, person: str) -> Review:
        return Review(id=new_id(), asset_id=asset_id, verdict=verdict, note=note, person=person, created=self._now())

    def _audit(self, action: str, person: str) -> Callable[[ReviewRecord, ReviewRecord], AuditEntry]:
        def entry(before: ReviewRecord, after: ReviewRecord) -> AuditEntry:
            data = {"from": before.state.value, "to": after.state.value, "note": after.note[:200], "assignee": after.assignee}
            data["ticked"] = ", ".join(sorted(after.ticked))
            return AuditEntry(
                person=person,
                action=action,
                subject=after.asset_id,
                project_id=after.project_id,
                data={**data, "due": after.due.isoformat() if after.due is not None else ""},
                created=self._now(),
            )

        return entry

    def _newest(self, asset: Asset) -> Asset:
        """The latest version of the same thing: of its step, or redone from it."""
        if asset.plan_id and asset.step_id:
            return self._takes.latest_asset(asset.plan_id, asset.step_id) or asset
        seen = {asset.id}
        for _ in range(VERSIONS_MAX):
            later = [one for one in self._library.children(asset.id) if one.previous == asset.id and one.id not in seen]
            if not later:
                break
            asset = later[-1]
            seen.add(asset.id)
        return asset

    def _spec_changed(self, asset: Asset) -> bool:
        if not asset.plan_id or not asset.step_id:
            return False
        step = next((step for step in self._plans.get(asset.plan_id).steps if step.id == asset.step_id), None)
        try:
            return step is None or self._takes.get(asset.plan_id, asset.step_id, asset.take).step != step
        except NotFound:
            return False


def _note(note: str) -> str:
    return note.strip()[:NOTE_MAX]


def _as(person: str, caller: Caller) -> Caller:
    """Another person as a caller. Where nobody has accounts, everyone named is an owner."""
    return Caller(person=person, everything=caller.everything)
