"""Builds assets/art/index.json and index.i8: what each drawing shows, its words, its box, its colours, and where it lies by meaning.

Run once when an art set changes; everything it reads is a local folder:

    npm pack @iconify-json/fluent-emoji-flat@1.2.6 (and noto, fxemoji, flat-color-icons, meteocons) emojibase-data@17.0.0, unpacked, then
    python -m training.art_index --assets assets --sets FOLDER --emojibase FOLDER --embedder FOLDER

FOLDER of --sets holds <set id>/icons.json (or iconify-json-<set id>-*/package/icons.json), with chars.json and info.json beside it;
--embedder holds all-MiniLM-L6-v2 as published (transformers). Words and groups of emoji come from emojibase-data (MIT, with CLDR
annotations under the Unicode licence). The same inputs give the same index.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from domain.errors import InputError
from pipelines.image.illustration.svg import clean_fragment

Json = dict[str, Any]

TONE = re.compile(r"(^|-)(1f3fb|1f3fc|1f3fd|1f3fe|1f3ff)(-|$)")
PERSON_GROUPS = ("person", "family", "hand", "body")
# fmt: off
SYMBOL_GROUPS = (
    "alphanum", "keycap", "arrow", "zodiac", "av-symbol", "gender", "math", "punctuation", "currency", "religion", "warning",
    "transport-sign", "geometric", "other-symbol",
)
# fmt: on


@dataclass
class Draft:
    """One concept being gathered: `art` maps set id -> icon name."""

    name: str
    group: str
    flag: str
    en: list[str]
    zh: list[str]
    art: dict[str, str] = field(default_factory=dict)


def flag_of(group: str) -> str:
    """Why a drawing is shown only to those who ask for it: person, face, symbol, flag or ""."""
    if group.startswith(PERSON_GROUPS):
        return "person"
    if group.startswith("face") or group in ("emotion", "cat-face", "monkey-face"):
        return "face"
    if "flag" in group:
        return "flag"
    return "symbol" if group in SYMBOL_GROUPS else ""


def plain_codes(hexcode: str) -> str:
    return "-".join(part for part in hexcode.lower().split("-") if part != "fe0f")


def emoji_drafts(emojibase: Path) -> dict[str, Draft]:
    """Code points -> concept, without skin tones and regional letters."""
    english = json.loads((emojibase / "en" / "data.json").read_text("utf-8"))
    chinese = {entry["hexcode"]: entry for entry in json.loads((emojibase / "zh" / "data.json").read_text("utf-8"))}
    subgroups = json.loads((emojibase / "meta" / "groups.json").read_text("utf-8"))["subgroups"]
    drafts: dict[str, Draft] = {}
    for entry in english:
        if "subgroup" not in entry or TONE.search(entry["hexcode"].lower()):
            continue
        group = subgroups[str(entry["subgroup"])]
        if group in ("country-flag", "subdivision-flag", "skin-tone", "hair-style"):
            continue
        translated = chinese.get(entry["hexcode"], {})
        drafts[plain_codes(entry["hexcode"])] = Draft(
            name=entry["label"].lower(),
            group=group,
            flag=flag_of(group),
            en=[str(tag).lower() for tag in entry.get("tags", [])],
            zh=[word for word in (translated.get("label", ""), *translated.get("tags", [])) if word],
        )
    return drafts


def find_set(sets: Path, set_id: str) -> Path:
    for folder in (sets / set_id, sets / f"art-{set_id}", *sorted(sets.glob(f"iconify-json-{set_id}-[0-9]*/package"))):
        if (folder / "icons.json").is_file():
            return folder
    raise InputError(f"No icons.json of the set {set_id!r} under {sets}.", hint="Unpack its npm package there.", field="--sets")


def attach(drafts: dict[str, Draft], set_id: str, folder: Path, bodies: dict[str, str], facts: Json) -> list[Draft]:
    """Give each emoji concept its drawing in this set; returns concepts of its own for named icons of other sets."""
    chars = json.loads((folder / "chars.json").read_text("utf-8")) if (folder / "chars.json").is_file() else {}
    squashed = {re.sub(r"[^a-z0-9]", "", draft.name): draft for draft in drafts.values()}
    own: list[Draft] = []
    for codes, name in sorted(chars.items()):
        draft = drafts.get(plain_codes(codes))
        if draft is not None and name in bodies and not TONE.search(codes):
            draft.art.setdefault(set_id, name)
    if chars:
        return own
    hidden, extra, groups = set(facts["hidden"]), facts["words"], facts["groups"]
    for name in sorted(bodies):
        known = squashed.get(re.sub(r"[^a-z0-9]", "", name))
        if known is not None:
            known.art.setdefault(set_id, name)
        elif name in extra:
            words = extra[name]
            own.append(Draft(words[0], groups.get(name, "other-object"), "logo" if name in hidden else "", words[1:], [], {set_id: name}))
    return own


def house_drafts(path: Path) -> tuple[list[Draft], dict[str, str]]:
    entries = tomllib.loads(path.read_text("utf-8"))["art"]
    drafts = [Draft(e["en"][0], e["group"], "", e["en"][1:], e["zh"], {"house": e["name"]}) for e in entries]
    return drafts, {e["name"]: e["body"] for e in entries}


def measure(body: str, grid: float) -> Json | None:
    """Where the ink is, in thousandths of the square: box [x0, y0, x1, y1], foot [x0, x1], ink share, main colours. None when blank."""
    import resvg_py
    from PIL import Image

    side = 96
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {grid:g} {grid:g}">{clean_fragment(body, "a")}</svg>'
    png = resvg_py.svg_to_bytes(svg_string=svg, width=side, height=side, skip_system_fonts=True)
    image = Image.open(io.BytesIO(bytes(png))).convert("RGBA")
    alpha = image.getchannel("A").point(lambda value: 255 if value > 40 else 0)
    box = alpha.getbbox()
    if box is None:
        return None
    x0, y0, x1, y1 = box
    low = max(y0, y1 - max(2, round((y1 - y0) * 0.12)))
    foot = alpha.crop((0, low, side, y1)).getbbox() or (x0, 0, x1, 1)
    pixels = np.asarray(image)[np.asarray(alpha) > 0][:, :3]
    return {
        "box": [round(v * 1000 / side) for v in box],
        "foot": [round(foot[0] * 1000 / side), round(foot[2] * 1000 / side)],
        "ink": round(len(pixels) / (side * side), 3),
        "colours": main_colours(pixels),
    }


def main_colours(pixels: npt.NDArray[np.uint8]) -> list[str]:
    """Up to three, by area, from pixels (n, 3) binned to 4 bits a channel."""
    bins, member, counts = np.unique(pixels >> 4, axis=0, return_inverse=True, return_counts=True)
    biggest = sorted(range(len(bins)), key=lambda i: (-int(counts[i]), tuple(bins[i])))[:3]
    return ["#" + "".join(f"{round(float(c)):02x}" for c in pixels[member.ravel() == i].mean(axis=0)) for i in biggest]


def embed(texts: list[str], folder: Path) -> list[list[float]]:
    """Mean-pooled, unit-length sentence embeddings of a BERT folder (the recipe of sentence-transformers/all-MiniLM-L6-v2)."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    model = AutoModel.from_pretrained(str(folder), local_files_only=True, use_safetensors=True).eval()
    rows: list[list[float]] = []
    with torch.inference_mode():
        for start in range(0, len(texts), 64):
            batch = tokenizer(texts[start : start + 64], padding=True, truncation=True, max_length=64, return_tensors="pt")
            hidden = model(**batch).last_hidden_state
            mask = batch["attention_mask"].unsqueeze(-1)
            rows += torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1).tolist()
    return rows


def quantise(rows: list[list[float]]) -> tuple[bytes, float]:
    """Signed bytes and the scale that turns them back."""
    scale = max(abs(v) for row in rows for v in row) / 127
    return b"".join(bytes(round(v / scale) & 0xFF for v in row) for row in rows), scale


def gather(assets: Path, sets: Path, emojibase: Path) -> tuple[list[Draft], dict[str, dict[str, str]], dict[str, str]]:
    """All concepts, bodies per set, and the version of each set."""
    facts = tomllib.loads((assets / "art" / "other_sets.toml").read_text("utf-8"))
    known = tomllib.loads((assets / "art" / "sets.toml").read_text("utf-8"))["set"]
    emoji = emoji_drafts(emojibase)
    drafts, house = house_drafts(assets / "art" / "house.toml")
    bodies: dict[str, dict[str, str]] = {"house": house}
    versions = {"emojibase-data": str(json.loads((emojibase / "package.json").read_text("utf-8"))["version"])}
    for entry in known:
        if not entry["model"]:
            continue
        folder = find_set(sets, entry["id"])
        icons = json.loads((folder / "icons.json").read_text("utf-8"))["icons"]
        bodies[entry["id"]] = {name: icon["body"] for name, icon in icons.items()}
        package = json.loads((folder / "package.json").read_text("utf-8"))
        versions[entry["id"]] = str(package["version"])
        drafts += attach(emoji, entry["id"], folder, bodies[entry["id"]], facts.get(entry["id"], {"hidden": [], "words": {}, "groups": {}}))
    drafts += [draft for draft in emoji.values() if draft.art]
    return drafts, bodies, versions


def write(assets: Path, drafts: list[Draft], bodies: dict[str, dict[str, str]], versions: dict[str, str], embedder: Path) -> int:
    """index.json and index.i8 under assets/art; returns how many concepts."""
    grids = {e["id"]: e["grid"] for e in tomllib.loads((assets / "art" / "sets.toml").read_text("utf-8"))["set"]}
    synonyms = tomllib.loads((assets / "art" / "synonyms.toml").read_text("utf-8"))
    concepts: list[Json] = []
    for draft in drafts:
        art = {}
        for set_id, icon in draft.art.items():
            facts = measure(bodies[set_id][icon], grids[set_id])
            if facts is not None:
                art[set_id] = {"icon": icon, **facts}
        if art:
            concepts.append(
                {"name": draft.name, "group": draft.group, "flag": draft.flag, "en": draft.en, "zh": [z for z in draft.zh if z]}
            )
            concepts[-1]["art"] = art
    extra = {entry["name"]: entry.get("en", []) for entry in synonyms["concept"]}
    texts = [", ".join([c["name"], *extra.get(c["name"], [])[:6], *c["en"][:8]]) for c in concepts]
    data, scale = quantise(embed(texts, embedder))
    head = {"model": "all-minilm-l6-v2", "dimensions": len(data) // len(concepts), "scale": scale}
    lines = ",\n".join(json.dumps(c, ensure_ascii=False, separators=(",", ":")) for c in concepts)
    header = json.dumps({"made_from": versions, "embedding": head}, ensure_ascii=False)[1:-1]
    (assets / "art" / "index.json").write_text(f'{{{header},\n"concepts":[\n{lines}\n]}}\n', "utf-8")
    (assets / "art" / "index.i8").write_bytes(data)
    return len(concepts)


def write_nouns(assets: Path, drafts: list[Draft]) -> int:
    """assets/prompts/scene_nouns.toml: the words for things that can be drawn, for agents, which never see the art. Returns how many."""
    known = tomllib.loads((assets / "art" / "synonyms.toml").read_text("utf-8"))
    hidden, curated = set(known["hidden"]["names"]), {e["name"].lower(): e for e in known["concept"]}
    by_name = {d.name: d for d in reversed(drafts)}
    rows: dict[str, tuple[str, list[str], list[str]]] = {}
    for draft in drafts:
        extra = curated.get(draft.name, {"en": [], "zh": []})
        if draft.name in hidden or draft.flag not in ("", "person", "face") or (draft.flag and not extra["en"]):
            continue
        own = draft.en if "house" in draft.art else []
        first = extra["en"][0] if extra["en"] and not extra["en"][0].startswith(draft.name[:3]) else draft.name
        name = first if "house" not in draft.art else draft.name
        rows.setdefault(
            name,
            (draft.group, [*dict.fromkeys([draft.name, *own, *extra["en"]])], [*extra["zh"], *draft.zh[: len(draft.zh) if own else 1]]),
        )
    for name, words in known["near"].items():
        for word in words:
            _, english, chinese = rows.setdefault(words[0], (by_name[name].group if name in by_name else "", [], []))
            (english if word.isascii() else chinese).append(word)
    lines = [json.dumps([name, group, en, zh], ensure_ascii=False) for name, (group, en, zh) in rows.items()]
    head = "# Written by training/art_index.py: what to call it, its group, its English words, its Chinese words.\n"
    (assets / "prompts" / "scene_nouns.toml").write_text(head + "nouns = [\n" + ",\n".join(lines) + "\n]\n", "utf-8")
    return len(rows)


def main(arguments: Sequence[str]) -> int:
    """The command. Returns its exit status; raises InputError when a folder does not hold what it should."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    for name in ("--assets", "--sets", "--emojibase", "--embedder"):
        parser.add_argument(name, type=Path, required=True)
    options = parser.parse_args(arguments)
    drafts, bodies, versions = gather(options.assets, options.sets, options.emojibase)
    write_nouns(options.assets, drafts)
    count = write(options.assets, drafts, bodies, versions, options.embedder)
    sys.stdout.write(f"{count} concepts written to {options.assets / 'art' / 'index.json'}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
