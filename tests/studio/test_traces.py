"""One trace from the request to the stored asset, over the threads and the database of runs that lie between."""

from __future__ import annotations

from pathlib import Path

from domain.tracing import carry, span
from tests.studio.bench import Hand, open_bench, step
from tests.tracing import Recorded, recorded, trace_of


def ids(found: Recorded, name: str) -> set[str]:
    return {trace_of(one) for one in found.spans if one.name == name}


def test_one_brief_is_one_trace_however_many_requests_it_took(home: Path) -> None:
    bench = open_bench(home, Hand())
    bench.runner.start()
    with recorded() as found:
        with span("web.request"):
            told = carry().split("-")[1]
            plan = bench.plan(step("copy-1"), step("speech-1", "copy-1"))
        with span("web.request"):
            approving = carry().split("-")[1]
            bench.plans.approve(plan.id)
        bench.wait(plan.id)
    bench.runner.stop()
    bench.library.close()
    for name in ("studio.submit", "studio.plan", "studio.run", "studio.prepare", "studio.make", "library.add_asset"):
        assert ids(found, name) == {told}, name
    assert [name for name in found.names if name == "library.add_asset"] == ["library.add_asset"] * 2
    assert [f"{link.context.trace_id:032x}" for link in found.one("studio.run").links] == [approving]


def test_what_was_queued_before_a_restart_is_made_in_the_trace_of_its_brief(home: Path) -> None:
    first = open_bench(home, Hand())
    with recorded() as found:
        with span("web.request"):
            asked = carry().split("-")[1]
            plan = first.plan(step("copy-1"))
        first.plans.approve(plan.id)  # its runner was never started: the take waits as a row
        first.library.close()
        second = open_bench(home, Hand())
        second.runner.start()
        second.wait(plan.id)
        second.runner.stop()
        second.library.close()
    assert ids(found, "library.add_asset") == {asked}
