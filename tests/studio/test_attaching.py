"""Attached pictures in the roles of a picture step."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.asset import Asset, FileRef
from domain.brief import Attachment, AttachmentUse, Brief
from domain.capability import StepKind
from domain.errors import InputError, NotFound
from domain.picture import AttachedPicture, Lora
from domain.recipe import InputRef, Recipe
from domain.specs import PictureSpec
from studio.attaching import attached_pictures, with_attached

PICTURES = tuple(
    Attachment(name=f"{name}.png", media_type="image/png", sha256=name[0] * 64, size=9, use=AttachmentUse.REFERENCE)
    for name in ("room", "mask")
)
BRIEF = Brief(id="b", project_id="p", text="a lamp", created=datetime.now(UTC), attachments=PICTURES)


def asset(asset_id: str) -> Asset:
    """ "mine" and "text" are of the brief's project, "theirs" of another one."""
    if asset_id not in ("mine", "theirs", "text"):
        raise NotFound(f"There is no asset {asset_id!r}.")
    kind = "text/plain" if asset_id == "text" else "image/png"
    return Asset(
        id=asset_id,
        project_id="q" if asset_id == "theirs" else "p",
        title=asset_id,
        files=(FileRef(name="a", sha256=asset_id[0] * 64, media_type=kind, size=9),),
        recipe=Recipe(kind=StepKind.PICTURE, maker="m", maker_version=1),
        created=datetime.now(UTC),
    )


def test_attached_pictures_come_in_their_roles_and_order() -> None:
    wanted = (AttachedPicture(role="mask", name="mask.png"), AttachedPicture(role="reference", name="room.png"))
    refs = attached_pictures(PictureSpec(about="a lamp", attached=wanted), BRIEF, asset)
    assert [(ref.role, ref.sha256[0]) for ref in refs] == [("mask", "m"), ("reference", "r")]


def test_a_name_nothing_has_is_refused_with_those_there_are() -> None:
    spec = PictureSpec(about="a lamp", attached=(AttachedPicture(role="mask", name="other.png"),))
    with pytest.raises(InputError) as caught:
        attached_pictures(spec, BRIEF, asset)
    assert caught.value.field == "attached[0].name"
    assert "room.png" in caught.value.hint


def test_a_picture_of_the_library_is_taken_by_its_id_and_named_as_a_parent() -> None:
    [ref] = attached_pictures(PictureSpec(about="a lamp", attached=(AttachedPicture(role="mask", asset="mine"),)), BRIEF, asset)
    assert (ref.role, ref.sha256[0], ref.asset_id) == ("mask", "m", "mine")


@pytest.mark.parametrize("wanted", ["theirs", "text", "none"])
def test_what_is_no_picture_of_this_project_is_refused_at_its_field(wanted: str) -> None:
    with pytest.raises(InputError) as caught:
        attached_pictures(PictureSpec(about="a lamp", attached=(AttachedPicture(role="reference", asset=wanted),)), BRIEF, asset)
    assert caught.value.field == "attached[0].asset"


@pytest.mark.parametrize("given", [{}, {"name": "room.png", "asset": "mine"}])
def test_an_attached_picture_is_named_in_one_way(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="one of both"):
        AttachedPicture.model_validate({"role": "mask", **given})


def test_an_attached_start_goes_before_that_of_the_plan_and_hints_add_up() -> None:
    plan = [InputRef(role=role, sha256="0" * 64, media_type="image/png") for role in ("reference", "control")]
    given = tuple(InputRef(role=role, sha256="1" * 64, media_type="image/png") for role in ("reference", "control"))
    assert [(ref.role, ref.sha256[0]) for ref in with_attached(plan, given)] == [("control", "0"), ("reference", "1"), ("control", "1")]


def test_what_is_left_at_its_default_is_not_written_into_a_recipe() -> None:
    assert PictureSpec(about="a lamp").leans_on == {}
    assert PictureSpec(about="a lamp", strength=0.4, loras=(Lora(model="ink"),)).leans_on == {"strength": 0.4, "loras": [{"model": "ink"}]}
