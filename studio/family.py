"""Where an asset comes from and what stands on it, across media; and making again exactly that, with its cost told first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from domain.asset import Asset
from domain.errors import LimitError, PlanError
from domain.job import Job
from domain.value import Value
from library.library import Library
from studio.difference import Change, word_diff
from studio.estimate import PlanEstimate
from studio.plans import Plans

COMPARED_MAX = 50_000


class Kin(Value):
    """One asset of a family. roles: as what the asset named by `of` took it ("source", "voice"), ("version",) for the one before it.

    depth: steps away from the asset that was asked about; 1 for what it was made from, or what was made from it, directly.
    outdated: it has a later version now.
    """

    id: str
    title: str
    kind: str
    version: int
    plan_id: str
    step_id: str
    person: str
    created: str
    maker: str
    media_type: str
    file: str
    of: str
    roles: tuple[str, ...]
    depth: int
    outdated: bool = False


class Family(Value):
    """sources: what the asset was made from, the nearest first. users: what depends on it, the nearest first."""

    asset_id: str
    sources: tuple[Kin, ...]
    users: tuple[Kin, ...]


class Rerun(Value):
    """What making an asset's step and what depends on it again would do. steps: ids, in order. cost: of these steps alone."""

    plan_id: str
    version: int
    steps: tuple[str, ...]
    titles: tuple[str, ...]
    cost: PlanEstimate


class Families:
    def __init__(self, library: Library, plans: Plans) -> None:
        self._library = library
        self._plans = plans

    def of(self, asset_id: str) -> Family:
        """Raises NotFound."""
        lineage = self._library.lineage(asset_id)
        known = {one.id: one for one in (lineage.asset, *lineage.ancestors, *lineage.descendants)}
        replaced = {one.previous for one in known.values() if one.previous}
        up = {one.id: one.parents for one in known.values()}
        down: dict[str, list[str]] = {}
        for one in known.values():
            for parent in one.parents:
                down.setdefault(parent, []).append(one.id)
        sources = _walk(asset_id, lambda one: up.get(one, ()), known)
        users = _walk(asset_id, lambda one: down.get(one, ()), known)
        return Family(
            asset_id=asset_id,
            sources=tuple(_kin(known[one], known[of], _roles(known[of], one), depth, replaced) for one, of, depth in sources),
            users=tuple(_kin(known[one], known[of], _roles(known[one], of), depth, replaced) for one, of, depth in users),
        )

    def compare(self, asset_id: str, before_id: str) -> tuple[Change, ...]:
        """The text of an asset against that of another, word by word. Raises NotFound, LimitError over 50,000 characters."""
        before, after = self._library.asset(before_id), self._library.asset(asset_id)
        for one in (before, after):
            if len(one.text) > COMPARED_MAX:
                raise LimitError(
                    "{title} has {count} characters; {most} can be compared.",
                    hint="Download both, and compare them there.",
                    title=one.title,
                    count=len(one.text),
                    most=COMPARED_MAX,
                )
        return word_diff(before.text, after.text)

    def rerun(self, asset_id: str) -> Rerun:
        """What making it again would cost. Changes nothing. Raises NotFound; PlanError for what no plan made."""
        asset = self._made(asset_id)
        plan = self._plans.get(asset.plan_id)
        made = {step.id for step in plan.steps if self._plans.result(plan.id, step.id) is not None}
        plan.step(asset.step_id)
        wanted = {asset.step_id, *(step for step in plan.dependents(asset.step_id) if step in made)}
        ordered = [step for step in plan.order() if step.id in wanted]
        return Rerun(
            plan_id=plan.id,
            version=plan.version,
            steps=tuple(step.id for step in ordered),
            titles=tuple(step.title for step in ordered),
            cost=self._plans.estimate(plan, wanted),
        )

    def run_again(self, asset_id: str, *, person: str, note: str = "") -> tuple[Job, ...]:
        """Make the asset's step and what depends on it again. Raises what Plans.redo raises, PlanError for what no plan made."""
        asset = self._made(asset_id)
        return self._plans.redo(asset.plan_id, asset.step_id, note=note, person=person)

    def _made(self, asset_id: str) -> Asset:
        asset = self._library.asset(asset_id)
        if not asset.plan_id or not asset.step_id:
            raise PlanError(
                "{title} was made by no plan, so it cannot be made again.", hint="Only what a plan made has steps.", title=asset.title
            )
        return asset


def _walk(start: str, nearest: Callable[[str], Iterable[str]], known: Collection[str]) -> list[tuple[str, str, int]]:
    """(asset, the one it was reached from, steps away) of everything reached, the nearest first, each once."""
    found: list[tuple[str, str, int]] = []
    seen, edge, depth = {start}, [start], 0
    while edge:
        depth += 1
        reached: list[str] = []
        for of in edge:
            for one in nearest(of):
                if one in known and one not in seen:
                    seen.add(one)
                    reached.append(one)
                    found.append((one, of, depth))
        edge = reached
    return found


def _roles(user: Asset, source: str) -> tuple[str, ...]:
    """As what `user` took `source`."""
    roles = dict.fromkeys(given.role for given in user.recipe.inputs if given.asset_id == source)
    return (*roles, *(("version",) if user.previous == source else ()))


def _kin(asset: Asset, of: Asset, roles: tuple[str, ...], depth: int, replaced: Iterable[str]) -> Kin:
    return Kin(
        id=asset.id,
        title=asset.title,
        kind=asset.recipe.kind.value,
        version=asset.version,
        plan_id=asset.plan_id,
        step_id=asset.step_id,
        person=asset.person,
        created=asset.created.isoformat(),
        maker=asset.recipe.maker,
        media_type=asset.main.media_type,
        file=asset.main.name,
        of=of.id,
        roles=roles,
        depth=depth,
        outdated=asset.id in replaced,
    )
