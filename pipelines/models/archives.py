"""Reading package archives: wheels as zip, npm tarballs as tar, Debian packages as ar with a tar inside.

Members are streamed out by the names asked for. Nothing is extracted by the path an archive gives, installed or run.
"""

from __future__ import annotations

import fnmatch
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pipelines.models.seals import CHUNK


class ArchiveUnreadable(Exception):
    """The archive is damaged, of another kind, or lacks a member that was asked for. The text says which."""


#: Called once per wanted member with its glob and its bytes.
Take = Callable[[str, Iterator[bytes]], None]


def read_members(archive: Path, globs: tuple[str, ...], take: Take, check: Callable[[], None]) -> None:
    """Hand every wanted member to `take`, each exactly once. A glob's `*` does not cross a slash.

    Raises ArchiveUnreadable when a glob matches no member or several, or the archive cannot be read.
    """
    try:
        if zipfile.is_zipfile(archive):
            _from_zip(archive, globs, take, check)
        elif archive.suffix == ".deb":
            with _data_of_deb(archive) as stream:
                _from_tar(stream, "r|*", globs, take, check)
        else:
            with archive.open("rb") as stream:
                _from_tar(stream, "r|*", globs, take, check)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, NotImplementedError) as error:
        raise ArchiveUnreadable(f"{archive.name} is damaged: {error}") from error


def matches(name: str, glob: str) -> bool:
    """Component by component: "a/*.json" matches "a/b.json" and not "a/b/c.json"."""
    parts, wanted = name.removeprefix("./").split("/"), glob.split("/")
    return len(parts) == len(wanted) and all(fnmatch.fnmatchcase(part, glob_part) for part, glob_part in zip(parts, wanted, strict=True))


def _from_zip(archive: Path, globs: tuple[str, ...], take: Take, check: Callable[[], None]) -> None:
    with zipfile.ZipFile(archive) as wheel:
        files = [info for info in wheel.infolist() if not info.is_dir()]
        for glob in globs:
            found = [info for info in files if matches(info.filename, glob)]
            if len(found) != 1:
                raise ArchiveUnreadable(f"{archive.name} has {_count(len(found))} matching {glob}")
            with wheel.open(found[0]) as stream:
                take(glob, _pieces(stream, check))


def _from_tar(stream: IO[bytes], mode: str, globs: tuple[str, ...], take: Take, check: Callable[[], None]) -> None:
    seen: dict[str, int] = dict.fromkeys(globs, 0)
    # A stream is read once, front to back: a compressed tar cannot seek cheaply.
    with tarfile.open(fileobj=stream, mode=mode) as tar:  # type: ignore[call-overload]
        for member in tar:
            check()
            if not member.isfile():
                continue
            glob = next((glob for glob in globs if matches(member.name, glob)), None)
            if glob is None:
                continue
            seen[glob] += 1
            content = tar.extractfile(member)
            if seen[glob] == 1 and content is not None:
                take(glob, _pieces(content, check))
    for glob, count in seen.items():
        if count != 1:
            raise ArchiveUnreadable(f"the archive has {_count(count)} matching {glob}")


def _count(found: int) -> str:
    return "no file" if found == 0 else f"{found} files"


def _pieces(stream: IO[bytes], check: Callable[[], None]) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        check()
        yield chunk


@contextmanager
def _data_of_deb(archive: Path) -> Iterator[IO[bytes]]:
    """The data.tar of a Debian package, still compressed where Python can read it (deb(5): an ar archive)."""
    with archive.open("rb") as stream:
        if stream.read(8) != b"!<arch>\n":
            raise ArchiveUnreadable(f"{archive.name} is not a Debian package")
        while len(header := stream.read(60)) == 60:
            name, size = header[:16].decode("ascii", "replace").strip().rstrip("/"), int(header[48:58])
            if name in ("data.tar", "data.tar.gz", "data.tar.xz", "data.tar.bz2"):
                # The tar stream reads from here; what follows the data member is padding.
                yield stream
                return
            if name.startswith("data.tar"):
                with _unpacked_by_dpkg(archive, name) as unpacked:
                    yield unpacked
                return
            stream.seek(size + size % 2, 1)
    raise ArchiveUnreadable(f"{archive.name} has no data.tar")


@contextmanager
def _unpacked_by_dpkg(archive: Path, member: str) -> Iterator[IO[bytes]]:
    """For compressions that Python 3.11 lacks (zstd on Ubuntu): dpkg-deb writes the plain tar to its output."""
    dpkg = shutil.which("dpkg-deb")
    if dpkg is None:
        raise ArchiveUnreadable(f"{archive.name} holds {member}, which needs dpkg-deb")
    with tempfile.TemporaryFile(dir=archive.parent) as plain:
        done = subprocess.run([dpkg, "--fsys-tarfile", str(archive)], stdout=plain, stderr=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise ArchiveUnreadable(f"dpkg-deb cannot read {archive.name}")
        plain.seek(0)
        yield plain
