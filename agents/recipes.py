"""Recipes of plans: shipped data that says which steps a kind of work needs. Read, validated, and matched to a brief.

Knows their schema. Does not know a brief's wishes; agents/assembly.py turns a recipe and a reading into steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from agents.lexicon import Named, Words, load_toml
from domain.capability import StepKind
from domain.errors import InputError
from domain.specs import ROLES, SPECS, CopyField, Spec
from domain.value import JsonValue, Value

#: What stands before a phrase that is only the occasion, not the order.
_FOR = re.compile(r"\b(?:for|of|about|from|in)\s+(?:our|the|my|a|an|this|that|their|your)?\s*(?:[\w'-]+\s+){0,3}$")
_FOR_ZH = re.compile(r"(?:为|给|替)[^，。；]{0,12}$")
_THEN_ZH = re.compile(r"[^，。；]{0,6}(?:写|做|设计|制作|画|来|配|生成|创作)")
_SPEC: TypeAdapter[Any] = TypeAdapter(Spec)


class Wire(Value):
    """An input: `role` takes steps of slot `slot`. same: the step of equal index (the last one when there are fewer);
    cycle: index modulo count; first, last: always that one. field: a copy field the source must carry, added when it lacks it."""

    role: str
    slot: str
    pick: Literal["same", "cycle", "first", "last"] = "same"
    field: CopyField | None = None


class Item(Value):
    """One step of a slot: the n-th step takes the n-th item, and the last item again when there are more steps than items.

    angle: for copy the angle it takes; for a picture a hint at what it should show. form: answers requests of that form.
    """

    title: Named
    angle: Named = Named(en="", zh="")
    form: str = ""
    spec: dict[str, JsonValue] = {}


class Slot(Value):
    """per unit: the count is multiplied by the recipe's units ("12 items"). support: only there because another slot needs it."""

    id: str = Field(pattern=r"^[a-z_]+$")
    kind: StepKind
    count: int = Field(ge=0, le=12)
    per: Literal["plan", "unit"] = "plan"
    support: bool = False
    items: tuple[Item, ...] = Field(min_length=1)
    inputs: tuple[Wire, ...] = ()


class Units(Value):
    """word: id of the unit in assets/lexicon/kinds.toml. ask: what the model is asked to list, one short noun phrase each."""

    word: str
    count: int = Field(ge=1, le=20)
    ask: Named


class PlanRecipe(Value):
    """{subject} in a title is what the plan is about; {unit} in a slot's title is the unit's own name.

    when: words that name it. alone: words that name it where the brief names no second kind of thing.
    """

    id: str = Field(pattern=r"^[a-z_]+$")
    name: Named
    title: Named
    about: Named
    when: Words
    alone: Words | None = None
    units: Units | None = None
    slots: tuple[Slot, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _wired(self) -> PlanRecipe:
        kinds: dict[str, StepKind] = {}
        for slot in self.slots:
            if slot.kind not in SPECS:
                raise ValueError(f"slot {slot.id}: {slot.kind} has no spec")
            for wire in slot.inputs:
                source = kinds.get(wire.slot)
                if source is None:
                    raise ValueError(f"slot {slot.id}: its input {wire.slot} is not an earlier slot")
                if source not in ROLES[slot.kind].get(wire.role, frozenset()):
                    raise ValueError(f"slot {slot.id}: {source} cannot be its {wire.role}")
            for item in slot.items:
                _SPEC.validate_python({"kind": slot.kind, "about": "x", **item.spec})
            if slot.per == "unit" and self.units is None:
                raise ValueError(f"slot {slot.id} is per unit, but the recipe has no units")
            kinds[slot.id] = slot.kind
        return self

    @property
    def kinds(self) -> frozenset[StepKind]:
        return frozenset(slot.kind for slot in self.slots if slot.count)

    @property
    def default_count(self) -> int:
        units = self.units.count if self.units else 1
        return sum(slot.count * (units if slot.per == "unit" else 1) for slot in self.slots)


class RecipeBook:
    """All shipped recipes by id. "custom" is the one without a default: it holds a slot of every kind, each with count 0."""

    def __init__(self, recipes: Iterable[PlanRecipe]) -> None:
        self.recipes = tuple(recipes)
        if not any(recipe.id == "custom" for recipe in self.recipes):
            raise InputError("The recipe 'custom' is missing from assets/recipes.", hint="Reinstall Maquette.", field="recipes")

    @staticmethod
    def load(assets: Path) -> RecipeBook:
        """Read assets/recipes/*.toml in name order. Raises InputError naming the file at fault."""
        recipes: list[PlanRecipe] = []
        for path in sorted((assets / "recipes").glob("*.toml")):
            try:
                recipes.append(PlanRecipe(**load_toml(path)))
            except ValidationError as error:
                raise InputError("The recipe {path} is not valid: {error}.", field=str(path), path=path.name, error=str(error)) from error
        return RecipeBook(recipes)

    def get(self, recipe_id: str) -> PlanRecipe:
        for recipe in self.recipes:
            if recipe.id == recipe_id:
                return recipe
        known = ", ".join(r.id for r in self.recipes)
        raise InputError(
            "There is no recipe called {recipe_id}.", hint="Known: {known}.", field="recipe", recipe_id=repr(recipe_id), known=known
        )

    @cached_property
    def ids(self) -> tuple[str, ...]:
        return tuple(recipe.id for recipe in self.recipes)

    @cached_property
    def _patterns(self) -> tuple[tuple[PlanRecipe, re.Pattern[str], bool], ...]:
        always = [(recipe, recipe.when.pattern(), False) for recipe in self.recipes]
        return (*always, *((recipe, recipe.alone.pattern(), True) for recipe in self.recipes if recipe.alone))

    def match(self, text: str, *, context: bool = False, kinds: Sequence[tuple[int, int]] = (), listed: bool = False) -> PlanRecipe | None:
        """The recipe whose longest phrase occurs in `text`; an earlier phrase wins a tie. None when none does.

        context: the text names kinds outright, so a phrase that only says what they are for ("a headline for our campaign",
        "为新品上市写三条标题") does not count.
        kinds: where the text names kinds; a phrase that shares letters with such a name and does not hold all of it ("a short film
        script", "新闻稿", "上市宣传海报") does not count.
        listed: the text names several kinds, so words that name a recipe only alone do not count ("a news article and a voice-over").
        """
        folded = text.lower()
        best: tuple[int, int, PlanRecipe] | None = None
        for recipe, pattern, alone in self._patterns:
            if alone and listed:
                continue
            for hit in pattern.finditer(folded):
                if context and (
                    _FOR.search(folded[: hit.start()]) or (_FOR_ZH.search(folded[: hit.start()]) and _THEN_ZH.match(folded[hit.end() :]))
                ):
                    continue
                if any(a < hit.end() and hit.start() < b and not (hit.start() <= a and b <= hit.end()) for a, b in kinds):
                    continue
                # A Han character says about as much as three Latin letters.
                weight = sum(3 if ord(c) > 0x2E80 else 1 for c in hit.group())
                if best is None or (weight, -hit.start()) > (best[0], best[1]):
                    best = (weight, -hit.start(), recipe)
        return best[2] if best else None

    def for_unit(self, unit: str) -> PlanRecipe | None:
        """The recipe that multiplies by this unit ("12 items for a fantasy shop")."""
        return next((recipe for recipe in self.recipes if recipe.units and recipe.units.word == unit), None)
