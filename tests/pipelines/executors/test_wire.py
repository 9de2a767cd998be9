from __future__ import annotations

import errno
import hashlib
import inspect
import json
from pathlib import Path

import pytest

from domain import errors
from domain.errors import ContentRefused, DiskFull, EngineFailed, MaquetteError, OutOfMemory, StorageError
from domain.recipe import InputFile, Output, OutputFile, Trace, Work
from pipelines.executors.spool import Spool, discard
from pipelines.executors.wire import (
    complete,
    error_from_json,
    error_to_json,
    outputs_from_json,
    outputs_to_json,
    spooled,
    works_from_json,
    works_to_json,
)
from tests.pipelines.executors.acting import output, work

TREE = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, MaquetteError)]


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_every_error_of_the_tree_crosses_as_itself(kind: type[MaquetteError]) -> None:
    more = {"reason": "weapons"} if kind is ContentRefused else {}
    made = kind("no", hint="yes", field="brief", **more)
    back = error_from_json(json.loads(json.dumps(error_to_json(made))))
    assert type(back) is kind
    assert vars(back) == vars(made)


@pytest.mark.parametrize(
    ("foreign", "kind"),
    [
        (MemoryError(), OutOfMemory),
        (OSError(errno.ENOSPC, "No space left on device"), DiskFull),
        (PermissionError("not yours"), StorageError),
        (RuntimeError("CUDA is sad"), EngineFailed),
        (KeyboardInterrupt(), EngineFailed),
    ],
)
def test_foreign_errors_cross_as_ours(foreign: BaseException, kind: type[MaquetteError]) -> None:
    assert type(error_from_json(error_to_json(foreign))) is kind


def test_an_unknown_code_is_the_engines_own_error() -> None:
    assert type(error_from_json({"code": "from the future", "message": "x"})) is EngineFailed


def test_works_cross_whole() -> None:
    works = [Work(work("a", seed=1).recipe, (InputFile("reference", Path("/somewhere/a b"), "image/png"),)), work("饼干")]
    assert works_from_json(json.loads(json.dumps(works_to_json(works)))) == works


def test_files_cross_by_path_with_their_hash(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_bytes(b"on disk already")
    made = Output((OutputFile("a.txt", "text/plain", b"abc"), OutputFile("b.bin", "x/y", path=mine)), Trace(seconds=1), facts={"nan": 1.5})
    told = json.loads(json.dumps(outputs_to_json([made, output(b"second")], tmp_path, "7")))
    first, second = outputs_from_json(told)
    assert first.main.read() == b"abc" and first.main.sha256 == hashlib.sha256(b"abc").hexdigest()
    assert first.files[1].path == mine
    assert first.trace == made.trace and first.facts == made.facts
    assert second.main.read() == b"second" and second.credits == output(b"").credits
    assert sorted(path.name for path in spooled(told)) == ["7-0", "7-1", "mine"]
    discard([first, second])
    assert list(tmp_path.iterdir()) == []


def test_a_result_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    (spool / "7-1").mkdir()
    with pytest.raises(OSError):
        outputs_to_json([output(b"first"), output(b"second")], spool, "7")
    assert not (spool / "7-0").exists()


def test_a_maker_that_loses_works_is_told() -> None:
    with pytest.raises(EngineFailed, match="1 results for 2 requests"):
        complete("actor", [work("a"), work("b")], [output(b"a")])


def test_a_spool_clears_what_dead_runs_left_and_nothing_else(tmp_path: Path) -> None:
    living = Spool(tmp_path)
    kept = living.keep("1-0", b"kept")
    (tmp_path / "9-dead").mkdir()
    (tmp_path / "9-dead" / "1-0").write_bytes(b"left")
    (tmp_path / "9-dead.lock").touch()
    other = Spool(tmp_path)
    assert kept.read_bytes() == b"kept"
    assert not (tmp_path / "9-dead").exists() and not (tmp_path / "9-dead.lock").exists()
    other.close()
    living.close()
    living.close()
    assert list(tmp_path.iterdir()) == []


def test_a_spool_that_cannot_be_made_says_where(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file")
    with pytest.raises(StorageError, match="spool"):
        Spool(tmp_path / "spool")


def test_what_an_attempt_left_is_forgotten(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for name in ("1-0", "1-1", "11-0"):
        spool.keep(name, b"x")
    spool.forget("1")
    assert [path.name for path in spool.place.iterdir()] == ["11-0"]
    spool.close()
