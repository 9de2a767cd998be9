"""What leaves the studio is marked and signed, and what cannot be marked does not leave."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from domain.asset import Asset
from domain.capability import StepKind
from domain.errors import AssetDamaged, InputError, LabelError
from domain.labels import COMPOSITE, TRAINED, AigcLabel, Marks, read_aigc
from domain.progress import Silent
from domain.recipe import InputRef, OutputFile
from library.library import Library
from pipelines.labels.authority import Authority
from pipelines.labels.credentials import Claim, opened, read_credentials, signed
from pipelines.labels.explicit import Explicit
from pipelines.labels.formats import carried, labelled
from studio.export import Selection, export_pack
from studio.labelling import Labelling
from studio.line_packs import write_lines
from studio.line_tables import LineReport
from studio.pack_texts import PackSources
from tests.pipelines.labels.samples import SAMPLES
from tests.pipelines.labels.scenes import flat, grown
from tests.studio.labelled import WHEN, Leaving


@pytest.fixture
def leaving(home: Path, assets: Path) -> Iterator[Leaving]:
    with Library.open(f"sqlite:///{home / 'maquette.db'}", home) as library:
        yield Leaving(library, home, assets)


def sample(leaving: Leaving, name: str) -> OutputFile:
    row = next(row for row in leaving.formats.rows if row.id == name)
    return OutputFile(f"file.{row.endings[0]}", row.media_types[0], SAMPLES[name]())


@pytest.mark.parametrize("name", list(SAMPLES))
def test_a_file_of_any_format_leaves_with_its_marks_inside_or_beside(leaving: Leaving, name: str) -> None:
    row = next(row for row in leaving.formats.rows if row.id == name)
    asset = leaving.add(sample(leaving, name))
    made = leaving.labelling.file(asset, asset.main)
    data = made.path.read_bytes()
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (made.sha256, made.size)
    if row.embeds:
        found = carried(data, row)
        (label,) = [read_aigc(text) for text in found.aigc]
        assert label is not None
        assert (label.label, label.produce_id, label.reserved1) == ("1", asset.id, asset.main.sha256)
        assert found.source_type == TRAINED
    else:
        assert data == SAMPLES[name]()
    if row.c2pa:
        credentials = read_credentials(data, row.media_types[0], leaving.authority.anchors())
        assert credentials is not None
        assert (credentials.state, credentials.own) == ("intact", True)
        assert made.sidecar == b""
    else:
        read = opened(made.sidecar, leaving.authority.anchors())
        assert read is not None
        document, seal = read
        assert (seal.state, document["sha256"], document["file"]) == ("intact", made.sha256, asset.main.name)
        assert read_aigc(json.dumps(document)) is not None


def test_the_library_keeps_the_file_as_it_was_made_and_the_same_comes_out_again(leaving: Leaving) -> None:
    asset = leaving.add(sample(leaving, "png"))
    first, second = leaving.labelling.file(asset, asset.main), leaving.labelling.file(asset, asset.main)
    assert first == second
    assert leaving.library.file_path(asset.main.sha256).read_bytes() == SAMPLES["png"]()


def test_what_a_person_gave_leaves_as_it_came(leaving: Leaving) -> None:
    asset = leaving.upload(sample(leaving, "jpeg"))
    made = leaving.labelling.file(asset, asset.main)
    assert (made.path.read_bytes(), made.marks, made.sidecar) == (SAMPLES["jpeg"](), None, b"")
    assert not (leaving.home / "authority").exists()


def test_a_picture_made_from_a_photo_says_so_and_keeps_its_credentials(leaving: Leaving, tmp_path: Path) -> None:
    camera = Authority(tmp_path / "camera").signer()
    photo = signed(SAMPLES["jpeg"](), "image/jpeg", Claim("IMG_1", "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"), camera)
    given = leaving.upload(OutputFile("photo.jpg", "image/jpeg", photo))
    inputs = (InputRef(role="source", sha256=given.main.sha256, media_type="image/jpeg", asset_id=given.id),)
    asset = leaving.add(sample(leaving, "png"), inputs=inputs)
    data = leaving.labelling.file(asset, asset.main).path.read_bytes()
    found = read_credentials(data, "image/png", leaving.authority.anchors())
    assert found is not None
    assert (found.source_type, found.actions, found.ingredients) == (COMPOSITE, ("c2pa.opened", "c2pa.edited"), ("source",))
    assert leaving.inspecting.inspect(data, "x.png").ai == "partly"


OTHERS = AigcLabel(label="2", producer="001191440300715267263X00001", produce_id="p-7", propagator="Shop", propagate_id="9")


def given_with(leaving: Leaving, source_type: str, label: AigcLabel = OTHERS) -> Asset:
    """A picture of another tool, with a label and an origin of its own, as a person gives it."""
    row = next(row for row in leaving.formats.rows if row.id == "png")
    marked = labelled(SAMPLES["png"](), row, Marks(aigc=label, source_type=source_type))
    return leaving.upload(OutputFile("photo.png", "image/png", marked))


def taken(asset: Asset, role: str = "source") -> InputRef:
    return InputRef(role=role, sha256=asset.main.sha256, media_type=asset.main.media_type, asset_id=asset.id)


def test_the_label_of_what_was_given_is_taken_on_once_and_through_every_edit(leaving: Leaving) -> None:
    given = given_with(leaving, TRAINED)
    first = leaving.add(sample(leaving, "png"), inputs=(taken(given),))
    second = leaving.add(sample(leaving, "jpeg"), inputs=(taken(first),))
    made = leaving.labelling.file(second, second.main)
    found = leaving.inspecting.inspect(made.path.read_bytes(), "x.jpg")
    assert len(found.carried.aigc) == 1
    assert (found.aigc["Label"], found.aigc["ContentProducer"], found.aigc["ProduceID"]) == ("1", "Maquette", second.id)
    assert found.aigc["ReservedCode2"] == "from:001191440300715267263X00001/p-7/Shop/9"
    assert found.carried.source_type == TRAINED  # AI made what was given too
    assert found.credentials is not None
    assert (found.credentials.actions, found.credentials.ingredients) == (("c2pa.opened", "c2pa.edited"), ("source",))
    assert "001191440300715267263X00001/p-7/Shop/9" in " ".join(str(one) for one in found.said)
    assert made.marks is not None
    (told,) = cast("list[dict[str, Any]]", made.marks["ingredients"])
    assert (told["AIGC"], told["sha256"], told["credentials"]) == (OTHERS.fields(), given.main.sha256, False)


def test_what_is_attached_counts_and_a_mask_does_not(leaving: Leaving) -> None:
    photo = leaving.library.store_file(SAMPLES["jpeg"](), "photo.jpg", "image/jpeg")
    attached = leaving.add(sample(leaving, "png"), inputs=(InputRef(role="reference", sha256=photo.sha256, media_type="image/jpeg"),))
    mask = leaving.upload(sample(leaving, "png"))
    masked = leaving.add(sample(leaving, "png"), inputs=(taken(mask, "mask"),))
    types = [leaving.inspecting.inspect(leaving.labelling.file(one, one.main).path.read_bytes(), "x.png").ai for one in (attached, masked)]
    assert types == ["partly", "yes"]


def test_what_has_no_place_inside_names_what_went_in_beside_it(leaving: Leaving) -> None:
    given = given_with(leaving, COMPOSITE)
    scene = leaving.add(sample(leaving, "subtitles"), inputs=(taken(given, "reference"),))
    read = opened(leaving.labelling.file(scene, scene.main).sidecar, leaving.authority.anchors())
    assert read is not None
    assert read[0]["ingredients"][0]["AIGC"] == OTHERS.fields()
    assert (read[0]["digital_source_type"], read[0]["AIGC"]["ReservedCode2"][:5]) == (COMPOSITE, "from:")


def test_labels_that_are_too_long_are_left_to_the_statement(leaving: Leaving) -> None:
    many = tuple(taken(given_with(leaving, TRAINED, OTHERS.model_copy(update={"produce_id": f"{n}" * 600})), "style") for n in range(4))
    asset = leaving.add(sample(leaving, "png"), inputs=many)
    found = leaving.inspecting.inspect(leaving.labelling.file(asset, asset.main).path.read_bytes(), "x.png")
    assert found.aigc["ReservedCode2"].count(";") == 1


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "svg", "wav", "mp3", "pdf", "ooxml"])
def test_a_file_whose_mark_cannot_be_written_does_not_leave(leaving: Leaving, name: str) -> None:
    row = next(row for row in leaving.formats.rows if row.id == name)
    asset = leaving.add(OutputFile("file.bin", row.media_types[0], b"\0 this is not what it says"))
    with pytest.raises(LabelError):
        leaving.labelling.file(asset, asset.main)
    with pytest.raises(LabelError):
        export_pack(leaving.library, Selection(project_id=leaving.project.id), leaving.home / "p.zip", Silent(), sources(leaving))
    assert not (leaving.home / "p.zip").exists()


def test_a_damaged_file_is_never_labelled(leaving: Leaving) -> None:
    asset = leaving.add(sample(leaving, "png"))
    path = leaving.library.file_path(asset.main.sha256)
    path.chmod(0o644)
    path.write_bytes(SAMPLES["png"]() + b"x")
    with pytest.raises(AssetDamaged):
        leaving.labelling.file(asset, asset.main)


def test_a_broken_certificate_lets_nothing_out(leaving: Leaving, assets: Path, tmp_path: Path) -> None:
    for name in ("c.pem", "k.pem"):
        (tmp_path / name).write_text("no certificate")
    explicit = Explicit((assets / "labels" / "lettering.svg").read_text(encoding="utf-8"))
    broken = Authority(tmp_path / "none", tmp_path / "c.pem", tmp_path / "k.pem")
    labelling = Labelling(leaving.library, leaving.formats, explicit, broken, tmp_path / "labelled")
    asset = leaving.add(sample(leaving, "png"))
    with pytest.raises(LabelError, match="certificate that signs"):
        labelling.file(asset, asset.main)
    with pytest.raises(InputError, match="producer code"):
        Labelling(leaving.library, leaving.formats, explicit, broken, tmp_path / "labelled", producer="me")


def test_the_label_that_is_seen_is_off_until_a_project_asks_for_it(leaving: Leaving) -> None:
    def pixels(data: bytes) -> Any:
        with Image.open(io.BytesIO(data)) as opened:
            return np.asarray(opened.convert("RGB"))

    asset = leaving.add(sample(leaving, "png"))
    quiet = leaving.labelling.file(asset, asset.main).path.read_bytes()
    assert np.array_equal(pixels(quiet), pixels(SAMPLES["png"]()))
    leaving.library.save_project(leaving.project.model_copy(update={"explicit_label": True}))
    seen = leaving.labelling.file(asset, asset.main).path.read_bytes()
    assert not np.array_equal(pixels(seen), pixels(SAMPLES["png"]()))
    found = read_credentials(seen, "image/png", leaving.authority.anchors())
    assert found is not None
    assert found.state == "intact"


def test_the_invisible_mark_is_off_until_a_project_asks_for_it_and_is_read_of_what_left(leaving: Leaving) -> None:
    picture = io.BytesIO()
    flat(5, (512, 384)).save(picture, "PNG")
    asset = leaving.add(OutputFile("p.png", "image/png", picture.getvalue()))
    plain = leaving.inspecting.inspect(leaving.labelling.file(asset, asset.main).path.read_bytes(), "p.png")
    leaving.library.save_project(leaving.project.model_copy(update={"watermark": True, "explicit_label": True}))
    made = leaving.labelling.file(asset, asset.main)
    assert (plain.watermark, (made.marks or {}).get("invisible")) == ("", True)
    with Image.open(made.path) as opened:
        smaller = io.BytesIO()
        opened.convert("RGB").resize((384, 288)).save(smaller, "JPEG", quality=75)  # nothing is left of what stands in the file
    found = leaving.inspecting.inspect(smaller.getvalue(), "p.jpg")
    assert (found.watermark, found.ai, [one.id for one in found.marked]) == (asset.id[:6], "possibly", [asset.id])
    assert any("the id begins with " + asset.id[:6] in str(one) for one in found.said)
    assert leaving.labelling.file(asset, asset.main) == made


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_every_format_of_pictures_takes_the_mark_and_small_ones_do_without(leaving: Leaving, form: str) -> None:
    leaving.library.save_project(leaving.project.model_copy(update={"watermark": True}))
    picture = io.BytesIO()
    grown(6, (400, 300)).save(picture, form)
    asset = leaving.add(OutputFile(f"p.{form}", f"image/{form}", picture.getvalue()))
    found = leaving.inspecting.inspect(leaving.labelling.file(asset, asset.main).path.read_bytes(), f"p.{form}")
    assert (found.watermark, found.credentials is not None and found.credentials.state) == (asset.id[:6], "intact")
    small = leaving.add(sample(leaving, form))
    assert leaving.inspecting.inspect(leaving.labelling.file(small, small.main).path.read_bytes(), f"p.{form}").watermark == ""


def test_a_picture_without_room_for_the_mark_does_not_leave(leaving: Leaving) -> None:
    leaving.library.save_project(leaving.project.model_copy(update={"watermark": True}))
    picture = io.BytesIO()
    Image.new("RGBA", (400, 400), (0, 0, 0, 0)).save(picture, "PNG")
    asset = leaving.add(OutputFile("p.png", "image/png", picture.getvalue()))
    with pytest.raises(LabelError, match="no room"):
        leaving.labelling.file(asset, asset.main)


# -- packs --------------------------------------------------------------------------------------------------------------------------


def sources(leaving: Leaving) -> PackSources:
    return PackSources(model=lambda _: None, version="1.0", now=lambda: WHEN, labelling=leaving.labelling)


def pack(leaving: Leaving, name: str = "pack.zip") -> Path:
    return export_pack(leaving.library, Selection(project_id=leaving.project.id), leaving.home / name, Silent(), sources(leaving))


def test_every_file_of_a_pack_is_marked_and_its_manifest_is_signed(leaving: Leaving) -> None:
    leaving.add(*(sample(leaving, name) for name in ("png", "svg", "wav", "pdf", "ooxml", "markdown")))
    leaving.add(sample(leaving, "data"), kind=StepKind.COPY, title="Copy")
    leaving.upload(sample(leaving, "jpeg"))
    with zipfile.ZipFile(pack(leaving)) as bundle:
        manifest = json.loads(bundle.read("manifest.json"))
        rows = [(asset, file) for asset in manifest["assets"] for file in asset["files"]]
        for asset, file in rows:
            data = bundle.read(file["name"])
            assert (hashlib.sha256(data).hexdigest(), len(data)) == (file["sha256"], file["size"])
            assert ("marks" in file) is asset["labels"]["ai_generated"]
            if "marks" in file:
                assert file["marks"]["AIGC"]["Label"] == "1"
                assert file["marks"]["inside"] or bundle.read(file["label"])
                row = leaving.formats.of_type(file["media_type"])
                assert row is not None
                assert ("label" in file) is not row.c2pa
        seal = opened(bundle.read("manifest.seal.json"), leaving.authority.anchors())
        assert seal is not None
        assert (seal[1].state, seal[0]["sha256"]) == ("intact", hashlib.sha256(bundle.read("manifest.json")).hexdigest())
        assert len(rows) == 8
    found = leaving.inspecting.inspect((leaving.home / "pack.zip").read_bytes(), "pack.zip")
    assert {one.state for one in found.files} == {"as_said"}
    assert "All 10 files are as its manifest says." in [str(one) for one in found.said]


def test_a_pack_of_lines_is_marked_and_sealed_too(leaving: Leaving) -> None:
    asset = leaving.add(sample(leaving, "wav"), kind=StepKind.SPEECH)
    rows = [LineReport(line="l_1", state="done", asset_id=asset.id, file="l_1.wav"), LineReport(line="l_2", state="failed")]
    packs = [
        write_lines(leaving.library, leaving.labelling, leaving.project.id, rows, leaving.home / name, Silent()).read_bytes()
        for name in ("a.zip", "b.zip")
    ]
    assert packs[0] == packs[1]
    with zipfile.ZipFile(io.BytesIO(packs[0])) as bundle:
        assert bundle.namelist() == ["report.csv", "report.json", "manifest.json", "manifest.seal.json", "l_1.wav"]
        found = leaving.inspecting.inspect(bundle.read("l_1.wav"), "l_1.wav")
    assert (found.ai, found.aigc["ProduceID"]) == ("yes", asset.id)
    whole = leaving.inspecting.inspect(packs[0], "lines.zip")
    assert whole.credentials is not None
    assert (whole.credentials.state, whole.credentials.own, {one.state for one in whole.files}) == ("intact", True, {"as_said"})
    changed = leaving.inspecting.inspect(rewritten(leaving.home / "a.zip", {"report.csv": b"id"}), "lines.zip")
    assert {one.name: one.state for one in changed.files}["report.csv"] == "altered"


def test_what_has_no_place_inside_stands_beside_in_a_pack_and_the_manifest_says_it(leaving: Leaving) -> None:
    names = ("data", "engine", "subtitles", "midi", "ogg", "webm")
    leaving.add(*(sample(leaving, name) for name in names))
    with zipfile.ZipFile(pack(leaving)) as bundle:
        files = [file for asset in json.loads(bundle.read("manifest.json"))["assets"] for file in asset["files"]]
        assert len(files) == len(names)
        for file in files:
            read = opened(bundle.read(file["label"]), leaving.authority.anchors())
            assert read is not None
            document, seal = read
            assert (seal.state, seal.own) == ("intact", True)
            assert document["sha256"] == file["sha256"] == hashlib.sha256(bundle.read(file["name"])).hexdigest()
            assert document["AIGC"] == file["marks"]["AIGC"]


def test_equal_packs_are_equal_to_the_byte(leaving: Leaving) -> None:
    leaving.add(sample(leaving, "png"), sample(leaving, "data"))
    assert pack(leaving, "a.zip").read_bytes() == pack(leaving, "b.zip").read_bytes()


def rewritten(path: Path, changed: dict[str, bytes | None]) -> bytes:
    """The pack with some of its files changed, or (None) gone."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            data = changed.get(name, before.read(name))
            if data is not None:
                after.writestr(name, data)
        for name in set(changed) - set(before.namelist()):
            after.writestr(name, changed[name] or b"")
    return out.getvalue()


def test_a_pack_that_was_changed_is_told(leaving: Leaving) -> None:
    leaving.add(sample(leaving, "png"), sample(leaving, "data"))
    path = pack(leaving)
    with zipfile.ZipFile(path) as bundle:
        png, text = (file["name"] for file in json.loads(bundle.read("manifest.json"))["assets"][0]["files"])
        manifest = bundle.read("manifest.json")
    look = leaving.inspecting.inspect
    changed = look(rewritten(path, {png: b"other", text: None, "extra.txt": b"x"}), "pack.zip")
    states = {one.name: one.state for one in changed.files}
    assert (states[png], states[text], states["extra.txt"]) == ("altered", "missing", "unsaid")
    forged = look(rewritten(path, {"manifest.json": manifest.replace(b"Launch", b"Lunch")}), "pack.zip")
    assert forged.credentials is not None
    assert forged.credentials.state == "altered"
    bare = look(rewritten(path, {"manifest.seal.json": None}), "pack.zip")
    assert bare.credentials is None
    assert "Its manifest is not signed: nothing shows whether it was altered." in [str(one) for one in bare.said]
