"""What goes wrong while jobs run, and whether any is lost by it.

python -m benchmarks.faults                              # 5,000 jobs, three workers killed at random for 10 minutes; then the others
python -m benchmarks.faults --jobs 200 --minutes 0.3     # the same, shorter
python -m benchmarks.faults --only killed,hung

killed    workers are killed with SIGKILL at random moments, each about every ten seconds
hung      makers stand still, others abort natively; each is found, its worker replaced, and the take made once more
full      the spool takes no more bytes for a while: what was being made fails by name, and is made when asked again
database  Postgres is stopped and started while jobs run (skipped where no Postgres is installed)

Only processes that this one started are ever killed. Exit status 1 when anything was lost, made double, or did not end.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from os import getpid, kill
from pathlib import Path

from benchmarks.engine_house import House, load, open_house, steps
from benchmarks.engine_makers import expected
from benchmarks.engine_table import Row, table
from domain.job import JobState
from domain.plan import PLAN_MAX_STEPS, Plan
from domain.progress import Silent
from library.check import check
from library.library import AssetQuery

#: A take whose worker was killed twice has failed, and is asked for again as a person would: at most so often.
ASKED_AGAIN = 10


@dataclass
class Report:
    """What became of the jobs of one run.

    first: states after they were asked for once. again: how many had to be asked for again. double: takes with more than one asset,
    or assets that no job names. lost: jobs without a result, results that are not what their recipe gives, and whatever the check
    of the library found.
    """

    jobs: int = 0
    seconds: float = 0.0
    faults: int = 0
    open: int = 0
    first: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    again: int = 0
    double: int = 0
    lost: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not (self.open or self.double or self.lost)


class Killer:
    """Kills a random worker of the pool after random pauses, until it is left."""

    def __init__(self, house: House, pause: float, seed: int) -> None:
        self.killed = 0
        self._house = house
        self._pause = pause
        self._random = random.Random(seed)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="killer")

    def __enter__(self) -> Killer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._random.uniform(0.3, 1.7) * self._pause):
            living = [one.pid for one in self._house.workers() if _ours(one.pid)]
            if living:
                kill(self._random.choice(living), signal.SIGKILL)
                self.killed += 1


def killed(folder: Path, jobs: int, minutes: float, pause: float = 3.3, seed: int = 0) -> Report:
    """Jobs over three workers that are killed at random for so many minutes, or until all have ended.

    Args:
        pause: mean seconds between kills.
    """
    report = Report(jobs=jobs)
    # So long that the jobs last about as long as the killing.
    seconds = max(0.02, min(1.0, 60 * minutes * 3 / jobs * 0.6))
    with open_house(folder, workers=3) as house:
        house.warm(3)
        plans = [house.plan(*steps(f"Killed {n}", min(PLAN_MAX_STEPS, jobs - n), seconds), seed=n) for n in range(0, jobs, PLAN_MAX_STEPS)]
        started = time.monotonic()
        with Killer(house, pause, seed) as killer:
            for plan in plans:
                house.plans.approve(plan.id)
            house.drained(60 * minutes)
        report.faults = killer.killed
        report.open = house.drained(600.0)
        report.seconds = time.monotonic() - started
        _settle(house, plans, report)
    return report


def hung(folder: Path, jobs: int = 30, stall: float = 3.0) -> Report:
    """Every tenth maker stands still for ever, every tenth aborts; once each."""
    troubles = {n: "hang" if n % 10 == 3 else "abort" for n in range(1, jobs + 1) if n % 10 in (3, 8)}
    report = Report(jobs=jobs, faults=len(troubles))
    with open_house(folder, workers=3, stall=stall) as house:
        plan = house.plan(*steps("Hung", jobs, 0.02, troubles))
        started = time.monotonic()
        house.plans.approve(plan.id)
        report.open = house.drained(60 * stall)
        report.seconds = time.monotonic() - started
        _settle(house, [plan], report)
    return report


def full(folder: Path, jobs: int = 20, refused: int = 6) -> Report:
    """The kernel says ENOSPC to the first so many results, then there is room again."""
    report = Report(jobs=jobs, faults=refused)
    with open_house(folder) as house:
        house.warm(2)
        plan = house.plan(*steps("Full", jobs, 0.02))
        spool = next(place for place in (folder / "spool").iterdir() if place.is_dir())
        made = sum(1 for _ in house.library.assets(AssetQuery(limit=1000)))
        for number in range(made + 1, made + 1 + refused):  # a result is written as `<number of the request>-0`
            (spool / f"{number}-0").symlink_to("/dev/full")
        started = time.monotonic()
        house.plans.approve(plan.id)
        report.open = house.drained(60.0)
        report.seconds = time.monotonic() - started
        _settle(house, [plan], report)
    return report


def database(folder: Path, jobs: int = 60, away: float = 5.0) -> Report:
    """Postgres is stopped in the middle for so many seconds. Raises RuntimeError where none is installed."""
    from tests.postgres import postgres_server

    report = Report(jobs=jobs, faults=1)
    with postgres_server() as server, server.database() as url, open_house(folder, database=url) as house:
        house.warm(2)
        plan = house.plan(*steps("Away", jobs, 0.2))
        started = time.monotonic()
        house.plans.approve(plan.id)
        time.sleep(1.0)
        server.stop()
        time.sleep(away)
        server.start()
        report.open = house.drained(300.0)
        report.seconds = time.monotonic() - started
        _settle(house, [plan], report)
    return report


def _settle(house: House, plans: list[Plan], report: Report) -> None:
    """Ask again for what failed, then look whether every take has its one asset, byte for byte."""
    for plan in plans:
        jobs = house.library.latest_jobs(plan.id).values()
        report.first.update(job.state.value for job in jobs)
        report.errors.update(f"{job.error_code}: {job.error}"[:160] for job in jobs if job.error)
    for _ in range(ASKED_AGAIN):
        failed = {plan.id: left for plan in plans if (left := _not_done(house, plan))}
        if not failed or report.open:
            break
        report.again += sum(failed.values())
        for plan_id in failed:
            house.plans.approve(plan_id)
        report.open = house.drained(300.0)
    for plan in plans:
        _look_at(house, plan, report)
    found = check(house.library, Silent())
    report.lost += [f"missing file {one.sha256[:12]}" for one in found.missing]
    report.lost += [f"altered file {one.sha256[:12]}" for one in found.altered]
    report.lost += [*found.dangling, *(f"left in the spool: {path.name}" for path in (house.home / "spool").glob("*/*-*"))]


def _not_done(house: House, plan: Plan) -> int:
    return sum(job.state is not JobState.DONE for job in house.library.latest_jobs(plan.id).values())


def _look_at(house: House, plan: Plan, report: Report) -> None:
    jobs = house.library.latest_jobs(plan.id)
    assets = house.library.assets(AssetQuery(plan_id=plan.id, limit=10 * PLAN_MAX_STEPS))
    takes = Counter((asset.step_id, asset.take) for asset in assets)
    named = {job.asset_id for job in jobs.values()}
    report.double += sum(count - 1 for count in takes.values()) + sum(asset.id not in named for asset in assets)
    kept = {asset.id: asset for asset in assets}
    for step in plan.steps:
        job = jobs.get(step.id)
        asset = kept.get(job.asset_id) if job is not None else None
        if asset is None:
            report.lost.append(f"{plan.id}/{step.id} has no result: {job.state.value if job else 'no job'}")
        elif house.library.file_path(asset.main.sha256).read_bytes() != expected(asset.recipe):
            report.lost.append(f"{plan.id}/{step.id} is not what its recipe gives")


def _ours(pid: int) -> bool:
    """Whether a process is a child of this one."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return int(stat.rpartition(")")[2].split()[1]) == getpid()


def rows(name: str, report: Report) -> list[Row]:
    ended = report.jobs - report.open
    first = ", ".join(f"{count} {state}" for state, count in sorted(report.first.items()))
    note = f"{report.faults} faults in {report.seconds:.0f} s; at first {first}; {report.again} asked for again; {load()}"
    return [
        Row(f"{name}: jobs that ended", f"{ended} of {report.jobs}", note, "100%"),
        Row(f"{name}: made double, lost", f"{report.double}, {len(report.lost)}", "; ".join(report.lost[:3]), "0, 0"),
        *(Row(f"{name}: said", f"{count} times", said.replace("|", "/")) for said, count in report.errors.most_common(3)),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=5000)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--only", default="killed,hung,full,database")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    runs: dict[str, Callable[[Path], Report]] = {
        "killed": lambda folder: killed(folder, given.jobs, given.minutes, seed=given.seed),
        "hung": hung,
        "full": full,
        "database": database,
    }
    found: list[Row] = []
    sound = True
    for name in given.only.split(","):
        with tempfile.TemporaryDirectory() as folder:
            try:
                report = runs[name](Path(folder))
            except RuntimeError as error:
                if name != "database":
                    raise
                print(f"database: skipped, {error}", flush=True)
                continue
        sound = sound and report.sound
        found += rows(name, report)
        print(f"{name}: {'sound' if report.sound else 'NOT SOUND'}", flush=True)
    print(table(f"python -m benchmarks.faults {' '.join(sys.argv[1:])}".strip(), found))
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
