"""Sound effects: an Effect made by synthesis, levelled, one WAV a variation. Says nothing of the words that chose it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from domain.capability import Capability, StepKind
from domain.effect import Effect
from domain.errors import InputError
from domain.progress import Progress
from domain.recipe import ModelRef, Output, OutputFile, Work
from domain.value import JsonValue
from pipelines.audio.effect_recipes import EffectRecipe, read_recipes
from pipelines.audio.effect_sources import RATE
from pipelines.audio.effect_synthesis import synthesise
from pipelines.audio.speech import trace
from pipelines.media import sound
from pipelines.media.sound import Samples

CEILING_DBTP = -1.0


class EffectPipeline:
    """kind sound, name "synthesiser". Needs no model."""

    kind = StepKind.SOUND
    name = "synthesiser"
    version = 1

    def __init__(self, assets: Path) -> None:
        self._assets = assets

    def capability(self) -> Capability | None:
        return Capability(kind=self.kind, maker=self.name, limits={"seconds": 60, "variations": 8}, reason="synthesised from layers")

    def models(self, parameters: Mapping[str, JsonValue]) -> tuple[ModelRef, ...]:
        return ()

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        """WAV files, 48 kHz, 16 bit, mono or stereo. facts: effect, family, seconds, lufs, peak, loop, variations.

        Raises InputError for an effect that does not exist or cannot loop, Cancelled between variations.
        """
        recipes = read_recipes(self._assets)
        return [self._made(work, recipes, progress) for work in works]

    def _made(self, work: Work, recipes: Mapping[str, EffectRecipe], progress: Progress) -> Output:
        started = time.monotonic()
        effect = _effect(work.recipe.parameters)
        recipe = recipes.get(effect.id)
        if recipe is None:
            raise InputError(
                "There is no effect {effect}.", hint="There are: {known}.", field="effect", effect=repr(effect.id), known=list(recipes)
            )
        if effect.loop and not recipe.loops:
            able = [r.id for r in recipes.values() if r.loops]
            told = "{effect} happens once and cannot loop."
            raise InputError(told, hint="These can loop: {able}.", field="loop", effect=recipe.name["en"], able=able)
        files, levels = [], []
        for number in range(effect.count):
            progress.check()
            progress.report(number / effect.count, f"synthesising {number + 1}/{effect.count}")
            made = sound.require_sound(synthesise(recipe, effect, work.recipe.seed + 7919 * number), self.name)
            samples = made * np.float32(10 ** (sound.even_gain(made, RATE, recipe.level, CEILING_DBTP) / 20))
            levels.append((sound.loudness(samples, RATE), sound.true_peak(_around(samples) if effect.loop else samples)))
            name = f"{recipe.id}.wav" if effect.count == 1 else f"{recipe.id}-{number + 1}.wav"
            files.append(OutputFile(name, "audio/wav", sound.wav_bytes(samples if samples.shape[1] > 1 else samples[:, 0], RATE)))
        facts: dict[str, JsonValue] = {
            "effect": recipe.id,
            "family": recipe.family,
            "seconds": round(len(samples) / RATE, 3),
            "lufs": round(max(lufs for lufs, _ in levels), 2),
            "peak": round(max(peak for _, peak in levels), 2),
            "loop": effect.loop,
            "variations": effect.count,
        }
        return Output(tuple(files), trace(started, ("numpy", "scipy"), "float64"), facts=facts)


def _around(samples: Samples) -> Samples:
    """The samples with their beginning after their end, as a player that loops hears them."""
    return np.concatenate((samples, samples[:256]))


def _effect(parameters: Mapping[str, JsonValue]) -> Effect:
    try:
        return Effect.model_validate(parameters.get("effect"))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(("effect", *(str(part) for part in first["loc"])))
        told = "The effect cannot be made: {name}: {why}."
        raise InputError(told, hint="Change it in the step.", field=name, name=name, why=first["msg"]) from error
