"""Every format of the table: marks are written, read back by programs that are not ours, merged into what stood there; the rest stays."""

from __future__ import annotations

import html.parser
import io
import json
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import av
import docx
import mutagen
import mutagen.id3
import mutagen.wave
import numpy as np
import pypdfium2
import pytest
import yaml
from PIL import Image

from domain.errors import LabelError
from domain.labels import AigcLabel, Carried, Marks, read_aigc, require_producer
from pipelines.labels.formats import Formats, carried, labelled
from pipelines.labels.packet import merged
from pipelines.labels.second import second_reading
from tests.pipelines.labels.samples import FOREIGN, MARKS, SAMPLES, film, picture, png_with

TABLE = Formats.of(Path(__file__).resolve().parents[3] / "assets")
ROWS = {row.id: row for row in TABLE.rows}
EMBED = [row.id for row in TABLE.rows if row.embeds]
PICTURES = ("png", "jpeg", "webp", "gif")


def by_exiftool(data: bytes) -> dict[str, str]:
    """What exiftool says of a file it gets over a pipe."""
    done = subprocess.run(["exiftool", "-json", "-a", "-G1", "-struct", "-"], input=data, capture_output=True, check=False)
    (told,) = json.loads(done.stdout)
    return {name: str(text) for name, text in told.items()}


def by_mutagen_tags(data: bytes) -> str:
    opened = mutagen.File(io.BytesIO(data))
    assert opened is not None
    (text,) = opened["AIGC"]
    return str(text)


def by_mutagen_id3(data: bytes) -> str:
    (frame,) = mutagen.id3.ID3(io.BytesIO(data)).getall("TXXX:AIGC")
    return str(frame.text[0])


def by_mutagen_riff(data: bytes) -> str:
    from mutagen._riff import RiffFile

    chunks = [chunk for chunk in RiffFile(io.BytesIO(data)).root.subchunks() if chunk.id == "AIGC"]
    (chunk,) = chunks
    return str(chunk.read().decode())


def by_ffmpeg(data: bytes) -> str:
    with av.open(io.BytesIO(data)) as opened:
        return str(opened.metadata["AIGC"])


def by_pdfium(data: bytes) -> str:
    document = pypdfium2.PdfDocument(data)
    try:
        assert len(document) == 1
        return str(document.get_metadata_value("AIGC"))
    finally:
        document.close()


def by_package(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert package.testzip() is None
        root = ElementTree.fromstring(package.read("docProps/custom.xml"))
    (found,) = ["".join(row.itertext()) for row in root if row.get("name") == "AIGC"]
    return found


def by_yaml(data: bytes) -> str:
    return str(next(yaml.safe_load_all(data.decode()))["AIGC"])


def by_parser(data: bytes) -> str:
    found: list[str] = []

    class Metas(html.parser.HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag == "meta" and dict(attrs).get("name") == "AIGC":
                found.append(str(dict(attrs)["content"]))

    Metas().feed(data.decode())
    (text,) = found
    return text


def by_exiftool_xmp(data: bytes) -> str:
    (found,) = [text for name, text in by_exiftool(data).items() if name.upper().endswith(":AIGC")]
    return found


SECOND: dict[str, Callable[[bytes], str]] = {
    **dict.fromkeys((*PICTURES, "svg"), by_exiftool_xmp),
    "wav": by_mutagen_riff,
    "mp3": by_mutagen_id3,
    "flac": by_mutagen_tags,
    "ogg": by_mutagen_tags,
    "mp4": by_ffmpeg,
    "webm": by_ffmpeg,
    "pdf": by_pdfium,
    "ooxml": by_package,
    "markdown": by_yaml,
    "html": by_parser,
}


def test_the_table_names_a_second_reader_for_every_format_that_carries_something() -> None:
    assert set(SECOND) == set(EMBED)
    assert set(SAMPLES) == set(ROWS)
    types = [one for row in TABLE.rows for one in row.media_types]
    assert len(types) == len(set(types))


@pytest.mark.parametrize("name", EMBED)
def test_the_implicit_label_is_read_back_by_another_program(name: str) -> None:
    written = labelled(SAMPLES[name](), ROWS[name], MARKS)
    found = SECOND[name](written)
    assert json.loads(found) == MARKS.aigc.fields()
    assert list(json.loads(found)) == list(MARKS.aigc.fields())


@pytest.mark.parametrize("name", EMBED)
def test_an_export_reads_it_back_by_code_that_did_not_write_it(name: str) -> None:
    written = labelled(SAMPLES[name](), ROWS[name], MARKS)
    ((who, said),) = second_reading(written, name)
    assert who
    assert ([read_aigc(text) for text in said.aigc], said.source_type) == ([MARKS.aigc], MARKS.source_type)
    ((_, nothing),) = second_reading(SAMPLES[name](), name) if name not in PICTURES else ((who, Carried()),)
    assert (nothing.aigc, nothing.source_type) == ((), "")


@pytest.mark.parametrize("name", EMBED)
def test_labelling_again_leaves_one_copy_and_the_same_bytes(name: str) -> None:
    once = labelled(SAMPLES[name](), ROWS[name], MARKS)
    assert labelled(SAMPLES[name](), ROWS[name], MARKS) == once
    newer = MARKS.model_copy(update={"aigc": AigcLabel(producer="Other")})
    again = labelled(once, ROWS[name], newer)
    assert [read_aigc(text) for text in carried(again, ROWS[name]).aigc] == [newer.aigc]
    assert json.loads(SECOND[name](again)) == newer.aigc.fields()


@pytest.mark.parametrize("name", [*PICTURES, "svg", "wav", "mp3", "pdf"])
def test_the_digital_source_type_is_read_by_exiftool(name: str) -> None:
    told = by_exiftool(labelled(SAMPLES[name](), ROWS[name], MARKS))
    said = [text for field, text in told.items() if field.split(":")[-1] == "DigitalSourceType"]
    assert said == [MARKS.source_type]
    assert not [text for field, text in told.items() if field.endswith(("Error", "Warning"))]
    assert len([field for field in told if field.upper().endswith(":AIGC")]) <= 1


@pytest.mark.parametrize("name", EMBED)
def test_a_file_is_known_by_its_content_whatever_it_is_called(name: str) -> None:
    plain = {"markdown": "x.md", "html": "x.html"}.get(name, "x.bin")
    for data in (SAMPLES[name](), labelled(SAMPLES[name](), ROWS[name], MARKS)):
        found = TABLE.of_file(data, plain)
        assert found is not None
        assert found.id == name


@pytest.mark.parametrize("name", PICTURES)
def test_no_pixel_changes(name: str) -> None:
    with Image.open(io.BytesIO(SAMPLES[name]())) as before, Image.open(io.BytesIO(labelled(SAMPLES[name](), ROWS[name], MARKS))) as after:
        assert np.array_equal(np.asarray(before.convert("RGB")), np.asarray(after.convert("RGB")))


def frames(data: bytes) -> list[bytes]:
    with av.open(io.BytesIO(data)) as opened:
        return [frame.to_ndarray().tobytes() for frame in opened.decode(opened.streams[0])]


@pytest.mark.parametrize("name", ["wav", "mp3", "flac", "ogg", "mp4", "webm"])
def test_no_frame_changes(name: str) -> None:
    before = frames(SAMPLES[name]())
    assert before
    assert frames(labelled(SAMPLES[name](), ROWS[name], MARKS)) == before


def test_an_mp4_whose_head_stands_at_the_end_keeps_its_frames_too() -> None:
    data = film("mp4", "mpeg4")
    assert data.find(b"moov") > data.find(b"mdat")
    assert frames(labelled(data, ROWS["mp4"], MARKS)) == frames(data)
    assert by_ffmpeg(labelled(data, ROWS["mp4"], MARKS)) == MARKS.aigc.text()


def test_a_page_of_a_pdf_and_a_paragraph_of_word_are_as_before() -> None:
    drawn = [
        pypdfium2.PdfDocument(data)[0].render().to_numpy() for data in (SAMPLES["pdf"](), labelled(SAMPLES["pdf"](), ROWS["pdf"], MARKS))
    ]
    assert np.array_equal(drawn[0], drawn[1])
    document = docx.Document(io.BytesIO(labelled(SAMPLES["ooxml"](), ROWS["ooxml"], MARKS)))
    assert [paragraph.text for paragraph in document.paragraphs] == ["Hello"]


def test_what_others_wrote_into_the_packet_stays_and_their_label_gives_way() -> None:
    for data in (png_with(xmp=FOREIGN, parameters="a fox\nSteps: 3"), picture("JPEG", xmp=FOREIGN.encode())):
        row = TABLE.of_file(data, "x")
        assert row is not None
        told = by_exiftool(labelled(data, row, MARKS))
        assert [text for name, text in told.items() if name.endswith(":Credit")] == ["Ann"]
        assert [json.loads(text)["Label"] for name, text in told.items() if name.upper().endswith(":AIGC")] == ["1"]
    assert carried(png_with(xmp=FOREIGN), ROWS["png"]).aigc == ('{"Label":"2","ContentProducer":"old"}',)


def test_a_title_that_is_there_is_not_written_over() -> None:
    named = merged("", MARKS.model_copy(update={"title": "Theirs"}))
    assert carried(png_with(xmp=merged(named, MARKS)), ROWS["png"]).title == "Theirs"


def test_front_matter_and_properties_of_others_stay() -> None:
    text = labelled(SAMPLES["markdown"](), ROWS["markdown"], MARKS).decode()
    assert yaml.safe_load(text.split("---")[1])["lang"] == "en"
    assert text.endswith("# Hi\n\ntext\n")
    once = labelled(SAMPLES["ooxml"](), ROWS["ooxml"], MARKS)
    with zipfile.ZipFile(io.BytesIO(once)) as package:
        assert package.read("[Content_Types].xml").count(b"custom-properties+xml") == 1


@pytest.mark.parametrize("name", [name for name in EMBED if name != "markdown"])
@pytest.mark.parametrize("damage", ["cut", "nothing", "another kind"])
def test_a_file_that_is_not_what_it_says_is_refused_by_name(name: str, damage: str) -> None:
    data = {"cut": SAMPLES[name]()[:24], "nothing": b"", "another kind": b"\x00\xff\xfe not this at all" * 20}[damage]
    with pytest.raises(LabelError):
        labelled(data, ROWS[name], MARKS)


@pytest.mark.parametrize(
    "packet",
    ['<!DOCTYPE x [<!ENTITY e "e">]><x:xmpmeta xmlns:x="adobe:ns:meta/">&e;</x:xmpmeta>', "<x:xmpmeta", "<x:xmpmeta></y>", "no packet"],
)
def test_a_packet_that_is_no_plain_xml_is_refused_and_not_followed(packet: str) -> None:
    with pytest.raises(LabelError, match="XMP packet"):
        labelled(png_with(xmp=packet), ROWS["png"], MARKS)


def test_a_label_that_is_cut_out_or_doubled_afterwards_is_noticed() -> None:
    from pipelines.labels.formats import require

    once = labelled(SAMPLES["wav"](), ROWS["wav"], MARKS)
    with pytest.raises(LabelError, match="reads back as 0 copies"):
        require(SAMPLES["wav"](), ROWS["wav"], MARKS)
    with pytest.raises(LabelError, match="not what was written"):
        require(once, ROWS["wav"], MARKS.model_copy(update={"aigc": AigcLabel(producer="Other")}))
    with pytest.raises(LabelError, match="source type"):
        require(once, ROWS["wav"], MARKS.model_copy(update={"source_type": "other"}))


@pytest.mark.parametrize("value", ["a b", 'a"b', "a\\b", "标识", "a\n"])
def test_a_value_the_standard_does_not_allow_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        AigcLabel(producer=value)


def test_the_label_is_read_plain_and_wrapped_and_nothing_else() -> None:
    label = AigcLabel(producer="p")
    assert read_aigc(label.text()) == read_aigc(f'{{"AIGC":{label.text()}}}') == label
    for text in ("", "[]", "{}", '{"AIGC":{}}', '{"Label":"9"}', "x" * 30_000, "[" * 5000):
        assert read_aigc(text) is None


def test_a_code_of_a_producer_has_its_form() -> None:
    from domain.errors import InputError

    code = "001" + "1" + "91440300715267263X" + "00001"
    assert require_producer(code) == code
    assert require_producer("") == ""
    for wrong in ("001", code + "1", "002" + code[3:], code.lower().replace("x", "*")):
        with pytest.raises(InputError, match="no producer code"):
            require_producer(wrong)


def test_a_recipe_too_long_for_a_jpeg_is_left_out_and_the_rest_stands() -> None:
    written = labelled(SAMPLES["jpeg"](), ROWS["jpeg"], Marks.model_validate({**MARKS.model_dump(), "recipe": "x" * 70_000}))
    assert carried(written, ROWS["jpeg"]).recipe == ""
    assert json.loads(by_exiftool_xmp(written)) == MARKS.aigc.fields()


def test_the_recipe_that_a_picture_carries_is_still_read() -> None:
    from domain.capability import StepKind
    from domain.recipe import Output, OutputFile, Recipe, Trace
    from pipelines.media.carried import carrying
    from pipelines.media.metadata import read_metadata

    recipe = Recipe(kind=StepKind.PICTURE, maker="diffusion-sd15", maker_version=1, prompt="a fox & <owl>", seed=7, parameters={"steps": 3})
    for form in ("png", "webp"):
        made = carrying(
            Output(files=(OutputFile(f"a.{form}", f"image/{form}", SAMPLES[form]()),), trace=Trace()), recipe, MARKS.source_type
        )
        found = read_metadata(labelled(made.files[0].read(), ROWS[form], MARKS))
        assert (found.tool, found.prompt) == ("maquette", "a fox & <owl>")
