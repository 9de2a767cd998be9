"""What picture files say of how they were made: ours, A1111's and ComfyUI's are read; hostile fields harm nobody."""

from __future__ import annotations

import io
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from domain.capability import StepKind
from domain.errors import AttachmentError
from domain.metadata import FIELDS_MAX, TEXT_MAX, PictureMetadata
from domain.recipe import Credit, InputRef, ModelRef, Output, OutputFile, Recipe, Trace
from pipelines.media.carried import carrying
from pipelines.media.metadata import UNPACKED_MAX, read_metadata, read_parameters
from pipelines.media.picture import decode

# The form that stable-diffusion-webui writes (modules/infotext_utils.py: a line of settings last, "Negative prompt:" before it).
A1111 = """masterpiece, a red fox, (forest:1.2), <lora:ink:0.7>
second line
Negative prompt: lowres, bad anatomy,
extra limbs
Steps: 28, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 1234567890, Size: 512x768, Model hash: 6ce0161689, Model: v1-5-pruned, Lora hashes: "ink: 1a2b, wash: 3c4d", Version: v1.10.1"""  # noqa: E501

# ComfyUI's API format, as its "Save (API format)" gives it and SaveImage writes into the text field "prompt".
COMFY: dict[str, Any] = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 8566257, "steps": 20, "cfg": 8.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0,
            "model": ["4", 0], "positive": ["12", 0], "negative": ["7", 0], "latent_image": ["5", 0],
        },
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "v1-5-pruned-emaonly.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 768, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "beautiful scenery glass bottle", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "text, watermark", "clip": ["4", 1]}},
    "12": {"class_type": "ControlNetApply", "inputs": {"conditioning": ["6", 0], "strength": 0.5}},
}  # fmt: skip


def picture(side: int = 16) -> Image.Image:
    return Image.fromarray(np.arange(side * side * 3, dtype=np.uint8).reshape(side, side, 3))


def png(**texts: str) -> bytes:
    info = PngInfo()
    for name, text in texts.items():
        info.add_text(name, text)
    return saved("PNG", pnginfo=info)


def saved(form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture().save(buffer, form, **options)
    return buffer.getvalue()


def with_chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG with one more chunk after its header."""
    data = saved("PNG")
    return data[:33] + struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) + data[33:]


def settings(found: PictureMetadata) -> dict[str, str]:
    return {field.name: field.text for field in found.settings}


def test_a1111_parameters_of_a_png_are_read() -> None:
    found = read_metadata(png(parameters=A1111))
    assert (found.tool, found.cut) == ("a1111", False)
    assert found.prompt == "masterpiece, a red fox, (forest:1.2), <lora:ink:0.7>\nsecond line"
    assert found.negative == "lowres, bad anatomy,\nextra limbs"
    told = settings(found)
    assert (told["Seed"], told["Size"], told["Sampler"], told["Model"]) == ("1234567890", "512x768", "DPM++ 2M", "v1-5-pruned")
    assert told["Lora hashes"] == "ink: 1a2b, wash: 3c4d" and told["Version"] == "v1.10.1"
    assert [field.name for field in found.raw] == ["parameters"] and found.raw[0].text == A1111


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-16-le"])
def test_a1111_parameters_of_a_jpeg_and_a_webp_stand_in_the_user_comment(form: str, encoding: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + A1111.encode(encoding)
    found = read_metadata(saved(form, exif=exif))
    assert found.tool == "a1111" and settings(found)["Seed"] == "1234567890"


def test_a_comfyui_graph_is_followed_to_its_words() -> None:
    found = read_metadata(png(prompt=json.dumps(COMFY), workflow='{"nodes": []}'))
    assert found.tool == "comfyui"
    assert (found.prompt, found.negative) == ("beautiful scenery glass bottle", "text, watermark")
    told = settings(found)
    assert (told["Seed"], told["Steps"], told["Sampler"], told["Width"]) == ("8566257", "20", "euler", "512")
    assert told["Model"] == "v1-5-pruned-emaonly.safetensors"
    assert {field.name for field in found.raw} == {"prompt", "workflow"}


def test_a_comfyui_graph_in_the_exif_of_a_webp_is_found() -> None:
    exif = Image.Exif()
    exif[0x0110] = "prompt:" + json.dumps(COMFY)
    exif[0x010F] = 'workflow:{"nodes": []}'
    found = read_metadata(saved("WEBP", exif=exif))
    assert found.tool == "comfyui" and found.negative == "text, watermark"


def test_a_workflow_alone_and_other_fields_are_shown_as_text() -> None:
    assert read_metadata(png(workflow='{"nodes": []}')).tool == "comfyui"
    found = read_metadata(png(Comment="taken in Leeds", invokeai_metadata='{"positive_prompt": "x"}'))
    assert found.tool == "other" and [field.name for field in found.raw] == ["Comment", "invokeai_metadata"]
    assert read_metadata(saved("PNG")) == PictureMetadata()


# Ours


def recipe(**change: Any) -> Recipe:
    parameters = {"prompt": "a red fox", "negative": "text", "width": 16, "height": 16, "steps": 0, "guidance": 0.0}
    values: dict[str, Any] = {
        "kind": StepKind.PICTURE,
        "maker": "diffusion/sdxl",
        "maker_version": 1,
        "models": (ModelRef(id="sdxl", sha256="ab" * 32),),
        "prompt": "a red fox",
        "parameters": parameters,
        "seed": 7,
    }
    return Recipe(**{**values, **change})


def made(data: bytes, media_type: str, given: Recipe, path: Path | None = None) -> bytes:
    if path is not None:
        path.write_bytes(data)
    file = OutputFile("picture", media_type, b"" if path else data, path, "0" * 64 if path else "")
    facts = {"steps": 30, "guidance": 5.0, "width": 16, "height": 16}
    credit = Credit(title="fox", author="Ada", licence="MIT", source="art")
    done = carrying(Output((file,), Trace(), (credit,), facts), given, "http://cv.iptc.org/newscodes/x").main
    assert not done.sha256
    return done.read()


@pytest.mark.parametrize(("form", "media_type"), [("PNG", "image/png"), ("WEBP", "image/webp")])
def test_our_pictures_carry_their_recipe_and_keep_their_pixels(form: str, media_type: str) -> None:
    plain = saved(form)
    marked = made(plain, media_type, recipe(prompt='a <red> "fox" & 狐'))
    assert np.array_equal(np.asarray(decode(marked)), np.asarray(decode(plain)))
    found = read_metadata(marked)
    assert (found.tool, found.prompt, found.negative) == ("maquette", 'a <red> "fox" & 狐', "text")
    told = settings(found)
    assert (told["Maker"], told["Models"], told["Seed"], told["width"]) == ("diffusion/sdxl", "sdxl", "7", "16")
    packet = next(field.text for field in found.raw if field.name == "XML:com.adobe.xmp")
    assert "DigitalSourceType" in packet and "fox: Ada, MIT" in packet


def test_other_tools_read_the_prompt_of_a_diffusion_picture() -> None:
    with Image.open(io.BytesIO(made(saved("PNG"), "image/png", recipe()))) as opened:
        opened.load()
        text = opened.info["parameters"]
    found = read_parameters(text)
    assert (found["prompt"], found["negative"]) == ("a red fox", "text")
    assert dict(found["settings"])["Steps"] == "30" and dict(found["settings"])["Size"] == "16x16"


def test_a_drawing_has_no_parameters_field_of_a_diffusion_tool() -> None:
    found = read_metadata(made(saved("PNG"), "image/png", recipe(maker="illustrator")))
    assert [field.name for field in found.raw] == ["XML:com.adobe.xmp"]


def test_equal_recipes_give_equal_bytes_whatever_ids_the_library_gave(tmp_path: Path) -> None:
    def inputs(asset: str) -> Recipe:
        return recipe(inputs=(InputRef(role="source", sha256="ab" * 32, media_type="image/png", asset_id=asset),))

    first, second = (made(saved("PNG"), "image/png", inputs(asset)) for asset in ("one", "two"))
    assert first == second == made(saved("PNG"), "image/png", inputs("three"), tmp_path / "spooled")


def test_a_file_that_is_not_what_it_is_called_is_left_alone() -> None:
    assert made(b"words", "image/png", recipe()) == b"words"


# Hostile


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": "{" * 50_000},
        {"prompt": "[" * 100_000 + "]" * 100_000},
        {"prompt": '{"1": {"class_type": "KSampler", "inputs": ' + '{"a":' * 5_000 + "1" + "}" * 5_000 + "}}"},
        {"prompt": '{"1": {"class_type": "K", "inputs": {"positive": ["1", 0], "negative": ["2", 0]}}}'},
        {"prompt": '{"1": {"class_type": 7, "inputs": []}, "2": null}'},
        {"prompt": '{"seed": ' + "9" * 10_000 + "}"},
        {"parameters": "Steps: 1, " + "a: " * 100_000},
        {"parameters": "Negative prompt:" * 20_000 + "\nSteps: 20, Seed: \x00\x1b[2J<script>alert(1)</script>"},
        {"parameters": "Steps:" + " " * 200_000},
        {"XML:com.adobe.xmp": "<mq:Recipe>" * 20_000},
        {"XML:com.adobe.xmp": "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><mq:Recipe>&a;</mq:Recipe>"},
        {"XML:com.adobe.xmp": '<mq:Recipe>{"maker": [], "parameters": {"steps": {"a": 1}}, "models": [1]}</mq:Recipe>'},
    ],
)
def test_hostile_fields_are_text_and_bounded(fields: dict[str, str]) -> None:
    found = read_metadata(png(**fields))
    assert all(len(field.text) <= TEXT_MAX for field in (*found.raw, *found.settings))
    shown = "".join((found.prompt, found.negative, *(field.text for field in (*found.raw, *found.settings))))
    assert not [c for c in shown if c < " " and c not in "\n\t"] and "root:" not in shown
    PictureMetadata.model_validate_json(found.model_dump_json())


def test_many_fields_are_cut_and_it_says_so() -> None:
    found = read_metadata(png(**{f"key{n}": "x" for n in range(200)}))
    assert len(found.raw) == FIELDS_MAX and found.cut
    assert read_metadata(png(parameters="y" * (TEXT_MAX + 1))).cut


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
def test_a_packed_bomb_unpacks_to_its_bound_or_is_refused(kind: bytes) -> None:
    packed = zlib.compress(b"0" * 40_000_000, 9)
    body = b"parameters\0\0" + packed if kind == b"zTXt" else b"parameters\0\x01\0\0\0" + packed
    try:
        found = read_metadata(with_chunk(kind, body))
    except AttachmentError:
        return  # the reader of the header refused it before
    assert sum(len(field.text) for field in found.raw) <= UNPACKED_MAX


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"tEXt", b""),
        (b"tEXt", b"no zero byte"),
        (b"tEXt", b"\0text without a key"),
        (b"zTXt", b"parameters\0\0not deflated"),
        (b"iTXt", b"parameters\0\x01"),
        (b"iTXt", b"parameters\0\0\0en\0"),
        (b"tEXt", b"k" * 5_000 + b"\0x"),
    ],
)
def test_malformed_chunks_say_nothing(kind: bytes, body: bytes) -> None:
    try:
        found = read_metadata(with_chunk(kind, body))
    except AttachmentError:
        return
    assert found.tool in ("", "other") and not found.prompt


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_a_broken_exif_says_nothing() -> None:
    data = saved("JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\xff" * 200)
    assert read_metadata(data).tool in ("", "other")


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(AttachmentError):
        read_metadata(b'<svg xmlns="http://www.w3.org/2000/svg"/>', "photo.png")
