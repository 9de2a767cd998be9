"""What crosses between the studio and its workers, as JSON: works, outputs, transcripts, and errors as the classes they were."""

from __future__ import annotations

import errno
import hashlib
import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from domain import errors
from domain.errors import ContentRefused, DiskFull, EngineFailed, MaquetteError, OutOfMemory, StorageError
from domain.recipe import Credit, InputFile, Output, OutputFile, Recipe, Trace, Work
from domain.value import JsonValue


def classes() -> dict[str, type[MaquetteError]]:
    """Every error of the tree by its code."""
    found = (kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, MaquetteError))
    return {kind.code: kind for kind in found}


def error_to_json(error: BaseException) -> dict[str, JsonValue]:
    """Errors outside our tree become EngineFailed, a full disk DiskFull, memory that could not be had OutOfMemory.

    message and hint are templates, `values` what fills them.
    """
    known = error if isinstance(error, MaquetteError) else _named(error)
    told: dict[str, JsonValue] = {"code": known.code, "message": known.message_id, "hint": known.hint_id, "field": known.field}
    if known.values:
        told["values"] = known.values
    return {**told, "reason": known.reason} if isinstance(known, ContentRefused) else told


def error_from_json(told: Mapping[str, JsonValue]) -> MaquetteError:
    """The same class again; a code nobody here knows is EngineFailed."""
    kind = classes().get(str(told.get("code", "")), EngineFailed)
    message, hint, field = (str(told.get(name, "")) for name in ("message", "hint", "field"))
    values = told.get("values")
    given = values if isinstance(values, dict) else {}
    if issubclass(kind, ContentRefused):
        return kind(message, reason=str(told.get("reason", "")), hint=hint, field=field, given=given)
    return kind(message, hint=hint, field=field, given=given)


def _named(error: BaseException) -> MaquetteError:
    if isinstance(error, MemoryError):
        return OutOfMemory("The memory of this machine is used up.", hint="Choose a smaller model on the Models page.")
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return DiskFull("The disk is full: a result could not be written.", hint="Free space, then run the step again.")
    if isinstance(error, OSError):
        return StorageError(f"A worker could not use a file: {error}.", hint="Check the disk, then run the step again.")
    return EngineFailed(f"The maker failed: {type(error).__name__}: {error}.", hint="Run the step again.")


def works_to_json(works: Iterable[Work]) -> list[dict[str, Any]]:
    return [
        {
            "recipe": work.recipe.model_dump(mode="json"),
            "inputs": [{"role": i.role, "path": str(i.path), "media_type": i.media_type} for i in work.inputs],
        }
        for work in works
    ]


def works_from_json(told: Sequence[Mapping[str, Any]]) -> list[Work]:
    return [
        Work(
            recipe=Recipe.model_validate(work["recipe"]),
            inputs=tuple(InputFile(role=i["role"], path=Path(i["path"]), media_type=i["media_type"]) for i in work["inputs"]),
        )
        for work in told
    ]


def outputs_to_json(outputs: Iterable[Output], spool: Path, attempt: str) -> list[dict[str, Any]]:
    """Writes every file that is not on disk yet into the spool as `<attempt>-<n>`. When one cannot be written, none stays."""
    written: list[Path] = []

    def place(file: OutputFile) -> tuple[Path, str]:
        if file.path is not None:
            return file.path, file.sha256
        path = spool / f"{attempt}-{len(written)}"
        written.append(path)
        path.write_bytes(file.data)
        return path, hashlib.sha256(file.data).hexdigest()

    told = []
    try:
        for output in outputs:
            files = []
            for file in output.files:
                path, sha256 = place(file)
                files.append({"name": file.name, "media_type": file.media_type, "path": str(path), "sha256": sha256})
            told.append(
                {
                    "files": files,
                    "trace": output.trace.model_dump(mode="json"),
                    "credits": [credit.model_dump(mode="json") for credit in output.credits],
                    "facts": dict(output.facts),
                }
            )
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return told


def outputs_from_json(told: Sequence[Mapping[str, Any]]) -> list[Output]:
    return [
        Output(
            files=tuple(
                OutputFile(name=f["name"], media_type=f["media_type"], path=Path(f["path"]), sha256=f["sha256"]) for f in output["files"]
            ),
            trace=Trace.model_validate(output["trace"]),
            credits=tuple(Credit.model_validate(credit) for credit in output["credits"]),
            facts=output["facts"],
        )
        for output in told
    ]


def spooled(told: Sequence[Mapping[str, Any]]) -> Iterator[Path]:
    """The files of outputs that crossed."""
    return (Path(file["path"]) for output in told for file in output["files"])


def complete(maker: str, works: Sequence[Work], outputs: list[Output]) -> list[Output]:
    """Raises EngineFailed when a maker returned another number of outputs than works."""
    if len(outputs) != len(works):
        raise EngineFailed(f"{maker} returned {len(outputs)} results for {len(works)} requests.", hint="Run the step again.")
    return outputs
