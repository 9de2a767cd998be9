"""Attention in blocks of rows, for CPUs that multiply bfloat16 but have no tiles (AVX512-bf16 without AMX).

There torch's own attention reaches a third of what the cores multiply, because it packs nothing; plain products of matrices reach
all of it. One head at a time, so many rows that a block of scores stays in the cache. Measured in docs/benchmarks.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: Rows of a block: with 4096 keys 2 MB of scores and as much of shares.
ROWS = 256
#: Below so many queries or keys torch's own is as fast.
LEAST = 512


def suits(device: str, dtype: str) -> bool:
    """Whether this device is one it was made for. What it says hangs on the hardware alone: the same recipe gives the same bytes."""
    import torch

    capable = torch.cpu.get_capabilities()
    return device == "cpu" and dtype == "bfloat16" and bool(capable.get("avx512_bf16")) and not capable.get("amx_bf16")


def blocked(query: Any, key: Any, value: Any, scale: float | None = None) -> Any:
    """softmax(query key^T x scale) value. Each batch x heads x tokens x numbers; scale None: 1 / sqrt(numbers)."""
    import torch

    batch, heads, count, width = query.shape
    keys = key.shape[2]
    query = query * (width**-0.5 if scale is None else scale)
    # laid out as the layer that follows reads it
    out = torch.empty(batch, count, heads, value.shape[3], dtype=query.dtype).transpose(1, 2)
    scores, shares = (torch.empty(min(ROWS, count), keys, dtype=query.dtype) for _ in range(2))
    for one in range(batch):
        for head in range(heads):
            asks = query[one, head].contiguous()
            turned, values = key[one, head].t().contiguous(), value[one, head].contiguous()
            for start in range(0, count, ROWS):
                rows = min(ROWS, count - start)
                torch.mm(asks[start : start + rows], turned, out=scores[:rows])
                torch.softmax(scores[:rows], -1, out=shares[:rows])
                out[one, head, start : start + rows] = torch.mm(shares[:rows], values)
    return out


def mode() -> Any:
    """A context in which torch's attention is computed in blocks where that is faster: no mask, many tokens, bfloat16."""
    import torch
    from torch.nn.functional import scaled_dot_product_attention
    from torch.overrides import TorchFunctionMode

    class Blocked(TorchFunctionMode):
        def __torch_function__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
            values = kwargs or {}
            if func is scaled_dot_product_attention and _fits(torch, args, values):
                named = dict(zip(("query", "key", "value"), args, strict=False)) | values
                return blocked(named["query"], named["key"], named["value"], values.get("scale"))
            return func(*args, **values)

    return Blocked()


def _fits(torch: Any, args: Any, values: Any) -> bool:
    named = dict(zip(("query", "key", "value", "attn_mask", "dropout_p", "is_causal"), args, strict=False)) | values
    query, key = named["query"], named["key"]
    plain = named.get("attn_mask") is None and not named.get("is_causal") and not named.get("dropout_p") and not named.get("enable_gqa")
    large = query.dim() == 4 and query.dtype is torch.bfloat16 and min(query.shape[2], key.shape[2]) >= LEAST
    return bool(plain and large and query.shape[:2] == key.shape[:2] and not torch.is_grad_enabled())
