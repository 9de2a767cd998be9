"""Reads a checkpoint into a pipeline of diffusers in RAM: a folder, a checkpoint of one file, or a denoiser of one file with the rest of
its pipeline from another folder. Local files only, no code from a model. Called by the `load` of a Weights
(pipelines/devices.py) and nowhere else; it puts nothing on a device.
"""

from __future__ import annotations

import importlib.util
import json
import tempfile
from pathlib import Path
from typing import Any

from domain.errors import ModelCorrupt, ModelUnusable, OutOfMemory
from pipelines.image import eight_bits
from pipelines.image.default_dtype import default_dtype_kept
from pipelines.image.denoisers import PREFIX
from pipelines.image.headers import read_weights
from pipelines.image.loading import Opened
from pipelines.image.picture_reader import REPLACED, read_processor
from pipelines.image.shortage import is_shortage
from pipelines.models.folders import read_object

_DENOISERS = ("transformer", "unet")


def read(folder: Path, beside: Path | None, opened: Opened, dtype: str, *, eight: bool = False) -> Any:
    """The pipeline. beside: of a file, the folder with what it lacks. eight: the denoiser's layers are held in 8 bits.

    Raises OutOfMemory, ModelCorrupt, ModelUnusable.
    """
    from diffusers.utils import logging as diffusers_logging
    from safetensors import SafetensorError
    from transformers.utils import logging as transformers_logging

    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    try:
        with default_dtype_kept():
            if opened.denoiser is not None:
                return _around(opened, beside, dtype, eight)
            if opened.single is not None:
                return _single(opened, beside, dtype, eight)
            return _folder(folder, opened, dtype, eight)
    except (SafetensorError, KeyError, IndexError) as error:  # a tensor that is looked for is not there, or not readable
        raise ModelCorrupt("The model's weights cannot be read.", hint="Verify the model, then pull it again.") from error
    except (MemoryError, RuntimeError, ValueError, OSError, TypeError, ImportError, AttributeError) as error:
        if is_shortage(error):
            raise OutOfMemory("The model does not fit into memory.", hint="Choose a smaller model, or free memory.") from error
        raise ModelUnusable(
            "diffusers cannot load this model ({class_name}): {error}.",
            hint="Choose another model.",
            class_name=opened.class_name,
            error=error,
        ) from error


def _folder(folder: Path, opened: Opened, dtype: str, eight: bool) -> Any:
    import diffusers
    import torch

    how = {"dtype": getattr(torch, dtype), "use_safetensors": True, "local_files_only": True, "variant": opened.variant}
    first: dict[str, Any] = {}
    if read_object(folder / "model_index.json").get("processor") == REPLACED:
        first["processor"] = read_processor(folder / "processor")
    if eight:
        # the denoiser first, and made small before the rest is read: it is the most that is in RAM at once
        name = next(name for name in _DENOISERS if (folder / name).is_dir())
        kind = getattr(diffusers, str(read_object(folder / name / "config.json")["_class_name"]))
        first[name] = kind.from_pretrained(str(folder / name), **how)
        eight_bits.hold(first[name])
    return diffusers.DiffusionPipeline.from_pretrained(str(folder), **how, **first)


def _single(opened: Opened, config: Path | None, dtype: str, eight: bool) -> Any:
    import diffusers
    import torch

    pipe = getattr(diffusers, opened.class_name).from_single_file(
        str(opened.single), config=str(config), torch_dtype=getattr(torch, dtype), local_files_only=True, safety_checker=None
    )
    if eight:
        eight_bits.hold(pipe.unet)
    return pipe


def _around(opened: Opened, parts: Path | None, dtype: str, eight: bool) -> Any:
    import diffusers
    import torch

    denoiser = _denoiser(opened, dtype)
    if eight:
        eight_bits.hold(denoiser)
    return getattr(diffusers, opened.class_name).from_pretrained(
        str(parts), transformer=denoiser, dtype=getattr(torch, dtype), use_safetensors=True, local_files_only=True, variant=opened.variant
    )


def _denoiser(opened: Opened, dtype: str) -> Any:
    """Built by the configuration of our data, filled from the file."""
    import diffusers
    import torch

    assert opened.denoiser is not None and opened.single is not None
    kind = getattr(diffusers, opened.denoiser.class_name)
    how: dict[str, Any] = {"torch_dtype": getattr(torch, dtype), "local_files_only": True}
    if opened.stored:
        require_gguf()
        how["quantization_config"] = diffusers.GGUFQuantizationConfig(compute_dtype=getattr(torch, dtype))
    with tempfile.TemporaryDirectory() as name:
        config = {"_class_name": opened.denoiser.class_name, **opened.denoiser.config}
        (Path(name) / "config.json").write_text(json.dumps(config), encoding="utf-8")
        model = kind.from_single_file(_tensors(opened.single, bool(opened.stored)), config=name, **how)
    if opened.stored:
        _unpack_small(model, getattr(torch, dtype))
    empty = [name for name, values in model.state_dict().items() if values.is_meta]
    if empty:
        raise ModelUnusable(
            "{single} lacks {count} tensors of {denoiser}, {empty} among them.",
            hint="Use a file of the whole denoiser.",
            field="path",
            single=opened.single.name,
            count=len(empty),
            denoiser=opened.denoiser.name,
            empty=empty[0],
        )
    return model


def _unpack_small(model: Any, dtype: Any) -> None:
    """What is packed outside the linear layers (a padding token, a norm, a bias): only those unpack themselves when they are used."""
    import torch
    from diffusers.quantizers.gguf.utils import GGUFLinear, GGUFParameter, dequantize_gguf_tensor

    for layer in model.modules():
        for name, values in list(layer._parameters.items()):
            if isinstance(values, GGUFParameter) and not (isinstance(layer, GGUFLinear) and name == "weight"):
                layer._parameters[name] = torch.nn.Parameter(dequantize_gguf_tensor(values).to(dtype), requires_grad=False)


def _tensors(path: Path, gguf: bool) -> dict[str, Any]:
    """The denoiser's tensors by their names without a prefix: a file may have text encoders and a decoder too."""
    if gguf:
        from diffusers.models.model_loading_utils import load_gguf_checkpoint

        whole: dict[str, Any] = load_gguf_checkpoint(str(path))
        inside = [name for name in whole if name.startswith(PREFIX)]
        return {name.removeprefix(PREFIX): whole[name] for name in inside or whole}
    from safetensors import safe_open

    names = list(read_weights(path).shapes)
    wanted = [name for name in names if name.startswith(PREFIX)] or names
    with safe_open(str(path), framework="pt") as file:
        return {name.removeprefix(PREFIX): file.get_tensor(name) for name in wanted}


def require_gguf() -> None:
    """Raises ModelUnusable, with the command that installs it, where the package that reads GGUF is not there."""
    if importlib.util.find_spec("gguf") is None:
        raise ModelUnusable(
            "Pictures from a GGUF file need the package gguf, which is not installed.",
            hint="Run: pip install 'maquette[gguf]'", field="path",
        )  # fmt: skip
