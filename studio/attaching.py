"""Which pictures a picture step takes in a role besides its inputs of the plan: a start, a mask, hints, a likeness. Opens no file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from domain.asset import Asset
from domain.brief import Brief
from domain.errors import InputError, NotFound
from domain.picture import AttachedPicture, alike
from domain.recipe import InputRef
from domain.specs import PictureSpec
from domain.value import JsonValue

PICTURES = frozenset({"image/png", "image/jpeg", "image/webp"})
#: Roles of which a picture takes one: what a person attaches goes before what the plan gives.
ONE = frozenset({"reference", "mask"})


def attached_pictures(spec: PictureSpec, brief: Brief, asset: Callable[[str], Asset]) -> tuple[InputRef, ...]:
    """asset: the library's. Raises InputError for a name nothing attached has, naming what there is, and for an asset that is no picture of
    the brief's project."""
    there = {a.name: a for a in brief.attachments if a.media_type in ("image/png", "image/jpeg")}
    refs = []
    for number, wanted in enumerate(spec.attached):
        if wanted.asset:
            refs.append(_of_library(wanted, brief.project_id, asset, f"attached[{number}].asset"))
            continue
        given = there.get(wanted.name)
        if given is None:
            hint = "Attached are: {names}." if there else "Attach a PNG or JPEG to the brief."
            raise InputError(
                "No attached picture is called {file}.",
                hint=hint,
                field=f"attached[{number}].name",
                file=repr(wanted.name),
                names=list(there),
            )
        refs.append(InputRef(role=wanted.role, sha256=given.sha256, media_type=given.media_type))
    return tuple(refs)


def alike_pictures(parameters: Mapping[str, JsonValue], project_id: str, asset: Callable[[str], Asset]) -> tuple[InputRef, ...]:
    """The reference pictures of the characters that prepared parameters say are kept alike by one. Raises InputError as above."""
    given = [AttachedPicture(role=one.role, asset=one.picture) for one in alike(parameters) if one.role is not None]
    return tuple(_of_library(one, project_id, asset, "characters") for one in given)


def with_attached(refs: list[InputRef], attached: tuple[InputRef, ...]) -> list[InputRef]:
    """A step's inputs with what is attached to it. Of a start or a mask the attached one alone is left: a picture has one of each."""
    own = {ref.role for ref in attached} & ONE
    return [*(ref for ref in refs if ref.role not in own), *attached]


def _of_library(wanted: AttachedPicture, project_id: str, asset: Callable[[str], Asset], field: str) -> InputRef:
    try:
        found = asset(wanted.asset)
    except NotFound as error:
        raise InputError(
            "The {role} of this picture is not in the library.", hint="Choose another picture.", field=field, role=wanted.role
        ) from error
    if found.project_id != project_id:
        raise InputError("{title} is of another project.", hint="Choose a picture of this project.", field=field, title=found.title)
    if found.main.media_type not in PICTURES:
        raise InputError(
            "{title} is no picture: it is {media_type}.",
            hint="Choose a picture.",
            field=field,
            title=found.title,
            media_type=found.main.media_type,
        )
    return InputRef(role=wanted.role, sha256=found.main.sha256, media_type=found.main.media_type, asset_id=found.id)
