"""Models a person added by path: entries beside the shipped catalogue, in one file of the cache. Knows nothing of what they are for."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from domain.errors import Conflict, InputError
from domain.model import Model
from pipelines.models.catalogue import Catalogue

_NAME = "own.json"


def own_models(cache: Path) -> tuple[Model, ...]:
    """Raises InputError for a file that cannot be read."""
    path = cache / "models" / _NAME
    if not path.is_file():
        return ()
    try:
        return tuple(Model.model_validate(entry) for entry in json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise InputError(
            "The list of your own models, {path}, cannot be read.", hint="Mend it, or delete it and add them again.", path=path
        ) from error


def with_own(shipped: Catalogue, cache: Path) -> Catalogue:
    """The shipped entries, then a person's own. An id that both have is the shipped one's."""
    known = {model.id for model in shipped.models}
    return Catalogue([*shipped.models, *(model for model in own_models(cache) if model.id not in known)])


def keep_own(cache: Path, shipped: Catalogue, model: Model) -> None:
    """Add or replace one. Raises Conflict for the id of a shipped model."""
    if any(known.id == model.id for known in shipped.models) and all(own.id != model.id for own in own_models(cache)):
        raise Conflict("There is a model {model} in the catalogue.", hint="Give yours another id.", model=repr(model.id))
    kept = [own for own in own_models(cache) if own.id != model.id]
    path = cache / "models" / _NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".part")
    aside.write_text(json.dumps([own.model_dump(mode="json") for own in (*kept, model)], indent=1), encoding="utf-8")
    aside.replace(path)
