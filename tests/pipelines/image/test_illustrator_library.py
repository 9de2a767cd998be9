"""The shipped art index: licences, logos, filters, Chinese. Words only, unless a test asks for the embedder."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pipelines.image.illustration.art import ArtLibrary
from pipelines.image.illustration.colour import distance
from pipelines.image.illustration.search import ArtSearch
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore

ALLOWED = {"MIT", "Apache-2.0", "CC-BY-4.0", "CC-BY-3.0"}


@pytest.fixture(scope="module")
def catalogue(assets: Path) -> Catalogue:
    return Catalogue.read(assets / "models.toml")


@pytest.fixture(scope="module")
def library(assets: Path, catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> ArtLibrary:
    return ArtLibrary(ModelStore(catalogue, tmp_path_factory.mktemp("none"), {}), assets)


@pytest.fixture(scope="module")
def search(library: ArtLibrary) -> ArtSearch:
    return ArtSearch(library.concepts, library.synonyms, library.near, library.embeddings, None)


def every(library: ArtLibrary) -> frozenset[str]:
    return frozenset(library.sets)
