"""Downloads of drawn pictures through our own route, the palette of a reference picture, and a step copied for another scene."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from domain.plan import Step
from domain.scene import Scene, Setting, Subject
from domain.specs import PictureSpec
from tests.studio.bench import Bench, step
from tests.studio.test_drawings import add
from tests.web.test_board import Desk, desk
from tests.web.test_cli import bench, entry, hand
from web.cli import Entry, main

__all__ = ["bench", "desk", "entry", "hand"]  # fixtures


def test_a_drawn_picture_says_what_it_can_be_taken_out_as_and_another_does_not(desk: Desk) -> None:
    drawn, made = (add(desk.bench.library, maker) for maker in ("illustrator", "diffusion/sdxl"))
    assert desk.call("GET", f"assets/{drawn}")["drawing"] == {"width": 80, "height": 40}
    assert desk.call("GET", f"assets/{made}")["drawing"] is None


@pytest.mark.parametrize(
    ("form", "side", "media_type"),
    [
        ("svg", 0, "image/svg+xml"),
        ("png", 160, "image/png"),
        ("webp", 0, "image/webp"),
        ("cutout", 0, "image/png"),
        ("credits", 0, "text/plain"),
    ],
)
def test_a_file_is_made_as_a_task_and_handed_over_as_a_download(desk: Desk, form: str, side: int, media_type: str) -> None:
    asset = add(desk.bench.library)
    done = desk.task(desk.call("POST", f"assets/{asset}/drawing", {"format": form, "side": side}))
    assert done["state"] == "done", done
    answer = desk.client.get(f"/{done['result']['url']}")
    assert answer.headers["content-type"].split(";")[0] == media_type
    assert (
        answer.headers["content-disposition"].startswith("attachment;") and done["result"]["name"] in answer.headers["content-disposition"]
    )
    assert "sandbox" in answer.headers["content-security-policy"]
    assert len(answer.content) == done["result"]["size"]
    if side:
        assert Image.open(io.BytesIO(answer.content)).size == (160, 80)


def test_the_route_makes_the_file_itself_where_nobody_has_asked_before(desk: Desk) -> None:
    answer = desk.client.get(f"/drawings/{add(desk.bench.library)}/layers?side=160")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert "2-middle.png" in archive.namelist() and b"A. Painter" in archive.read("CREDITS.txt")


def test_what_cannot_be_taken_out_is_said_at_its_field_before_a_task_starts(desk: Desk) -> None:
    drawn, made = (add(desk.bench.library, maker) for maker in ("illustrator", "diffusion/sdxl"))
    refused = desk.call("POST", f"assets/{made}/drawing", {"format": "layers"}, status=400)
    assert (refused["field"], "not an illustration" in refused["message"], bool(refused["hint"])) == ("asset", True, True)
    assert desk.call("POST", f"assets/{drawn}/drawing", {"format": "png", "side": 9000}, status=413)["field"] == "side"
    desk.call("POST", "assets/none/drawing", {"format": "svg"}, status=404)
    assert desk.client.post(f"/api/assets/{drawn}/drawing", json={"format": "psd"}).status_code == 422
    assert desk.client.get(f"/drawings/{made}/svg").status_code == 400
    assert desk.client.get(f"/drawings/{drawn}/psd").status_code == 422


def test_the_command_line_writes_the_same_file(entry: Entry, tmp_path: Path, bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    asset = add(bench.library)
    assert main(["picture", asset, "--as", "png", "--side", "160", "--out", str(tmp_path / "out")], entry) == 0
    [written] = (tmp_path / "out").iterdir()
    assert capsys.readouterr().out.strip() == str(written)
    assert Image.open(io.BytesIO(written.read_bytes())).size == (160, 80)
    assert main(["picture", asset, "--side", "160"], entry) == 1
    assert "no size in pixels" in capsys.readouterr().err
    (tmp_path / "file").write_text("no folder")
    assert main(["picture", asset, "--out", str(tmp_path / "file" / "below")], entry) == 1
    assert "--out" in capsys.readouterr().err


def test_the_colours_of_a_reference_picture_are_read_and_nothing_is_kept(desk: Desk, home: Path) -> None:
    before = sorted((home / "files").rglob("*"))
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), "#1d3557").save(buffer, "PNG")
    path = f"/api/projects/{desk.bench.project}/palette?name=sea.png"
    assert desk.client.post(path, content=buffer.getvalue()).json() == {"palette": ["#1d3557"]}
    refused = desk.client.post(path, content=b"just words")
    assert (refused.status_code, refused.json()["field"]) == (415, "palette")
    assert desk.client.post(path, content=b"x" * (26 * 1024 * 1024)).status_code == 413
    assert before == sorted((home / "files").rglob("*"))


SCENE = Scene(subjects=(Subject(what="girl"),), setting=Setting.FOREST, character="Mira")


def test_a_step_is_copied_with_its_figures_into_another_scene(desk: Desk) -> None:
    picture = Step(id="picture-1", title="Mira", spec=PictureSpec(about="a girl called Mira", scene=SCENE))
    plan = desk.bench.plan(step("copy-1"), picture)
    elsewhere = SCENE.model_copy(update={"setting": Setting.BEACH}).model_dump(mode="json")
    made = desk.call("POST", f"plans/{plan.id}/steps/picture-1/copy", {"values": {"scene": elsewhere}})
    rows = {row["id"]: row for row in desk.board()["steps"]}
    copied = rows[made["step"]]
    assert (copied["title"], copied["asset"], copied["scene"]["setting"], copied["scene"]["character"]) == (
        "Mira (2)",
        None,
        "beach",
        "Mira",
    )
    assert rows["picture-1"]["scene"]["setting"] == "forest"
    again = desk.call("POST", f"plans/{plan.id}/steps/{made['step']}/copy", {})
    assert next(row["title"] for row in desk.board()["steps"] if row["id"] == again["step"]) == "Mira (3)"
    fault = desk.call("POST", f"plans/{plan.id}/steps/picture-1/copy", {"values": {"scene": {**elsewhere, "setting": "moon"}}}, status=400)
    assert fault["field"] == "picture-1.scene.setting"


def test_an_unsafe_wish_is_refused_at_the_field_that_makes_it(desk: Desk) -> None:
    picture = Step(id="picture-1", title="Mira", spec=PictureSpec(about="a girl called Mira", scene=SCENE))
    plan = desk.bench.plan(picture)
    path = f"plans/{plan.id}/steps/picture-1"
    props = SCENE.model_copy(update={"props": (Subject(what="tree"), Subject(what="bomb"))}).model_dump(mode="json")
    assert desk.call("PATCH", path, {"values": {"scene": props}}, status=422)["field"] == "scene.props.1.what"
    assert desk.call("POST", f"{path}/copy", {"values": {"scene": props}}, status=422)["field"] == "scene.props.1.what"
    assert desk.call("PATCH", path, {"values": {"about": "a bomb"}, "title": "Quiet"}, status=422)["field"] == "about"
    assert desk.call("PATCH", path, {"title": "bomb"}, status=422)["field"] == "title"
    assert desk.call("POST", f"plans/{plan.id}/steps", {"kind": "picture", "about": "a bomb"}, status=422)["field"] == "about"
    assert desk.call("POST", f"{path}/redo", {"note": "as a bomb"}, status=422)["field"] == "note"


def test_the_board_names_the_art_families_a_scene_can_be_drawn_in(desk: Desk) -> None:
    desk.bench.plan(step("copy-1"))
    assert desk.board()["scene_options"]["family"] == ["", "fluent", "noto"]
