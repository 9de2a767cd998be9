"""The measurements of the writing desk: each is a command of benchmarks.writing and a module of its own, and both read arguments."""

from __future__ import annotations

import importlib

import pytest

from benchmarks import writing


@pytest.mark.parametrize("name", writing.commands())
def test_a_command_explains_itself_both_ways(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for call in (lambda: writing.main([name, "--help"]), lambda: importlib.import_module(f"benchmarks.writing_{name}").main(["--help"])):
        with pytest.raises(SystemExit) as ended:
            call()
        assert ended.value.code == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1] and f"benchmarks.writing {name}" in told[0]


def test_a_command_there_is_not_names_those_there_are() -> None:
    with pytest.raises(SystemExit, match="Commands: checks, copy, game"):
        writing.main(["poems"])
