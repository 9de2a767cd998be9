"""The numbers of the writing desk. One command per claim:

python -m benchmarks.writing copy --every 8     # limits of copy over all channels, before and after repair
python -m benchmarks.writing copy --help

Every command lives in its own file, benchmarks/writing_COMMAND.py, with a function `main(argv)`; `python -m benchmarks.writing_COMMAND`
is the same.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def commands() -> list[str]:
    return sorted(path.stem.removeprefix("writing_") for path in HERE.glob("writing_*.py"))


def main(argv: list[str] | None = None) -> int:
    """What the command returns: 0, or 1 where a claim does not hold."""
    given = sys.argv[1:] if argv is None else argv
    if not given or given[0] not in commands():
        sys.exit(f"{__doc__}\nCommands: {', '.join(commands())}")
    return importlib.import_module(f"benchmarks.writing_{given[0]}").main(given[1:]) or 0


if __name__ == "__main__":
    sys.exit(main())
