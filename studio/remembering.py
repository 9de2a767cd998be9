"""The translation memory: what earlier translations of a project say, handed to the next one. It is the assets themselves."""

from __future__ import annotations

from domain.capability import StepKind
from domain.context import Remembered
from domain.documents import TRANSLATION_MEDIA_TYPE, TranslationDocument
from domain.plan import Step
from domain.review import Verdict
from library.library import AssetQuery, Library
from studio.takes import Takes

#: Translations looked at, the newest first. Each holds all its lines, so the newest few say nearly everything.
_NEWEST = 20


def remembered(library: Library, takes: Takes, project_id: str, step: Step) -> tuple[Remembered, ...]:
    """Pairs of this project into the language of the step, the newest first, approved ones marked. Rejected assets and lines that
    failed are no memory. Raises StorageError, AssetDamaged.
    """
    if step.kind is not StepKind.TRANSLATION:
        return ()
    language = getattr(step.spec, "language", "")
    found = library.assets(AssetQuery(project_id=project_id, kind=StepKind.TRANSLATION, limit=_NEWEST))
    verdicts = library.verdicts(asset.id for asset in found)
    pairs: dict[tuple[str, str], Remembered] = {}
    for asset in found:
        if asset.main.media_type != TRANSLATION_MEDIA_TYPE or verdicts.get(asset.id) is Verdict.REJECT:
            continue
        document = TranslationDocument.model_validate(takes.document(asset))
        if document.language != language:
            continue
        approved = verdicts.get(asset.id) is Verdict.APPROVE
        for line in document.lines:
            known = pairs.get((line.source, line.target))
            if line.state in ("translated", "kept") and (known is None or (approved and not known.approved)):
                pairs[line.source, line.target] = Remembered(source=line.source, target=line.target, approved=approved)
    return tuple(pairs.values())
