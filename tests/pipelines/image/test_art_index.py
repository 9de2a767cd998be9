"""The builder of the art index, on a made-up set, emoji table and wordnet in a temporary folder. No embedder: vectors are given."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from domain.errors import InputError
from training.art_drafts import Gathering, emoji_drafts, read_set
from training.art_index import Kept, Look, drawn, reduce, texts_of, write
from training.art_words import Words

SQUARE = '<path fill="#d02020" d="M2 2h28v28H2z"/>'
LINE = '<path fill="currentColor" d="M4 4h20v6H4z"/>'
ICONS = {
    "acorn": SQUARE,
    "nut-1": LINE,
    "nut-2": SQUARE,
    "shopping-acorn-flat": '<path fill="#20d020" d="M2 2h20v20H2z"/>',
    "arrow-left": SQUARE,
    "twitter": SQUARE,
    "apple": SQUARE,
    "apple-2": LINE,
    "whisper": SQUARE,
    "blank-acorn": "<path/>",
}
CATEGORIES = {"Logos": ["apple-2"], "Food": ["apple"]}
RULES = {
    "names": {"glyphs": ["arrow"], "lead": ["shopping"], "tail": ["flat"]},
    "sample": {"brands_in": ["Logos"], "logos": ["Logos"]},
}
BRANDS = {"names": ["twitter"], "in_places": ["apple"]}
NOUNS = [
    "00000010 05 n 01 squirrel 0 000 | animal",
    "00000020 20 n 02 acorn 0 nut 0 001 @ 00000050 n 0000 | seed",
    "00000030 13 n 01 apple 0 000 | fruit",
    "00000040 10 n 01 whisper 0 000 | a sound",
    "00000050 20 n 01 plant 0 000 | living",
]
SENSES = ["squirrel n 1 0 1 0 00000010", "acorn n 1 0 1 0 00000020", "nut n 1 0 1 0 00000020", "apple n 1 0 1 0 00000030"]


def emojibase(folder: Path) -> Path:
    entry = {"hexcode": "1F43F", "label": "Squirrel", "subgroup": 1, "tags": ["rodent"]}
    toned = {"hexcode": "1F44B-1F3FB", "label": "waving hand: light skin tone", "subgroup": 2, "tags": []}
    for language, entries in (("en", [entry, toned]), ("zh", [{"hexcode": "1F43F", "label": "松鼠", "tags": ["动物"]}])):
        (folder / language).mkdir(parents=True)
        (folder / language / "data.json").write_text(json.dumps(entries), "utf-8")
    (folder / "meta").mkdir()
    (folder / "meta" / "groups.json").write_text(json.dumps({"subgroups": {"1": "animal-mammal", "2": "hand-fingers-open"}}), "utf-8")
    return folder


def package(folder: Path) -> Path:
    home = folder / "sample"
    home.mkdir(parents=True)
    files = {
        "icons": {"width": 32, "height": 32, "icons": {name: {"body": body} for name, body in ICONS.items()}},
        "info": {"license": {"spdx": "MIT"}},
        "package": {"version": "1.0.0"},
        "metadata": {"categories": CATEGORIES},
    }
    for name, data in files.items():
        (home / f"{name}.json").write_text(json.dumps(data), "utf-8")
    return folder


def wordnet(folder: Path) -> Words:
    folder.mkdir(parents=True)
    (folder / "data.noun").write_text("\n".join(NOUNS) + "\n", "utf-8")
    (folder / "index.noun").write_text("\n".join(SENSES) + "\n", "utf-8")
    (folder / "cmn.tab").write_text("00000020-n\tcmn:lemma\t橡子\n00000030-n\tcmn:lemma\t苹果\n", "utf-8")
    (folder / "words.toml").write_text('[words]\nnut = "坚果"\n', "utf-8")
    return Words(folder, folder / "cmn.tab", folder / "words.toml", [("plant", "plant-other")])


def gathered(folder: Path) -> Gathering:
    words = wordnet(folder / "wordnet")
    emoji = emoji_drafts(emojibase(folder / "emojibase"))
    gathering = Gathering(emoji.values(), {"concept": []}, RULES, BRANDS, words)
    gathering.add_named(read_set(package(folder / "sets"), "sample"))
    return gathering


def built(folder: Path) -> dict[str, bytes]:
    gathering = gathered(folder)
    icons, kept = read_set(folder / "sets", "sample"), Kept(None, "measures")
    concepts = [
        {"name": d.name, "group": d.group, "flag": d.flag, "as": d.names, "en": d.en, "zh": d.zh}
        | {"art": drawn(d, {"sample": icons}, {}, {"sample": Look(32)}, kept)}
        for d in gathering.finish()
    ]
    rows = np.eye(8, dtype=np.float32)[: len(texts_of(concepts, {"concept": []}))]
    (folder / "art").mkdir()
    write(folder, concepts, rows, {"sample": icons.version}, {"橡子": "acorn"})
    return {path.name: path.read_bytes() for path in sorted((folder / "art").iterdir())}


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = built(tmp_path / "a"), built(tmp_path / "b")
    assert set(first) == {"index.json", "index.i8", "index.f16", "chinese.json"}
    assert first == second


def test_an_icon_joins_the_concept_of_its_name_or_of_its_meaning(tmp_path: Path) -> None:
    drafts = {d.name: d for d in gathered(tmp_path).drafts}
    assert drafts["acorn"].art == {"sample": ["acorn", "nut-1", "nut-2", "shopping-acorn-flat"]}
    assert (drafts["acorn"].group, drafts["acorn"].zh) == ("plant-other", ["橡子"])
    assert "nut" not in drafts
    assert drafts["acorn"].names == ["nut"]


def test_glyphs_tones_and_what_cannot_be_seen_are_dropped(tmp_path: Path) -> None:
    names = {d.name for d in gathered(tmp_path).drafts}
    assert not any("arrow" in name or "skin tone" in name for name in names)
    assert "whisper" not in names


def test_a_brand_is_flagged_and_never_takes_the_name_of_a_thing(tmp_path: Path) -> None:
    drafts = {d.name: d for d in gathered(tmp_path).drafts}
    assert (drafts["twitter logo"].flag, drafts["apple logo"].flag, drafts["apple"].flag) == ("logo", "logo", "")
    assert drafts["apple"].art == {"sample": ["apple"]}


def test_blank_drawings_and_doubles_are_left_out(tmp_path: Path) -> None:
    index = json.loads(built(tmp_path)["index.json"])
    acorn = next(c for c in index["concepts"] if c["name"] == "acorn")
    assert [drawing[0] for drawing in acorn["art"]["sample"]] == ["acorn", "nut-1", "shopping-acorn-flat"]
    assert acorn["art"]["sample"][0][2] == "#d02020"


def test_fewer_dimensions_keep_the_cosines_they_can() -> None:
    first, second = np.random.default_rng(1), np.random.default_rng(2)
    rows = first.normal(size=(40, 3)).astype(np.float32) @ second.normal(size=(3, 12)).astype(np.float32)
    reduced, projection = reduce(rows, 3)
    assert reduced.shape == (40, 3)
    assert np.allclose(reduced @ (rows[0] @ projection), rows @ rows[0], rtol=0.02, atol=0.1)


def test_a_missing_wordnet_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"data\.noun"):
        Words(tmp_path, tmp_path / "cmn.tab", tmp_path / "words.toml", [])
