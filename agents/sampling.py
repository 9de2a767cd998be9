"""Sampling settings per task, as data: assets/sampling.toml. Creative work samples, translation and extraction are near-greedy.

Knows names of tasks and their numbers. Does not know what a task does.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, ValidationError

from agents.lexicon import load_toml
from domain.chat import Sampling
from domain.errors import InputError
from domain.value import Value


class TaskSampling(Value):
    """again: the least temperature when another answer is wanted; a greedy task would only repeat itself."""

    temperature: float = Field(ge=0.0, le=2.0)
    top_p: float = Field(default=0.95, gt=0.0, le=1.0)
    min_p: float = Field(default=0.05, ge=0.0, le=1.0)
    repeat_penalty: float = Field(default=1.0, ge=0.8, le=2.0)
    again: float = Field(default=0.8, ge=0.0, le=2.0)

    def at(self, seed: int, *, again: bool = False) -> Sampling:
        return Sampling(
            temperature=max(self.temperature, self.again) if again else self.temperature,
            top_p=self.top_p,
            min_p=self.min_p,
            repeat_penalty=self.repeat_penalty,
            seed=seed,
        )


class SamplingBook:
    def __init__(self, tasks: dict[str, TaskSampling]) -> None:
        self._tasks = tasks

    @staticmethod
    def load(assets: Path) -> SamplingBook:
        """Raises InputError naming the entry at fault."""
        path = assets / "sampling.toml"
        try:
            return SamplingBook({name: TaskSampling(**table) for name, table in load_toml(path).items()})
        except (ValidationError, TypeError) as error:
            raise InputError(
                "The sampling settings in {path} are not valid: {error}.", field=str(path), path=path.name, error=str(error)
            ) from error

    def of(self, task: str) -> TaskSampling:
        """The settings of a task. Raises KeyError for one that is not in the file."""
        return self._tasks[task]
