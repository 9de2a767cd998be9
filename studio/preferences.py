"""Preference pairs of a project: kept from picks, verdicts and edits while its people agree, written out as JSONL in the DPO form.

The form is that of TRL's preference datasets with an explicit prompt: one object a line with prompt, chosen and rejected
(https://huggingface.co/docs/trl/dataset_formats#preference).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Literal

from domain.asset import Asset
from domain.preference import Preference, PreferenceSource
from domain.review import ReviewRecord, ReviewState, Verdict
from domain.value import Value
from library.library import AssetQuery, Library
from studio.gate import Gate

VERSIONS_MAX = 100
Medium = Literal["text", "media"]


class PreferenceStatistics(Value):
    """consent: pairs are kept now. by_source and by_kind: how many pairs came to be known how, and of which kind of result."""

    consent: bool
    pairs: int = 0
    texts: int = 0
    by_source: dict[str, int] = {}
    by_kind: dict[str, int] = {}
    with_reason: int = 0


class Preferences:
    def __init__(self, library: Library, now: Callable[[], datetime]) -> None:
        self._library = library
        self._now = now

    def picked(self, chosen: Asset, rejected_id: str, reason: str, person: str) -> None:
        """One was picked over the other. Kept only with consent, of the same project and kind."""
        rejected = self._library.asset(rejected_id)
        self._keep([(chosen, rejected)], PreferenceSource.PICK, reason, person)

    def edited(self, edited: Asset, person: str) -> None:
        """A person made the version before into this one."""
        if edited.previous:
            self._keep([(edited, self._library.asset(edited.previous))], PreferenceSource.EDIT, "", person)

    def decided(self, record: ReviewRecord) -> None:
        """A verdict was given: an approved version is preferred over every other version of its step that was turned down."""
        if not self._library.project(record.project_id).preferences:
            return
        asset = self._library.asset(record.asset_id)
        if not asset.plan_id or not asset.step_id:
            return
        query = AssetQuery(project_id=asset.project_id, plan_id=asset.plan_id, step_id=asset.step_id, limit=VERSIONS_MAX)
        others = [one for one in self._library.assets(query) if one.id != asset.id]
        verdicts = self._library.verdicts(one.id for one in others)
        down = (Verdict.REJECT, Verdict.REQUEST_CHANGES)
        if record.state is ReviewState.APPROVED:
            pairs = [(asset, one) for one in others if verdicts.get(one.id) in down]
            reasons = {one.id: self._note(one.id) for _, one in pairs}
        else:
            pairs = [(one, asset) for one in others if verdicts.get(one.id) is Verdict.APPROVE]
            reasons = {asset.id: record.note}
        for pair in pairs:
            self._keep([pair], PreferenceSource.VERDICT, reasons[pair[1].id], record.person)

    def statistics(self, project_id: str) -> PreferenceStatistics:
        """Raises NotFound."""
        project = self._library.project(project_id)
        pairs = self._library.preferences(project_id)
        kinds = [self._library.asset(pair.chosen) for pair in pairs]
        return PreferenceStatistics(
            consent=project.preferences,
            pairs=len(pairs),
            texts=sum(bool(asset.text) for asset in kinds),
            by_source=dict(Counter(pair.source.value for pair in pairs)),
            by_kind=dict(Counter(asset.recipe.kind.value for asset in kinds)),
            with_reason=sum(bool(pair.reason) for pair in pairs),
        )

    def lines(self, project_id: str, medium: Medium = "text") -> Iterator[str]:
        """One JSON object a line, ended by a newline, oldest first.

        "text": prompt, chosen and rejected as texts, of results that are texts. "media": the same of pictures, sounds and layouts,
        which stand there as the SHA-256 and name of their main file, as a pack and the library name them.
        """
        closed = Gate(self._library).closed(project_id)
        for pair in self._library.preferences(project_id):
            chosen, rejected = self._library.asset(pair.chosen), self._library.asset(pair.rejected)
            texts = bool(chosen.text and rejected.text)
            if texts != (medium == "text") or closed.case(chosen) or closed.case(rejected):
                continue
            told = [asset.text if texts else f"{asset.main.sha256}/{asset.main.name}" for asset in (chosen, rejected)]
            line = {"prompt": pair.prompt, "chosen": told[0], "rejected": told[1]}
            yield json.dumps(line, ensure_ascii=False) + "\n"

    def _keep(self, pairs: list[tuple[Asset, Asset]], source: PreferenceSource, reason: str, person: str) -> None:
        kept = [
            Preference(
                project_id=chosen.project_id,
                source=source,
                prompt=_prompt(chosen, rejected),
                chosen=chosen.id,
                rejected=rejected.id,
                reason=reason,
                person=person,
                created=self._now(),
            )
            for chosen, rejected in pairs
            if chosen.id != rejected.id and chosen.project_id == rejected.project_id and chosen.recipe.kind is rejected.recipe.kind
        ]
        if kept and self._library.project(kept[0].project_id).preferences:
            self._library.add_preferences(kept)

    def _note(self, asset_id: str) -> str:
        """What was said when it was turned down."""
        given = (review.note for review in reversed(self._library.reviews(asset_id)) if review.verdict is not Verdict.COMMENT)
        return next((note for note in given if note), "")


def _prompt(chosen: Asset, rejected: Asset) -> str:
    """What both were made from: the prompt of the earlier one. A redo's own prompt holds the note, and so part of the answer."""
    earlier = min(chosen, rejected, key=lambda asset: (asset.version, asset.created))
    return earlier.recipe.prompt or chosen.recipe.prompt
