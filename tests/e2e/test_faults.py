"""What goes wrong while jobs run costs nobody a result. The same code as `python -m benchmarks.faults`, shorter."""

from __future__ import annotations

from pathlib import Path

from benchmarks.faults import Report, database, full, hung, killed


def assert_sound(report: Report) -> None:
    assert report.open == 0, f"{report.open} of {report.jobs} jobs never ended"
    assert report.double == 0
    assert report.lost == []


def test_workers_killed_at_random_cost_no_job_and_make_none_double(home: Path) -> None:
    report = killed(home, jobs=40, minutes=0.08, pause=1.2)
    assert report.faults > 0
    assert sum(report.first.values()) == 40
    assert_sound(report)


def test_makers_that_stand_still_or_abort_are_replaced_and_their_takes_made_once_more(home: Path) -> None:
    report = hung(home, jobs=10, stall=3.0)
    assert report.first == {"done": 10}
    assert_sound(report)


def test_a_full_spool_is_said_by_name_and_what_it_cost_is_made_when_asked_again(home: Path) -> None:
    report = full(home, jobs=8, refused=3)
    assert report.first == {"done": 5, "failed": 3}
    assert [said.partition(":")[0] for said in report.errors] == ["disk_full"]
    assert report.again == 3
    assert_sound(report)


def test_a_database_that_stops_costs_nothing(home: Path) -> None:
    report = database(home, jobs=12, away=2.0)
    assert report.first == {"done": 12}
    assert_sound(report)
