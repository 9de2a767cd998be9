"""A token made from a progress knows when the run it belongs to was stopped."""

from __future__ import annotations

import pytest

from domain.errors import Cancelled
from domain.progress import CancelToken, Silent, Watched


def test_a_watched_progress_is_cancelled_with_its_run_and_by_itself() -> None:
    run = CancelToken()
    watched, other = Watched(Silent(run)), Watched(Silent())
    assert not watched.cancelled
    run.cancel()
    other.cancel()
    for token in (watched, other):
        assert token.cancelled
        with pytest.raises(Cancelled):
            token.check()
