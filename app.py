"""The only place that constructs things: Settings -> Library, Models, Pipelines, Director -> Studio -> doors."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain.settings import Settings
    from studio.studio import Studio

ENVIRONMENT = {
    # With the OpenMP defaults, threads that wait spin, and a busy small machine runs llama.cpp and ONNX ten times slower.
    "GOMP_SPINCOUNT": "0",
    "OMP_WAIT_POLICY": "passive",
    # Nothing leaves the machine unless a person configured it.
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def prepare_environment(environment: MutableMapping[str, str]) -> None:
    """Set what libraries read when they are imported. What a person set stays."""
    for name, value in ENVIRONMENT.items():
        environment.setdefault(name, value)


def assets_folder() -> Path:
    """The shipped data: `_assets` beside an installed app.py, `assets` in the repository."""
    here = Path(__file__).resolve().parent
    return here / "_assets" if (here / "_assets").is_dir() else here / "assets"


def settings_from(environment: Mapping[str, str]) -> Settings:
    from domain.settings import Settings

    return Settings.from_environment(environment, Path.home())


def open_studio(settings: Settings) -> Studio:
    """Construct everything. Loads no model and starts nothing: `with studio:` does."""
    from studio.assembly import assemble

    return assemble(settings, assets_folder())


def main(argv: list[str] | None = None) -> int:
    prepare_environment(os.environ)
    from domain.errors import MaquetteError
    from web.cli import Entry
    from web.cli import main as run

    try:
        entry = Entry(settings=settings_from(os.environ), assets=assets_folder(), open_studio=open_studio)
    except MaquetteError as error:
        print(error, file=sys.stderr)
        return 1
    return run(sys.argv[1:] if argv is None else argv, entry)


if __name__ == "__main__":
    sys.exit(main())
