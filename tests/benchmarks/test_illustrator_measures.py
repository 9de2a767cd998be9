"""The measures of the illustrator's pictures, on small made-up pictures whose answer is known."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks import illustrator_blind as blind
from benchmarks import illustrator_gallery as gallery
from benchmarks import illustrator_measures as measures
from benchmarks import illustrator_report as report
from benchmarks import illustrator_rows as rows
from benchmarks.illustrator_colour import delta_e, is_called, lab_of, name_of, opposite
from benchmarks.illustrator_measures import Thing
from benchmarks.illustrator_prompts import Prompt, Wanted, by_name, colours
from pipelines.image.illustration.art import Concept
from pipelines.image.illustration.search import Match

#: Pairs and their difference from table 1 of Sharma, Wu and Dalal, 2005.
SHARMA = (
    ((50.0000, 2.6772, -79.7751), (50.0000, 0.0000, -82.7485), 2.0425),
    ((50.0000, -1.3802, -84.2814), (50.0000, 0.0000, -82.7485), 1.0000),
    ((50.0000, 0.0000, 0.0000), (50.0000, -1.0000, 2.0000), 2.3669),
    ((50.0000, 2.4900, -0.0010), (50.0000, -2.4900, 0.0009), 7.1792),
    ((50.0000, 2.4900, -0.0010), (50.0000, -2.4900, 0.0011), 7.2195),
    ((50.0000, -0.0010, 2.4900), (50.0000, 0.0011, -2.4900), 4.7461),
    ((50.0000, 2.5000, 0.0000), (73.0000, 25.0000, -18.0000), 27.1492),
    ((50.0000, 2.5000, 0.0000), (56.0000, -27.0000, -3.0000), 31.9030),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
)


def picture(colour: str, size: tuple[int, int] = (200, 100)) -> Any:
    return np.asarray(Image.new("RGB", size, colour))


def test_differences_are_those_of_the_published_table_both_ways() -> None:
    for first, second, wanted in SHARMA:
        assert float(delta_e(np.array(first), np.array(second))) == pytest.approx(wanted, abs=1e-4)
        assert float(delta_e(np.array(second), np.array(first))) == pytest.approx(wanted, abs=1e-4)


def test_shading_can_be_left_out_of_a_difference() -> None:
    light, dark = np.array([80.0, 40.0, 20.0]), np.array([40.0, 40.0, 20.0])
    assert float(delta_e(light, dark)) > 30
    assert float(delta_e(light, dark, shading=False)) == pytest.approx(0, abs=1e-9)


def test_every_named_colour_is_called_by_its_name_and_not_by_its_opposite() -> None:
    for name, value in colours().items():
        assert name_of(lab_of(value), colours()) == name
        assert is_called(lab_of(value), name, colours())
        assert not is_called(lab_of(opposite(name, colours())), name, colours())


def test_a_thing_beyond_the_edge_is_clipped_and_one_at_the_edge_is_not() -> None:
    shown = [Thing("fox", (0, 0, 50, 50)), Thing("tree", (160, 10, 60, 60)), Thing("moon", (20, -9, 30, 30))]
    assert measures.clipped(shown, (200, 100)) == ["tree", "moon"]


def test_what_is_cut_on_purpose_is_not_clipped() -> None:
    facts = {"subjects": [{"name": "princess", "box": [-30, 0, 90, 190], "cut": True}, {"name": "fox", "box": [0, 0, 9, 9], "subject": 1}]}
    shown = measures.things(facts)
    assert [t.name for t in shown] == ["princess", "fox"]
    assert measures.clipped(shown, (200, 100)) == []


def test_a_hidden_thing_is_a_fault_unless_the_scene_relates_things() -> None:
    shown = [Thing("fox", (0, 0, 40, 40)), Thing("box", (0, 0, 80, 20)), Thing("owl", (90, 0, 40, 40))]
    assert measures.overlaps(shown, related=False) == ["fox / box"]
    assert measures.overlaps(shown, related=True) == []


@pytest.mark.parametrize(("space", "rect"), [("left", (0, 0, 72, 100)), ("bottom", (0, 64, 200, 36))])
def test_the_side_for_text_is_where_it_was_asked(space: str, rect: tuple[float, ...]) -> None:
    assert measures.kept_free(space, (200, 100)) == pytest.approx(rect)
    assert measures.kept_free(space, (200, 100), [1, 2, 3, 4]) == (1, 2, 3, 4)


def test_what_reaches_into_the_side_for_text_is_told() -> None:
    shown = [Thing("fox", (60, 10, 40, 40)), Thing("owl", (80, 10, 40, 40))]
    assert measures.intrudes(shown, (0, 0, 72, 100)) == ["fox"]


def test_even_ground_is_legible_and_stripes_or_mid_grey_are_not() -> None:
    free = (0.0, 0.0, 100.0, 100.0)
    assert measures.legible(picture("#f4f0e8"), free).right
    assert measures.legible(picture("#10203a"), free).right
    stripes = picture("#f4f0e8").copy()
    stripes[:, ::4] = 20
    assert not measures.legible(stripes, free).right
    seen = measures.legible(stripes, free)
    assert seen.uneven > measures.UNEVEN and seen.contrast < measures.CONTRAST


def test_a_colour_counts_only_when_it_covers_enough_of_the_thing() -> None:
    ground, boxes = picture("#ffffff"), [(0.0, 0.0, 100.0, 100.0)]
    red, blue = ground.copy(), ground.copy()
    red[10:80, 10:80], blue[10:80, 10:80] = (211, 47, 47), (25, 118, 210)
    area = measures.changed(red, blue) & measures.inside(boxes, (200, 100))
    painted = measures.paint(red, area, boxes, "red", colours())
    assert painted is not None and painted.right and painted.difference < 1 and painted.within == 1
    assert painted.share == pytest.approx(0.49)
    wrong = measures.paint(red, area, boxes, "green", colours())
    assert wrong is not None and not wrong.right and wrong.name == "red"
    speck = np.zeros_like(area)
    speck[10:20, 10:20] = True
    small = measures.paint(red, speck, boxes, "red", colours())
    assert small is not None and not small.right
    assert measures.paint(red, np.zeros_like(area), boxes, "red", colours()) is None


def test_tints_and_shades_are_in_a_palette_and_another_hue_is_not() -> None:
    shown = picture("#0b3d91").copy()
    everywhere = np.ones(shown.shape[:2], dtype=np.bool_)
    shown[:, 100:150] = (133, 158, 200)
    assert measures.in_palette(shown, everywhere, ["#0b3d91"]) == 1
    shown[:, 150:] = (200, 40, 40)
    assert measures.in_palette(shown, everywhere, ["#0b3d91"]) == pytest.approx(0.75, abs=0.01)
    assert measures.in_palette(shown, everywhere, ["#0b3d91", "#c82828"]) == 1


def test_brand_marks_are_found_and_fruit_is_not() -> None:
    assert measures.logos(["Facebook", "google-drive", "apple-logo", "red apple", "shell", "windows"]) == [
        "Facebook",
        "google-drive",
        "apple-logo",
        "windows",
    ]


def test_sums_count_only_prompts_whose_nouns_the_library_has() -> None:
    found = rows.Found("fox", 1, "", "exact", drawn=1, count_right=True)
    missing = rows.Found("zongzi", 3, "green", "missing", known=False)
    told = rows.summary([rows.Row("a", subjects=[found]), rows.Row("b", subjects=[found, missing], logos=["visa"])])
    assert told["all things present"] == [0.5, 2]
    assert told["all things present, library has the nouns"] == [1.0, 1]
    assert told["colours right"] == [0.0, 1]
    assert told["things missing"] == [pytest.approx(1 / 3), 3]
    assert told["logos"] == 1


def concept(name: str) -> Concept:
    return Concept(row=0, name=name, group="", flag="", en=(), zh=(), art={}, scale=1.0, stands="ground", bust=False)


def test_a_thing_is_there_by_its_whole_name_only() -> None:
    tail, whole = Match(concept("balloon"), 0.9, True), Match(concept("red apple"), 1.0, True)
    assert by_name("hot air balloon", [tail]) == frozenset()
    assert by_name("apple", [whole]) == {"red apple"}
    assert by_name("shell", [Match(concept("spiral shell"), 0.7, True)]) == {"spiral shell"}
    assert by_name("ball of yarn", [Match(concept("yarn"), 0.8, True), Match(concept("soccer ball"), 0.8, True)]) == {"yarn"}


def prompt(*subjects: Wanted) -> Prompt:
    return Prompt("m001", "marketing", "en", "banner", (640, 480), 1, "a red fox", subjects, (), "")


def test_a_reader_is_scored_by_words_for_the_same_thing() -> None:
    asked = prompt(Wanted("fox", colour="red"), Wanted("smartphone", 2, colour="silver"), Wanted("owl"))
    answer = {"number": 1, "subjects": ["foxes", "mobile phone"], "colours": {"foxes": "orange", "mobile phone": "light gray"}}
    judged = blind.judged(answer, asked)
    assert judged.unseen == ("owl",) and judged.wrong == ("fox",)
    assert blind.summary([judged])["things seen"] == [pytest.approx(2 / 3), 3]
    assert blind.summary([judged])["colours seen right, of things seen"] == [0.5, 2]


def test_the_blind_set_hides_its_prompts_and_is_scored_from_the_answers(tmp_path: Path) -> None:
    chosen = blind.chosen()[:3]
    blind.write_set([(p, picture("#336699")) for p in chosen], tmp_path, gallery.font_of(None))
    shown = {p.name for p in tmp_path.iterdir()}
    assert {"001.png", "003.png", "sheet-1.png", "answers.toml", ".key"} <= shown
    words = ", ".join(json.dumps(w.what) for w in chosen[1].subjects)
    (tmp_path / "answers.toml").write_text(f"[[picture]]\nnumber = 2\nsubjects = [{words}]\n", "utf-8")
    scored = blind.score(tmp_path)
    assert [(j.prompt, j.unseen) for j in scored] == [(chosen[1].id, ())]
    (tmp_path / "answers.toml").write_text("[[picture]]\nnumber = 9\nsubjects = []\n", "utf-8")
    with pytest.raises(ValueError, match="9"):
        blind.score(tmp_path)


def test_sheets_stay_under_their_size_and_old_ones_go(tmp_path: Path) -> None:
    (tmp_path / "prompts-09.webp").write_bytes(b"old")
    noise = np.random.default_rng(1).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    shown = [
        gallery.Shown(f"{i} a long caption that goes on for more than one line of a page", gallery.thumbnail(noise)) for i in range(21)
    ]
    written = gallery.write_pages(shown, tmp_path, "prompts", gallery.font_of(None))
    assert [p.name for p in written] == ["prompts-01.webp", "prompts-02.webp"] == sorted(p.name for p in tmp_path.iterdir())
    assert all(p.stat().st_size < gallery.MOST_BYTES for p in written)
    assert Image.open(io.BytesIO(written[0].read_bytes())).format == "WEBP"


def test_numbers_of_all_labels_stand_side_by_side_between_the_marks(tmp_path: Path) -> None:
    kept, text = tmp_path / "measured.json", tmp_path / "benchmarks.md"
    text.write_text("# Benchmarks\n\nAbove.\n", "utf-8")
    report.keep("before", "nouns", {"numbers": {"exact": [0.5, 1000]}}, kept)
    known = report.keep("after", "nouns", {"numbers": {"exact": [0.9, 1000]}}, kept)
    report.write_section(known, text)
    report.write_section(known, text)
    written = text.read_text("utf-8")
    assert "| exact | 50.0% of 1000 | 90.0% of 1000 |" in written
    assert written.startswith("# Benchmarks\n\nAbove.") and written.count(report.BEGIN) == 1


def test_the_report_names_what_is_wrong_with_a_picture(tmp_path: Path) -> None:
    first = rows.Row("m001", setting="city", setting_right=False, space_right=False, logos=["visa"], clipped=["fox"])
    first.subjects = [
        rows.Found(
            "perfume bottle",
            1,
            "gold",
            "near",
            drawn=2,
            instead="lotion bottle",
            paint={"name": "grey", "right": False, "difference": 31.2},
        ),
        rows.Found("zongzi", 3, "", "missing", known=False),
    ]
    kept = report.rows_of([asdict(first)])
    known = report.keep("before", "prompts", {"numbers": {}, "rows": kept}, tmp_path / "measured.json")
    assert report.read(tmp_path / "measured.json") == known
    report.write_report(known, tmp_path / "report.md")
    line = next(x for x in (tmp_path / "report.md").read_text("utf-8").splitlines() if x.startswith("| m001 "))
    for said in ("perfume bottle → lotion bottle ×2 of 1", "**gold** → grey, ΔE 31", "~~zongzi~~ (not in the library)", "**logos**: visa"):
        assert said in line
    assert "**clipped**: fox" in line and "**setting** city" in line and "**no space**" in line
