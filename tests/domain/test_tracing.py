"""Spans, and what carries a trace over threads, rows and processes."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from domain.errors import Cancelled, EngineFailed
from domain.tracing import carry, continued, span
from tests.tracing import parent_of, recorded, trace_of

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"


def test_a_span_within_a_span_is_its_child() -> None:
    with recorded() as found, span("studio.make", plan="p1"), span("executor.generate", maker="kokoro", works=3) as note:
        note(seconds=1.5)
    inner, outer = found.one("executor.generate"), found.one("studio.make")
    assert (parent_of(inner), trace_of(inner)) == (outer.context.span_id, trace_of(outer))
    assert found.facts("executor.generate") == {"maquette.maker": "kokoro", "maquette.works": 3, "maquette.seconds": 1.5}


def test_what_is_not_known_is_left_out() -> None:
    with recorded() as found, span("studio.make", plan="", batch=0):
        pass
    assert found.facts("studio.make") == {"maquette.batch": 0}


def test_a_trace_goes_on_in_another_thread_that_was_handed_it() -> None:
    def work(traceparent: str) -> None:
        with continued(traceparent), span("executor.generate"):
            pass

    with recorded() as found, span("studio.run"):
        thread = threading.Thread(target=work, args=(carry(),))
        thread.start()
        thread.join()
    assert trace_of(found.one("executor.generate")) == trace_of(found.one("studio.run"))
    assert parent_of(found.one("executor.generate")) == found.one("studio.run").context.span_id


def test_a_thread_that_was_handed_nothing_begins_a_trace_of_its_own() -> None:
    def work() -> None:
        with continued(""), span("studio.other"):
            pass

    with recorded() as found, span("studio.run"):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert trace_of(found.one("studio.other")) != trace_of(found.one("studio.run"))


def test_a_trace_of_another_program_goes_on_here() -> None:
    with recorded() as found, continued(ELSEWHERE), span("web.request"):
        pass
    assert trace_of(found.one("web.request")) == "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    "broken", ["", "nonsense", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "99" * 5000, "00-" + "z" * 52, "00-abc-def-01\r\n"]
)
def test_a_broken_traceparent_changes_nothing(broken: str) -> None:
    with recorded() as found:
        with span("studio.run"), continued(broken), span("studio.make"):
            pass
        with continued(broken):
            assert carry() == ""
    assert trace_of(found.one("studio.make")) == trace_of(found.one("studio.run"))


def test_after_the_block_nothing_of_the_trace_is_left() -> None:
    with recorded():
        with continued(ELSEWHERE):
            assert carry() == ELSEWHERE
        assert carry() == ""
        with pytest.raises(EngineFailed), continued(ELSEWHERE), span("studio.make"):
            raise EngineFailed("no")
        assert carry() == ""


def test_what_is_made_for_several_is_linked_to_the_traces_of_all() -> None:
    with recorded() as found, span("studio.make", links=(ELSEWHERE, "", "nonsense"), batch=2):
        pass
    assert [f"{link.context.trace_id:032x}" for link in found.one("studio.make").links] == ["0123456789abcdef0123456789abcdef"]


def test_an_error_is_told_by_its_code_and_never_by_its_words() -> None:
    with recorded() as found, pytest.raises(EngineFailed), span("executor.generate"):
        raise EngineFailed("The maker could not draw 'my secret product'.")
    failed = found.one("executor.generate")
    assert (failed.status.status_code.name, found.facts("executor.generate")) == ("ERROR", {"error.type": "engine_failed"})
    assert "secret" not in failed.to_json()


def test_a_stop_by_a_person_is_no_error() -> None:
    with recorded() as found, pytest.raises(Cancelled), span("executor.generate"):
        raise Cancelled("Stopped.")
    assert (found.one("executor.generate").status.status_code.name, found.facts("executor.generate")) == (
        "UNSET",
        {"error.type": "cancelled"},
    )


WITHOUT = """
import sys
sys.path.insert(0, {root!r})
from domain.tracing import carry, continued, span
from pipelines.telemetry import export_traces
end = export_traces("", "studio")
with span("studio.run", plan="p") as note:
    note(more=1)
    print(repr(carry()))
with continued("{elsewhere}"), span("studio.make"):
    print(carry())
end()
print([name for name in sys.modules if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter"))])
"""


def test_without_an_endpoint_nothing_is_recorded_and_no_sdk_is_loaded_but_a_trace_is_handed_on() -> None:
    code = WITHOUT.format(root=str(ROOT), elsewhere=ELSEWHERE)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd="/", check=False)
    assert done.stdout.splitlines() == ["''", ELSEWHERE, "[]"], done.stderr
