"""Who allows their voice to be used: records of consent, and the refusal of every clone that none of them covers.

studio.consents.add("Ada", "form.pdf, signed 2026-11-02", recording, days=365)   -> the record
studio.consents.revoke(consent_id)                                              -> the record, taken back
studio.consents.require(project_id, recording)                                  -> the record that holds, or NotAllowed saying why none does
studio.consents.clone(project_id, recording, engine)                            -> the same, for an engine that can clone
studio.consents.of_project(project_id)                                          -> what a project may and might not use any more
studio.consents.borrow(project_id, "csm-1b@3f2a91c0d4e5")                       -> the recording of such a voice, as an input of a line

A voice taken over from a recording is named by its engine and the beginning of the recording's SHA-256. It is asked for by name only, is
cast as every other voice, and is looked up again each time a line is made: a consent that ended meanwhile ends it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from agents.writers.spoken import Voice
from domain.brand import BrandKit
from domain.consent import ConsentScope, VoiceConsent, require_consent, standing
from domain.errors import InputError, NotAllowed, NotFound
from domain.recipe import InputRef
from domain.specs import SpeechSpec
from domain.value import Value
from library.library import Library
from pipelines.audio.networks import REFERENCE
from pipelines.audio.voices import VoiceCatalogue, taken_over
from pipelines.media import sound

#: Days a consent may last; the person is asked again after that.
LONGEST = 3660
_RATE = 16_000
#: Hexadecimal figures of a recording's SHA-256 in the name of a voice.
_FIGURES = 12
_SOUND = "audio/*"


def _now() -> datetime:
    return datetime.now(UTC)


class ListedConsent(Value):
    """A record with what it is worth now. voices: names of the voices that can be had with it here and now."""

    consent: VoiceConsent
    standing: str
    voices: tuple[str, ...] = ()


class Consents:
    """cloning: names of the engines here that can take over a voice from a recording. decode: bytes and a rate -> mono samples."""

    def __init__(
        self,
        library: Library,
        cloning: Callable[[], frozenset[str]] = frozenset,
        clock: Callable[[], datetime] = _now,
        decode: Callable[[bytes, int], sound.Samples] = sound.decode,
    ) -> None:
        self._library = library
        self._cloning = cloning
        self._clock = clock
        self._decode = decode

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
        territory: str = "",
        keep: bool = False,
        recorded_by: str = "",
    ) -> VoiceConsent:
        """Record that a person allows the use of their voice as it is heard in a recording.

        Args:
            days: how long it holds, 1 to 3660. project_id: where; "" in every project.
            keep: store the recording in the library, so that engines can take the voice from it; else only its hash is kept.

        Raises InputError at the field at fault, AttachmentError for what is no recording, NotFound for an unknown project.
        """
        if not 1 <= days <= LONGEST:
            raise InputError(
                "A consent cannot hold for {days} days.", hint="Give 1 to {longest}.", field="days", days=days, longest=LONGEST
            )
        if project_id:
            self._library.project(project_id)
        self._decode(recording, _RATE)
        given = self._clock()
        try:
            consent = VoiceConsent(
                id="",
                person=person.strip(),
                proof=proof.strip(),
                audio=_hash(recording),
                scope=scope,
                territory=territory.strip(),
                project_id=project_id,
                kept=keep,
                given=given,
                expires=given + timedelta(days=days),
                recorded_by=recorded_by,
            )
        except ValidationError as error:
            name = str(error.errors()[0]["loc"][0])
            hint = "Say whose voice it is, and what shows that they agreed."
            raise InputError("The consent cannot be recorded: {name} is empty or too long.", hint=hint, field=name, name=name) from error
        if keep:
            self._library.store_file(recording, "voice.wav", _SOUND)
        return self._library.add_consent(consent)

    def revoke(self, consent_id: str) -> VoiceConsent:
        """From now on nothing is made with it, and its recording is deleted, unless another consent that stands keeps the same one.

        Raises NotFound; StorageError when the recording could not be deleted: it is then deleted within the hour.
        """
        now = self._clock()
        self._library.revoke_consent(consent_id, now)
        self._library.forget_recordings([consent_id], "consent", now)
        self._library.remove_bytes(now)
        return next(one for one in self._library.consents() if one.id == consent_id)

    def of_project(self, project_id: str) -> tuple[ListedConsent, ...]:
        """Records that hold or held in a project, the newest first. Raises NotFound."""
        self._library.project(project_id)
        now, able = self._clock(), sorted(self._cloning())
        about = [one for one in self._library.consents() if one.project_id in ("", project_id)]
        listed = []
        for one in reversed(about):
            found = standing(one, now)
            voices = [voice_name(engine, one.audio) for engine in able] if found == "holds" and one.kept else []
            listed.append(ListedConsent(consent=one, standing=found, voices=tuple(voices)))
        return tuple(listed)

    def revoke_in(self, project_id: str, consent_id: str) -> VoiceConsent:
        """Take back a consent of this project. Raises NotFound, NotAllowed for one that holds in every project."""
        found = next((one for one in self._library.consents() if one.id == consent_id and one.project_id in ("", project_id)), None)
        if found is None:
            raise NotFound("This project has no consent {consent_id}.", field="consent", consent_id=repr(consent_id[:60]))
        if not found.project_id:
            hint = "An owner of the studio takes it back: `python app.py consents revoke {consent_id}`."
            raise NotAllowed("This consent holds in every project.", hint=hint, field="consent", consent_id=consent_id)
        return self.revoke(consent_id)

    def voices(self, catalogue: VoiceCatalogue) -> tuple[Voice, ...]:
        """The voices of all recordings that are kept, also of those whose consent ended: making a line says so of them."""
        kept = dict.fromkeys(one.audio for one in self._library.consents() if one.kept)
        languages = {engine: next((voice.language for voice in catalogue.of(engine)), "en") for engine in sorted(self._cloning())}
        return tuple(
            Voice(name=voice_name(engine, audio), engine=engine, language=language, by_name=True)
            for engine, language in languages.items()
            for audio in kept
        )

    def borrow(self, project_id: str, voice: str) -> InputRef | None:
        """The recording of a voice that is taken over, as an input of a line; None for every other voice. Raises NotAllowed saying why."""
        return borrowed(self._library, project_id, voice, self._clock())

    def require(self, project_id: str, recording: bytes, scope: ConsentScope = ConsentScope.PROJECT) -> VoiceConsent:
        """The record that lets this recording's voice be used in this project now. Raises NotAllowed saying why there is none."""
        audio = _hash(recording)
        return require_consent(self._library.consents(audio), audio, project_id, self._clock(), scope)

    def clone(self, project_id: str, recording: bytes, engine: str, scope: ConsentScope = ConsentScope.PROJECT) -> VoiceConsent:
        """What `require` gives, for an engine that can clone. Raises NotAllowed."""
        consent = self.require(project_id, recording, scope)
        self.require_engine(engine)
        return consent

    def require_engine(self, engine: str) -> None:
        """Raises NotAllowed for an engine that takes over no voices, naming those that do."""
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


def borrowed(library: Library, project_id: str, voice: str, now: datetime) -> InputRef | None:
    """`Consents.borrow` at a time."""
    named = taken_over(voice)
    if named is None:
        return None
    about = tuple(one for one in library.consents() if one.audio.startswith(named[1]))
    consent = require_consent(about, about[0].audio if about else "", project_id, now)
    if not any(one.kept for one in about if one.audio == consent.audio):
        hint = "Record the consent once more, with the recording."
        raise NotAllowed("The recording of {person} is not kept here.", hint=hint, field="consent", person=consent.person)
    return InputRef(role=REFERENCE, sha256=consent.audio, media_type=_SOUND)


def voice_asked(spec: SpeechSpec, brand: BrandKit) -> str:
    """The voice a line names, else its character's on the cast sheet, "" for none."""
    if spec.voice.strip():
        return spec.voice
    wanted = (spec.character.strip() or "narrator").casefold()
    return next((member.voice for member in brand.cast if member.name.strip().casefold() == wanted), "")


def voice_name(engine: str, audio: str) -> str:
    """The name of a recording's voice with an engine. audio: its SHA-256."""
    return f"{engine}@{audio[:_FIGURES]}"


def _hash(recording: bytes) -> str:
    return hashlib.sha256(recording).hexdigest()
