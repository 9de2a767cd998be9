"""One trace from the request to the stored asset, over the threads and the database of runs that lie between."""

from __future__ import annotations

from pathlib import Path

from domain.tracing import carry, span
from tests.studio.bench import Hand, open_bench, step
from tests.tracing import Recorded, parent_of, recorded, trace_of


def ids(found: Recorded, name: str) -> set[str]:
    return {trace_of(one) for one in found.spans if one.name == name}


def test_whatever_a_request_has_made_is_in_its_trace(home: Path) -> None:
    bench = open_bench(home, Hand())
    bench.runner.start()
    with recorded() as found:
        plan = bench.plan(step("copy-1"), step("speech-1", "copy-1"))
        with span("web.request"):
            asked = carry().split("-")[1]
            bench.plans.approve(plan.id)
        bench.wait(plan.id)
    bench.runner.stop()
    bench.library.close()
    for name in ("studio.run", "studio.prepare", "studio.make", "library.add_asset"):
        assert ids(found, name) == {asked}, name
    assert [name for name in found.names if name == "library.add_asset"] == ["library.add_asset"] * 2
    assert parent_of(found.one("studio.run")) == found.one("web.request").context.span_id


def test_what_was_queued_before_a_restart_is_made_in_the_trace_it_was_asked_in(home: Path) -> None:
    first = open_bench(home, Hand())
    with recorded() as found:
        plan = first.plan(step("copy-1"))
        with span("web.request"):
            asked = carry().split("-")[1]
            first.plans.approve(plan.id)  # its runner was never started: the take waits as a row
        first.library.close()
        second = open_bench(home, Hand())
        second.runner.start()
        second.wait(plan.id)
        second.runner.stop()
        second.library.close()
    assert ids(found, "library.add_asset") == {asked}
