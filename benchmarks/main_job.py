"""The numbers of the main job: first deliverable, whole campaign to ZIP, peak memory, first token, start, cost of the runner.

python -m benchmarks.main_job                 # prints the table (about ten minutes)
python -m benchmarks.main_job --write FILE    # and puts it between the markers of a Markdown file
python -m benchmarks.main_job --only start,token
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
BRIEF = "Launch campaign for a cold-brew coffee"
MARKERS = ("<!-- numbers: begin (written by make benchmarks) -->", "<!-- numbers: end -->")
#: 40 tokens at most for the embedded model.
QUESTION = "What is a good way to describe the taste of cold-brew coffee to somebody who has never tried it?"
Row = tuple[str, str, str, str]


class PeakMemory:
    """The largest sum of resident sizes of this process and its children, sampled ten times a second."""

    def __init__(self) -> None:
        self.bytes = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            self.bytes = max(self.bytes, sum(resident(pid) for pid in family(os.getpid())))


def family(pid: int) -> list[int]:
    found, wanted = [], [pid]
    while wanted:
        current = wanted.pop()
        found.append(current)
        try:
            for task in Path(f"/proc/{current}/task").iterdir():
                wanted += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def open_here(home: Path, workers: int = 0):  # type: ignore[no-untyped-def]
    from app import open_studio, settings_from

    return open_studio(settings_from({**os.environ, "MAQUETTE_HOME": str(home), "MAQUETTE_WORKERS": str(workers)}))


def campaign(runs: int) -> list[Row]:
    """From approve to ZIP, in this process, with the default chat model warm (the plan was just proposed)."""
    from domain.progress import CancelToken
    from studio.export import Selection

    first: list[float] = []
    whole: list[float] = []
    planned: list[float] = []
    peak = 0
    items = 0
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder, open_here(Path(folder)) as studio, PeakMemory() as memory:
            studio.warm(CancelToken())
            project = studio.projects.first()
            brief = studio.plans.submit(project.id, BRIEF)
            started = time.perf_counter()
            plan = studio.plans.propose(brief, seed=5)
            planned.append(time.perf_counter() - started)
            started = time.perf_counter()
            studio.plans.approve(plan.id)
            seen = 0.0
            for jobs in studio.plans.watch(plan.id, every=0.05):
                if not seen and any(job.state.value == "done" for job in jobs):
                    seen = time.perf_counter() - started
            failed = [job for job in jobs if job.state.value != "done"]
            if failed:
                raise SystemExit(f"steps failed: {[(job.step_id, job.error) for job in failed]}")
            studio.shelf.export(Selection(project_id=project.id, plan_id=plan.id), out=Path(folder) / "pack.zip")
            whole.append(time.perf_counter() - started)
            first.append(seen)
            items = len(plan.steps)
        peak = max(peak, memory.bytes)
    return [
        ("plan proposed, prefix warm", f"{median(planned):.1f} s", f"{runs} runs", "not asked"),
        ("first deliverable after approve", f"{median(first):.1f} s", f"{runs} runs", "30 s"),
        (f"campaign, {items} items, approve to ZIP", f"{median(whole):.0f} s", f"{runs} runs", "240 s"),
        ("peak memory of all processes", f"{peak / 1e9:.2f} GB", f"largest of {runs} runs", "6 GB"),
    ]


def first_token(runs: int) -> list[Row]:
    """From sending a question to the first words of the answer, through the whole conversation."""
    from domain.progress import CancelToken

    taken: list[float] = []
    with tempfile.TemporaryDirectory() as folder, open_here(Path(folder)) as studio:
        studio.warm(CancelToken())
        project = studio.projects.first()
        for _ in range(runs):
            started = time.perf_counter()
            said = studio.chat.say(project.id, QUESTION)
            for text in said:
                if text.strip():
                    taken.append(time.perf_counter() - started)
                    break
            for _text in said:
                pass
    return [("first token of the chat, prefix evaluated", f"{median(taken):.2f} s", f"{runs} runs", "3 s")]


def warm_start(runs: int) -> list[Row]:
    """From starting the command to the first page answered in full."""
    import httpx

    taken: list[float] = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            command = [sys.executable, str(ROOT / "app.py"), "serve", "--port", "0"]
            process = subprocess.Popen(command, env={**os.environ, "MAQUETTE_HOME": folder}, stderr=subprocess.PIPE, text=True)
            try:
                assert process.stderr is not None
                address = next(m.group() for line in process.stderr if (m := re.search(r"http://127\.0\.0\.1:\d+", line)))
                page = httpx.get(address, timeout=60)
                page.raise_for_status()
                httpx.get(f"{address}/config", timeout=60).raise_for_status()
                taken.append(time.perf_counter() - started)
            finally:
                process.terminate()
                process.wait(timeout=60)
    return [("warm start to a usable page", f"{median(taken):.1f} s", f"{runs} runs", "15 s")]


STEPS: list[dict[str, object]] = [
    {"id": f"picture-{n}", "title": f"Picture {n}", "spec": {"kind": "picture", "about": about, "width": 1200, "height": 1200}}
    for n, about in enumerate(("a fox in a forest", "a rocket in space", "a coffee cup on a table", "a lighthouse by the sea"), start=1)
] + [
    {"id": f"music-{n}", "title": f"Bed {n}", "spec": {"kind": "music", "about": "a bed", "mood": mood, "seconds": 45}}
    for n, mood in enumerate(("warm", "calm"), start=1)
]


def runner_cost(rounds: int) -> list[Row]:
    """The same prepared work through the runner (one at a time) and by calling the makers, A/B/B/A, in one process."""
    from domain.plan import Plan
    from domain.progress import Silent
    from domain.recipe import Work
    from domain.take import Take
    from studio.making import resolve
    from studio.plans import new_id

    ratios: list[float] = []
    with tempfile.TemporaryDirectory() as folder, open_here(Path(folder), workers=1) as studio:
        project = studio.projects.first()

        def keep() -> Plan:
            brief = studio.plans.draft(project.id, "Overhead")
            raw = {"id": new_id(), "project_id": project.id, "brief_id": brief.id, "title": "t", "seed": 3, "steps": STEPS}
            return studio.plans.keep(brief, Plan.model_validate(raw))

        def through_runner() -> float:
            plan = keep()
            started = time.perf_counter()
            studio.plans.approve(plan.id)
            for _ in studio.plans.watch(plan.id, every=0.01):
                pass
            return time.perf_counter() - started

        def directly() -> float:
            plan = keep()
            making = studio.runner._making
            started = time.perf_counter()
            for step in plan.order():
                take = Take(plan_id=plan.id, step=step)
                maker = studio.makers.choose(step, project.brand)
                prepared = maker.prepare(making._context(plan, project, take, {}, maker), Silent())
                ready = take.model_copy(update={"maker": maker.name, "prompt": prepared.prompt, "parameters": prepared.parameters})
                maker.generate([Work(recipe=resolve(plan, ready, maker, ()))], Silent())
            return time.perf_counter() - started

        directly()
        for _ in range(rounds):
            a1, b1, b2, a2 = through_runner(), directly(), directly(), through_runner()
            ratios.append((a1 + a2) / (b1 + b2))
    return [("runner over direct calls", f"{100 * (median(ratios) - 1):+.1f}%", f"{rounds} rounds A/B/B/A", "under 5%")]


SECTIONS: dict[str, Callable[[int], list[Row]]] = {
    "campaign": campaign,
    "token": first_token,
    "start": warm_start,
    "runner": runner_cost,
}


def machine() -> str:
    model = next(
        (line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), ""
    )
    return f"{os.cpu_count()} cores {model or platform.machine()}, {platform.system()}, Python {platform.python_version()}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--write", type=Path)
    arguments.add_argument("--only", default=",".join(SECTIONS))
    arguments.add_argument("--runs", type=int, default=3)
    given = arguments.parse_args()
    from app import prepare_environment

    prepare_environment(os.environ)
    rows: list[Row] = []
    for name in given.only.split(","):
        rows += SECTIONS[name](given.runs)
        print(json.dumps(rows[-1]), flush=True)
    header = f"Measured {datetime.now(UTC):%Y-%m-%d} on {machine()}; `python -m benchmarks.main_job --runs {given.runs}`."
    lines = [header, "", "| what | measured | from | asked |", "|---|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
    print("\n".join(lines))
    if given.write:
        text = given.write.read_text(encoding="utf-8")
        before, _, rest = text.partition(MARKERS[0])
        _, _, after = rest.partition(MARKERS[1])
        given.write.write_text(f"{before}{MARKERS[0]}\n" + "\n".join(lines) + f"\n{MARKERS[1]}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
