"""Long texts, scripts and localisation with the embedded chat model: how near the length comes, and what comes through whole.

python -m benchmarks.writing long [--only articles,scripts,tables] [--ids tea,ad] [--context 4096] [--out FILE.json]

Articles: words written for words asked, in all and by section. Scripts: parts that fit their seconds, and Fountain that reads back.
Tables: 40 lines from English into Chinese and back; placeholders, ids, rows and columns compared by code that the writer does not use.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import time
import tomllib
from collections import Counter
from pathlib import Path
from statistics import mean
from typing import Any

from agents.checks.text import words
from agents.writers.article import write_article
from agents.writers.calls import Desk
from agents.writers.script import write_script
from agents.writers.translation import write_translation
from domain.chat import ChatModel
from domain.context import AttachedText, StepContext
from domain.finding import Severity
from domain.progress import Silent
from domain.specs import ArticleSpec, ScriptSpec, TranslationSpec
from pipelines.devices import Devices
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore
from pipelines.text.llamacpp import LlamaCppChat

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "benchmarks" / "data" / "writing"
MODEL = "qwen2.5-coder-1.5b-instruct-q4"
#: Written apart from assets/localisation, so that the one does not pass because of the other.
HELD = re.compile(
    r"\{\{\w+\}\}|\$\{\w+\}|\{\w+, (?:plural|select),|\{[a-z]+\}|%\d?\$?[sd]|%%|</?b>|#|https?://[\w./-]+\w|[\w.]+@[\w.]+\.example",
    re.ASCII,
)


def articles(chat: ChatModel, desk: Desk, wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for item in wanted:
        spec = ArticleSpec.model_validate({key: item[key] for key in ("form", "language", "words", "about")})
        started = time.perf_counter()
        document = write_article(StepContext(spec=spec, material=item["material"]), chat, 7, Silent(), desk)
        parts = [words(p) for p in document.paragraphs if not p.startswith("## ")]
        rows.append(
            {
                "id": item["id"],
                "form": item["form"],
                "asked": item["words"],
                "written": sum(parts),
                "ratio": round(sum(parts) / item["words"], 3),
                "sections": parts,
                "headings": sum(p.startswith("## ") for p in document.paragraphs),
                "findings": Counter(f"{f.severity.value} {f.rule}" for f in document.findings),
                "seconds": round(time.perf_counter() - started, 1),
                "text": document.plain_text,
            }
        )
        print(json.dumps({k: v for k, v in rows[-1].items() if k != "text"}, ensure_ascii=False), flush=True)
    return rows


def scripts(chat: ChatModel, desk: Desk, wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for item in wanted:
        spec = ScriptSpec.model_validate({key: item[key] for key in ("form", "language", "seconds", "about")})
        started = time.perf_counter()
        document = write_script(StepContext(spec=spec, material=item["material"]), chat, 7, Silent(), desk)
        rows.append(
            {
                "id": item["id"],
                "parts": len(document.parts),
                "sum": sum(part.seconds for part in document.parts),
                "asked": item["seconds"],
                "too_long": sum(f.rule == "too_long" for f in document.findings),
                "errors": Counter(f.rule for f in document.findings if f.severity is Severity.ERROR),
                "seconds": round(time.perf_counter() - started, 1),
                "text": document.plain_text,
            }
        )
        print(json.dumps({k: v for k, v in rows[-1].items() if k != "text"}, ensure_ascii=False), flush=True)
    return rows


def table(chat: ChatModel, desk: Desk, source: str, target: str) -> dict[str, Any]:
    """Ids and placeholders that came through, of all; lines that fell back to their source."""
    text = (DATA / f"table_{source}.csv").read_text(encoding="utf-8")
    attached = (AttachedText(name=f"{source}.csv", text=text),)
    started = time.perf_counter()
    context = StepContext(spec=TranslationSpec(language=target, source_language=source), attached=attached)
    document = write_translation(context, chat, 7, Silent(), desk)
    before, after = (list(csv.DictReader(io.StringIO(t))) for t in (text, document.result))
    held = [(Counter(HELD.findall(row["source"])), Counter(HELD.findall(new[target]))) for row, new in zip(before, after, strict=True)]
    there = sum(sum(one.values()) for one, _ in held)
    through = sum(sum((one & other).values()) for one, other in held)
    states = Counter(line.state for line in document.lines)
    row = {
        "from": source,
        "to": target,
        "lines": len(before),
        "ids": sum(a["key"] == b["key"] for a, b in zip(before, after, strict=True)),
        "columns": sum(a["context"] == b["context"] and a["source"] == b["source"] for a, b in zip(before, after, strict=True)),
        "placeholders": there,
        "through": through,
        "lines_intact": sum(one == other for one, other in held),
        "states": states,
        "findings": Counter(f"{f.severity.value} {f.rule}" for f in document.findings),
        "seconds": round(time.perf_counter() - started, 1),
        "result": [[new["key"], row["source"], new[target]] for row, new in zip(before, after, strict=True)],
    }
    print(json.dumps({k: v for k, v in row.items() if k != "result"}, ensure_ascii=False), flush=True)
    return row


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="articles,scripts,tables")
    parser.add_argument("--ids", default="", help="of articles and scripts; empty: all")
    parser.add_argument("--context", type=int, default=4096)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "maquette")
    asked = parser.parse_args(argv)
    parts = set(asked.only.split(","))
    store = ModelStore(Catalogue.read(ROOT / "assets" / "models.toml"), asked.cache)
    file = next(store.folder(MODEL).glob("*.gguf"))
    chat = LlamaCppChat(file, store.ref(MODEL), Devices(6 << 30), slots=1, context_tokens=asked.context)
    desk = Desk(ROOT / "assets")
    wanted = tomllib.loads((DATA / "articles.toml").read_text(encoding="utf-8"))
    if asked.ids:
        wanted = {kind: [item for item in items if item["id"] in asked.ids.split(",")] for kind, items in wanted.items()}
    report: dict[str, Any] = {"model": MODEL, "context": asked.context}
    if "articles" in parts:
        report["articles"] = articles(chat, desk, wanted["article"])
        print(f"mean distance from the length: {mean(abs(1 - row['ratio']) for row in report['articles']):.1%}")
    if "scripts" in parts:
        report["scripts"] = scripts(chat, desk, wanted["script"])
    if "tables" in parts:
        report["tables"] = [table(chat, desk, "en", "zh"), table(chat, desk, "zh", "en")]
    if asked.out:
        asked.out.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
