"""What others made is named, with its licence, and none of it binds what people make here."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipelines.models.catalogue import Catalogue

ROOT = Path(__file__).resolve().parents[2]
THIRD_PARTY = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8")
#: Installed with --no-deps (requirements-nodeps.txt): what it requires is not installed for it.
ALONE = "tinysoundfont"


def installed(requirements: Iterable[str]) -> dict[str, Distribution]:
    """The packages these requirements bring, by name."""
    here = {canonicalize_name(d.metadata["Name"]): d for d in distributions()}
    found: dict[str, Distribution] = {}
    waiting = [(Requirement(text), ("",)) for text in requirements]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        requirement, extras = waiting.pop()
        if requirement.marker is not None and not any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            continue
        name = canonicalize_name(requirement.name)
        key = (name, frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        assert name in here, f"{name} is required and not installed"
        found[name] = here[name]
        if name != ALONE:
            waiting += [(Requirement(text), ("", *requirement.extras)) for text in here[name].requires or ()]
    return found


def licence_of(package: Distribution) -> str:
    metadata = package.metadata
    classifiers = [c for c in metadata.get_all("Classifier", []) if c.startswith("License ::")]
    return " ".join([metadata.get("License-Expression") or "", (metadata.get("License") or "").split("\n", 1)[0], *classifiers])


def default_install() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], ALONE]


def is_gpl(licence: str) -> bool:
    """GPL or AGPL, in the words of metadata. The LGPL is another licence."""
    return bool(
        re.search(
            r"(?<![A-Za-z])A?GPL|Affero|(?<!Lesser )General Public License", licence.replace("Library or Lesser General", "Lesser General")
        )
    )


def test_the_words_for_a_gpl_package_are_known() -> None:
    assert is_gpl("License :: OSI Approved :: GNU General Public License v3 (GPLv3)")
    assert is_gpl("AGPL-3.0-or-later")
    assert is_gpl("GPL-2.0-only")
    assert not is_gpl("LGPL-3.0-only")
    assert not is_gpl("License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)")


def test_no_package_of_the_default_install_is_under_the_gpl() -> None:
    packages = installed(default_install())
    assert len(packages) > 50
    assert not {name: licence_of(package) for name, package in packages.items() if is_gpl(licence_of(package))}


def test_every_direct_dependency_is_named_with_its_licence() -> None:
    table = THIRD_PARTY.split("## Python packages of the default install", 1)[1].split("### Libraries inside the wheels", 1)[0]
    listed = " ".join(line for line in table.splitlines() if line.startswith("|"))
    names = {canonicalize_name(word) for word in re.findall(r"[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]", listed)}
    assert not {r.name for r in map(Requirement, default_install()) if canonicalize_name(r.name) not in names}


def test_every_model_is_named_and_its_licence_text_is_here(assets: Path) -> None:
    models = Catalogue.read(assets / "models.toml").models
    assert not [model.id for model in models if f"`{model.id}`" not in THIRD_PARTY]
    assert not [model.id for model in models if model.licence_file and not (assets / model.licence_file).is_file()]


def test_a_model_without_a_licence_text_tells_its_terms(assets: Path) -> None:
    models = Catalogue.read(assets / "models.toml").models
    assert not [model.id for model in models if not model.licence_file and not model.terms]


def test_every_font_that_ships_has_its_licence_beside_it(assets: Path) -> None:
    families = [folder for folder in (assets / "fonts").iterdir() if folder.is_dir()]
    assert families
    assert not [folder.name for folder in families if not (folder / "OFL.txt").is_file()]


def test_every_licence_text_is_used(assets: Path) -> None:
    used = {model.licence_file for model in Catalogue.read(assets / "models.toml").models} | set(
        re.findall(r"licences/[\w.-]+\.txt", THIRD_PARTY)
    )
    assert not {f"licences/{file.name}" for file in (assets / "licences").iterdir()} - used
