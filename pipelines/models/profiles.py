"""Profiles: which model does a task on this machine, and why, in a sentence a person can read.

The catalogue says which models a profile would use and in what order; this file weighs that against the hardware, against
what is installed, and lets a person's own choice win. It loads nothing and asks no network.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from domain.errors import InputError, NotFound
from domain.model import Model, Task
from domain.said import Said, joined
from domain.settings import PROFILES
from domain.value import Value
from pipelines.models.catalogue import Catalogue

GB = 1_000_000_000

#: A smaller profile's models also run on a larger machine; the order is from large to small, with the GPU memory each needs.
_LADDER: tuple[tuple[str, int], ...] = (("gpu-80gb", 70 * GB), ("gpu-24gb", 22 * GB), ("gpu-12gb", 11 * GB), ("embedded", 0))

#: What a process needs beside the weights: the interpreter, torch, the page server.
_ROOM = 1 * GB


class Hardware(Value):
    """ram and gpu_memory in bytes (0: unknown, or no GPU); cores this process may use.

    gpu and gpu_memory: of the largest; gpus: names and bytes of all, in the order of CUDA's numbers. cpu: its name.
    """

    ram: int = 0
    gpu: str = ""
    gpu_memory: int = 0
    cores: int = 1
    gpus: tuple[tuple[str, int], ...] = ()
    cpu: str = ""

    @staticmethod
    def detect() -> Hardware:
        """Asks the kernel and, where it is installed, nvidia-smi. Imports nothing heavy, never raises."""
        gpus = _nvidia()
        gpu, gpu_memory = max(gpus, key=lambda found: found[1], default=("", 0))
        return Hardware(ram=_ram(), gpu=gpu, gpu_memory=gpu_memory, cores=_cores(), gpus=gpus, cpu=_cpu())


class Choice(Value):
    """The model of one task. why is shown beside it on the Models page."""

    model: Model
    why: Said = Said(message_id="")

    @property
    def reason(self) -> str:
        return str(self.why)


def profile_for(hardware: Hardware) -> str:
    """The largest profile whose models fit the GPU; "embedded" without one."""
    return next(name for name, needed in _LADDER if hardware.gpu_memory >= needed)


def everything(_: Model) -> bool:
    """Where the catalogue alone is asked: no engine says which of its entries it runs."""
    return True


def no_use(model: Model) -> Said:
    """Why a model that nothing here runs is not run, as a part of a sentence: no engine takes it, or its card does not say that its gate
    was passed."""
    if model.card:
        return Said(message_id="it is experimental, and its model card does not say that it passed its gate")
    return Said(message_id="nothing here uses it yet")


def choose(
    catalogue: Catalogue,
    profile: str,
    hardware: Hardware,
    ready: Callable[[str], bool],
    choices: Mapping[str, str],
    runs: Callable[[Model], bool] = everything,
) -> dict[Task, Choice]:
    """One model per task that the profile knows. choices: task -> model id, a person's own. runs: what the engines here can use.

    A model that nothing here runs is never picked; a person's choice of one gives way to the profile's, and the reason says so. A
    better model that is not installed never stands in the way of one that is: the reason names it. Raises InputError for an
    unknown profile, or a choice that the catalogue does not have or that does another task.
    """
    if profile not in PROFILES:
        raise InputError(
            "There is no profile {profile}.", hint="Use one of {known}.", field="profile", profile=repr(profile), known=", ".join(PROFILES)
        )
    wished = _wishes(catalogue, choices, ready)
    at = profile_for(hardware) if profile == "auto" else profile
    chosen: dict[Task, Choice] = {}
    for task in Task:
        wish = wished.get(task)
        if wish is not None and runs(wish.model):
            chosen[task] = wish
            continue
        models = [model for model in _candidates(catalogue, task, at) if runs(model)]
        choice = _best(models, _machine(at, profile == "auto", hardware), hardware, ready)
        if choice is not None and wish is not None:
            told = Said.of("You chose {model}, but {why}.", model=wish.model.name, why=no_use(wish.model))
            choice = choice.model_copy(update={"why": joined([told, choice.why])})
        if choice is not None:
            chosen[task] = choice
    return chosen


def _wishes(catalogue: Catalogue, choices: Mapping[str, str], ready: Callable[[str], bool]) -> dict[Task, Choice]:
    wished = {}
    for task_name, model_id in choices.items():
        if task_name not in {task.value for task in Task}:
            raise InputError(
                "There is no task {task_name} to choose a model for.",
                hint="Tasks: {known}.",
                field="choices",
                task_name=repr(task_name),
                known=", ".join(Task),
            )
        try:
            model = catalogue.get(model_id)
        except NotFound as error:
            raise InputError(error.message, hint=error.hint, field=f"choices.{task_name}") from error
        if model.task != task_name:
            raise InputError(
                "{model} does {task}, not {task_name}.",
                hint="Choose one of {known}.",
                field=f"choices.{task_name}",
                model=model.name,
                task=model.task,
                task_name=task_name,
                known=", ".join(other.id for other in catalogue.of(Task(task_name))),
            )
        chosen = Said.of("You chose it.")
        wished[model.task] = Choice(model=model, why=chosen if ready(model.id) else joined([chosen, _absent(model)]))
    return wished


def _absent(model: Model) -> Said:
    return Said.of("It is not installed yet: `python app.py models pull {model}`.", model=model.id)


def _best(candidates: Sequence[Model], why: Said, hardware: Hardware, ready: Callable[[str], bool]) -> Choice | None:
    if not candidates:
        return None
    fitting = [model for model in candidates if not _misfit(model, hardware)] or [min(candidates, key=lambda model: model.memory)]
    installed = [model for model in fitting if ready(model.id)]
    best = fitting[0]
    passed = candidates[: candidates.index(best)]
    misfit = _misfit(passed[0], hardware) if passed else None
    small = [Said.of("{model} was passed over: {why}.", model=passed[0].name, why=misfit)] if misfit is not None else []
    here = Said.of("It is installed.")
    if not installed:
        return Choice(model=best, why=joined([why, *small, _absent(best)]))
    if installed[0] is best:
        return Choice(model=best, why=joined([why, *small, here]))
    better = Said.of("{model} would suit this machine better: `python app.py models pull {id}`.", model=best.name, id=best.id)
    return Choice(model=installed[0], why=joined([here, *small, better]))


def _candidates(catalogue: Catalogue, task: Task, profile: str) -> list[Model]:
    """The profile's models of a task, then those of every smaller profile, in catalogue order, each once."""
    names = [name for name, _ in _LADDER]
    found: dict[str, Model] = {}
    for name in names[names.index(profile) :]:
        for model in catalogue.of(task):
            if name in model.profiles:
                found.setdefault(model.id, model)
    return list(found.values())


def _misfit(model: Model, hardware: Hardware) -> Said | None:
    """Why this machine cannot run the model, None where it can. One that names GPU memory needs a GPU; unknown sizes fit."""
    if model.gpu_memory:
        if not hardware.gpu_memory:
            return Said.of("it needs a GPU with {needed} GB", needed=f"{model.gpu_memory / GB:.0f}")
        if model.gpu_memory > hardware.gpu_memory:
            there = {"needed": f"{model.gpu_memory / GB:.0f}", "gpu": hardware.gpu, "there": f"{hardware.gpu_memory / GB:.0f}"}
            return Said.of("it needs {needed} GB of GPU memory, {gpu} has {there}", **there)
        return None
    if model.memory and hardware.ram and model.memory + _ROOM > hardware.ram:
        there = {"needed": f"{model.memory / GB:.1f}", "there": f"{hardware.ram / GB:.1f}"}
        return Said.of("it needs {needed} GB of memory, this machine has {there}", **there)
    return None


def _machine(profile: str, automatic: bool, hardware: Hardware) -> Said:
    if not automatic:
        return Said.of("The profile {profile} picks it.", profile=profile)
    if hardware.gpu_memory:
        there = {"gpu": hardware.gpu, "memory": f"{hardware.gpu_memory / GB:.0f}", "profile": profile}
        return Said.of("Picked for {gpu} with {memory} GB (profile {profile}).", **there)
    return Said.of("Picked for a machine without a GPU (profile embedded).")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def _cpu() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", _text(Path("/proc/cpuinfo")), re.MULTILINE)
    return " ".join(found[1].split()) if found else ""


def _ram() -> int:
    """The machine's memory, or the container's limit where that is smaller."""
    total = 0
    for line in _text(Path("/proc/meminfo")).splitlines():
        if line.startswith("MemTotal:"):
            total = int(line.split()[1]) * 1024
    limit = _text(Path("/sys/fs/cgroup/memory.max")).strip()
    return min(total, int(limit)) if limit.isdigit() and total else total


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""


def _nvidia() -> tuple[tuple[str, int], ...]:
    """(name, bytes) of each GPU."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return ()
    try:
        answer = subprocess.run(
            [command, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    found = gpus_in(answer.stdout) if answer.returncode == 0 else ()
    return visible_gpus(found, os.environ.get("CUDA_VISIBLE_DEVICES"))


def gpus_in(listing: str) -> tuple[tuple[str, int], ...]:
    """Read nvidia-smi's "name, MiB" lines."""
    gpus = []
    for line in listing.splitlines():
        name, _, mebibytes = line.rpartition(",")
        if mebibytes.strip().isdigit():
            gpus.append((name.strip(), int(mebibytes) * 1024 * 1024))
    return tuple(gpus)


def visible_gpus(found: tuple[tuple[str, int], ...], shown: str | None) -> tuple[tuple[str, int], ...]:
    """Those that CUDA may see, in its order. shown: CUDA_VISIBLE_DEVICES; ids other than numbers are taken as being in order."""
    if shown is None:
        return found
    names = [name.strip() for name in shown.split(",") if name.strip()]
    if all(name.isdigit() for name in names):
        return tuple(found[int(name)] for name in names if int(name) < len(found))
    return found[: len(names)]
