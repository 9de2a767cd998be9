"""What a picture leans on besides its words: the task, and the models and pictures that steer it. Values of a picture step's spec."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from domain.value import JsonValue, Value

ModelId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.\-]*$", max_length=120)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Border = Annotated[int, Field(ge=0, le=2048)]

#: What a hint for a ControlNet shows.
Hint = Literal["canny", "depth", "pose", "scribble", "tile"]
#: Roles of a picture step's inputs that are pictures: where it starts, where it may change, what holds its lines, whom it is like.
PictureRole = Literal["reference", "mask", "control", "likeness"]


class PictureTask(StrEnum):
    """How a picture comes about: from words alone, from a picture, inside a mask, beyond its edges, by an instruction, enlarged."""

    TEXT = "text"
    IMAGE = "image"
    INPAINT = "inpaint"
    OUTPAINT = "outpaint"
    EDIT = "edit"
    UPSCALE = "upscale"


def task_by(*, start: bool, mask: bool, expand: bool) -> PictureTask:
    """The task that is meant when none is named: by a picture to start from, a mask, borders to extend."""
    if mask:
        return PictureTask.INPAINT
    if expand:
        return PictureTask.OUTPAINT
    return PictureTask.IMAGE if start else PictureTask.TEXT


class Shortcut(StrEnum):
    """Less work for nearly the same picture; off unless asked for.

    step_cache: the denoiser's inner layers are computed every second step, or when what enters them changed.
    guidance_interval: the last part of the steps is not guided, which is half the work there.
    """

    STEP_CACHE = "step_cache"
    GUIDANCE_INTERVAL = "guidance_interval"


class Lora(Value):
    """A LoRA of the catalogue. weight: 1 as trained, below 0 the other way."""

    model: ModelId
    weight: float = Field(default=1.0, ge=-4.0, le=4.0)


class Concept(Value):
    """A textual inversion of the catalogue. word: what it is called in the prompt."""

    model: ModelId
    word: str = Field(pattern=r"^<?[A-Za-z0-9][A-Za-z0-9_\-]*>?$", max_length=40)


class Control(Value):
    """A ControlNet of the catalogue, for the input of the same number in role "control".

    hint: what it reads; made of the input unless `prepared` says that the input already is one. weight: 1 as trained.
    start, end: shares of the steps between which it holds.
    """

    model: ModelId
    hint: Hint = "canny"
    prepared: bool = False
    weight: float = Field(default=1.0, ge=0.0, le=2.0)
    start: Share = 0.0
    end: Share = 1.0


class Likeness(Value):
    """An IP-Adapter of the catalogue: the style or person of the inputs in role "likeness". weight: 0 none of it, 1 as trained."""

    model: ModelId
    weight: float = Field(default=0.6, ge=0.0, le=2.0)


class Alike(Value):
    """How a character whom a picture names is kept alike. picture: id of the asset that shows them.

    by: "adapter" an IP-Adapter, "reference" the model's own way to take pictures beside words, "words" their description alone.
    """

    name: str = Field(min_length=1, max_length=60)
    picture: str = Field(min_length=1, max_length=80)
    by: Literal["adapter", "reference", "words"] = "words"

    @property
    def role(self) -> PictureRole | None:
        """The role in which the picture is given to the model; None where it is not."""
        roles: dict[str, PictureRole] = {"adapter": "likeness", "reference": "reference"}
        return roles.get(self.by)


#: The prepared parameter of a picture that says who is kept alike in it.
CHARACTERS = "characters"


def alike(parameters: Mapping[str, JsonValue]) -> tuple[Alike, ...]:
    """Who is kept alike, as prepared parameters of a picture say. () for a picture without anybody."""
    listed = parameters.get(CHARACTERS)
    return tuple(Alike.model_validate(one) for one in listed) if isinstance(listed, list) else ()


class Expand(Value):
    """New borders of an outpainted picture, in its own pixels; the rest of its size is the picture it starts from."""

    left: Border = 0
    top: Border = 0
    right: Border = 0
    bottom: Border = 0

    @property
    def any(self) -> bool:
        return bool(self.left or self.top or self.right or self.bottom)


class Finish(Value):
    """What is made of a picture once it is there, each by a step of its own: enlarged, then its main thing without the background.

    enlarge: "network" by Real-ESRGAN, "model" drawn again in tiles by a diffusion model, "" not. scale: of each side.
    """

    enlarge: Literal["", "network", "model"] = ""
    scale: Literal[2, 4] = 2
    transparent: bool = False


class AttachedPicture(Value):
    """A picture in a role of the step: one attached to the brief, by its name, or one of the library, by the id of its asset."""

    role: PictureRole
    name: str = Field(default="", max_length=120)
    asset: str = Field(default="", max_length=80)

    @model_validator(mode="after")
    def _one_of_both(self) -> AttachedPicture:
        if bool(self.name) == bool(self.asset):
            raise ValueError("name an attached picture or an asset, one of both")
        return self
