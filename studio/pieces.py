"""Music and effects without a chat: what there is to choose from, a sample of each, and a piece asked for by its fields.

studio.sound.pieces.style_sample("jazz")             -> a short WAV in that style, made once and kept in the cache
studio.sound.pieces.effect_sample({"effect": "coin"}) -> WAV bytes of an effect as these fields would make it; kept nowhere
studio.sound.pieces.plan_piece(project_id, kind, …)   -> a plan of one piece or several, each with a seed of its own
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agents.writers.calls import Desk
from agents.writers.effect import prepare_effect
from agents.writers.score import prepare_score
from domain.brand import BrandKit
from domain.capability import StepKind
from domain.context import StepContext
from domain.errors import InputError
from domain.music import Mood
from domain.plan import Plan, Step
from domain.progress import CancelToken, Silent
from domain.recipe import Output, Recipe, Work
from domain.specs import MusicSpec, SoundSpec
from domain.value import JsonValue, Value, content_hash
from pipelines.audio.effect_recipes import EffectRecipe, read_recipes
from studio.caching import put
from studio.makers import Maker, Makers
from studio.plans import Plans, new_plan
from studio.spec_changes import change_spec, placed

PIECES_MAX = 8
_SAMPLE_SECONDS = 10.0
_SAMPLE_SEED = 1
#: Stand for a step that is in no plan yet: what is not said of it is as a step has it.
_BLANK: dict[StepKind, Step] = {
    StepKind.MUSIC: Step(id="music-1", title="any", spec=MusicSpec(about="any")),
    StepKind.SOUND: Step(id="sound-1", title="any", spec=SoundSpec(about="any")),
}


class StyleOffer(Value):
    """A style of music. tempo: its range in beats per minute. keys: those it likes."""

    mood: str
    tempo: tuple[int, int]
    keys: tuple[str, ...]


class EffectOffer(Value):
    """An effect by id. seconds: its own length, the least of its range. name: by language."""

    id: str
    family: str
    name: dict[str, str]
    loops: bool
    seconds: float


class Pieces:
    """makers: who makes music and effects here. cache: folder of samples, rebuildable."""

    def __init__(self, plans: Plans, makers: Makers, desk: Desk, cache: Path) -> None:
        self._plans = plans
        self._makers = makers
        self._desk = desk
        self._cache = cache

    def styles(self) -> tuple[StyleOffer, ...]:
        moods = self._desk.prompts("score")["moods"]
        return tuple(StyleOffer(mood=mood.value, tempo=tuple(moods[mood]["tempo"]), keys=tuple(moods[mood]["keys"])) for mood in Mood)

    def effects(self) -> tuple[EffectOffer, ...]:
        return tuple(
            EffectOffer(id=one.id, family=one.family, name=one.name, loops=one.loops, seconds=_least(one.seconds))
            for one in self._recipes().values()
        )

    def style_sample(self, mood: str) -> Path:
        """Raises InputError for a style there is none of, ModelMissing without a soundfont."""
        if mood not in set(Mood):
            raise InputError(
                "There is no style {mood}.", hint="There are: {moods}.", field="mood", mood=repr(mood[:40]), moods=", ".join(Mood)
            )
        spec = MusicSpec(about=mood, mood=mood, seconds=_SAMPLE_SECONDS)
        score = prepare_score(StepContext(spec=spec), None, CancelToken(), self._desk)
        maker, recipe = self._recipe(StepKind.MUSIC, {"score": score.model_dump(mode="json")}, _SAMPLE_SEED)
        key = content_hash(recipe.model_dump_json())[:20]
        file = self._cache / f"style-{key}.wav"
        return file if file.is_file() else put(file, maker.generate([Work(recipe)], Silent())[0].main.read())

    def effect_sample(self, values: Mapping[str, JsonValue], seed: int = _SAMPLE_SEED) -> Output:
        """values: fields of a sound step; one variation is made. Raises InputError at the field."""
        step = _BLANK[StepKind.SOUND]
        about = str(values.get("about") or values.get("effect") or "")
        spec = change_spec(step, {**values, "about": about or "any", "variations": 1})
        chosen = prepare_effect(StepContext(spec=spec), None, CancelToken(), self._desk)
        maker, recipe = self._recipe(StepKind.SOUND, {"effect": chosen.effect.model_dump(mode="json")}, seed)
        return maker.generate([Work(recipe)], Silent())[0]

    def plan_piece(self, project_id: str, kind: StepKind, values: dict[str, JsonValue], count: int = 1, person: str = "") -> Plan:
        """Propose a plan of `count` pieces of these fields. With a seed named they count up from it.

        Raises NotFound, InputError at the field, ContentRefused, PlanError.
        """
        if kind not in _BLANK:
            raise InputError("A piece is music or a sound, no {kind}.", hint="Choose one of them.", field="kind", kind=kind.value)
        if not 1 <= count <= PIECES_MAX:
            raise InputError(
                "{count} pieces are asked for.", hint="Ask for 1 to {pieces_max}.", field="count", count=count, pieces_max=PIECES_MAX
            )
        about = str(values.get("about") or values.get("effect") or values.get("mood") or "").strip()
        if not about:
            raise InputError("The piece says nothing.", hint="Choose a style or an effect, or say what it is.", field="about")
        self._plans.require_safe(placed(values))
        spec = change_spec(_BLANK[kind], {**values, "about": about[:2000]})
        if not isinstance(spec, MusicSpec | SoundSpec):
            raise InputError("A piece is music or a sound, no {kind}.", field="kind", kind=kind.value)
        seeds = [(spec.seed + n) % 2**31 if spec.seed >= 0 else secrets.randbelow(2**31) for n in range(count)]
        steps = tuple(
            Step(
                id=f"{kind.value}-{n}",
                title=f"{about[:70]}{f' ({n})' if count > 1 else ''}",
                spec=spec.model_copy(update={"seed": seed}),
            )
            for n, seed in enumerate(seeds, start=1)
        )
        brief = self._plans.draft(project_id, about, person=person)
        plan = new_plan(brief, about[:80], steps)
        self._plans.require(plan, steps[0], "about")
        return self._plans.keep(brief, plan)

    def _recipe(self, kind: StepKind, parameters: dict[str, JsonValue], seed: int) -> tuple[Maker, Recipe]:
        """Of one piece that is made outside of a plan, and who makes it. Raises ModelMissing."""
        maker = self._makers.choose(_BLANK[kind], BrandKit())
        return maker, Recipe(kind=kind, maker=maker.name, maker_version=maker.version, parameters=parameters, seed=seed)

    def _recipes(self) -> dict[str, EffectRecipe]:
        recipes: dict[str, EffectRecipe] = self._desk.once("effect recipes", lambda: read_recipes(self._desk.folder))
        return recipes


def _least(seconds: Any) -> float:
    return float(min(seconds)) if isinstance(seconds, tuple | list) else float(seconds)
