from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from domain.consent import ConsentScope, VoiceConsent, require_consent
from domain.errors import NotAllowed

NOW = datetime(2026, 5, 1, tzinfo=UTC)
AUDIO, OTHER = "a" * 64, "b" * 64


def consent(**changes: object) -> VoiceConsent:
    given = {
        "id": "c1",
        "person": "Ada",
        "proof": "form 12, signed",
        "audio": AUDIO,
        "project_id": "p1",
        "given": NOW - timedelta(days=10),
        "expires": NOW + timedelta(days=10),
    }
    return VoiceConsent.model_validate({**given, **changes})


def test_a_consent_that_holds_lets_its_recording_be_used() -> None:
    assert require_consent((consent(),), AUDIO, "p1", NOW).person == "Ada"
    everywhere = consent(project_id="", scope="commercial")
    assert require_consent((everywhere,), AUDIO, "p9", NOW, ConsentScope.COMMERCIAL) == everywhere


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"expires": NOW}, "ended on 2026-05-01"),
        ({"revoked": NOW - timedelta(days=1)}, "taken back on 2026-04-30"),
        ({"given": NOW + timedelta(days=1)}, "begins on 2026-05-02"),
        ({"project_id": "p2"}, "another project"),
    ],
)
def test_a_consent_that_does_not_hold_is_refused_with_the_reason(changes: dict[str, object], why: str) -> None:
    with pytest.raises(NotAllowed, match=why):
        require_consent((consent(**changes),), AUDIO, "p1", NOW)


def test_without_a_record_for_the_recording_or_the_use_it_is_refused() -> None:
    with pytest.raises(NotAllowed, match="Nobody has allowed"):
        require_consent((consent(),), OTHER, "p1", NOW)
    with pytest.raises(NotAllowed, match="commercial"):
        require_consent((consent(),), AUDIO, "p1", NOW, ConsentScope.COMMERCIAL)


def test_one_that_holds_is_found_among_those_that_do_not() -> None:
    old = consent(id="c0", revoked=NOW - timedelta(days=5))
    assert require_consent((old, consent()), AUDIO, "p1", NOW).id == "c1"


def test_a_consent_needs_proof_a_whole_hash_and_an_end_after_its_beginning() -> None:
    for wrong in ({"proof": ""}, {"audio": "abc"}, {"expires": NOW - timedelta(days=30)}):
        with pytest.raises(ValidationError):
            consent(**wrong)
