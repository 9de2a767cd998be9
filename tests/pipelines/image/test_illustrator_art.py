"""Art as untrusted material, the shipped index, colour. No fetched art needed: a set is written to a temporary folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.capability import StepKind
from domain.errors import InvalidOutput, ModelCorrupt, ModelMissing
from domain.progress import Silent
from domain.recipe import ModelRef, Recipe, Work
from pipelines.image.illustration.art import ArtLibrary
from pipelines.image.illustration.colour import harmonise, hex_of, hue_distance, lch, mix
from pipelines.image.illustration.search import ArtSearch
from pipelines.image.illustration.svg import clean_fragment, escape
from pipelines.image.illustrator import Illustrator

FLUENT = "art-fluent-emoji-flat"


class FolderStore:
    """A store with one art set, or none."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def ready(self, model_id: str) -> bool:
        return self._folder is not None and model_id == FLUENT

    def file(self, model_id: str, name: str) -> Path:
        if self._folder is None:
            raise ModelMissing(f"{model_id} is not here.")
        return self._folder / name

    def ref(self, model_id: str) -> ModelRef:
        return ModelRef(id=model_id, sha256="0" * 64)


class AbsentEmbedder:
    """An embedder whose model was never fetched."""

    model = ModelRef(id="all-minilm-l6-v2")

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        raise ModelMissing("all-minilm-l6-v2 is not here.")


def stored(tmp_path: Path, bodies: dict[str, str]) -> FolderStore:
    icons = {name: {"body": body} for name, body in bodies.items()}
    (tmp_path / "icons.json").write_text(json.dumps({"icons": icons}), "utf-8")
    return FolderStore(tmp_path)


def work(what: str) -> Work:
    scene = {"subjects": [{"what": what}], "setting": "plain"}
    return Work(
        Recipe(kind=StepKind.PICTURE, maker="illustrator", maker_version=1, parameters={"scene": scene, "width": 96, "height": 96}, seed=1)
    )


HOSTILE = (
    '<g onclick="steal()"><script>alert(1)</script><path d="M2 2h28v28H2z" fill="#ff0000" onload="x()" style="background:url(http://x)"/>'
    '<use href="http://example.com/a.svg#b"/><use xlink:href="https://example.com/#c"/><image href="file:///etc/passwd"/>'
    '<foreignObject><iframe src="http://x"/></foreignObject><a href="javascript:alert(1)"><path d="M1 1"/></a>'
    '<path fill="url(http://example.com/p)" d="M3 3h9"/><animate attributeName="d" onbegin="x()"/></g>'
)


def test_scripts_events_and_links_of_hostile_art_do_not_reach_the_picture(tmp_path: Path, assets: Path) -> None:
    illustrator = Illustrator(stored(tmp_path, {"pizza": HOSTILE}), None, assets)
    svg = illustrator.generate([work("pizza")], Silent())[0].files[1].data.decode()
    for forbidden in (
        "script",
        "onclick",
        "onload",
        "onbegin",
        "http://example",
        "https://example",
        "file:",
        "iframe",
        "javascript",
        "style=",
    ):
        assert forbidden not in svg
    assert "M2 2h28v28H2z" in svg


def test_entities_and_broken_markup_are_refused() -> None:
    for markup in ('<!DOCTYPE a [<!ENTITY b "c">]><path d="&b;"/>', "<path", "<g></p>"):
        with pytest.raises(InvalidOutput):
            clean_fragment(markup, "p")


def test_ids_of_two_drawings_never_meet() -> None:
    markup = '<defs><linearGradient id="a"/></defs><path fill="url(#a)" d="M0 0"/><use href="#a"/>'
    first, second = clean_fragment(markup, "x-"), clean_fragment(markup, "y-")
    assert 'id="x-a"' in first and "url(#x-a)" in first and 'href="#x-a"' in first
    assert "x-a" not in second


def test_the_title_of_a_picture_cannot_break_out(tmp_path: Path, assets: Path) -> None:
    illustrator = Illustrator(stored(tmp_path, {"pizza": '<path d="M2 2h28v28z" fill="#f00"/>'}), None, assets)
    svg = illustrator.generate([work("</title><script>pizza")], Silent())[0].files[1].data.decode()
    assert "<script>" not in svg
    assert escape("a\x00b<") == "ab&lt;"


def test_without_art_there_is_no_capability_and_no_picture(assets: Path) -> None:
    illustrator = Illustrator(FolderStore(None), None, assets)
    assert illustrator.capability() is None
    with pytest.raises(ModelMissing):
        illustrator.generate([work("fox")], Silent())


def test_with_one_set_the_capability_names_it_and_its_limits(tmp_path: Path, assets: Path) -> None:
    capability = Illustrator(stored(tmp_path, {}), None, assets).capability()
    assert capability is not None
    assert capability.models == (FLUENT,)
    assert capability.limits == {"width": 4096.0, "height": 4096.0}


@pytest.mark.parametrize("text", ["not json", '{"icons": []}', "{}", '{"icons": {}}'])
def test_a_damaged_set_is_named(tmp_path: Path, assets: Path, text: str) -> None:
    (tmp_path / "icons.json").write_text(text, "utf-8")
    with pytest.raises(ModelCorrupt, match="fluent-emoji-flat"):
        Illustrator(FolderStore(tmp_path), None, assets).generate([work("pizza")], Silent())


def test_an_embedder_that_is_not_installed_leaves_the_words(tmp_path: Path, assets: Path) -> None:
    illustrator = Illustrator(stored(tmp_path, {"pizza": '<path d="M2 2h28v28z" fill="#f00"/>'}), AbsentEmbedder(), assets)
    made = illustrator.generate([work("pizza"), work("quux generator")], Silent())
    assert [m.facts["substitutions"] for m in made] == [[], [{"asked": "quux generator", "drawn": ""}]]
    assert "all-minilm-l6-v2" not in {ref.id for ref in illustrator.models({})}


def test_the_index_and_its_vectors_belong_together(assets: Path) -> None:
    library = ArtLibrary(FolderStore(None), assets)
    vectors = library.embeddings
    assert len(vectors.data) == len(library.concepts) * vectors.dimensions
    assert all(drawing.set_id in library.sets for concept in library.concepts for drawing in concept.art.values())
    known = {concept.name.lower() for concept in library.concepts}
    assert {name for name in library.near if name.lower() not in known} == set()


def test_people_faces_and_signs_are_not_shown_to_those_who_did_not_ask(assets: Path) -> None:
    library = ArtLibrary(FolderStore(None), assets)
    search = ArtSearch(library.concepts, library.synonyms, library.near, library.embeddings, None)
    sets = frozenset(library.sets)
    for asked in ("apple", "helmet", "guitar", "tablet", "window", "mask", "crown", "needle", "amazon", "twitter"):
        assert all(match.concept.flag == "" for match in search.find(asked, sets, 1)), asked
    assert search.find("chef", sets, 1)[0].concept.flag == "person"


@given(st.integers(0, 0xFFFFFF))
def test_a_colour_survives_the_way_through_oklab(value: int) -> None:
    colour = f"#{value:06x}"
    back = hex_of(lch(colour))
    assert max(abs(int(colour[i : i + 2], 16) - int(back[i : i + 2], 16)) for i in (1, 3, 5)) <= 2


def test_mixing_and_harmonising_keep_to_what_they_say() -> None:
    assert mix("#102030", "#ffffff", 0.0) == "#102030"
    assert mix("#102030", "#ffffff", 1.0) == "#ffffff"
    turned = harmonise("#6fb14c", ["#c0392b"], 0.9)
    assert hue_distance(lch(turned).hue, lch("#c0392b").hue) < 15
    assert harmonise("#6fb14c", [], 0.9) == "#6fb14c"
