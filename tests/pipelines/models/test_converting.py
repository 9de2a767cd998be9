"""Pickled weights become safetensors in a process of their own; a pickle that is a program is refused and never run."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from domain.errors import Conflict, InputError, ModelUnusable
from pipelines.models.converting import convert


def test_weights_come_out_as_they_went_in(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    shared = torch.arange(6.0).view(2, 3)
    held = {"model": {"a": shared, "tied": shared, "slanted": torch.arange(6.0).view(2, 3).T, "half": torch.ones(2).half()}, "epoch": 3}
    torch.save(held, tmp_path / "pytorch_model.bin")
    made = convert(tmp_path / "pytorch_model.bin")
    assert (made.path, made.tensors, made.numbers) == (str(tmp_path / "model.safetensors"), 4, 20)
    back = load_file(made.path)
    assert back["tied"].equal(shared)
    assert back["slanted"].equal(torch.arange(6.0).view(2, 3).T)
    assert back["half"].dtype == torch.float16
    with pytest.raises(Conflict):
        convert(tmp_path / "pytorch_model.bin")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.safetensors", "pytorch_model.bin"]


class Hostile:
    def __init__(self, told: Path) -> None:
        self._told = told

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, (f"open({str(self._told)!r}, 'w')",)


def test_a_pickle_that_is_a_program_is_refused_and_not_run(tmp_path: Path) -> None:
    file = tmp_path / "bad.pt"
    file.write_bytes(pickle.dumps({"weight": Hostile(tmp_path / "ran")}))
    with pytest.raises(ModelUnusable, match="weights alone"):
        convert(file)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.pt"]


def test_the_process_has_no_network() -> None:
    import subprocess
    import sys

    from pipelines.models import convert_child

    asks = (
        f"import sys; sys.path.insert(0, {str(Path(convert_child.__file__).parent)!r}); import convert_child, socket;"
        "convert_child.isolated();"
        "sys.addaudithook(convert_child.refuse); socket.create_connection(('127.0.0.1', 9))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", asks], capture_output=True, text=True, check=False)
    assert "is not allowed while weights are converted" in done.stderr


def test_what_is_no_weight_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such"):
        convert(tmp_path / "no such.bin")
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(InputError):
        convert(tmp_path / "model.safetensors")
    (tmp_path / "noise.bin").write_bytes(b"neither one nor the other")
    with pytest.raises(ModelUnusable):
        convert(tmp_path / "noise.bin")
    with pytest.raises(InputError, match=r"out\.bin"):
        convert(tmp_path / "noise.bin", tmp_path / "out.bin")
