"""Everyday chat work: is a message answered or planned as it should be, and are the answers right?

python -m benchmarks.chat routes                  # benchmarks/data/chat_routes.toml: tuned and held-out half apart
python -m benchmarks.chat tasks [JOB ...]         # benchmarks/data/chat_tasks.toml: pass rate per job, and what failed
python -m benchmarks.chat tasks --every 4         # the first of every four tasks of a job, where time is short
python -m benchmarks.chat tasks --out FILE.json   # with every answer
python -m benchmarks.chat wordings [ID ...]       # data/brief_wordings.toml: a brief in five wordings, kinds and counts of its plan
python -m benchmarks.chat routes --rules          # no model: what it would have to decide counts as left open
python -m benchmarks.chat tasks --rules           # the same: what code alone passes and fails

The chat model is the embedded one, `--model ID` another installed GGUF; one slot, 4,096 tokens of context. Checks are code.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import sqlite3
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agents.director import Director, DirectorState, PlanProposed, Question, TextDelta
from agents.lexicon import language_of
from agents.planner import Planner
from domain.brand import BrandKit
from domain.brief import Brief
from domain.capability import Capability, StepKind
from domain.chat import ChatModel, ChatReply, ChatRequest
from domain.conversation import Intent, Turn
from domain.errors import MaquetteError
from domain.progress import CancelToken
from domain.recipe import ModelRef
from domain.specs import SPECS
from pipelines.devices import Devices
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore
from pipelines.text.llamacpp import LlamaCppChat

DATA = Path(__file__).parent / "data"
ASSETS = Path(__file__).parent.parent / "assets"
MODEL = "qwen2.5-coder-1.5b-instruct-q4"
OPEN = "left to the model"
WHEN = datetime(2026, 1, 2, tzinfo=UTC)
KINDS = (StepKind.COPY, StepKind.ARTICLE, StepKind.DIALOGUE, StepKind.PICTURE, StepKind.SPEECH, StepKind.MUSIC, StepKind.LAYOUT)
FILLER = (
    "The east path runs along the wall. Lamps are lit at eight. Carts wait by the mill until noon. The clerk counts sacks and "
    "writes them down. Geese cross the road in spring. Boats are painted every second year. "
)


def embedded(model: str, threads: int = 0) -> ChatModel:
    cache = Path(os.environ.get("MAQUETTE_CACHE", "~/.cache/maquette")).expanduser()
    store = ModelStore(Catalogue.read(ASSETS / "models.toml"), cache)
    return LlamaCppChat(
        next(store.folder(model).glob("*.gguf")), store.ref(model), Devices(6 << 30), slots=1, context_tokens=4096, threads=threads
    )


class Asked(Exception):
    """The model was asked."""


class Silent:
    """Stands for the model with --rules: that it is asked is all that counts."""

    context_tokens = 4096
    strong = False

    def complete(self, request: ChatRequest, cancel: CancelToken | None = None) -> ChatReply:
        raise Asked

    def stream(self, request: ChatRequest, cancel: CancelToken | None = None) -> Iterator[str]:
        raise Asked


class Unhelpful(Silent):
    """Stands for the model with --rules where a plan is made all the same: it answers, but says nothing."""

    model = ModelRef(id="none")

    def complete(self, request: ChatRequest, cancel: CancelToken | None = None) -> ChatReply:
        return ChatReply(text="{}", finish="stop")


class Counted:
    """A chat model that counts its calls: none means that code settled the matter."""

    def __init__(self, chat: ChatModel) -> None:
        self._chat = chat
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chat, name)

    def complete(self, request: ChatRequest, cancel: CancelToken | None = None) -> ChatReply:
        self.calls += 1
        return self._chat.complete(request, cancel)


def state_of(task: dict[str, Any], language: str) -> DirectorState:
    turns = tuple(
        Turn(id=str(n), project_id="p", role=role, text=text, created=WHEN, intent=Intent.ANSWER if role == "assistant" else None)
        for n, (role, text) in enumerate(task.get("turns", ()))
    )
    capabilities = tuple(Capability(kind=k, maker=f"{k}-maker", languages=("en", "zh") if k is StepKind.SPEECH else ()) for k in KINDS)
    return DirectorState(language=language, turns=turns, capabilities=capabilities)


def message_of(task: dict[str, Any]) -> str:
    """The message with its filler: half of `long` characters at each place."""
    filler = (FILLER * (task.get("long", 0) // len(FILLER) // 2)).strip()
    return str(task["say"]).replace("{filler}", filler)


def answer(director: Director, task: dict[str, Any], seed: int) -> tuple[str, str]:
    """The whole reply, and what went wrong before any check: "" or "planned" or the error."""
    message = message_of(task)
    language = language_of(message)
    brief = Brief(id="b", project_id="p", text=message, language=language, created=WHEN)
    said, wrong = "", ""
    try:
        for part in director.respond(brief, state_of(task, language), plan_id="plan", seed=seed):
            if isinstance(part, TextDelta | Question):
                said += part.text
            elif isinstance(part, PlanProposed):
                wrong = "became a plan"
    except MaquetteError as error:
        wrong = f"{type(error).__name__}: {error}"
    except Asked:
        wrong = OPEN
    return said.strip(), wrong


def faults(task: dict[str, Any], said: str) -> list[str]:
    """Which checks of a task an answer fails."""
    found = [f"lacks {p}" for p in task.get("all", ()) if not re.search(p, said, re.IGNORECASE | re.DOTALL)]
    if task.get("any") and not any(re.search(p, said, re.IGNORECASE) for p in task["any"]):
        found.append("has none of what it may say")
    found += [f"says {p}" for p in task.get("none", ()) if re.search(p, said, re.IGNORECASE | re.MULTILINE)]
    if "words" in task and not task["words"][0] <= len(said.split()) <= task["words"][1]:
        found.append(f"has {len(said.split())} words")
    if "items" in task and len(re.findall(r"^\s*(?:[-*•]|\d+[.)、])\s+\S", said, re.MULTILINE)) != task["items"]:
        found.append(f"is no list of {task['items']}")
    if "rows" in task and not _table(said, task["rows"]):
        found.append(f"is no table of {task['rows']} rows")
    if "language" in task and language_of(said, "en") != task["language"]:
        found.append(f"is not in {task['language']}")
    if task.get("parses") and not _parses(said):
        found.append("has no Python that compiles")
    if "gives" in task and _queried(said, task["schema"]) != sorted(map(str, task["gives"])):
        found.append("its query gives something else")
    if task.get("again") and said.casefold() == task["turns"][-1][1].casefold():
        found.append("is the same as before")
    return found


def _table(said: str, rows: int) -> bool:
    lines = [line.strip() for line in said.splitlines() if line.strip().startswith("|")]
    if len(lines) < 3 or not re.fullmatch(r"\|(?:\s*:?-{2,}:?\s*\|)+", lines[1]):
        return False
    return len(lines) == rows + 2 and len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1


def _code(said: str) -> str:
    block = re.search(r"```\w*\n(.*?)```", said, re.DOTALL)
    return block.group(1) if block else said


def _parses(said: str) -> bool:
    try:
        return bool(ast.parse(_code(said)).body)
    except SyntaxError:
        return False


def _queried(said: str, schema: str) -> list[str] | None:
    """The rows a query gives, as sorted texts; None when it does not run. Names of columns and order do not count."""
    with sqlite3.connect(":memory:") as database:
        database.executescript(schema)
        try:
            return sorted(str(list(row)) for row in database.execute(_code(said).strip().rstrip(";")).fetchall())
        except (sqlite3.Error, sqlite3.Warning):
            return None


def tasks(chat: Any, jobs: list[str], out: Path | None, every: int = 1) -> None:
    director = Director(chat, ASSETS)
    rows: list[dict[str, Any]] = []
    seen: Counter[str] = Counter()
    for number, task in enumerate(tomllib.loads((DATA / "chat_tasks.toml").read_text())["task"]):
        seen[task["job"]] += 1
        if (jobs and task["job"] not in jobs) or (seen[task["job"]] - 1) % every:
            continue
        started = time.perf_counter()
        said, wrong = answer(director, task, seed=number + 1)
        why = [wrong] if wrong else faults(task, said)
        seconds = round(time.perf_counter() - started, 1)
        rows.append({"n": number, "job": task["job"], "say": task["say"], "said": said, "faults": why, "seconds": seconds})
        print("ok  " if not why else "FAIL", number, task["job"], f"{seconds}s", "" if not why else f"{why} <- {said[:160]!r}", flush=True)
        if out is not None:
            out.write_text(json.dumps(rows, ensure_ascii=False, indent=1))
    print("\n| job | passed | left to the model | of | median seconds |\n|---|---|---|---|---|")
    for job in [*dict.fromkeys(r["job"] for r in rows), "all"]:
        mine = [r for r in rows if job in (r["job"], "all")]
        middle = sorted(r["seconds"] for r in mine)[len(mine) // 2]
        left = sum(r["faults"] == [OPEN] for r in mine)
        print(f"| {job} | {sum(not r['faults'] for r in mine)} | {left} | {len(mine)} | {middle} |")


def routes(chat: Any, show: list[str]) -> None:
    counted = Counted(chat)
    director = Director(counted, ASSETS)
    table = tomllib.loads((DATA / "chat_routes.toml").read_text())
    rules = isinstance(chat, Silent)
    print(f"| half | label | {'right by rule' if rules else 'right'} | of | settled by rule |\n|---|---|---|---|---|")
    for half in show or list(table):
        for label, wanted in (("job", Intent.ANSWER), ("brief", Intent.PLAN)):
            right = ruled = 0
            wrong = []
            for message in table[half][label]:
                state = state_of({}, language_of(message))
                before = counted.calls
                try:
                    got = director.route(message, state)
                except Asked:
                    got = Intent.ASK
                settled = counted.calls == before
                ruled += settled
                good = got is wanted and (settled or not rules)
                right += good
                wrong += [] if good else [f"    {got.value if settled or not rules else 'open'}: {message[:90]}"]
            print(f"| {half} | {label} | {right} | {len(table[half][label])} | {ruled} |", flush=True)
            if half != "held" and wrong:
                print("\n".join(wrong))


def wordings(chat: Any, ids: list[str]) -> None:
    """Plans every wording of every wish, and compares kinds and counts with the first wording's and with the wanted ones."""
    planner = Planner(ASSETS)
    alike = wanted = total = plans = 0
    for wish in tomllib.loads((DATA / "brief_wordings.toml").read_text(encoding="utf-8"))["wish"]:
        if ids and wish["id"] not in ids:
            continue
        found = [planned(planner, chat, words) for words in wish["wordings"]]
        same = all(one == found[0] for one in found)
        right = [all(isinstance(one, dict) and one.get(kind, 0) >= n for kind, n in wish["wanted"].items()) for one in found]
        alike, wanted, total, plans = alike + same, wanted + sum(right), total + 1, plans + len(found)
        print("ok  " if same else "DIFF", wish["id"], found[0] if same else "", flush=True)
        if not same or not all(right):
            print(
                *(
                    f"     {'' if ok else 'lacks what is wanted: '}{one} <- {w}"
                    for one, ok, w in zip(found, right, wish["wordings"], strict=True)
                ),
                sep="\n",
            )
    print(f"\n| wishes alike in all wordings | plans with what is wanted |\n|---|---|\n| {alike} of {total} | {wanted} of {plans} |")


def planned(planner: Planner, chat: Any, words: str) -> dict[str, int] | str:
    """The kinds of a plan's steps with their counts, or the error that came instead."""
    language = language_of(words)
    brief = Brief(id="b", project_id="p", text=words, language=language, created=WHEN)
    makers = [Capability(kind=k, maker=f"{k}-maker", languages=("en", "zh") if k is StepKind.SPEECH else ()) for k in SPECS]
    try:
        plan = planner.plan(brief, makers, chat, BrandKit(), plan_id="plan", seed=1)
    except MaquetteError as error:
        return f"{type(error).__name__}: {error}"
    return dict(sorted(Counter(step.kind.value for step in plan.steps).items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("routes", "tasks", "wordings"))
    parser.add_argument("which", nargs="*", help="jobs of tasks, halves of routes, ids of wishes; all when none is named")
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--rules", action="store_true")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if given.what == "wordings":
        wordings(Unhelpful() if given.rules else embedded(given.model, given.threads), given.which)
    elif given.what == "tasks":
        tasks(Silent() if given.rules else embedded(given.model, given.threads), given.which, given.out, given.every)
    else:
        routes(Silent() if given.rules else embedded(given.model, given.threads), given.which)


if __name__ == "__main__":
    main()
