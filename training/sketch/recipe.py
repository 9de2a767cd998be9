"""The recipe and the words as values, read from the two TOML files beside this one. Knows nothing of how they are used."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

from pydantic import Field

from domain.value import JsonValue, Value, canonical_json

HERE = Path(__file__).resolve().parent


class DataPlan(Value):
    side: int = Field(ge=64, le=512, multiple_of=32)
    pairs: int = Field(ge=1)
    check: int = Field(ge=1)
    shard: int = Field(ge=1)
    licences: tuple[str, ...] = Field(min_length=1)
    hidden_nouns: float
    hidden_pairs: float
    faces: float
    item: float
    colour: float
    scene: float
    relation: float


class LoopPlan(Value):
    """settle: the last share of the steps, over which the rate falls to nothing. warm: steps over which it rises."""

    batch: int = Field(ge=1)
    steps: int = Field(ge=1)
    rate: float = Field(gt=0)
    warm: int = Field(ge=0)
    settle: float = Field(ge=0, le=1)
    ema: float = Field(ge=0, lt=1)


class VaePlan(LoopPlan):
    width: int
    blocks: int
    crop: int


class UnetPlan(LoopPlan):
    channels: tuple[int, ...]
    heads: tuple[int, ...]
    layers: int
    drop: float
    weight: float


class GatePlan(Value):
    pictures: int
    steps: int
    guidance: float
    recognition: float
    colour: float
    preference: float
    comparisons: int
    least: int
    copies: float
    unusual: float
    renders: int
    judge_steps: int
    judge_batch: int
    trust: float
    colours: tuple[str, ...]


class Recipe(Value):
    """words: hash of the word lists, which are as much of the recipe as the numbers."""

    seed: int
    words: str
    text_encoder: str
    tokens: int
    data: DataPlan
    vae: VaePlan
    unet: UnetPlan
    gate: GatePlan

    @staticmethod
    def read(path: Path = HERE / "recipe.toml") -> Recipe:
        words = hashlib.sha256((HERE / "words.toml").read_bytes()).hexdigest()[:16]
        return Recipe.model_validate({"words": words, **tomllib.loads(path.read_text("utf-8"))})

    def mark(self, *parts: str) -> str:
        """What a checkpoint of these parts of the recipe is known by."""
        values: dict[str, JsonValue] = {"seed": self.seed, "words": self.words, "text_encoder": self.text_encoder, "tokens": self.tokens}
        wanted: dict[str, JsonValue] = {name: getattr(self, name).model_dump(mode="json") for name in parts}
        return hashlib.sha256(canonical_json({**values, **wanted}).encode()).hexdigest()[:16]


class GateWords(Value):
    nouns: tuple[str, ...] = Field(min_length=2)


class Words(Value):
    item: tuple[str, ...]
    colour: tuple[str, ...]
    scene: tuple[str, ...]
    relation: tuple[str, ...]
    unfit: tuple[str, ...]
    times: dict[str, str]
    relations: dict[str, str]
    places: dict[str, str]
    colours: dict[str, str]
    gate: GateWords

    @staticmethod
    def read(path: Path = HERE / "words.toml") -> Words:
        return Words.model_validate(tomllib.loads(path.read_text("utf-8")))
