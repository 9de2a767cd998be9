"""The shipped art index: licences, logos, filters, Chinese. By words alone, so that no model is needed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.image.illustration.art import INK, ArtLibrary, Concept, Drawing, inked
from pipelines.image.illustration.colour import distance
from pipelines.image.illustration.search import SAME_COLOUR, ArtSearch
from pipelines.image.illustration.svg import clean_fragment
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore

ALLOWED = {"MIT", "Apache-2.0", "CC-BY-4.0", "CC-BY-3.0"}


@pytest.fixture(scope="module")
def catalogue(assets: Path) -> Catalogue:
    return Catalogue.read(assets / "models.toml")


@pytest.fixture(scope="module")
def library(assets: Path, catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> ArtLibrary:
    return ArtLibrary(ModelStore(catalogue, tmp_path_factory.mktemp("empty"), offline=True), assets)


@pytest.fixture(scope="module")
def search(library: ArtLibrary) -> ArtSearch:
    return ArtSearch(library.concepts, library.synonyms, library.near, library.embeddings, None)


@pytest.fixture(scope="module")
def every(library: ArtLibrary) -> frozenset[str]:
    return frozenset(library.sets)


def drawings(library: ArtLibrary) -> Iterator[tuple[Concept, Drawing]]:
    for concept in library.concepts:
        for set_id, drawing in concept.art.items():
            yield from ((concept, one) for one in (drawing, *concept.variants.get(set_id, ())))


def test_there_are_fifteen_thousand_drawings_in_a_small_index(assets: Path, library: ArtLibrary) -> None:
    assert sum(1 for _ in drawings(library)) >= 15_000
    files = ("index.json", "index.i8", "index.f16", "chinese.json", "authors.json")
    assert sum((assets / "art" / name).stat().st_size for name in files) < 12_000_000


def test_every_set_has_its_licence_its_text_and_its_catalogue_entry(assets: Path, library: ArtLibrary, catalogue: Catalogue) -> None:
    told = (assets / "licences" / "art-attribution.txt").read_text("utf-8")
    for owner in library.sets.values():
        assert owner.licence in ALLOWED and owner.author and owner.source
        if not owner.model:
            continue
        model = catalogue.get(owner.model)
        assert model.licence == owner.licence
        assert (assets / model.licence_file).is_file()
        assert owner.file in {file.name for file in model.files}
        if owner.licence.startswith("CC-BY"):
            assert owner.source in told or owner.author in told


def test_a_game_icon_is_credited_to_who_drew_it(library: ArtLibrary) -> None:
    concept = next(c for c in library.concepts if c.name == "anvil" and "game-icons" in c.art)
    credit = library.credit(concept, concept.art["game-icons"])
    assert (credit.author, credit.licence) == ("Lorc", "CC-BY-3.0")


def test_signs_skin_tones_and_flags_of_countries_are_not_in_the_library(library: ArtLibrary) -> None:
    names = [concept.name for concept in library.concepts]
    for word in ("keycap", "skin tone", "arrow left", "align", "checkbox", "flag: ", "cursor"):
        assert not [name for name in names if word in name and "with" not in name], word


def test_no_logo_comes_back_unless_it_is_asked_for_by_name(
    assets: Path, library: ArtLibrary, search: ArtSearch, every: frozenset[str]
) -> None:
    brands = tomllib.loads((assets / "art" / "brands.toml").read_text("utf-8"))
    asked = [
        *brands["names"],
        *brands["in_places"],
        "logo",
        "company logo",
        "apple",
        "a red apple",
        "windows",
        "bird on a shell",
        "苹果",
        "标志",
    ]
    for phrase in asked:
        assert [m.concept.name for m in search.find(phrase, every) if m.concept.flag == "logo"] == [], phrase
    logos = [concept for concept in library.concepts if concept.flag == "logo"]
    assert len(logos) > 60
    assert search.find("google logo", every)[0].concept.flag == "logo"


def test_colourful_art_comes_before_silhouettes(search: ArtSearch, every: frozenset[str]) -> None:
    for phrase in ("sword", "dragon", "apple", "castle", "fox", "crown", "key", "cat", "rocket", "treasure chest", "mushroom"):
        first = search.find(phrase, every)[0].concept
        assert any(drawing.colourful for drawing in first.art.values()), phrase


def test_a_silhouette_carries_its_flag_and_a_colour_to_be_changed(library: ArtLibrary, search: ArtSearch, every: frozenset[str]) -> None:
    found = search.find("cauldron", every)[0].concept.art["game-icons"]
    assert found.silhouette and not found.colourful
    painted = clean_fragment(inked('<path fill="currentColor" d="M0 0h9v9z"/>'), "p", lambda colour: {INK: "#ff8800"}[colour])
    assert "#ff8800" in painted


def test_the_disc_behind_a_drawing_is_taken_away(library: ArtLibrary) -> None:
    disc = '<path fill="#32bea6" d="M24 47.998c13.255 0 24-10.745 24-24S0 10.745 0 23.999"/>'
    body = f'<g fill="none">{disc}<path fill="#df2c2c" d="M35 22z"/></g>'
    assert inked(body, library.sets["streamline-kameleon-color"].backdrop) == '<g fill="none"><path fill="#df2c2c" d="M35 22z"/></g>'


def test_a_search_keeps_to_families_licences_styles_and_colours(library: ArtLibrary, search: ArtSearch) -> None:
    mit = library.chosen(licences=["MIT"], ready=False)
    assert mit and {library.sets[set_id].licence for set_id in mit} == {"MIT"}
    silhouettes = library.chosen(styles=["silhouette"], ready=False)
    assert silhouettes == {"game-icons", "fluent-emoji-high-contrast"}
    for sets in (mit, silhouettes, library.chosen(families=["noto"], ready=False)):
        for phrase in ("sword", "apple", "cauldron", "wooden shield", "红苹果"):
            assert all(not sets.isdisjoint(match.concept.art) for match in search.find(phrase, sets)), phrase
    flat = frozenset({"fluent-emoji-flat"})
    assert search.find("heart", flat, colour="#e81123")
    for match in search.find("heart", flat, colour="#00a86b"):
        assert any(distance("#00a86b", own) <= SAME_COLOUR for own in match.concept.art["fluent-emoji-flat"].colours)


def test_results_name_each_thing_once(search: ArtSearch, every: frozenset[str]) -> None:
    for phrase in ("sword", "shield", "house", "tree", "helmet", "bottle", "dragon"):
        names = [match.concept.name for match in search.find(phrase, every, 20)]
        assert len(names) == len(set(names)), phrase


@pytest.mark.parametrize(
    ("asked", "drawn"),
    [
        ("苹果", "red apple"), ("宝剑", "sword"), ("狐狸", "fox"), ("城堡", "castle"), ("灯塔", "lighthouse"), ("铁砧", "anvil"),
        ("大锅", "cauldron"), ("稻草人", "scarecrow"), ("瓢虫", "lady beetle"), ("乌鸦", "black bird"), ("一只可爱的企鹅", "penguin"),
        ("红色的消防车", "fire engine"), ("橡子", "acorn"), ("魔法书", "open book"), ("火箭", "rocket"), ("风车", "windmill"),
    ],
)  # fmt: skip
def test_chinese_finds_what_english_finds(search: ArtSearch, every: frozenset[str], asked: str, drawn: str) -> None:
    found = search.find(asked, every)
    assert found and found[0].concept.name == drawn
    assert found[0].exact


@pytest.mark.parametrize(
    ("asked", "drawn"),
    [
        ("apple", "red apple"), ("alligator", "crocodile"), ("matryoshka", "nesting dolls"),
        ("throne", "throne"), ("a surfboard", "surf board"), ("fish and a crab", "fish"), ("pistol", "pistol"), ("ladybugs", "lady beetle"),
        ("pirate", "pirate"), ("lightning", "high voltage"), ("old stone tower", "stone tower"),
    ],
)  # fmt: skip
def test_plain_words_find_the_plain_thing(search: ArtSearch, every: frozenset[str], asked: str, drawn: str) -> None:
    found = search.find(asked, every)
    assert found and (found[0].concept.name, found[0].exact) == (drawn, True)


def test_a_phrase_known_to_be_undrawn_is_never_its_last_word(library: ArtLibrary, search: ArtSearch) -> None:
    for family in {owner.family for owner in library.sets.values()}:
        sets = library.chosen(families=[family], ready=False)
        assert not [match for match in search.find("power bank", sets) if match.exact], family
