"""Most benchmarks of this folder, one after the other, hours on two cores; the numbers go into docs/benchmarks.md. `make benchmarks`

What does not write there itself prints a table for it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORT = str(ROOT / "docs" / "benchmarks.md")
COMMANDS = (
    ["-m", "benchmarks.main_job", "--write", REPORT],
    ["-m", "benchmarks.sound", "table", "--write", REPORT],
    ["-m", "benchmarks.writing_checks", "--write", REPORT],
    ["-m", "benchmarks.writing", "copy", "--every", "8"],
    ["-m", "benchmarks.writing_game", "--en", "12", "--zh", "5"],
    ["-m", "benchmarks.sound", "errors", "en", "hibari"],
    ["-m", "benchmarks.sound", "errors", "en", "kokoro"],
    ["-m", "benchmarks.sound", "errors", "zh", "kokoro"],
    ["-m", "benchmarks.sound", "faults", "en", "hibari"],
    ["-m", "benchmarks.sound", "faults", "zh", "kokoro"],
    ["-m", "benchmarks.sound", "scene", "--threads", "2"],
    ["-m", "benchmarks.sound", "bark", "--threads", "2"],
    ["-m", "benchmarks.sound_mix", "loudness"],
    ["-m", "benchmarks.sound_mix", "spot"],
    ["-m", "benchmarks.sound_music"],
    ["-m", "benchmarks.pictures"],
    ["-m", "benchmarks.illustrator", "all"],
    ["-m", "benchmarks.engine", "brief"],
    ["-m", "benchmarks.engine", "overlap"],
    ["-m", "benchmarks.engine", "serving"],
    ["-m", "benchmarks.engine", "texts"],
    ["-m", "benchmarks.engine", "switches"],
    ["-m", "benchmarks.faults"],
    ["-m", "benchmarks.cluster"],
)


def main() -> int:
    for command in COMMANDS:
        print(f"$ python {' '.join(command)}", flush=True)
        done = subprocess.run([sys.executable, *command], cwd=ROOT, check=False)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
