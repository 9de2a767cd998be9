"""The numbers of the writing desk. One command per claim:

python -m benchmarks.writing copy --every 8     # limits of copy over all channels, before and after repair
python -m benchmarks.writing copy --help

Every command lives in its own file, benchmarks/writing_COMMAND.py, with a function `main(arguments)`.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def commands() -> list[str]:
    return sorted(path.stem.removeprefix("writing_") for path in HERE.glob("writing_*.py"))


def main(argv: list[str] | None = None) -> None:
    given = sys.argv[1:] if argv is None else argv
    if not given or given[0] not in commands():
        sys.exit(f"{__doc__}\nCommands: {', '.join(commands())}")
    importlib.import_module(f"benchmarks.writing_{given[0]}").main(given[1:])


if __name__ == "__main__":
    main()
