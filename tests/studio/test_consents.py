"""A voice is taken over only with a record of consent that holds: for this recording, here, now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from domain.consent import ConsentScope
from domain.errors import AttachmentError, InputError, NotAllowed, NotFound
from library.library import Library
from pipelines.media import sound
from studio.consents import Consents

VOICE = sound.wav_bytes(np.sin(np.arange(16_000, dtype=np.float32) / 20), 16_000)
OTHER = sound.wav_bytes(np.sin(np.arange(16_000, dtype=np.float32) / 30), 16_000)


class Clock:
    now = datetime(2026, 11, 26, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def consents(tmp_path: Path, clock: Clock) -> Consents:
    library = Library.open(f"sqlite:///{tmp_path / 'library.db'}", tmp_path)
    return Consents(library, lambda: frozenset({"csm"}), clock)


def test_without_a_record_nobodys_voice_is_taken_over(consents: Consents) -> None:
    with pytest.raises(NotAllowed, match="Nobody has allowed"):
        consents.clone("p", VOICE, "csm")
    made = consents.add("Ada", "form 12, signed", VOICE)
    assert made.id
    assert consents.clone("p", VOICE, "csm") == made
    with pytest.raises(NotAllowed, match="Nobody has allowed"):
        consents.clone("p", OTHER, "csm")
    with pytest.raises(NotAllowed, match="does not take over voices"):
        consents.clone("p", VOICE, "kokoro")


def test_an_ended_and_a_revoked_consent_are_refused_with_the_reason(consents: Consents, clock: Clock) -> None:
    first = consents.add("Ada", "form 12, signed", VOICE, days=30)
    with pytest.raises(NotAllowed, match="commercial"):
        consents.require("p", VOICE, ConsentScope.COMMERCIAL)
    clock.now += timedelta(days=30)
    with pytest.raises(NotAllowed, match=r"Ada.*ended on 2026-12-26"):
        consents.require("p", VOICE)
    second = consents.add("Ada", "form 13, signed", VOICE, scope=ConsentScope.COMMERCIAL)
    assert consents.require("p", VOICE, ConsentScope.COMMERCIAL) == second
    revoked = consents.revoke(second.id)
    assert revoked.revoked == clock.now
    with pytest.raises(NotAllowed, match="taken back on 2026-12-26"):
        consents.require("p", VOICE)
    clock.now += timedelta(days=1)
    assert consents.revoke(second.id) == revoked
    assert [one.id for one in consents.all()] == [first.id, second.id]


def test_a_record_needs_a_person_a_proof_and_a_recording(consents: Consents) -> None:
    with pytest.raises(InputError, match="person"):
        consents.add("  ", "form", VOICE)
    with pytest.raises(InputError, match="proof"):
        consents.add("Ada", "", VOICE)
    with pytest.raises(InputError, match="0 days"):
        consents.add("Ada", "form", VOICE, days=0)
    with pytest.raises(AttachmentError):
        consents.add("Ada", "form", b"%PDF no sound")
    with pytest.raises(NotFound):
        consents.add("Ada", "form", VOICE, project_id="nowhere")
    with pytest.raises(NotFound):
        consents.revoke("nobody")
    assert consents.all() == ()
