"""Dialogues for tests: one with everything in it, one of hostile words, and random ones that are sound by construction."""

from __future__ import annotations

from hypothesis import strategies as st

from domain.dialogue import (
    Character,
    Choice,
    Condition,
    DialogueDocument,
    DialogueLine,
    DialogueNode,
    Effect,
    Jump,
    Variable,
    choice_id,
    line_id,
)

RICH = DialogueDocument(
    language="en",
    characters=("Keeper", "守塔人"),
    cast=(Character(name="Keeper", voice="short, dry", goals=("light the lamp",), knowledge=("who stole the oil",)),),
    variables=(
        Variable(name="trust", type="int", start=0, about="how far the keeper trusts the player"),
        Variable(name="has_oil", type="bool", start=False, about="the player carries oil"),
        Variable(name="outcome", type="string", start="open"),
    ),
    nodes=(
        DialogueNode(
            id="n1",
            lines=(
                DialogueLine(id="l_1", speaker="Keeper", text="The lamp is out."),
                DialogueLine(id="l_2", speaker="Keeper", text="You brought oil!", when=(Condition(variable="has_oil"),)),
            ),
            choices=(
                Choice(id="c_1", text="I can help.", goto="n2", effects=(Effect(variable="trust", change="add", value=2),)),
                Choice(id="c_2", text="Not my lamp.", goto="n2", effects=(Effect(variable="trust", change="add", value=-1),)),
                Choice(id="c_3", text="Take the oil.", goto="n3", when=(Condition(variable="has_oil"),)),
            ),
        ),
        DialogueNode(
            id="n2",
            lines=(DialogueLine(id="l_3", speaker="守塔人", text="灯灭了。"),),
            jumps=(Jump(goto="n3", when=(Condition(variable="trust", comparison=">=", value=2),)),),
            goto="n4",
        ),
        DialogueNode(
            id="n3",
            effects=(Effect(variable="outcome", value="ally"),),
            lines=(DialogueLine(id="l_4", speaker="Keeper", text="Friends, then."),),
        ),
        DialogueNode(id="n4", lines=(DialogueLine(id="l_5", speaker="Keeper", text="Go."),)),
    ),
    endings=("n3", "n4"),
)

#: What an engine could take for its own signs.
HOSTILE = (
    "-> END",
    "Say {trust} or {not so}: [b]bold[/b] <<jump x>>",
    "a // comment /* here */ # tag ~ x * y + z = w",
    'He said "no" and \\ left 100% of $trust in [[link]] {{{x}}}',
    "''bold'' //italic// __under__ @@.x;@@ ==strike== ^^up^^ ~~down~~ -- and ----",
    "VAR x = 1",
    "TODO: finish <> glue | pipe || <b>html</b> &amp; &#42;",
    "你好，{名字}！【注意】#标签 //注释 → “引号”",
    "+ plus * star - dash = equals ! bang % percent `tick`",
    "line\nbreak\ttab\u2028and\u0000null",
    "=== knot === --- === >> <<",
)
NAMES = ("VAR", "TODO: Bob", "-> Ann", "Dr. O'Neil-Smith", "守塔人", '"Q" #1', "*Star*", "123")


def hostile() -> DialogueDocument:
    nodes = tuple(
        DialogueNode(
            id=f"{at} {words[:6]}",
            lines=(DialogueLine(id=f"l_{at}", speaker=NAMES[at % len(NAMES)], text=words),),
            choices=(
                Choice(id=f"c_{at}", text=words, goto=f"{at + 1} {HOSTILE[at + 1][:6]}", effects=(Effect(variable="end", value=words),)),
                Choice(
                    id=f"d_{at}",
                    text=f"{words} again",
                    goto=f"{at + 1} {HOSTILE[at + 1][:6]}",
                    when=(Condition(variable="end", value=words),),
                ),
            )
            if at + 1 < len(HOSTILE)
            else (),
        )
        for at, words in enumerate(HOSTILE)
    )
    # "end", "not" and "if" are words of the engines' own.
    variables = (
        Variable(name="end", type="string", start='"#{'),
        Variable(name="not", type="bool"),
        Variable(name="if", type="int", start=-3),
    )
    return DialogueDocument(language="en", characters=NAMES, variables=variables, nodes=nodes)


#: With a letter at one end, so that no text is empty and any sign can stand first or last.
WORDS = st.tuples(st.text(st.characters(exclude_categories=("Cs",)), max_size=30), st.booleans()).map(
    lambda t: f"{t[0]}a" if t[1] else f"字{t[0]}"
)
SIGNS = st.tuples(st.text("->{}[]|#/*<>~\\\"'$%&=+_@^!:`` abc字。", max_size=20), st.booleans()).map(
    lambda t: f"{t[0]}a" if t[1] else f"字{t[0]}"
)


@st.composite
def scenes(draw: st.DrawFn) -> DialogueDocument:
    """2 to 7 nodes, each going only forward, so that every play ends; what conditions forbid is never the only way on."""
    words = st.one_of(WORDS, SIGNS)
    count = draw(st.integers(2, 7))
    variables = (
        Variable(name="trust", type="int", start=0),
        Variable(name="met", type="bool"),
        Variable(name="mood", type="string", start="calm"),
    )
    effect = st.sampled_from(
        [
            Effect(variable="trust", change="add", value=2),
            Effect(variable="trust", change="add", value=-1),
            Effect(variable="trust", value=3),
            Effect(variable="met"),
            Effect(variable="mood", value='a "{b}" #c'),
        ]
    )
    condition = st.sampled_from(
        [
            Condition(variable="trust", comparison=">=", value=1),
            Condition(variable="trust", comparison="<", value=-1),
            Condition(variable="met"),
            Condition(variable="met", comparison="!=", value=True),
            Condition(variable="mood", comparison="==", value="calm"),
            Condition(variable="mood", comparison="!=", value='a "{b}" #c'),
        ]
    )
    effects = st.lists(effect, max_size=2).map(tuple)
    when = st.lists(condition, max_size=2).map(tuple)
    nodes = []
    for at in range(count):
        here = f"n{at}"
        lines = tuple(
            DialogueLine(id=line_id(here, n), speaker=draw(st.sampled_from(["Ann", "守塔人"])), text=draw(words), when=draw(when))
            for n in range(draw(st.integers(1, 3)))
        )
        later = [f"n{n}" for n in range(at + 1, count)]
        choices: tuple[Choice, ...] = ()
        jumps: tuple[Jump, ...] = ()
        goto = ""
        if later and draw(st.booleans()):
            choices = tuple(
                Choice(
                    id=choice_id(here, n),
                    text=draw(words),
                    goto=draw(st.sampled_from(later)),
                    effects=draw(effects),
                    when=draw(when) if n else (),
                )
                for n in range(draw(st.integers(1, 3)))
            )
        elif later:
            jumps = tuple(Jump(goto=draw(st.sampled_from(later)), when=(draw(condition),)) for _ in range(draw(st.integers(0, 2))))
            goto = later[0]
        nodes.append(DialogueNode(id=here, lines=lines, choices=choices, jumps=jumps, goto=goto, effects=draw(effects)))
    return DialogueDocument(language="en", characters=("Ann", "守塔人"), variables=variables, nodes=tuple(nodes))
