"""Builds assets/art/index.json, index.i8 and chinese.json: what each drawing shows, its words, its box, its colours, its meaning.

Run once when an art set changes; everything it reads is a local folder:

    npm pack @iconify-json/fluent-emoji-flat@1.2.6 (and the packages of the other art-* entries of assets/models.toml) and
    emojibase-data@17.0.0, unpacked; apt-get download wordnet-base, unpacked; wns/cow/wn-data-cmn.tab of github.com/omwn/omw-data; then
    python -m training.art_index --assets assets --sets FOLDER --emojibase FOLDER --wordnet FOLDER --chinese FILE --embedder FOLDER

FOLDER of --sets holds <set id>/icons.json (or iconify-json-<set id>-*/package/icons.json), with info.json, package.json, chars.json and
metadata.json beside it; --embedder holds all-MiniLM-L6-v2 as published (transformers). Words and groups of emoji come from
emojibase-data (MIT, with CLDR annotations under the Unicode licence), of other icons from WordNet 3.0 and the Chinese Open Wordnet
(both under the WordNet licence). --keep FOLDER keeps what was measured and embedded, for the next run. The same inputs give the same
index on the same machine.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from domain.errors import InputError
from pipelines.image.illustration.art import inked
from pipelines.image.illustration.svg import clean_fragment
from training.art_drafts import Draft, Gathering, Icons, emoji_drafts, house_drafts, read_set, shortcodes
from training.art_words import Words

Json = dict[str, Any]
Floats = npt.NDArray[np.float32]

#: Kept of the 384 dimensions of a sentence embedding: the largest of an uncentred singular value decomposition, so cosines stay cosines.
DIMENSIONS = 192
#: At least this share of a drawing must be ink, in a square of its own: less is a line nobody sees.
LEAST_INK = 0.015


class Look(NamedTuple):
    """What is needed to measure a set's drawings: the side of its square, and the pattern of a disc behind them."""

    grid: float
    backdrop: str = ""


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
    # Texts of about the same length together: what is padded is computed too.
    order = sorted(range(len(texts)), key=lambda i: (len(texts[i]), i))
    rows: list[list[float]] = [[]] * len(texts)
    with torch.inference_mode():
        for start in range(0, len(texts), 64):
            chosen = order[start : start + 64]
            batch = tokenizer([texts[i] for i in chosen], padding=True, truncation=True, max_length=64, return_tensors="pt")
            hidden = model(**batch).last_hidden_state
            mask = batch["attention_mask"].unsqueeze(-1)
            vectors = torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1).tolist()
            for i, vector in zip(chosen, vectors, strict=True):
                rows[i] = vector
    return rows


def quantise(rows: Floats) -> tuple[bytes, float]:
    """Signed bytes and the scale that turns them back."""
    scale = float(np.abs(rows).max()) / 127
    return np.rint(rows / scale).astype(np.int8).tobytes(), scale


def reduce(rows: Floats, dimensions: int) -> tuple[Floats, Floats]:
    """The rows in fewer dimensions, and the projection (source, dimensions) that takes a query there."""
    values, vectors = np.linalg.eigh(rows.astype(np.float64).T @ rows.astype(np.float64))
    chosen = vectors[:, np.argsort(-values, kind="stable")[:dimensions]]
    # The sign of an eigenvector is free: the largest part is made positive.
    chosen = chosen * np.sign(chosen[np.abs(chosen).argmax(axis=0), np.arange(chosen.shape[1])])
    projection = chosen.astype(np.float16)
    return (rows @ projection.astype(np.float32)).astype(np.float32), projection.astype(np.float32)


class Kept:
    """Results of slow work by the hash of what they were made from; in `folder` between runs, or only in memory."""

    def __init__(self, folder: Path | None, name: str) -> None:
        self._path = folder / f"{name}.json" if folder else None
        self.known: dict[str, Any] = json.loads(self._path.read_text("utf-8")) if self._path and self._path.is_file() else {}

    @staticmethod
    def key(*parts: str) -> str:
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]

    def save(self) -> None:
        if self._path:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps(self.known), "utf-8")


def gather(assets: Path, sets: Path, emojibase: Path, words: Words) -> tuple[list[Draft], dict[str, Icons], dict[str, str]]:
    """All concepts with a drawing, the sets, and the bodies of our own art. Raises InputError for a licence that is not as written."""
    art = {
        name: tomllib.loads((assets / "art" / f"{name}.toml").read_text("utf-8")) for name in ("sets", "other_sets", "brands", "synonyms")
    }
    emoji, short = emoji_drafts(emojibase), shortcodes(emojibase)
    own, house = house_drafts(assets / "art" / "house.toml")
    gathering = Gathering([*own, *emoji.values()], art["synonyms"], art["other_sets"], art["brands"], words)
    read: dict[str, Icons] = {}
    for entry in art["sets"]["set"]:
        if not entry["model"]:
            continue
        icons = read[entry["id"]] = read_set(sets, entry["id"])
        if icons.licence != entry["licence"]:
            raise InputError(f"{icons.id} is under {icons.licence}, not {entry['licence']}.", hint="Mend assets/art/sets.toml.")
        if entry.get("emoji"):
            gathering.add_emoji(icons, emoji, short)
        else:
            gathering.add_named(icons)
    return gathering.finish(), read, house


def drawn(draft: Draft, read: Mapping[str, Icons], house: Mapping[str, str], looks: Mapping[str, Look], kept: Kept) -> Json:
    """The drawings of a concept: set id -> [icon, [box, foot, ink in thousandths], colours], without blanks and doubles."""
    art: Json = {}
    for set_id, names in draft.art.items():
        look, seen = looks[set_id], set()
        for name in names:
            body = house[name] if set_id == "house" else inked(read[set_id].bodies[name], look.backdrop)
            if set_id != "house" and max(read[set_id].sizes[name]) > look.grid:
                continue
            key = Kept.key(body, f"{look.grid:g}")
            if key not in kept.known:
                kept.known[key] = measure(body, look.grid)
            facts = kept.known[key]
            if facts is None or facts["ink"] < LEAST_INK or key in seen:
                continue
            seen.add(key)
            place = [*facts["box"], *facts["foot"], round(facts["ink"] * 1000)]
            art.setdefault(set_id, []).append([name, place, "".join(facts["colours"])])
    return art


def vectors_of(texts: Sequence[str], embedder: Path, kept: Kept) -> Floats:
    missing = [t for t in dict.fromkeys(texts) if Kept.key(t) not in kept.known]
    for text, row in zip(missing, embed(missing, embedder) if missing else [], strict=True):
        kept.known[Kept.key(text)] = [round(v, 6) for v in row]
    return np.array([kept.known[Kept.key(t)] for t in texts], dtype=np.float32)


def write(assets: Path, concepts: list[Json], rows: Floats, made_from: Mapping[str, str], lexicon: Mapping[str, str]) -> None:
    """index.json, index.i8, index.f16 and chinese.json under assets/art."""
    folder = assets / "art"
    reduced, projection = reduce(rows, min(DIMENSIONS, *rows.shape))
    data, scale = quantise(reduced)
    head = {"model": "all-minilm-l6-v2", "dimensions": reduced.shape[1], "scale": scale, "source_dimensions": rows.shape[1]}
    lines = ",\n".join(json.dumps(c, ensure_ascii=False, separators=(",", ":")) for c in concepts)
    header = json.dumps({"made_from": made_from, "embedding": head}, ensure_ascii=False)[1:-1]
    (folder / "index.json").write_text(f'{{{header},\n"concepts":[\n{lines}\n]}}\n', "utf-8")
    (folder / "index.i8").write_bytes(data)
    (folder / "index.f16").write_bytes(projection.astype("<f2").tobytes())
    text = json.dumps(lexicon, ensure_ascii=False, indent=0, separators=(",", ":"))
    (folder / "chinese.json").write_text(text + "\n", "utf-8")


def texts_of(concepts: Sequence[Json], synonyms: Json) -> list[str]:
    """What is embedded for each concept: its name, what people call it, its tags."""
    extra = {entry["name"].lower(): entry.get("en", []) for entry in synonyms["concept"]}
    return [", ".join([c["name"], *extra.get(c["name"].lower(), [])[:6], *c["as"][:4], *c["en"][:8]]) for c in concepts]


def write_nouns(assets: Path, drafts: list[Draft]) -> int:
    """assets/prompts/scene_nouns.toml: the words for things that can be drawn, for agents, which never see the art. Returns how many."""
    known = tomllib.loads((assets / "art" / "synonyms.toml").read_text("utf-8"))
    hidden, curated = set(known["hidden"]["names"]), {e["name"].lower(): e for e in known["concept"]}
    doubtful = set(tomllib.loads((assets / "art" / "other_sets.toml").read_text("utf-8"))["nouns"]["out"])
    by_name = {d.name: d for d in reversed(drafts)}
    rows: dict[str, tuple[str, list[str], list[str]]] = {}
    for draft in drafts:
        extra = curated.get(draft.name, {"en": [], "zh": []})
        if draft.name in hidden or draft.flag not in ("", "person", "face") or (draft.flag and not extra["en"]):
            continue
        if not draft.certain or (draft.name in doubtful and not extra["en"]):
            continue
        own = draft.en if "house" in draft.art else []
        first = extra["en"][0] if extra["en"] and not extra["en"][0].startswith(draft.name[:3]) else draft.name
        name = first if "house" not in draft.art else draft.name
        english = [*dict.fromkeys([draft.name, *own, *extra["en"], *draft.names])]
        rows.setdefault(name, (draft.group, english, [*extra["zh"], *draft.zh[: len(draft.zh) if own else 1]]))
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
    for name in ("--assets", "--sets", "--emojibase", "--embedder", "--wordnet", "--chinese"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args(arguments)
    art = options.assets / "art"
    groups = [(lemma, group) for lemma, group in tomllib.loads((art / "other_sets.toml").read_text("utf-8"))["above"]]
    words = Words(options.wordnet, options.chinese, art / "words_zh.toml", groups)
    drafts, read, house = gather(options.assets, options.sets, options.emojibase, words)
    sets = tomllib.loads((art / "sets.toml").read_text("utf-8"))["set"]
    looks = {e["id"]: Look(float(e["grid"]), e.get("backdrop", "")) for e in sets}
    measures, embedded = Kept(options.keep, "measures"), Kept(options.keep, "vectors")
    found = [(draft, drawn(draft, read, house, looks, measures)) for draft in drafts]
    measures.save()
    drafts = [draft for draft, drawings in found if drawings]
    concepts = [
        {"name": d.name, "group": d.group, "flag": d.flag, "as": d.names, "en": d.en, "zh": [z for z in d.zh if z], "art": drawings}
        for d, drawings in found
        if drawings
    ]
    rows = vectors_of(texts_of(concepts, tomllib.loads((art / "synonyms.toml").read_text("utf-8"))), options.embedder, embedded)
    made_from = {"emojibase-data": str(json.loads((options.emojibase / "package.json").read_text("utf-8"))["version"]), "wordnet": "3.0"}
    write(options.assets, concepts, rows, made_from | {icons.id: icons.version for icons in read.values()}, words.lexicon)
    write_nouns(options.assets, drafts)
    embedded.save()
    count = sum(len(drawings) for c in concepts for drawings in c["art"].values())
    sys.stdout.write(f"{len(concepts)} concepts, {count} drawings of {len(read) + 1} sets written to {art / 'index.json'}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
