"""Whose voice may be used: records of consent. A record is never deleted; taking it back is written into it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select, update

from domain.consent import VoiceConsent
from domain.errors import NotFound
from library import tables
from library.assets import require_kept
from library.database import Room, dump, load, new_id


class Consents(Room):
    def add_consent(self, consent: VoiceConsent) -> VoiceConsent:
        """Store a record; an empty id is filled in. Raises Conflict when the recording it keeps is being deleted for good."""
        stored = consent if consent.id else consent.model_copy(update={"id": new_id()})
        with self._database.write("store the consent") as connection:
            if stored.kept:
                require_kept(connection, (stored.audio,))
            connection.execute(insert(tables.consents).values(id=stored.id, audio=stored.audio, document=dump(stored)))
        return stored

    def revoke_consent(self, consent_id: str, when: datetime) -> VoiceConsent:
        """Write down when it was taken back; the first time counts. Raises NotFound."""
        one = tables.consents.c.id == consent_id
        with self._database.write("take the consent back") as connection:
            document = connection.scalar(select(tables.consents.c.document).where(one))
            if document is None:
                raise NotFound(
                    "There is no consent {consent_id}.",
                    hint="`python app.py consents list` shows all.",
                    field="consent",
                    consent_id=repr(consent_id[:60]),
                )
            consent = load(VoiceConsent, document)
            if consent.revoked is None:
                consent = consent.model_copy(update={"revoked": when})
                connection.execute(update(tables.consents).where(one).values(document=dump(consent)))
        return consent

    def consents(self, audio: str = "") -> tuple[VoiceConsent, ...]:
        """Oldest first; of one recording, by its SHA-256, or all."""
        chosen = select(tables.consents.c.document).order_by(tables.consents.c.number)
        if audio:
            chosen = chosen.where(tables.consents.c.audio == audio)
        with self._database.read("read the consents") as connection:
            return tuple(load(VoiceConsent, document) for document in connection.scalars(chosen))
