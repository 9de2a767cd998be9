"""What is told of a file: of the studio's own, of other tools, of strangers, of damaged ones; and what is never said."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.telling import templates
from domain.errors import LimitError
from domain.recipe import OutputFile
from library.library import Library
from pipelines.labels.authority import Authority
from pipelines.labels.credentials import Claim, signed
from pipelines.labels.formats import labelled
from studio import inspecting as module
from studio.inspecting import Inspecting
from tests.pipelines.labels.samples import MARKS, SAMPLES, picture, png_with
from tests.studio.labelled import Leaving


@pytest.fixture
def leaving(home: Path, assets: Path) -> Iterator[Leaving]:
    with Library.open(f"sqlite:///{home / 'maquette.db'}", home) as library:
        yield Leaving(library, home, assets)


def said(leaving: Leaving, data: bytes, name: str) -> list[str]:
    return [str(one) for one in leaving.inspecting.inspect(data, name).said]


def own(leaving: Leaving, name: str = "png") -> bytes:
    row = next(row for row in leaving.formats.rows if row.id == name)
    asset = leaving.add(OutputFile(f"file.{row.endings[0]}", row.media_types[0], SAMPLES[name]()))
    return leaving.labelling.file(asset, asset.main).path.read_bytes()


def test_a_file_of_this_studio_is_known_and_not_called_verified(leaving: Leaving) -> None:
    lines = said(leaving, own(leaving), "fox.png")
    assert lines[:2] == ["It says of itself that AI made it.", "Digital source type (IPTC): trainedAlgorithmicMedia."]
    assert "It was not altered since it was signed." in lines
    assert "This studio signed it, with a certificate of its own: nobody outside vouches for it." in lines


def test_a_stranger_is_what_it_calls_itself(leaving: Leaving, tmp_path: Path) -> None:
    stranger = Authority(tmp_path / "other")
    data = signed(SAMPLES["jpeg"](), "image/jpeg", Claim("x", MARKS.source_type), stranger.signer())
    lines = said(leaving, data, "x.jpg")
    assert "The signer calls itself Maquette studio; nobody known to this machine vouches for that." in lines
    trusting = Inspecting(leaving.formats, leaving.authority, stranger.anchors())
    told = [str(one) for one in trusting.inspect(data, "x.jpg").said]
    assert "Maquette studio signed it, and an authority that is trusted on this machine vouches for that." in told


def test_no_words_say_verified(assets: Path) -> None:
    source = Path(module.__file__).read_text(encoding="utf-8").split('"""', 2)[2]
    assert "erified" not in source
    for language in ("en", "zh"):
        words = json.loads((assets / "i18n" / f"{language}.json").read_text(encoding="utf-8"))
        assert not [text for key, text in words.items() if key.startswith("inspect.") and ("erified" in text or "已验证" in text)]


def test_a_file_altered_after_signing_is_told(leaving: Leaving) -> None:
    data = bytearray(own(leaving))
    data[data.find(b"IDAT") + 12] ^= 4
    found = leaving.inspecting.inspect(bytes(data), "fox.png")
    assert found.credentials is not None
    assert found.credentials.state == "altered"
    assert "It was altered after it was signed." in [str(one) for one in found.said]
    assert "It was not altered since it was signed." not in [str(one) for one in found.said]


def test_what_other_tools_write_is_told_as_a_sign_only(leaving: Leaving) -> None:
    data = png_with(parameters="a red fox\nNegative prompt: blurry\nSteps: 20, Sampler: Euler, Seed: 7")
    found = leaving.inspecting.inspect(data, "x.png")
    assert (found.ai, found.tool, found.prompt) == ("possibly", "a1111", "a red fox")
    assert ("Seed", "7") in found.settings
    graph = json.dumps(
        {
            "3": {"class_type": "KSampler", "inputs": {"seed": 5, "steps": 20, "positive": ["6", 0]}},
            "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a blue owl"}},
        }
    )
    comfy = leaving.inspecting.inspect(png_with(prompt=graph), "x.png")
    assert (comfy.ai, comfy.tool) == ("possibly", "comfyui")


def test_silence_is_not_taken_for_an_answer(leaving: Leaving) -> None:
    found = leaving.inspecting.inspect(picture("PNG"), "x.png")
    assert (found.ai, found.credentials) == ("unsaid", None)
    assert "It says nothing of where it comes from. That does not mean that no AI made it." in [str(one) for one in found.said]


def test_a_label_of_others_is_read_in_every_format(leaving: Leaving) -> None:
    for row in leaving.formats.rows:
        if row.embeds:
            data = labelled(SAMPLES[row.id](), row, MARKS)
            found = leaving.inspecting.inspect(data, f"x.{row.endings[0]}")
            assert (found.ai, found.aigc) == ("yes", MARKS.aigc.fields()), row.id


def test_two_labels_and_a_broken_one_are_told(leaving: Leaving) -> None:
    two = b'---\nAIGC: \'{"Label":"1"}\'\nAIGC: \'{"Label":"1"}\'\n---\nx'
    assert "It carries 2 implicit labels; there should be one." in said(leaving, two, "x.md")
    broken = b"---\nAIGC: yes\n---\nx"
    assert "Its implicit label (AIGC) is not in the form the standard asks for." in said(leaving, broken, "x.md")


def test_what_stands_beside_a_file_is_told_too(leaving: Leaving) -> None:
    asset = leaving.add(OutputFile("scene.ink", "text/x-ink", SAMPLES["engine"]()))
    beside = leaving.labelling.file(asset, asset.main).sidecar
    lines = said(leaving, beside, "scene.ink.label.json")
    assert "It says of itself that AI made it." in lines
    assert "It is a statement about the file scene.ink." in lines
    assert "It was not altered since it was signed." in lines


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "gif", "svg", "wav", "mp3", "flac", "ogg", "mp4", "webm", "pdf", "ooxml"])
def test_a_damaged_file_is_told_and_refuses_nothing(leaving: Leaving, name: str) -> None:
    data = SAMPLES[name]()
    for part in (data[: len(data) // 2], data[:40], data[:5] + b"\xff" * 200):
        assert leaving.inspecting.inspect(part, "x.bin").said


@pytest.mark.parametrize("data", [b"", b"\0" * 64, b"PK\3\4 not an archive", b"{", b"\xff\xd8\xff", b"GIF89a"])
def test_what_is_no_file_is_said_to_be_unknown_or_damaged(leaving: Leaving, data: bytes) -> None:
    assert leaving.inspecting.inspect(data, "x").said


def test_archives_are_bounded_and_strange_ones_are_told(leaving: Leaving) -> None:
    assert "It is an archive without a manifest of this studio: look at its files one by one." in said(leaving, SAMPLES["zip"](), "a.zip")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as bundle:
        bundle.writestr("manifest.json", b'{"assets": 7}')
        for n in range(module.PACK_FILES + 1):
            bundle.writestr(f"{n}", b"")
    assert said(leaving, out.getvalue(), "a.zip") == ["The archive holds more than is looked into."]


def test_too_large_a_file_is_refused_by_its_size(leaving: Leaving) -> None:
    class Large(bytes):
        def __len__(self) -> int:
            return module.FILE_MAX + 1

    with pytest.raises(LimitError, match="200 MB is the most"):
        leaving.inspecting.inspect(Large(b"x"), "x.png")


def test_it_is_told_in_chinese_too(leaving: Leaving, assets: Path) -> None:
    words = templates(assets)["zh"]
    lines = [one.told(words) for one in leaving.inspecting.inspect(own(leaving), "x.png").said]
    assert lines[0] == "它自称由 AI 生成。"
    assert "由本工作室用自己的证书签名：没有外部机构为其担保。" in lines
