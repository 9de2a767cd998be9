"""A studio in a process of its own that the test can kill: `python -m tests.e2e.crash start|resume HOME`.

`start` makes a plan of real makers (pictures, music, speech, banner) and prints each step as it ends; `resume` opens the same home,
waits until the plan has ended and prints how each step stands.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

from app import open_studio, prepare_environment, settings_from
from domain.model import Task
from domain.plan import Plan
from studio.plans import new_id
from studio.studio import Studio

#: Long enough to be under way when the process is killed, and too long to be spoken again when it is heard wrongly.
SPOKEN = " ".join(f"Lamp number {number} is lit." for number in range(1, 36))
STEPS = [
    {"id": "music-1", "title": "Bed", "spec": {"kind": "music", "about": "a calm bed", "mood": "calm", "seconds": 8}},
    {"id": "picture-1", "title": "Fox", "spec": {"kind": "picture", "about": "a fox in a forest", "width": 512, "height": 512}},
    {"id": "speech-1", "title": "Voice", "spec": {"kind": "speech", "text": SPOKEN, "voice": "af_heart"}},
    {
        "id": "layout-1",
        "title": "Banner",
        "spec": {"kind": "layout", "headline": "The lamp is lit"},
        "inputs": [{"role": "picture", "step": "picture-1"}],
    },
    {"id": "picture-2", "title": "Lamp", "spec": {"kind": "picture", "about": "a lantern at night", "width": 2048, "height": 2048}},
]


def start(studio: Studio) -> None:
    project = studio.projects.create("Crash")
    brief = studio.plans.draft(project.id, "An old lighthouse")
    plan = studio.plans.keep(
        brief,
        Plan.model_validate({"id": new_id(), "project_id": project.id, "brief_id": brief.id, "title": "t", "seed": 3, "steps": STEPS}),
    )
    studio.plans.approve(plan.id, person="ada")
    report(studio, plan.id)


def report(studio: Studio, plan_id: str) -> None:
    told: set[str] = set()
    for jobs in studio.plans.watch(plan_id, every=0.02):
        for job in jobs:
            if job.state.ended and job.step_id not in told:
                told.add(job.step_id)
                print(f"{job.step_id} {job.state.value} {job.asset_id} {job.error}", flush=True)
    print("end", datetime.now(UTC).isoformat(), flush=True)


def main(action: str, home: str) -> None:
    prepare_environment(os.environ)
    settings = settings_from({**os.environ, "MAQUETTE_HOME": home}).model_copy(
        update={"choices": {Task.CHAT.value: "smollm2-135m-instruct-q4"}}
    )
    with open_studio(settings) as studio:
        if action == "start":
            start(studio)
        else:
            plan = studio.plans.current(studio.projects.all()[0].id)
            assert plan is not None
            report(studio, plan.id)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
