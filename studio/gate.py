"""What may not leave a project now: results that are held or refused, what a doubtful brief made, and whatever was made from those.

Reads cases; decides nothing. Everything that leaves asks here: packs, downloads, links, publication.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from domain.asset import Asset
from domain.errors import ContentHeld
from domain.moderation import Case, CaseState
from library.library import AssetQuery, Library
from library.moderating import case_words

_PAGE = 1000


@dataclass(frozen=True)
class Closed:
    """What is closed in a project at this moment, by the id of an asset and of a plan."""

    assets: dict[str, Case]
    plans: dict[str, Case]

    def case(self, asset: Asset) -> Case | None:
        """Why this may not leave; None when it may."""
        return self.assets.get(asset.id) or (self.plans.get(asset.plan_id) if asset.plan_id else None)

    def state(self, asset: Asset) -> str:
        """How its case stands, "" when it may leave."""
        case = self.case(asset)
        return "" if case is None else case.state.value


class Gate:
    """Keeps nothing: what is decided counts with the next question."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def closed(self, project_id: str) -> Closed:
        """Cheap where nothing is closed: one indexed read."""
        blocked = self._library.blocked(project_id)
        if not blocked:
            return Closed({}, {})
        briefs = {subject: case for subject, case in blocked.items() if case.kind == "brief"}
        plans = {plan.id: briefs[plan.brief_id] for plan in self._library.plans(project_id) if plan.brief_id in briefs} if briefs else {}
        assets = {subject: case for subject, case in blocked.items() if case.kind == "asset"}
        queue = list(assets.items())
        for plan_id, case in plans.items():
            queue += [(asset.id, case) for asset in self._library.assets(AssetQuery(plan_id=plan_id, limit=_PAGE))]
        for root, case in queue:  # grows while it is walked
            for made in self._library.children(root):
                if made.id not in assets and _made_from(made, root):
                    assets[made.id] = case
                    queue.append((made.id, case))
        return Closed(assets, plans)

    def case(self, asset: Asset) -> Case | None:
        """Why an asset may not leave; None when it may."""
        return self.closed(asset.project_id).case(asset)

    def require(self, assets: Iterable[Asset]) -> None:
        """Raise ContentHeld for the first of these that may not leave. They are of one project."""
        closed: Closed | None = None
        for asset in assets:
            closed = closed or self.closed(asset.project_id)
            case = closed.case(asset)
            if case is not None:
                raise held(asset, case)


def _made_from(made: Asset, root: str) -> bool:
    """Whether it took something in. A mere next version did not: mending is the way out, and it is judged itself."""
    return made.previous != root or any(given.asset_id == root for given in made.recipe.inputs)


def held(asset: Asset, case: Case) -> ContentHeld:
    """What is told to whoever wanted to take it out."""
    if case.state is CaseState.REFUSED:
        return ContentHeld(
            "{title} was refused by {person} and does not leave the studio. {note}",
            hint="Its author may appeal under Library > Content review, or make another version.",
            field="asset",
            title=asset.title,
            person=case.decided_by or "–",
            note=case.note,
        )
    return ContentHeld(
        "{title} does not leave the studio yet: {subject} is {state} ({rules}).",
        hint="A reviewer decides under Library > Content review.",
        field="asset",
        title=asset.title,
        subject=case.title,
        state=case_words(case.state),
        rules=", ".join(case.rules),
    )
