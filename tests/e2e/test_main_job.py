"""The main job: one brief in, a pack out, on the real embedded models, with no network."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import wave
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from domain.documents import CopyDocument
from domain.recipe import Recipe
from tests.e2e.offline import REFUSED

ROOT = Path(__file__).resolve().parents[2]
BRIEF = "Launch campaign for a cold-brew coffee called Northwind, warm and honest, for young professionals"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    folder = tmp_path_factory.mktemp("main-job")
    environment = {**os.environ, "MAQUETTE_HOME": str(folder / "home"), "PYTHONWARNINGS": "default"}
    command = [sys.executable, "-m", "tests.e2e.offline", "make", BRIEF, "--out", str(folder / "out"), "--seed", "5"]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=900, check=False), folder


@pytest.fixture(scope="module")
def pack(run: tuple[subprocess.CompletedProcess[str], Path]) -> zipfile.ZipFile:
    done, _ = run
    assert done.returncode == 0, done.stderr[-3000:]
    return zipfile.ZipFile(done.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def manifest(pack: zipfile.ZipFile) -> dict[str, object]:
    loaded: dict[str, object] = json.loads(pack.read("manifest.json"))
    return loaded


def recipes(manifest: dict[str, object]) -> list[Recipe]:
    return [Recipe.model_validate(item["recipe"]) for item in manifest["assets"]]  # type: ignore[attr-defined,index]


@pytest.mark.models
@pytest.mark.slow
class TestTheMainJob:
    def test_it_ends_well_and_asks_no_other_machine(self, run: tuple[subprocess.CompletedProcess[str], Path]) -> None:
        done, _ = run
        assert done.returncode == 0, done.stderr[-3000:]
        assert REFUSED not in done.stderr

    def test_the_pack_holds_what_the_brief_stands_for(self, manifest: dict[str, object]) -> None:
        kinds = sorted(recipe.kind.value for recipe in recipes(manifest))
        assert kinds == sorted(["copy"] * 3 + ["picture"] * 2 + ["speech", "music"] + ["layout"] * 3)

    def test_every_file_has_the_hash_that_the_manifest_states(self, pack: zipfile.ZipFile, manifest: dict[str, object]) -> None:
        files = [file for item in manifest["assets"] for file in item["files"]]  # type: ignore[attr-defined]
        assert len(files) >= 10
        for file in files:
            assert hashlib.sha256(pack.read(file["name"])).hexdigest() == file["sha256"], file["name"]

    def test_no_copy_line_is_delivered_over_its_limit_without_saying_so(self, pack: zipfile.ZipFile) -> None:
        names = [n for n in pack.namelist() if "/" not in n and "copy" in n and n.endswith(".json")]
        documents = [CopyDocument.model_validate_json(pack.read(n)) for n in names]
        assert len(documents) == 3
        lines = [(slot, line) for document in documents for slot in document.slots for line in slot.lines]
        assert [line.text for slot, line in lines if len(line.text) > slot.max_chars and not line.findings] == []
        assert any(not line.findings for _, line in lines)

    def test_pictures_and_banners_are_whole_and_of_the_size_asked_for(self, pack: zipfile.ZipFile) -> None:
        sizes = {n: Image.open(io.BytesIO(pack.read(n))).size for n in pack.namelist() if n.endswith(".png")}
        assert {(1200, 628), (1080, 1080), (1080, 1920)} <= set(sizes.values())
        for name in sizes:
            colours = Image.open(io.BytesIO(pack.read(name))).convert("RGB").resize((64, 64)).getcolors(4096)
            assert colours is not None
            assert len(colours) > 50, name

    def test_the_sounds_play_and_the_bed_has_its_exact_length(self, pack: zipfile.ZipFile) -> None:
        seconds = {}
        for name in [n for n in pack.namelist() if n.endswith(".wav")]:
            with wave.open(io.BytesIO(pack.read(name))) as sound:
                seconds["music" if "music" in name else "speech"] = sound.getnframes() / sound.getframerate()
        assert seconds["music"] == 30.0
        assert 2.0 < seconds["speech"] < 60.0

    def test_every_recipe_names_its_models_by_content(self, manifest: dict[str, object]) -> None:
        for recipe in recipes(manifest):
            assert all(len(model.sha256) == 64 for model in recipe.models), recipe.maker

    def test_art_is_credited_and_the_origin_is_stated(self, pack: zipfile.ZipFile) -> None:
        assert "MIT" in pack.read("CREDITS.md").decode()
        readme = pack.read("README.md").decode()
        assert "AI-generated" in readme
        assert "人工智能" in readme
