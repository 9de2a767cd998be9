"""Pictures that carry the recipe they were made by: the bytes of an output with it written in, pixels untouched.

Knows recipes and files. The same recipe and pixels give the same bytes: ids of this library and titles stay out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from domain.recipe import Credit, Output, OutputFile, Recipe
from domain.value import JsonValue, canonical_json
from pipelines.media.marks import mark_png, mark_webp, xmp
from pipelines.media.picture import sniff

#: A recipe larger than this (a whole article in a layout) is not carried; the library and the manifest of a pack have it.
RECIPE_MAX = 200_000


def carrying(output: Output, recipe: Recipe, source_type: str) -> Output:
    """The output with every PNG and WebP carrying the recipe. Files that lie at a path are rewritten there.

    source_type: the IPTC digital source type of what is marked as AI-generated, "" for what is not.
    """
    parameters = a1111(recipe, output.facts)
    return replace(output, files=tuple(_carried(file, recipe, parameters, source_type, output.credits) for file in output.files))


def recipe_json(recipe: Recipe) -> str:
    """The recipe without ids of assets, which mean nothing elsewhere."""
    told = recipe.model_dump(mode="json")
    return canonical_json({**told, "inputs": [{**given, "asset_id": ""} for given in told["inputs"]]})


def a1111(recipe: Recipe, facts: Mapping[str, JsonValue]) -> str:
    """The text field "parameters" as stable-diffusion-webui writes it: prompt, negative prompt, one line of settings.

    "" for what was made by no diffusion model.
    """
    if not recipe.maker.startswith("diffusion"):
        return ""
    given = recipe.parameters
    negative = str(given.get("negative", ""))
    settings = {
        "Steps": facts.get("steps", given.get("steps")),
        "CFG scale": facts.get("guidance", given.get("guidance")),
        "Seed": recipe.seed,
        "Size": f"{facts.get('width', given.get('width'))}x{facts.get('height', given.get('height'))}",
        "Model": recipe.models[0].id if recipe.models else "",
        "Model hash": recipe.models[0].sha256[:10] if recipe.models else "",
        "Denoising strength": given.get("strength"),
        "Version": "Maquette",
    }
    lines = [str(given.get("prompt", recipe.prompt)), f"Negative prompt: {negative}" if negative else ""]
    lines.append(", ".join(f"{name}: {value}" for name, value in settings.items() if value not in (None, "")))
    return "\n".join(line for line in lines if line)


def _carried(file: OutputFile, recipe: Recipe, parameters: str, source_type: str, inside: tuple[Credit, ...]) -> OutputFile:
    if file.media_type not in ("image/png", "image/webp"):
        return file
    made = recipe_json(recipe)
    rights = "\n".join(dict.fromkeys(f"{one.title}: {one.author or one.source}, {one.licence}" for one in inside))
    packet = xmp("", rights, source_type, made if len(made) <= RECIPE_MAX else "")
    data = file.read()
    if sniff(data) != file.media_type:
        return file
    data = mark_png(data, packet, parameters) if file.media_type == "image/png" else mark_webp(data, packet)
    if file.path is None:
        return replace(file, data=data)
    file.path.write_bytes(data)
    return replace(file, sha256="")
