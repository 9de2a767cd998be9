"""Projects: two people change two things of one project, and both changes stay."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.brand import BrandKit
from domain.errors import AttachmentError, InputError, LimitError, NotFound
from domain.project import Project
from library.library import Library
from studio.projects import Projects

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)


@pytest.fixture
def library(home: Path) -> Iterator[Library]:
    with Library.open(f"sqlite:///{home / 'maquette.db'}", home) as opened:
        yield opened


def test_a_rename_is_not_undone_by_a_brand_saved_at_the_same_moment(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    projects = Projects(library)
    project = projects.create("Old")
    has_read, renamed, read = threading.Event(), threading.Event(), library.project

    def slow(project_id: str) -> Project:
        found = read(project_id)
        if threading.current_thread().name == "first":
            has_read.set()
            renamed.wait(1.0)
        return found

    monkeypatch.setattr(library, "project", slow)

    def rename() -> None:
        projects.rename(project.id, "New")
        renamed.set()

    first = threading.Thread(target=projects.save_brand, args=(project.id, BrandKit(voice="calm")), name="first")
    second = threading.Thread(target=rename, name="second")
    first.start()
    has_read.wait()
    second.start()
    first.join()
    second.join()
    found = read(project.id)
    assert (found.name, found.brand.voice) == ("New", "calm")


def test_every_change_keeps_the_others(library: Library) -> None:
    projects = Projects(library)
    project = projects.create("One", language="en", person="ada")
    projects.rename(project.id, "  Two  words ")
    projects.set_language(project.id, "zh")
    projects.set_logo(project.id, "logo.png", PNG)
    projects.save_brand(project.id, BrandKit(name="Acme"), keep_logo=True)
    projects.archive(project.id)
    found = projects.get(project.id)
    assert (found.name, found.language, found.archived, found.brand.name) == ("Two words", "zh", True, "Acme")
    assert found.brand.logo
    assert projects.all() == () and len(projects.all(archived=True)) == 1
    projects.remove_logo(project.id)
    assert (projects.get(project.id).brand.logo, projects.get(project.id).brand.name) == ("", "Acme")


def test_a_brand_kit_comes_back_from_its_toml_and_the_logo_stays(library: Library) -> None:
    projects = Projects(library)
    project = projects.create("One")
    kit = BrandKit(name='A "quoted" name', voice="calm\nand clear", forbidden_words=("cheap",), palette=("#2f6fdb",))
    projects.save_brand(project.id, kit)
    text = projects.brand_toml(project.id)
    projects.set_logo(project.id, "logo.png", PNG)
    projects.save_brand(project.id, BrandKit(), keep_logo=True)
    projects.import_brand(project.id, text)
    brand = projects.get(project.id).brand
    assert brand.logo and brand.model_copy(update={"logo": ""}) == kit


def test_what_cannot_be_kept_is_refused_and_nothing_changes(library: Library) -> None:
    projects = Projects(library)
    project = projects.create("One")
    with pytest.raises(InputError):
        projects.rename(project.id, "  ")
    with pytest.raises(LimitError):
        projects.rename(project.id, "x" * 121)
    with pytest.raises(AttachmentError):
        projects.set_logo(project.id, "logo.gif", b"GIF89a")
    with pytest.raises(InputError, match="brand"):
        projects.import_brand(project.id, 'palette = "blue"')
    with pytest.raises(NotFound):
        projects.set_language("nowhere", "zh")
    assert projects.get(project.id) == project
