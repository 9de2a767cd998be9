from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import AttachmentError
from web.ui.uploads import named_paths, require_upload


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "uploads"
    folder.mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    return folder


def test_an_upload_is_taken(folder: Path) -> None:
    assert require_upload(folder / "a" / "notes.txt") == folder / "a" / "notes.txt"


@pytest.mark.parametrize("path", ["http://127.0.0.1/x", "https://example.org/x", "file:///etc/passwd", "/etc/passwd", "a\0b", ""])
def test_what_was_not_uploaded_is_refused(folder: Path, path: str) -> None:
    with pytest.raises(AttachmentError):
        require_upload(path)


def test_neither_a_way_out_of_the_folder_nor_a_link_is_an_upload(folder: Path) -> None:
    (folder.parent / "precious").write_text("mine")
    (folder / "link").symlink_to(folder.parent / "precious")
    for path in (folder / ".." / "precious", folder / "link"):
        with pytest.raises(AttachmentError):
            require_upload(path)


def test_every_file_that_a_value_names_is_found() -> None:
    file = {"path": "http://a", "meta": {"_type": "gradio.FileData"}}
    assert set(named_paths([{"text": "", "files": [file]}, {**file, "path": "/b"}, "words", 3])) == {"http://a", "/b"}
