"""Which attached pictures a picture step takes in a role: a start, a mask, hints, a likeness. Pure; opens no file."""

from __future__ import annotations

from domain.brief import Brief
from domain.errors import InputError
from domain.recipe import InputRef
from domain.specs import PictureSpec


def attached_pictures(spec: PictureSpec, brief: Brief) -> tuple[InputRef, ...]:
    """Raises InputError for a name nothing attached has, naming what there is."""
    there = {a.name: a for a in brief.attachments if a.media_type in ("image/png", "image/jpeg")}
    refs = []
    for number, wanted in enumerate(spec.attached):
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
