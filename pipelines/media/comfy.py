"""Reads a ComfyUI graph in the API format: which words, model, seed and sampler made a picture. The graph is data; no node is run.

{"3": {"class_type": "KSampler", "inputs": {"seed": 5, "positive": ["6", 0], ...}}, ...}: an input is a value or a link [node id, slot].
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

GRAPH_MAX = 2_000_000
#: Nodes looked at, and links followed from a sampler to its words: conditioning nodes stand between them.
NODES_MAX, HOPS_MAX = 2_000, 24
_NAMES = {
    "seed": "Seed", "noise_seed": "Seed", "steps": "Steps", "cfg": "CFG scale", "guidance": "Guidance", "sampler_name": "Sampler",
    "scheduler": "Schedule type", "denoise": "Denoising strength", "ckpt_name": "Model", "unet_name": "Model", "vae_name": "VAE",
    "lora_name": "LoRA", "control_net_name": "ControlNet", "width": "Width", "height": "Height", "batch_size": "Batch size",
}  # fmt: skip
_TEXTS = ("text", "text_g", "text_l", "t5xxl", "clip_l", "prompt", "string", "value")

Nodes = Mapping[str, Mapping[str, Any]]


def read_graph(text: str) -> dict[str, Any]:
    """prompt, negative and settings of a graph; {} for what is no graph, is larger than is read or nested deeper than can be read."""
    if len(text) > GRAPH_MAX:
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    nodes = _nodes(value)
    if not nodes:
        return {}
    sampler = next((node for node in nodes.values() if {"positive", "negative"} <= node.keys()), None)
    guider = next((node for node in nodes.values() if "conditioning" in node), None)
    prompt = _words(nodes, sampler["positive"]) if sampler else _words(nodes, guider["conditioning"]) if guider else ""
    negative = _words(nodes, sampler["negative"]) if sampler else ""
    settings = {
        (_NAMES[key], str(given)): None
        for node in nodes.values()
        for key, given in node.items()
        if key in _NAMES and isinstance(given, str | int | float) and not isinstance(given, bool)
    }
    return {"prompt": prompt, "negative": negative, "settings": list(settings)}


def _nodes(value: Any) -> Nodes:
    """Inputs of each node by its id; {} where the value is no graph."""
    if not isinstance(value, dict):
        return {}
    found: dict[str, Mapping[str, Any]] = {}
    for key, node in list(value.items())[:NODES_MAX]:
        if isinstance(node, dict) and isinstance(node.get("class_type"), str) and isinstance(node.get("inputs"), dict):
            found[str(key)] = node["inputs"]
    return found


def _words(nodes: Nodes, link: Any) -> str:
    """The text at the end of a link, through the nodes between. A circle ends by the number of hops."""
    waiting, seen = [link], set[str]()
    for _ in range(HOPS_MAX):
        if not waiting:
            break
        one = waiting.pop(0)
        if not isinstance(one, list) or not one or str(one[0]) not in nodes or str(one[0]) in seen:
            continue
        seen.add(str(one[0]))
        inputs = nodes[str(one[0])]
        texts = [inputs[name] for name in _TEXTS if isinstance(inputs.get(name), str) and inputs[name].strip()]
        if texts:
            return "\n".join(dict.fromkeys(texts))
        waiting += [given for given in inputs.values() if isinstance(given, list)]
    return ""
