"""Who allows their voice to be used: records of consent, and the refusal of every clone that none of them covers.

studio.consents.add("Ada", "form.pdf, signed 2026-11-02", recording, days=365)   -> the record
studio.consents.revoke(consent_id)                                              -> the record, taken back
studio.consents.require(project_id, recording)                                  -> the record that holds, or NotAllowed saying why none does
studio.consents.clone(project_id, recording, engine)                            -> the same, for an engine that can clone
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from domain.consent import ConsentScope, VoiceConsent, require_consent
from domain.errors import InputError, NotAllowed
from library.library import Library
from pipelines.media import sound

#: Days a consent may last; the person is asked again after that.
LONGEST = 3660
_RATE = 16_000


def _now() -> datetime:
    return datetime.now(UTC)


class Consents:
    """cloning: names of the engines here that can take over a voice from a recording."""

    def __init__(self, library: Library, cloning: Callable[[], frozenset[str]] = frozenset, clock: Callable[[], datetime] = _now) -> None:
        self._library = library
        self._cloning = cloning
        self._clock = clock

    def all(self) -> tuple[VoiceConsent, ...]:
        """Oldest first, those that ended or were taken back too."""
        return self._library.consents()

    def add(
        self,
        person: str,
        proof: str,
        recording: bytes,
        *,
        days: int = 365,
        scope: ConsentScope = ConsentScope.PROJECT,
        project_id: str = "",
        recorded_by: str = "",
    ) -> VoiceConsent:
        """Record that a person allows the use of their voice as it is heard in a recording. The recording itself is not kept.

        Args:
            days: how long it holds, 1 to 3660. project_id: where; "" in every project.

        Raises InputError at the field at fault, AttachmentError for what is no recording, NotFound for an unknown project.
        """
        if not 1 <= days <= LONGEST:
            raise InputError(
                "A consent cannot hold for {days} days.", hint="Give 1 to {longest}.", field="days", days=days, longest=LONGEST
            )
        if project_id:
            self._library.project(project_id)
        sound.decode(recording, _RATE)
        given = self._clock()
        try:
            consent = VoiceConsent(
                id="",
                person=person.strip(),
                proof=proof.strip(),
                audio=_hash(recording),
                scope=scope,
                project_id=project_id,
                given=given,
                expires=given + timedelta(days=days),
                recorded_by=recorded_by,
            )
        except ValidationError as error:
            name = str(error.errors()[0]["loc"][0])
            hint = "Say whose voice it is, and what shows that they agreed."
            raise InputError("The consent cannot be recorded: {name} is empty or too long.", hint=hint, field=name, name=name) from error
        return self._library.add_consent(consent)

    def revoke(self, consent_id: str) -> VoiceConsent:
        """From now on nothing is made with it. Raises NotFound."""
        return self._library.revoke_consent(consent_id, self._clock())

    def require(self, project_id: str, recording: bytes, scope: ConsentScope = ConsentScope.PROJECT) -> VoiceConsent:
        """The record that lets this recording's voice be used in this project now. Raises NotAllowed saying why there is none."""
        audio = _hash(recording)
        return require_consent(self._library.consents(audio), audio, project_id, self._clock(), scope)

    def clone(self, project_id: str, recording: bytes, engine: str, scope: ConsentScope = ConsentScope.PROJECT) -> VoiceConsent:
        """What `require` gives, for an engine that can clone. Raises NotAllowed."""
        consent = self.require(project_id, recording, scope)
        able = self._cloning()
        if engine not in able:
            hint = "These do: {able}." if able else "None that is installed here does; speak with a voice of the catalogue."
            raise NotAllowed(
                "{engine} does not take over voices from recordings.",
                hint=hint,
                field="engine",
                engine=engine[:60],
                able=", ".join(sorted(able)),
            )
        return consent


def _hash(recording: bytes) -> str:
    return hashlib.sha256(recording).hexdigest()
