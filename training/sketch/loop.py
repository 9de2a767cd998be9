"""Training in short runs: a loop that stops at a time, writes its whole state once a minute, and goes on as if it had never stopped.

What a step draws by chance comes from the seed and the number of the step alone; so a run in pieces ends where one run ends
(on a CPU to the bit; CUDA's sums differ in their last bits). It knows nothing of pictures.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.errors import InputError, ModelCorrupt
from training.sketch.recipe import LoopPlan

if TYPE_CHECKING:
    import torch

    Loss = Callable[[torch.nn.Module, torch.Generator], torch.Tensor]

#: Seconds between two checkpoints, and steps between two lines of the log.
EVERY, TOLD = 60.0, 50
_MOMENTS = ("exp_avg", "exp_avg_sq")


@dataclass
class Trained:
    """How a run ended. losses: (step, mean loss since the last line)."""

    step: int
    done: bool
    losses: list[tuple[int, float]] = field(default_factory=list)


class Loop:
    """One model being trained. `ema` holds the averaged weights by name: those are what is used afterwards.

    mark: the recipe's (Recipe.mark); a state of another recipe is refused.
    """

    def __init__(self, model: Any, plan: LoopPlan, loss: Loss, state: Path, seed: int, mark: str, device: str) -> None:
        import torch

        self._torch = torch
        self.model = model.to(device)
        if device != "cpu":
            self.model = self.model.to(memory_format=torch.channels_last)
        self._plan, self._loss, self._state, self._seed, self._mark, self._device = plan, loss, state, seed, mark, device
        self._named = dict(self.model.named_parameters())
        self.ema = {name: value.detach().clone() for name, value in self._named.items()}
        fused = device.startswith("cuda")
        self._optimiser = torch.optim.AdamW(self._named.values(), lr=plan.rate, betas=(0.9, 0.99), weight_decay=0.01, fused=fused)
        self.step = 0
        if state.is_file():
            self._restore()
        self._called: Any = torch.compile(self.model) if device.startswith("cuda") else self.model

    def run(self, seconds: float = 0.0, until: int = 0) -> Trained:
        """Go on for so many seconds (0: no limit), at most to step `until` (0: the plan's last). The state is written at the end."""
        last = min(until or self._plan.steps, self._plan.steps)
        ends = time.monotonic() + seconds if seconds else float("inf")
        written = told = time.monotonic()
        result = Trained(self.step, False)
        gathered: list[Any] = []
        while self.step < last and time.monotonic() < ends:
            gathered.append(self._one())
            if self.step % TOLD == 0 or self.step == last:
                mean = float(self._torch.stack(gathered).mean())
                self._tell(mean, len(gathered) / max(time.monotonic() - told, 1e-6))
                result.losses.append((self.step, mean))
                gathered, told = [], time.monotonic()
            if time.monotonic() - written > EVERY:
                self.save()
                written = time.monotonic()
        self.save()
        result.step, result.done = self.step, self.step >= self._plan.steps
        return result

    def rate(self, step: int) -> float:
        """Rises over `warm` steps, stays, and falls in a straight line over the last `settle` of them."""
        plan = self._plan
        falling = max(int(plan.steps * plan.settle), 1)
        left = (plan.steps - step) / falling
        return plan.rate * min(1.0, (step + 1) / max(plan.warm, 1), left)

    def save(self) -> None:
        """The whole state in one rename: weights, averages, what the optimiser remembers, and the step."""
        from safetensors.torch import save_file

        tensors = {f"model/{name}": value.detach() for name, value in self._named.items()}
        tensors |= {f"ema/{name}": value for name, value in self.ema.items()}
        for name, value in self._named.items():
            known = self._optimiser.state.get(value, {})
            tensors |= {f"{moment}/{name}": known[moment] for moment in _MOMENTS if moment in known}
        self._state.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._state.with_name(f".{self._state.name}.new")
        ready = {name: value.contiguous().cpu() for name, value in tensors.items()}
        save_file(ready, str(fresh), metadata={"step": str(self.step), "mark": self._mark})
        fresh.replace(self._state)

    def _one(self) -> Any:
        torch = self._torch
        chance = torch.Generator(self._device).manual_seed(self._seed * 1_000_003 + self.step)
        for group in self._optimiser.param_groups:
            group["lr"] = self.rate(self.step)
        with torch.autocast(self._device.partition(":")[0], torch.bfloat16, enabled=self._device != "cpu"):
            loss = self._loss(self._called, chance)
        self._optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self._named.values(), 1.0)
        self._optimiser.step()
        self.step += 1
        keep = min(self._plan.ema, self.step / (self.step + 10))
        # All at once: one by one, hundreds of small tensors would cost a GPU more than the step itself.
        with torch.no_grad():
            torch._foreach_lerp_(list(self.ema.values()), list(self._named.values()), 1 - keep)
        return loss.detach().float()

    def _restore(self) -> None:
        held, tensors = read_state(self._state, self._mark)
        if {name.partition("/")[2] for name in tensors if name.startswith("ema/")} != set(self._named):
            raise ModelCorrupt(f"{self._state} is of another model.", hint="Remove it to begin anew.")
        self.step = held
        for name, value in self._named.items():
            value.data.copy_(tensors.get(f"model/{name}", tensors[f"ema/{name}"]))
            self.ema[name].copy_(tensors[f"ema/{name}"])
            if f"exp_avg/{name}" in tensors:
                moments = {moment: tensors[f"{moment}/{name}"].to(self._device) for moment in _MOMENTS}
                # A fused optimiser wants its count beside the weights.
                count = self._torch.tensor(float(held), device=self._device if self._device.startswith("cuda") else "cpu")
                self._optimiser.state[value] = {"step": count, **moments}

    def _tell(self, loss: float, speed: float) -> None:
        line = {"step": self.step, "loss": round(loss, 5), "steps_a_second": round(speed, 2)}
        sys.stdout.write(f"{self._state.stem} {self.step}/{self._plan.steps}: loss {loss:.5f}, {speed:.2f} steps/s\n")
        sys.stdout.flush()
        self._state.parent.mkdir(parents=True, exist_ok=True)
        with self._state.with_suffix(".log.jsonl").open("a", encoding="ascii") as log:
            log.write(json.dumps(line) + "\n")


def read_state(path: Path, mark: str) -> tuple[int, dict[str, torch.Tensor]]:
    """(step, tensors by name). Raises InputError for none or one of another recipe, ModelCorrupt for what cannot be read."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise InputError(f"There is no {path}.", hint="Train it first: the order is in training/README.md.")
    try:
        with safe_open(str(path), "pt") as held:
            facts = held.metadata() or {}
            tensors = {name: held.get_tensor(name) for name in held.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ModelCorrupt(f"{path} cannot be read.", hint="Remove it to begin anew.") from error
    if facts.get("mark") != mark:
        raise InputError(f"{path} was trained by another recipe.", hint="Restore recipe.toml, or begin in another --work.")
    return int(facts["step"]), tensors


def averaged(path: Path, mark: str) -> dict[str, torch.Tensor]:
    """The averaged weights of a state, by the model's own names, float32."""
    _, tensors = read_state(path, mark)
    return {name.partition("/")[2]: value.float() for name, value in tensors.items() if name.startswith("ema/")}
