"""Takes and their results as the library keeps them. The small questions that making, running and planning all ask."""

from __future__ import annotations

import json
from dataclasses import dataclass

from domain.asset import Asset
from domain.errors import NotFound
from domain.job import Job
from domain.take import Take
from domain.value import JsonValue
from library.library import AssetQuery, Library


@dataclass(frozen=True)
class Standing:
    """How far a plan is made. jobs: of the newest take of each step; assets: what was stored last for each step; both by step id."""

    jobs: dict[str, Job]
    assets: dict[str, Asset]

    @property
    def busy(self) -> set[str]:
        """Steps that are being made."""
        return {step_id for step_id, job in self.jobs.items() if not job.state.ended}


class Takes:
    def __init__(self, library: Library) -> None:
        self._library = library

    def save(self, take: Take) -> None:
        self._library.set_prepared(take.plan_id, take.step.id, take.take, take.model_dump(mode="json"))

    def get(self, plan_id: str, step_id: str, number: int) -> Take:
        """Raises NotFound when this take was never queued."""
        stored = self._library.prepared(plan_id, step_id, number)
        if stored is None:
            raise NotFound("{step_id} has no take {number}.", hint="Redo the step.", step_id=step_id, number=number)
        return Take.model_validate(stored)

    def standing(self, plan_id: str) -> Standing:
        return Standing(self._library.latest_jobs(plan_id), self._library.latest_assets(plan_id))

    def latest_asset(self, plan_id: str, step_id: str) -> Asset | None:
        """The newest finished result of a step."""
        found = self._library.assets(AssetQuery(plan_id=plan_id, step_id=step_id, limit=1))
        return found[0] if found else None

    def document(self, asset: Asset) -> dict[str, JsonValue]:
        """The JSON of a written asset (copy, article, dialogue), {} for anything else."""
        if not asset.main.media_type.endswith("+json"):
            return {}
        loaded: dict[str, JsonValue] = json.loads(self._library.file_path(asset.main.sha256).read_bytes())
        return loaded
