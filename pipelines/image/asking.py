"""What a picture is asked for: parameters and opened pictures of one Work, checked before anything is loaded.

It knows nothing of models; whether a model can do it is said by the checkpoint's family.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from PIL import Image
from pydantic import Field, ValidationError

from domain.errors import InputError
from domain.picture import Concept, Control, Expand, Likeness, Lora, PictureTask, Shortcut, task_by
from domain.recipe import Work
from domain.value import JsonValue, Value, canonical_json
from pipelines.media.picture import decode

#: What differs between pictures that can share a batch.
OWN = frozenset({"prompt", "negative"})


class Parameters(Value):
    """Recipe.parameters of a diffusion picture. steps, guidance and strength 0, scheduler "": the model's and the task's own.

    strength: how far a picture it starts from is left, 0..1. task None: what the inputs say. seamless: its opposite edges meet.
    """

    prompt: str = Field(min_length=1, max_length=4000)
    negative: str = Field(default="", max_length=4000)
    width: int = Field(default=1024, ge=8, le=4096)
    height: int = Field(default=1024, ge=8, le=4096)
    steps: int = Field(default=0, ge=0, le=150)
    guidance: float = Field(default=0.0, ge=0.0, le=30.0)
    strength: float = Field(default=0.0, ge=0.0, le=1.0)
    task: PictureTask | None = None
    scheduler: str = Field(default="", max_length=40)
    seamless: bool = False
    shortcuts: tuple[Shortcut, ...] = Field(default=(), max_length=2)
    expand: Expand = Expand()
    loras: tuple[Lora, ...] = Field(default=(), max_length=8)
    concepts: tuple[Concept, ...] = Field(default=(), max_length=8)
    controls: tuple[Control, ...] = Field(default=(), max_length=4)
    likeness: Likeness | None = None

    @property
    def models(self) -> tuple[str, ...]:
        """Ids of all models besides the checkpoint, each once."""
        used = [
            *(one.model for one in self.loras), *(one.model for one in self.concepts), *(one.model for one in self.controls),
            *([self.likeness.model] if self.likeness else []),
        ]  # fmt: skip
        return tuple(dict.fromkeys(used))

    @property
    def measures_depth(self) -> bool:
        """Whether a depth map is made of one of its pictures."""
        return any(one.hint == "depth" and not one.prepared for one in self.controls)


@dataclass(frozen=True)
class Item:
    """One picture to be made: its place in the answer, and everything that makes it.

    start, mask: as they were given. controls and likeness: likewise, in order.
    """

    index: int
    parameters: Parameters
    seed: int
    task: PictureTask
    start: Image.Image | None = field(default=None, compare=False)
    mask: Image.Image | None = field(default=None, compare=False)
    controls: tuple[Image.Image, ...] = field(default=(), compare=False)
    likeness: tuple[Image.Image, ...] = field(default=(), compare=False)

    @property
    def size(self) -> tuple[int, int]:
        return self.parameters.width, self.parameters.height

    @property
    def alone(self) -> bool:
        """Whether the pipelines of diffusers would take the pictures of a batch as several of one."""
        return shares_no_batch(self.parameters)

    @property
    def group(self) -> str:
        """Pictures of one group can share a batch, and have their adapters laid on together."""
        return f"{self.task}/{common(self.parameters)}/{self.index if self.alone else ''}"


def shares_no_batch(asked: Parameters) -> bool:
    return bool(asked.controls) or asked.likeness is not None or asked.task in (PictureTask.EDIT, PictureTask.UPSCALE)


def common(asked: Parameters) -> str:
    """All that pictures of one batch have in common, as text."""
    return canonical_json(asked.model_dump(mode="json", exclude=set(OWN), exclude_defaults=True))


def parameters(values: Mapping[str, JsonValue]) -> Parameters:
    """Raises InputError at the field."""
    known = {name: value for name, value in values.items() if name in Parameters.model_fields}
    try:
        return Parameters.model_validate(known)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        bound = {"less_than_equal": ("le", "less"), "greater_than_equal": ("ge", "more")}.get(first["type"])
        hint = ("Use {limit} or less." if bound[1] == "less" else "Use {limit} or more.") if bound else "Mend this field."
        given = {"name": name, "fault": first["msg"], "limit": f"{first['ctx'][bound[0]]:g}" if bound else ""}
        raise InputError("The picture's {name} cannot be used: {fault}.", hint=hint, field=name, given=given) from error


def read(index: int, work: Work) -> Item:
    """Raises InputError at the field: a parameter, or the role of a picture."""
    values = dict(work.recipe.parameters)
    values.setdefault("prompt", work.recipe.prompt)
    asked = parameters(values)
    start = _opened(work, "reference")
    masks = _opened(work, "mask")
    controls, likeness = tuple(_opened(work, "control")), tuple(_opened(work, "likeness"))
    if len(controls) != len(asked.controls):
        raise InputError(
            "{count} ControlNets are asked for, and {count2} pictures given for them.",
            hint="Give one picture in role control for each.", field="controls", count=len(asked.controls), count2=len(controls)
        )  # fmt: skip
    if asked.likeness is not None and not likeness:
        raise InputError("A likeness is asked for, but there is no picture of it.", hint="Give one in role likeness.", field="likeness")
    return Item(
        index, asked, work.recipe.seed, asked.task or task_by(start=bool(start), mask=bool(masks), expand=asked.expand.any),
        start[0].convert("RGB") if start else None, grey(masks[0]) if masks else None,
        tuple(one.convert("RGB") for one in controls), tuple(one.convert("RGB") for one in likeness),
    )  # fmt: skip


def _opened(work: Work, role: str) -> list[Image.Image]:
    return [decode(file.path.read_bytes(), role) for file in work.all(role)]


def grey(mask: Image.Image) -> Image.Image:
    """What is transparent in a mask is not painted."""
    black = Image.new("RGBA", mask.size, (0, 0, 0, 255))
    return Image.alpha_composite(black, mask.convert("RGBA")).convert("L")


def groups(items: Sequence[Item]) -> Iterator[list[Item]]:
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(item.group, []).append(item)
    yield from found.values()
