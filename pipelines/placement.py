"""Where torch makers run, and in which number format."""

from __future__ import annotations

from domain.errors import ModelUnusable


def placed(device: str, *, mps: bool = False, bfloat16_on_cpu: bool = False) -> tuple[str, str]:
    """The device and number format for a wish: bfloat16 on GPUs that have it, else float16; float32 on the CPU.

    Args:
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
        mps: whether Apple's GPU can be used for this.
        bfloat16_on_cpu: also compute in bfloat16 on a CPU that has instructions for it.
    Raises ModelUnusable for a device this machine does not have.
    """
    import torch

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if mps and torch.backends.mps.is_available() else "cpu"
    if device == "cpu":
        capable = torch.cpu.get_capabilities()
        return device, "bfloat16" if bfloat16_on_cpu and (capable.get("avx512_bf16") or capable.get("amx_bf16")) else "float32"
    there = torch.cuda.is_available() if device.startswith("cuda") else mps and device == "mps" and torch.backends.mps.is_available()
    if not there:
        raise ModelUnusable(f"There is no device {device!r} on this machine.", hint='Choose the device "auto" or "cpu".', field="device")
    return device, "bfloat16" if device.startswith("cuda") and torch.cuda.is_bf16_supported() else "float16"
