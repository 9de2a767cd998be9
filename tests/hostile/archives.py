"""Archives whose members want to be written elsewhere, and names that want to be more than names."""

from __future__ import annotations

import io
import json
import stat
import tarfile
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.hostile.bombs import zipped

#: As names of files, of members of archives, of projects, in addresses.
_FOUND = tomllib.loads(Path(__file__).with_name("names.toml").read_text(encoding="utf-8"))
NAMES: tuple[str, ...] = (*_FOUND["names"], *(letter * count for letter, count in _FOUND["long"]))

EVIL = b"evil"


def _link_in_zip(target: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, target)
        file.writestr("link/evil", EVIL)
        file.writestr("manifest.json", "{}")
    return buffer.getvalue()


def _tar(*members: tuple[str, bytes, str], packing: str = "") -> bytes:
    """Members: name, kind of tar, where a link leads."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{packing}") as file:  # type: ignore[call-overload]
        for name, kind, target in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            info.size = len(EVIL) if kind == tarfile.REGTYPE else 0
            file.addfile(info, io.BytesIO(EVIL) if info.size else None)
    return buffer.getvalue()


def _manifest(name: str) -> bytes:
    return zipped({"manifest.json": json.dumps({"assets": [{"files": [{"name": name, "sha256": "00"}]}]}).encode(), name: EVIL})


ARCHIVES: dict[str, Callable[[], bytes]] = {
    **{f"zip member {name!r}": lambda name=name: zipped({name.replace("\0", ""): EVIL}) for name in NAMES if name.strip()},
    **{f"pack member {name!r}": lambda name=name: _manifest(name) for name in ("../../evil", "/tmp/maquette-evil", "..\\evil")},
    **{f"zip link to {target}": lambda target=target: _link_in_zip(target) for target in ("/tmp", "../..", "/etc/passwd", "link")},
    **{f"tar member {name!r}": lambda name=name: _tar((name, tarfile.REGTYPE, "")) for name in NAMES[:12]},
    "tar symlink": lambda: _tar(("link", tarfile.SYMTYPE, "/tmp"), ("link/evil", tarfile.REGTYPE, "")),
    "tar hard link": lambda: _tar(("link", tarfile.LNKTYPE, "/etc/passwd"), ("link", tarfile.REGTYPE, "")),
    "tar device": lambda: _tar(("zero", tarfile.CHRTYPE, "")),
    "tar fifo": lambda: _tar(("fifo", tarfile.FIFOTYPE, "")),
    "tar.gz": lambda: _tar(("../evil", tarfile.REGTYPE, ""), packing="gz"),
    "tar.xz": lambda: _tar(("../evil", tarfile.REGTYPE, ""), packing="xz"),
    "zip with the same name twice": lambda: zipped({"manifest.json": b"{}"}) + zipped({"manifest.json": b"[]"}),
    "zip behind a png": lambda: b"\x89PNG\r\n\x1a\n" + zipped({"../evil": EVIL}),
    "zip behind a jpeg": lambda: b"\xff\xd8\xff\xe0" + zipped({"../evil": EVIL}),
    "zip cut off": lambda: zipped({"manifest.json": b"{}"})[:-9],
    "rar": lambda: b"Rar!\x1a\x07\x01\0" + bytes(90),
    "7z": lambda: b"7z\xbc\xaf\x27\x1c\0\4" + bytes(90),
    "deb": lambda: b"!<arch>\ndebian-binary   0           0     0     100644  99999999  `\n2.0\n\xff\0",
    "cab": lambda: b"MSCF" + bytes(60),
}
