"""Small grammars of Yarn, Twee (SugarCube) and Ren'Py: strict readers of what the exports may hold, back to (words, ids, ways).

Each refuses a line it does not know, so a text that was not escaped shows as an error or as other words.
"""

from __future__ import annotations

import ast
import html
import json
import re
from dataclasses import dataclass, field


@dataclass
class Passage:
    """lines: (id, speaker, words, conditions); choices: (id, words, conditions, changes, target); ways: (conditions, target)."""

    lines: list[tuple[str, str, str, str]] = field(default_factory=list)
    choices: list[tuple[str, str, str, tuple[str, ...], str]] = field(default_factory=list)
    ways: list[tuple[str, str]] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    declared: dict[str, object] = field(default_factory=dict)


class Refused(Exception):
    pass


# Yarn

_ESCAPED = r"(?:\\[\\<>{}#/\[\]]|[^\\<>{}#/\[\]\n])"
_STRING = r'"(?:\\["\\]|[^"\\\n])*"'
_TEST = rf"\$[a-z][a-z0-9_]* (?:==|!=|<=|>=|<|>) (?:true|false|-?\d+|{_STRING})"
_TESTS = rf"{_TEST}(?: && {_TEST})*"
_YARN = {
    "declare": re.compile(rf"<<declare (\$[a-z][a-z0-9_]*) = (true|false|-?\d+|{_STRING})>>"),
    "set": re.compile(rf"<<set (\$[a-z][a-z0-9_]* to (?:true|false|-?\d+|{_STRING}|\$[a-z][a-z0-9_]* [+-] \d+))>>"),
    "jump": re.compile(r"<<jump ([A-Za-z]\w*)>>"),
    "if": re.compile(rf"<<if ({_TESTS})>>"),
    "option": re.compile(rf"-> ({_ESCAPED}+?)(?: <<if ({_TESTS})>>)? #line:(\w+)"),
    "line": re.compile(rf"([^:\\<>{{}}#/\[\]]+): ({_ESCAPED}*) #line:(\w+)"),
}


def yarn(text: str) -> dict[str, Passage]:
    found: dict[str, Passage] = {}
    here, when, inside, body = Passage(), "", False, False
    for row in text.splitlines():
        if not body:
            if title := re.fullmatch(r"title: ([A-Za-z]\w*)", row):
                if title.group(1) in found:
                    raise Refused(row)
                here = found[title.group(1)] = Passage()
            elif row == "---":
                body = True
            elif not re.fullmatch(r"\w+: .*", row):
                raise Refused(row)
            continue
        if row == "===":
            body, inside = False, False
            continue
        deep, bare = row.startswith("    "), row.strip()
        if not deep and not bare.startswith("->"):
            inside = False
        if m := _YARN["declare"].fullmatch(bare):
            here.declared[m.group(1)] = json.loads(m.group(2))
        elif m := _YARN["set"].fullmatch(bare):
            _changed(here, m.group(1), deep and inside)
        elif m := _YARN["jump"].fullmatch(bare):
            _leads(here, when, m.group(1), deep and inside)
        elif m := _YARN["if"].fullmatch(bare):
            when = m.group(1)
        elif bare == "<<endif>>":
            when = ""
        elif m := _YARN["option"].fullmatch(bare):
            here.choices.append((m.group(3), _unmarked(m.group(1)), (m.group(2) or ""), (), ""))
            inside = True
        elif m := _YARN["line"].fullmatch(bare):
            here.lines.append((m.group(3), m.group(1), _unmarked(m.group(2)), when))
        else:
            raise Refused(row)
    return found


def _unmarked(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _changed(here: Passage, change: str, in_choice: bool) -> None:
    if in_choice:
        id_, words, when, changes, target = here.choices[-1]
        here.choices[-1] = (id_, words, when, (*changes, change), target)
    else:
        here.changes.append(change)


def _leads(here: Passage, when: str, target: str, in_choice: bool) -> None:
    if in_choice:
        here.choices[-1] = (*here.choices[-1][:4], target)
    else:
        here.ways.append((when, target))


# Twee 3 with SugarCube 2

#: Words without any sign of SugarCube's: all of those are written as character references.
_PLAIN = r"(?:&#\d+;|(?!--)[^<>&\[\]{}$_/*#@~^=|\\%`\"'+!:\n])*"
_S_STRING = r'"(?:\\.|[^"\\<>\n])*"'
_S_TEST = rf"\$[a-z]\w* (?:is|isnot|lt|lte|gt|gte) (?:true|false|-?\d+|{_S_STRING})"
_S_TESTS = rf"{_S_TEST}(?: and {_S_TEST})*"
_S_SET = rf"<<set (\$[a-z]\w* to (?:true|false|-?\d+|{_S_STRING}|\$[a-z]\w* [+-] \d+))>>"
_LINE = re.compile(rf"<span data-line=\"(\w+)\">''({_PLAIN}):'' ({_PLAIN})</span>")
_LINK = re.compile(rf'<span data-line="(\w+)"><<link "({_PLAIN})" "(\w+)">>((?:{_S_SET})*)<</link>></span>')
_WAY = re.compile(rf'(?:<<(?:if|elseif) ({_S_TESTS})>>|<<else>>)?<<link "&#8594;" "(\w+)">><</link>>(?:<</if>>)?')
_IF = re.compile(rf"<<if ({_S_TESTS})>>(.*)<</if>>")


def twee(text: str) -> dict[str, Passage]:
    found: dict[str, Passage] = {}
    for block in re.split(r"(?:\A|\n)(?=:: )", text):
        if not block.strip():
            continue
        head, *rows = block.strip("\n").split("\n")
        name = head.removeprefix(":: ")
        if name in found or not re.fullmatch(r"\w+", name):
            raise Refused(head)
        here = found[name] = Passage()
        if name == "StoryData":
            about = json.loads("\n".join(rows))
            if not re.fullmatch(r"[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}", about["ifid"]):
                raise Refused(about["ifid"])
            here.declared.update(about)
        elif name != "StoryTitle":
            for row in rows:
                _twee_row(here, row)
    return found


def _twee_row(here: Passage, row: str) -> None:
    if m := re.fullmatch(_S_SET, row):
        here.changes.append(m.group(1))
        return
    if m := _WAY.fullmatch(row):
        here.ways.append((m.group(1) or "", m.group(2)))
        return
    if row == "<</if>>":
        return
    when = ""
    if m := _IF.fullmatch(row):
        when, row = m.group(1), m.group(2)
    if m := _LINE.fullmatch(row):
        here.lines.append((m.group(1), html.unescape(m.group(2)), html.unescape(m.group(3)), when))
    elif m := _LINK.fullmatch(row):
        changes = tuple(one for one in re.findall(_S_SET, m.group(4)))
        here.choices.append((m.group(1), html.unescape(m.group(2)), when, changes, m.group(3)))
    else:
        raise Refused(row)


# Ren'Py

_R_STRING = r'"((?:\\["\\%]|\{\{|\[\[|【【|[^"\\%\n{\[【])*)"'


def renpy(text: str) -> dict[str, Passage]:
    found: dict[str, Passage] = {}
    top = found[""] = Passage()
    here, when, menu, comment = top, "", False, ""
    names: dict[str, str] = {}
    for row in text.splitlines():
        bare, depth = row.strip(), (len(row) - len(row.lstrip())) // 4
        if not bare:
            continue
        if when and depth < 2:
            when = ""
        if bare.startswith("# "):
            comment = bare[2:]
        elif m := re.fullmatch(rf"define (\w+) = Character\({_R_STRING}\)", row):
            names[m.group(1)] = _renpy_words(m.group(2))
        elif m := re.fullmatch(r"default (\w+) = (.+)", row):
            top.declared[m.group(1)] = ast.literal_eval(m.group(2))
        elif m := re.fullmatch(r"label ([a-z]\w*):", row):
            here, menu = found.setdefault(m.group(1), Passage()), False
        elif m := re.fullmatch(r"\$ (\w+) = (.+)", bare):
            ast.literal_eval(m.group(2))
            _changed(here, f"{m.group(1)} to {m.group(2)}", menu)
        elif m := re.fullmatch(r"\$ (\w+) ([+-])= (\d+)", bare):
            _changed(here, f"{m.group(1)} to {m.group(1)} {m.group(2)} {m.group(3)}", menu)
        elif m := re.fullmatch(r"if (.+):", bare):
            ast.parse(m.group(1), mode="eval")
            when = m.group(1)
        elif bare == "menu:":
            menu = True
        elif m := re.fullmatch(r"jump (\w+)", bare):
            _leads(here, when, m.group(1), menu)
        elif bare == "return":
            continue
        elif m := re.fullmatch(rf"(\w+) {_R_STRING} id (\w+)", bare):
            here.lines.append((m.group(3), names[m.group(1)], _renpy_words(m.group(2)), when))
        elif menu and (m := re.fullmatch(rf"{_R_STRING}(?: if (.+))?:", bare)):
            if m.group(2):
                ast.parse(m.group(2), mode="eval")
            here.choices.append((comment, _renpy_words(m.group(1)), m.group(2) or "", (), ""))
        else:
            raise Refused(row)
    return found


def _renpy_words(text: str) -> str:
    doubled = re.sub(r"\\(.)", r"\1", text)
    return doubled.replace("{{", "{").replace("[[", "[").replace("【【", "【")
