"""The house stands as design.md draws it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("domain", "library", "pipelines", "agents", "studio", "web")
BLOCKED = ("torch", "gradio", "ray", "diffusers", "transformers", "xllamacpp", "onnxruntime", "faster_whisper")

IMPORT_ALL = """
import importlib, pathlib, sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ImportError(f"{{name}} is blocked")
sys.meta_path.insert(0, Blocker())
sys.path.insert(0, {root!r})
for floor in {floors!r}:
    for file in sorted(pathlib.Path({root!r}, floor).rglob("*.py")):
        name = ".".join(file.relative_to({root!r}).with_suffix("").parts).removesuffix(".__init__")
        if not name.startswith("web.ui") and "migrations.versions" not in name and not name.endswith("migrations.env"):
            importlib.import_module(name)
importlib.import_module("app")
print("imported")
"""


def test_every_module_imports_without_model_libraries_or_gradio() -> None:
    code = IMPORT_ALL.format(blocked=set(BLOCKED), root=str(ROOT), floors=FLOORS)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd="/", check=False)
    assert done.stdout.strip() == "imported", done.stderr[-2000:]


def test_imports_run_downward_only() -> None:
    done = subprocess.run([str(Path(sys.executable).with_name("lint-imports"))], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("floor", FLOORS)
def test_no_file_grows_past_five_hundred_lines(floor: str) -> None:
    long = {str(f.relative_to(ROOT)): n for f in (ROOT / floor).rglob("*.py") if (n := len(f.read_text().splitlines())) > 500}
    assert not long


def test_nobody_imports_app() -> None:
    importers = [
        str(f) for floor in FLOORS for f in (ROOT / floor).rglob("*.py") if re.search(r"^\s*(import app\b|from app\b)", f.read_text(), re.M)
    ]
    assert not importers


def test_weights_are_loaded_by_devices_only() -> None:
    """A `from_pretrained`, InferenceSession, WhisperModel or llama Server stands only in a file that acquires from Devices."""
    loaders = ("from_pretrained(", "InferenceSession(", "WhisperModel(", "xllamacpp.Server(")
    offenders = []
    for file in (ROOT / "pipelines").rglob("*.py"):
        text = file.read_text()
        if any(loader in text for loader in loaders) and "Weights" not in text:
            offenders.append(str(file.relative_to(ROOT)))
    assert not offenders


def test_nothing_shipped_in_assets_is_python() -> None:
    assert not list((ROOT / "assets").rglob("*.py"))
