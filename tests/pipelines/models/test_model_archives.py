"""Archives are read by name, as zip, tar or deb, and never trusted with a path."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.models.archives import ArchiveUnreadable, read_members
from pipelines.models.seals import no_check
from tests.pipelines.models.small_archives import deb_bytes, tar_bytes, zip_bytes

MEMBERS = {"package/data/model.bin": b"weights" * 1000, "package/data/deep/model.bin": b"other", "package/info.json": b"{}"}
MEMBERS |= {"package/texts/a.txt": b"a", "package/texts/b.txt": b"b"}


def read(archive: Path, *globs: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}

    def take(glob: str, data: Iterator[bytes]) -> None:
        found[glob] = b"".join(data)

    read_members(archive, globs, take, no_check)
    return found


@pytest.fixture(params=["small.whl", "small.tgz", "small.deb"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    kind = {"small.whl": zip_bytes, "small.tgz": tar_bytes, "small.deb": deb_bytes}[request.param]
    path = tmp_path / str(request.param)
    path.write_bytes(kind(MEMBERS))
    return path


def test_members_are_read_whole_by_glob(archive: Path) -> None:
    assert read(archive, "package/data/*.bin", "package/info.json") == {
        "package/data/*.bin": MEMBERS["package/data/model.bin"],
        "package/info.json": b"{}",
    }


def test_a_member_that_is_not_there_is_named(archive: Path) -> None:
    with pytest.raises(ArchiveUnreadable, match=r"no file matching package/model\.onnx"):
        read(archive, "package/model.onnx")


def test_an_ambiguous_glob_is_refused(archive: Path) -> None:
    with pytest.raises(ArchiveUnreadable, match=r"2 files matching package/texts/\*\.txt"):
        read(archive, "package/texts/*.txt")


def test_a_cut_archive_is_damaged(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    with pytest.raises(ArchiveUnreadable):
        read(archive, "package/data/model.bin")


def test_a_link_in_a_tarball_is_not_followed(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        link = tarfile.TarInfo("package/model.bin")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        tar.addfile(link)
    path = tmp_path / "links.tgz"
    path.write_bytes(out.getvalue())
    with pytest.raises(ArchiveUnreadable, match="no file"):
        read(path, "package/model.bin")
