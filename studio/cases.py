"""What people decide about content: the list of what waits, decisions, appeals. Who may decide is checked here, and written down.

What is judged by rules and scores: studio/moderation.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from domain.errors import Conflict, InputError, NotAllowed, NotFound
from domain.moderation import NOTE_MAX, Case, CaseState
from domain.people import AuditEntry, Caller, Right
from domain.project import Role
from domain.value import Value
from library.library import Library
from library.moderating import case_words
from studio.moderation import Moderation, wish_hash
from studio.rights import Rights

_DECIDES = {False: (Role.OWNER, Role.EDITOR, Role.REVIEWER), True: (Role.OWNER,)}


class CaseShown(Value):
    """A case with what whoever looks may do with it. text of a wish is "" for those who may neither decide nor wrote it."""

    case: Case
    decide: bool = False
    appeal: bool = False


class Cases:
    """now: the clock, for stored times."""

    def __init__(self, library: Library, moderation: Moderation, rights: Rights, now: Callable[[], datetime]) -> None:
        self._library = library
        self._moderation = moderation
        self._rights = rights
        self._now = now

    def listed(self, project_id: str, caller: Caller, *, waiting: bool = True) -> tuple[CaseShown, ...]:
        """What waits in a project, oldest first, or what was decided, newest first: 200 at most. Refused wishes only to whoever decides
        about them or wrote them."""
        shown = (self._shown(case, caller) for case in self._library.cases([project_id], waiting=waiting))
        return tuple(one for one in shown if one.case.kind != "wish" or one.case.text)

    def of(self, asset_id: str, caller: Caller) -> CaseShown | None:
        """The case of a result, or of the brief it was made from; None when there is none."""
        asset = self._library.asset(asset_id)
        case = self._library.case_of(asset.project_id, "asset", asset.id)
        if (case is None or case.state is CaseState.ALLOWED) and asset.plan_id:
            brief_id = self._library.plan(asset.plan_id).brief_id
            case = self._library.case_of(asset.project_id, "brief", brief_id) or case
        return None if case is None else self._shown(case, caller)

    def decide(self, project_id: str, case_id: str, caller: Caller, *, allow: bool, note: str = "", seen: int) -> Case:
        """Allow or refuse. A refusal says why. Raises NotFound, NotAllowed, InputError, Conflict when somebody was first."""
        note = note.strip()[:NOTE_MAX]
        self._mine(project_id, case_id)
        if not allow and not note:
            raise InputError("Why it is refused is not said.", hint="Say it in a sentence: its author reads it.", field="note")

        def change(case: Case) -> Case:
            self._require_decider(case, caller)
            state = CaseState.ALLOWED if allow else CaseState.REFUSED
            if case.state is state:
                raise Conflict("It is {state} already.", hint="Reload the page.", field="allow", state=case_words(state))
            return case.model_copy(update={"state": state, "decided_by": caller.person, "note": note, "decided": self._now()})

        return self._library.change_case(case_id, seen, change, self._audit("content_decided", caller.person))

    def appeal(self, project_id: str, case_id: str, caller: Caller, *, note: str, seen: int) -> Case:
        """Its author asks for a decision, or for another one. Raises NotFound, NotAllowed, InputError, Conflict."""
        note = _reasoned(note)
        self._mine(project_id, case_id)

        def change(case: Case) -> Case:
            if not self._wrote(case, caller):
                raise NotAllowed("Only its author appeals.", hint="Leave a comment instead.", field="case")
            if case.state is CaseState.ALLOWED:
                raise Conflict("It is {state} already.", hint="Reload the page.", field="case", state=case_words(case.state))
            return case.model_copy(update={"state": CaseState.APPEALED, "appeal": note})

        return self._library.change_case(case_id, seen, change, self._audit("content_appealed", caller.person))

    def appeal_wish(self, project_id: str, text: str, caller: Caller, *, note: str) -> Case:
        """Its author asks that a refused wish be allowed. Raises InputError for a wish that no rule refuses."""
        note = _reasoned(note)
        found = self._moderation.refused(project_id, text)
        if not found:
            raise InputError("No rule refuses these words.", hint="Send them as a brief.", field="text")
        case = Case(
            project_id=project_id, kind="wish", subject=wish_hash(text), title=text.strip()[:200], text=text, findings=found,
            person=caller.person, state=CaseState.APPEALED, appeal=note, created=self._now(),
        )  # fmt: skip
        stored = self._library.add_case(case)
        if stored.created != case.created or stored.person != case.person:  # somebody asked before
            return self.appeal(project_id, stored.id, caller, note=note, seen=stored.revision)
        self._library.audit(self._audit("content_appealed", caller.person)(stored, stored))
        return stored

    def _shown(self, case: Case, caller: Caller) -> CaseShown:
        decide, wrote = self._decides(case, caller), self._wrote(case, caller)
        reads = wrote or Right.REVIEW in self._rights.of(caller, case.project_id)
        told = case if reads or case.kind != "wish" else case.model_copy(update={"text": "", "title": "", "findings": ()})
        return CaseShown(case=told, decide=decide, appeal=wrote and case.state in (CaseState.HELD, CaseState.REFUSED))

    def _wrote(self, case: Case, caller: Caller) -> bool:
        return not caller.link and (caller.person == case.person or caller.everything)

    def _decides(self, case: Case, caller: Caller) -> bool:
        try:
            self._require_decider(case, caller)
        except NotAllowed:
            return False
        return True

    def _require_decider(self, case: Case, caller: Caller) -> None:
        right = Right.OWN if case.grave else Right.REVIEW
        if caller.link or right not in self._rights.of(caller, case.project_id):
            who = "Owners of the project decide about this rule." if case.grave else "Owners, editors and reviewers decide."
            raise NotAllowed("You may not decide about this content.", hint=who, field="case")
        if not caller.everything and caller.person == case.person and self._others(case, caller.person):
            raise NotAllowed(
                "It is your own, and another person of the project can decide.", hint="Ask one of them: the list shows it.", field="case"
            )

    def _others(self, case: Case, person: str) -> bool:
        """Whether somebody else could decide."""
        active = {one.name: one for one in self._library.people() if one.active and one.name != person}
        members = (one for one in self._library.members(case.project_id) if one.role in _DECIDES[case.grave])
        return any(one.owner for one in active.values()) or any(one.person in active for one in members)

    def _mine(self, project_id: str, case_id: str) -> None:
        if self._library.case(case_id).project_id != project_id:
            raise NotFound("There is no case {case_id}.", hint="Reload the page.", field="case", case_id=repr(case_id[:80]))

    def _audit(self, action: str, person: str) -> Callable[[Case, Case], AuditEntry]:
        def entry(before: Case, after: Case) -> AuditEntry:
            return AuditEntry(
                person=person,
                action=action,
                subject=after.subject,
                project_id=after.project_id,
                data={
                    "kind": after.kind,
                    "from": before.state.value,
                    "to": after.state.value,
                    "rules": list(after.rules),
                    "note": (after.appeal if action == "content_appealed" else after.note)[:200],
                    "own": person == after.person,
                },
                created=self._now(),
            )

        return entry


def _reasoned(note: str) -> str:
    clean = note.strip()[:NOTE_MAX]
    if not clean:
        raise InputError("The appeal says nothing.", hint="Say in a sentence why the rule is wrong here.", field="note")
    return clean
