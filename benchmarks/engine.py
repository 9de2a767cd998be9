"""The numbers of the engine, each topic one command. Prints a table of what was measured, from what, and what was asked.

python -m benchmarks.engine brief       # the pinned brief of 12 assets against a plain sequential script, A/B/B/A, same weights
python -m benchmarks.engine overlap     # an LLM and speech beside pictures against one after the other
python -m benchmarks.engine serving     # what runner, queue and worker processes cost; ten thousand queued jobs
python -m benchmarks.engine switches    # memory after hundreds of model switches (benchmarks/switches.py)
python -m benchmarks.engine texts       # eight texts that share a brief; what a schema costs (benchmarks/texts.py)
python -m benchmarks.engine TOPIC --quick   # tiny models and few rounds: shows that it works, its numbers mean nothing

Weights are random, made once from fixed seeds and kept (--weights FOLDER). What took long is kept beside them: an interrupted
`brief` goes on where it stood when it is started again.
"""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.engine_table import Row, table

Topic = Callable[[bool, Path], list[Row]]


def brief(quick: bool, weights: Path) -> list[Row]:
    from benchmarks.engine_brief import against_plain

    return against_plain(quick, weights)


def overlap(quick: bool, weights: Path) -> list[Row]:
    from benchmarks.engine_overlap import beside

    return beside(quick, weights)


def serving(quick: bool, weights: Path) -> list[Row]:
    from benchmarks.engine_serving import costs

    return costs(quick)


TOPICS: dict[str, Topic] = {"brief": brief, "overlap": overlap, "serving": serving}
#: Topics that are programs of their own: what they are called, and their arguments when none are given.
PROGRAMS = {"switches": ("benchmarks.switches", []), "texts": ("benchmarks.texts", ["--random", "135m"])}


def main() -> int:
    if len(sys.argv) > 1 and sys.argv[1] in PROGRAMS:
        module, usual = PROGRAMS[sys.argv[1]]
        return subprocess.run([sys.executable, "-m", module, *(sys.argv[2:] or usual)], check=False).returncode
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("topic", choices=[*TOPICS, *PROGRAMS])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--weights", type=Path, default=Path.home() / ".cache" / "maquette-benchmarks")
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    # Waiting threads of one worker must not take the cores from another; app.py sets the same.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    rows = TOPICS[given.topic](given.quick, given.weights)
    print(table(f"python -m benchmarks.engine {' '.join(sys.argv[1:])}", rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
