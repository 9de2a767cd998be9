"""Which models a project may use: by what their licences allow, as the catalogue has it, and what the project's results are for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from domain.errors import NotAllowed
from domain.model import Model
from domain.project import Use
from domain.recipe import ModelRef

#: The model of an id, None for one that the catalogue does not know.
Find = Callable[[str], Model | None]
_WAY_OUT = "Choose another model under Models, or change what the project is for under Settings > Project."
#: Raises NotAllowed when a model may not be used for this.
Permit = Callable[[Use, Iterable[ModelRef]], None]


def anything(use: Use, models: Iterable[ModelRef]) -> None:
    """Where no catalogue is asked."""


def permit(find: Find) -> Permit:
    """A check that asks this catalogue.

    A licence that is not known ("unknown", or a model of somebody's own) is no reason to refuse: the pack names it, and a person decides.
    """

    def check(use: Use, models: Iterable[ModelRef]) -> None:
        for ref in models:
            model = find(ref.id)
            if model is None:
                continue
            if use.commercial and model.commercial == "no":
                raise NotAllowed(
                    "{model} may not be used for commercial work ({licence}), and this project is commercial.",
                    hint=_WAY_OUT,
                    field="model",
                    model=model.name,
                    licence=model.licence,
                )
            if use.region and use.region in model.excluded:
                raise NotAllowed(
                    "The licence of {model} ({licence}) does not hold in {region}, and this project's results are for there.",
                    hint=_WAY_OUT,
                    field="model",
                    model=model.name,
                    licence=model.licence,
                    region=use.region,
                )

    return check
