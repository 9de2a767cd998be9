"""Less work for nearly the same picture: named, off unless asked for, and written into the recipe.

guidance_interval leaves the last steps unguided; step_cache reuses the denoiser's inner layers. Their numbers are data
(assets/pictures/shortcuts.toml). What they change was measured, and is not looked at again for each picture.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from domain.errors import InputError, ModelUnusable
from domain.picture import PictureTask, Shortcut
from domain.value import Value
from pipelines.image.asking import Item
from pipelines.image.families import Family

#: The tasks in which nothing but noise and words is doubled for guidance.
_PLAIN = frozenset({PictureTask.TEXT, PictureTask.IMAGE})
#: What the pipelines of diffusers double for guidance, negative first, and hand to a callback.
_DOUBLED = ("prompt_embeds", "add_text_embeds", "add_time_ids")


class Measured(Value):
    """What a shortcut was measured to change. faster: times, of whole pictures. psnr: dB to the exact picture.

    where: model, size and machine, by language.
    """

    faster: float = Field(default=0.0, ge=0)
    psnr: float = Field(default=0.0, ge=0)
    where: dict[str, str] = {}


class Interval(Value):
    start: float = Field(alias="from", gt=0, lt=1)
    source: str = ""
    measured: Measured = Measured()


class Cache(Value):
    every: int = Field(ge=2, le=8)
    threshold: float = Field(gt=0, lt=1)
    source: str = ""
    measured: Measured = Measured()


class Shortcuts(Value):
    guidance_interval: Interval = Interval.model_validate({"from": 0.7})
    step_cache: Cache = Cache(every=2, threshold=0.1)

    def measured(self, shortcut: Shortcut) -> Measured:
        return (self.step_cache if shortcut is Shortcut.STEP_CACHE else self.guidance_interval).measured

    @classmethod
    def read(cls, path: Path) -> Shortcuts:
        """Raises InputError naming what is wrong with the file."""
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
            raise InputError("{path} cannot be read: {error}.", hint="Restore the file.", path=path.name, error=error) from error


def offered(family: Family, task: PictureTask) -> tuple[Shortcut, ...]:
    """The shortcuts that exist for a family and a task, and leave out something there."""
    guided = family.guided == "batched" and family.words == "clip" and not 0 <= family.guidance <= 1
    found = {Shortcut.STEP_CACHE: family.step_cache, Shortcut.GUIDANCE_INTERVAL: guided and task in _PLAIN}
    return tuple(shortcut for shortcut, there in found.items() if there)


def check(item: Item, family: Family) -> None:
    """Raises ModelUnusable where a shortcut that is asked for does not exist for this family, or this kind of picture."""
    asked = item.parameters
    if Shortcut.GUIDANCE_INTERVAL not in asked.shortcuts:
        return
    if family.guided != "batched" or family.words != "clip":
        raise ModelUnusable(
            "{family} has no guidance that could end early.", hint="Leave guidance_interval out.", field="shortcuts", family=family.name
        )
    if item.task not in _PLAIN or asked.controls or asked.likeness is not None:
        raise InputError(
            "The shortcut guidance_interval is for pictures from words or from a picture, without controls or a likeness.",
            hint="Leave it out.", field="shortcuts",
        )  # fmt: skip


@dataclass
class Taken:
    """The shortcuts of one batch. inputs: what the callback must be handed. after: told after each step, and may change the values."""

    inputs: tuple[str, ...] = ()
    after: list[Callable[[Any, int, dict[str, Any]], None]] = field(default_factory=list)

    def step(self, pipe: Any, index: int, values: dict[str, Any]) -> None:
        for one in self.after:
            one(pipe, index, values)


@contextmanager
def taken(pipe: Any, asked: Sequence[Shortcut], steps: int, data: Shortcuts) -> Iterator[Taken]:
    """Lay these on a pipeline for one call; nothing of them stays."""
    made = Taken()
    caching = None
    if Shortcut.GUIDANCE_INTERVAL in asked:
        known = getattr(pipe, "_callback_tensor_inputs", ())
        made.inputs = tuple(name for name in _DOUBLED if name in known)
        made.after.append(_unguided(int(steps * data.guidance_interval.start), made.inputs))
    if Shortcut.STEP_CACHE in asked:
        caching = _Deep(pipe.unet, data.step_cache) if getattr(pipe, "unet", None) is not None else _Blocks(pipe, data.step_cache)
        made.after.append(caching.stepped)
    try:
        yield made
    finally:
        if caching is not None:
            caching.off()


def _unguided(start: int, names: Sequence[str]) -> Callable[[Any, int, dict[str, Any]], None]:
    def after(pipe: Any, index: int, values: dict[str, Any]) -> None:
        if index + 1 == max(1, start) and pipe.do_classifier_free_guidance:
            pipe._guidance_scale = 0.0
            for name in names:
                values[name] = values[name].chunk(2)[-1]

    return after


class _Blocks:
    """A transformer of diffusers: its own first-block cache."""

    def __init__(self, pipe: Any, data: Cache) -> None:
        self._denoiser = pipe.transformer
        if not hasattr(self._denoiser, "enable_cache"):
            raise ModelUnusable(
                "{kind} of diffusers has no step cache.",
                hint="Leave step_cache out.",
                field="shortcuts",
                kind=type(self._denoiser).__name__,
            )
        from diffusers import FirstBlockCacheConfig

        self._denoiser.enable_cache(FirstBlockCacheConfig(threshold=data.threshold))

    def stepped(self, pipe: Any, index: int, values: Mapping[str, Any]) -> None:
        """The cache decides by itself."""

    def off(self) -> None:
        self._denoiser.disable_cache()


class _Deep:
    """A UNet: all but its outermost blocks give what they gave in the last whole step (DeepCache)."""

    def __init__(self, unet: Any, data: Cache) -> None:
        self._every = data.every
        self._whole = True
        self._kept: dict[int, tuple[int, Any]] = {}
        self._inner = [*unet.down_blocks[1:], *([unet.mid_block] if unet.mid_block is not None else []), *unet.up_blocks[:-1]]
        self._before = [block.__dict__.get("forward") for block in self._inner]
        for number, block in enumerate(self._inner):
            block.forward = self._reusing(number, block.forward)

    def _reusing(self, number: int, inner: Callable[..., Any]) -> Callable[..., Any]:
        def forward(*given: Any, **values: Any) -> Any:
            rows = (given[0] if given else values["hidden_states"]).shape[0]
            kept = self._kept.get(number)
            if not self._whole and kept is not None and kept[0] == rows:
                return kept[1]
            made = inner(*given, **values)
            self._kept[number] = (rows, made)
            return made

        return forward

    def stepped(self, pipe: Any, index: int, values: Mapping[str, Any]) -> None:
        self._whole = (index + 1) % self._every == 0

    def off(self) -> None:
        for block, before in zip(self._inner, self._before, strict=True):
            if before is None:
                del block.forward
            else:
                block.forward = before
        self._kept.clear()
