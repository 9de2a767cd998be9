"""The guide says what the studio has: commands, variables, step kinds, recipes, phrases, links."""

from __future__ import annotations

import argparse
import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.edits import Editor
from agents.planner import Planner
from agents.recipes import RecipeBook
from agents.routing import Router
from domain.plan import Plan, Step, StepInput
from domain.settings import PROFILES, Settings
from domain.specs import SPECS
from pipelines.models.catalogue import Catalogue
from studio.projects import brand_from_toml
from web.cli import parser

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "user-guide.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def section(title: str, text: str = GUIDE) -> str:
    """What stands under a heading of the second level. An unknown heading fails the test."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"there is no heading {title!r}"
    return found.group(1)


def rows(title: str) -> list[list[str]]:
    """The cells of the tables of a section, without their heads."""
    lines = [line for line in section(title).splitlines() if line.startswith("|") and not line.startswith("|---")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return cells[1:]


class Asked(dict[str, str]):
    """An empty environment that remembers which variables were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.names.add(key)
        return default


def commands(of: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> Iterator[tuple[str, frozenset[str]]]:
    """Every command that can be run, with its own options."""
    deeper = [action for action in of._actions if isinstance(action, argparse._SubParsersAction)]
    if not deeper:
        options = {text for action in of._actions for text in action.option_strings if text not in ("-h", "--help")}
        yield " ".join(path), frozenset(options)
    for action in deeper:
        for name, child in action.choices.items():
            yield from commands(child, (*path, name))


def test_the_guide_names_every_command_and_option_and_no_other() -> None:
    told: dict[str, set[str]] = {}
    known = dict(commands(parser()))
    for cells in rows("The command line"):
        text = cells[0].strip("`")
        name = next((c for c in sorted(known, key=len, reverse=True) if text == c or text.startswith(f"{c} ")), text)
        told.setdefault(name, set()).update(re.findall(r"--[a-z-]+", text))
    assert {name: set(options) for name, options in known.items()} == told


def test_every_environment_variable_stands_in_the_guide_and_every_one_there_is_read() -> None:
    asked = Asked()
    Settings.from_environment(asked, Path("/nowhere"))
    assert {cells[0].strip("`") for cells in rows("Environment variables")} == asked.names


def test_no_page_names_a_variable_that_nobody_reads() -> None:
    asked = Asked()
    Settings.from_environment(asked, Path("/nowhere"))
    strangers = {
        f"{page.name}: {name}" for page in PAGES for name in re.findall(r"MAQUETTE_[A-Z_]+", page.read_text()) if name not in asked.names
    }
    assert not strangers


def test_the_profiles_named_are_those_that_exist() -> None:
    row = next(cells for cells in rows("Environment variables") if cells[0] == "`MAQUETTE_PROFILE`")
    assert tuple(re.findall(r"`([^`]+)`", row[1])) == PROFILES


def test_every_step_kind_with_a_spec_is_described_with_all_its_fields() -> None:
    told = {cells[0].strip("`"): cells[2] for cells in rows("What can be made")}
    assert set(told) == {kind.value for kind in SPECS}
    for kind, spec in SPECS.items():
        assert set(spec.model_fields) - {"kind"} <= set(re.findall(r"`([a-z_]+)`", told[kind.value])), kind


def test_the_architecture_page_says_what_each_kind_is_prepared_into() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.split("### Prepared parameters", 1)[1].split("###", 1)[0].split("\n## ", 1)[0]
    named = {kind.strip() for line in table.splitlines() if line.startswith("|") for kind in line.split("|")[1].split(",")}
    assert {kind.value for kind in SPECS} <= named


def test_every_recipe_is_listed() -> None:
    told = {cells[0].strip("`") for cells in rows("Recipes")}
    assert told == set(RecipeBook.load(ROOT / "assets").ids) == {file.stem for file in (ROOT / "assets" / "recipes").glob("*.toml")}


def test_the_phrases_of_the_guide_do_what_it_says(assets: Path) -> None:
    planner = Planner(assets)
    editor = Editor.load(assets, planner)
    router = Router.load(assets, planner, editor)
    wrong = []
    for cells in rows("Talking to the chat"):
        intent = router.by_rule(cells[0].strip("`"), a_campaign())
        if intent is None or intent.value != cells[1]:
            wrong.append((cells[0], cells[1], intent))
    assert not wrong


def a_campaign() -> Plan:
    return Plan(
        id="plan",
        project_id="project",
        brief_id="brief",
        title="Campaign: cold brew",
        steps=(
            Step.model_validate({"id": "copy-1", "title": "Ad copy: the promise", "spec": {"kind": "copy", "about": "coffee"}}),
            Step.model_validate({"id": "picture-1", "title": "Key visual", "spec": {"kind": "picture", "about": "a glass"}}),
            Step.model_validate({"id": "picture-2", "title": "Second visual", "spec": {"kind": "picture", "about": "a pier"}}),
            Step.model_validate({"id": "speech-1", "title": "Voice-over", "spec": {"kind": "speech", "text": "Slow is good."}}),
            Step.model_validate({"id": "music-1", "title": "Music bed", "spec": {"kind": "music", "about": "morning"}}),
            Step.model_validate({"id": "layout-1", "title": "Banner 1200x628", "spec": {"kind": "layout"}}).model_copy(
                update={"inputs": (StepInput(role="copy", step="copy-1"),)}
            ),
            Step.model_validate(
                {
                    "id": "layout-2",
                    "title": "Square 1080x1080",
                    "spec": {"kind": "layout", "size": {"name": "square", "width": 1080, "height": 1080}},
                }
            ),
        ),
    )


def test_the_brand_kit_of_the_guide_can_be_imported() -> None:
    example = re.search(r"```toml\n(.*?)```", section("The brand kit"), re.DOTALL)
    assert example is not None
    brand = brand_from_toml(example.group(1))
    empty = [name for name, value in brand if name != "logo" and not value]
    assert not empty, f"the example does not show {empty}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    broken = []
    for target in LINK.findall(text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert not broken


def anchors(page: Path) -> set[str]:
    """The names GitHub gives the headings of a page."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.strip().lower()).replace(" ", "-") for head in heads}


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\]\((\d{4}-[^)]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8"))
    assert listed == sorted(file.name for file in folder.glob("[0-9]*.md"))


def test_the_commands_of_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        name for page in (README, (ROOT / "CONTRIBUTING.md").read_text()) for name in re.findall(r"^make ([a-z-]+)", page, re.MULTILINE)
    }
    assert {"run", "test"} <= named <= targets
    known = dict(commands(parser()))
    for line in re.findall(r"python app\.py ([^\n`#]+)", README + GUIDE):
        words = line.split()
        if words[0] != "--help":
            assert any(" ".join(words).startswith(name) for name in known), line


def test_the_readme_asks_for_the_packages_of_apt_txt() -> None:
    listed = (ROOT / "apt.txt").read_text().split("# [run]")[1].split("# [test]")
    run, tests = ([line for line in part.split() if line] for part in listed)
    line = re.search(r"apt-get install -y (.+)", README)
    assert line is not None and line.group(1).split() == ["make", *run]
    assert all(f"`{package}`" in README for package in tests)


def test_the_readme_gives_the_size_of_the_default_set(assets: Path) -> None:
    catalogue = Catalogue.read(assets / "models.toml")
    total = sum(catalogue.get(model_id).disk for model_id in catalogue.default_ids)
    assert f"The default set is {total / 1e9:.2f} GB." in README


def test_the_readme_promises_the_python_that_the_package_takes() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert wanted == ">=3.11,<3.13" and "Python 3.11 or 3.12" in README


def test_every_file_named_on_a_page_exists() -> None:
    """Paths of the repository in code marks, those with a place to fill in aside."""
    gone = []
    for page in PAGES:
        for name in re.findall(r"`([\w./-]+/[\w.-]+\.(?:py|toml|md|json|js|txt|sh))(?::[^`]*)?`", page.read_text(encoding="utf-8")):
            if not name.startswith(("~", "/")) and not (ROOT / name).exists() and not (page.parent / name).exists():
                gone.append(f"{page.name}: {name}")
    assert not gone


def test_every_function_the_architecture_names_is_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    known = methods()
    named = re.findall(r"`(?:[\w/]+\.py: )?([A-Z][a-z]\w+)\.(\w+)`", text)
    assert len(named) > 15
    assert not [f"{owner}.{name}" for owner, name in named if name not in known.get(owner, set())]
    pairs = re.findall(r"`([\w/]+\.py): (\w+)`", text)
    assert pairs
    assert not [
        f"{file}: {name}" for file, name in pairs if not re.search(rf"^(?:def|class) {name}\b", (ROOT / file).read_text(), re.MULTILINE)
    ]


def methods() -> dict[str, set[str]]:
    """What can be asked of each class of the floors, by class name: methods and fields, inherited ones included."""
    own: dict[str, set[str]] = {}
    bases: dict[str, set[str]] = {}
    for floor in ("domain", "library", "pipelines", "agents", "studio", "web"):
        for file in (ROOT / floor).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    names = own.setdefault(node.name, set())
                    names |= {n.name for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
                    names |= {n.target.id for n in node.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}
                    bases.setdefault(node.name, set()).update(b.id for b in node.bases if isinstance(b, ast.Name))

    def known(name: str) -> set[str]:
        return own.get(name, set()).union(*(known(base) for base in bases.get(name, set()) if base != name))

    return {name: known(name) for name in own}
