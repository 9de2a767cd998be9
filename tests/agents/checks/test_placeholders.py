"""What a translation must carry over is found, and what is broken is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.checks.placeholders import Placeholders

FOUND = {
    "Hello, {name}! %d coins, %1$s and %@.": ["{name}", "%d", "%1$s", "%@"],
    "{count, plural, one {# sword} other {# swords in {bag}}} left": [
        "{count, plural, one {", "#", "} other {", "#", "{bag}", "}}",
    ],
    "{who, select, female {She} male {He} other {They}} won {0, number, integer}": [
        "{who, select, female {", "} male {", "} other {", "}}", "{0, number, integer}",
    ],
    "<b>Buy</b> for {{price}}<br/>&nbsp;\\n": ["<b>", "</b>", "{{price}}", "<br/>", "&nbsp;", "\\n"],
    "100% sure, 5% off, 50%% and 20% Sunday": ["%%"],
    "%(name)s has %-5.2f ${total} #line:a12": ["%(name)s", "%-5.2f", "${total}", "#line:a12"],
    "see https://maquette.example/a?b=1. Mail me@maquette.example": ["https://maquette.example/a?b=1", "me@maquette.example"],
    "价格{price}元，低至50%折扣": ["{price}"],
    "a < b and #1 costs $5": [],
}  # fmt: skip
BROKEN = ("Hello {name", "x } y", "%1$ of it", "{n, plural, one {x} other {y}", "{{x} y", "a <b bold", "%(name) is")


@pytest.fixture(scope="module")
def placeholders(assets: Path) -> Placeholders:
    return Placeholders.load(assets / "localisation")


@pytest.mark.parametrize(("line", "found"), FOUND.items())
def test_every_form_is_found_and_nothing_else(placeholders: Placeholders, line: str, found: list[str]) -> None:
    assert placeholders.of(line) == found
    assert placeholders.faults(line) == ()


@pytest.mark.parametrize("line", BROKEN)
def test_a_broken_placeholder_of_the_source_is_said(placeholders: Placeholders, line: str) -> None:
    assert [f.rule for f in placeholders.faults(line)] == ["broken_placeholder"]


def test_a_tag_that_is_never_closed_is_a_warning(placeholders: Placeholders) -> None:
    assert [f.rule for f in placeholders.faults("a <b>bold word")] == ["unclosed_tag"]


@pytest.mark.parametrize(
    ("source", "target", "faults"),
    [
        ("Hi {name}", "你好 {name}", 0),
        ("Hi {name}", "你好", 1),
        ("Hi {name}", "你好 {name}{name}", 1),
        ("Hi {name}", "你好 {nom}", 2),
        ("%1$s of %2$s", "%2$s的%1$s", 0),
        ("{n, plural, one {a} other {b}}", "{n, plural, other {b} one {a}}", 4),
        ("<b>x</b>", "<b>x", 1),
    ],
)
def test_lost_and_added_placeholders_are_errors(placeholders: Placeholders, source: str, target: str, faults: int) -> None:
    assert len(placeholders.intact(source, target)) == faults


@given(st.text(alphabet="ab {}<>/%1$sd#,\n选 plural", max_size=60))
def test_pieces_joined_are_the_line(line: str) -> None:
    placeholders = Placeholders.load(Path(__file__).resolve().parents[3] / "assets" / "localisation")
    assert "".join(piece.text for piece in placeholders.pieces(line)) == line
    assert placeholders.intact(line, line) == ()
