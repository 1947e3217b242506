"""Eight bits instead of sixteen: how what flows into the layers of an encoder is scaled so that a byte holds it.

Some channels of a transformer's states are many times as large as the others, and a byte that spans them leaves little
for these. So each channel is multiplied by a factor, and the weights that it meets are divided by it (SmoothQuant; Xiao
et al. 2023). How much of the span goes over to the weights, and where it is cut, is chosen for each layer by what
comes out of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from rag.errors import ModelError
from rag.inference.tensors import Tensor

LEVELS: Final = 256
# Between levels of a weight, which has a sign and no offset.
_STEPS: Final = 127
_FLOWS: Final = {
    "attention.self": ("attention.self.query", "attention.self.key", "attention.self.value"),
    "attention.output.dense": ("attention.output.dense",),
    "intermediate.dense": ("intermediate.dense",),
    "output.dense": ("output.dense",),
}
_OF: Final = "of"
_EXPONENTS: Final = tuple(np.arange(0.4, 1.01, 0.05))
_CUTS: Final = (1.0, 0.8, 0.6)
_TOKENS: Final = 24
_SEED: Final = 1
_LEAST: Final = 1e-4
_TINY: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Scale:
    """Of what flows into a layer: a factor for each channel, and the range of the products that is kept."""

    factors: Tensor
    low: float
    high: float


Scales: TypeAlias = Mapping[str, Scale]
"""By the names of `flows`."""


def flows(layers: int) -> dict[str, list[str]]:
    """What flows into the layers of an encoder, by name, and the matrices that it meets there."""
    return {
        f"encoder.layer.{layer}.{name}": [f"encoder.layer.{layer}.{one}" for one in met]
        for layer in range(layers)
        for name, met in _FLOWS.items()
    }


def rounded(weight: Tensor) -> tuple[NDArray[np.int8], Tensor]:
    """A matrix in bytes, and for each row, as a column, what a step of them stands for."""
    steps: Tensor = (np.abs(weight).max(axis=1, keepdims=True) / _STEPS).astype(np.float32)
    return np.round(weight / np.maximum(steps, np.finfo(np.float32).tiny)).astype(np.int8), steps


def fit_all(observed: Iterable[Mapping[str, Tensor]], weights: Mapping[str, Tensor], layers: int) -> Scales:
    """The scales of an encoder by what was ``observed`` to flow into its layers, for each of some texts.

    Of each text the first token, the last and some others count.
    """
    from tqdm import tqdm

    draw = np.random.default_rng(_SEED)
    rows: dict[str, list[Tensor]] = {}
    for flowing in observed:
        length = len(next(iter(flowing.values())))
        some = np.unique(np.concatenate([[0, length - 1], draw.integers(0, length, _TOKENS)]))
        for name, flow in flowing.items():
            rows.setdefault(name, []).append(flow[some])
    return {
        name: fit(np.concatenate(rows[name]), [weights[f"{one}.weight"] for one in met])
        for name, met in tqdm(flows(layers).items(), desc="刻度 scales", unit="layer", delay=2, disable=None)
    }


def fit(flow: Tensor, weights: Sequence[Tensor]) -> Scale:
    """The scale with which ``flow``, shape ``(tokens, channels)``, comes nearest to its products with ``weights``.

    The sum of squares decides, over all of them, ``(outputs, channels)`` each.
    """
    weight = np.concatenate([np.asarray(one) for one in weights])
    exact = flow @ weight.T
    channels, met = _largest(flow), _largest(weight)
    tried: list[tuple[float, Scale]] = []
    for exponent in _EXPONENTS:
        raw = met ** (1 - exponent) / channels**exponent
        # Half precision, as they are kept.
        factors: Tensor = (raw / np.exp(np.log(raw).mean())).astype(np.float16).astype(np.float32)
        scaled = flow * factors
        matrix, steps = rounded(np.divide(weight, factors, dtype=np.float32))
        for cut in _CUTS:
            scale = _scale(factors, cut * float(scaled.min()), cut * float(scaled.max()))
            error = np.square(_bytes(scaled, scale) @ (matrix * steps).T - exact).sum()
            tried.append((float(error), scale))
    return min(tried, key=lambda one: one[0])[1]


def _largest(rows: Tensor) -> Tensor:
    """Of each column, where one that is next to nothing counts as a little more: factors stay within bounds."""
    largest: Tensor = np.abs(rows).max(axis=0)
    return np.maximum(largest, max(_LEAST * float(largest.max()), _TINY))


def _scale(factors: Tensor, low: float, high: float) -> Scale:
    """With the range moved so that zero is one of its levels."""
    low, high = min(low, 0.0), max(high, _TINY)
    step = (high - low) / (LEVELS - 1)
    below = round(-low / step)
    return Scale(factors, -below * step, (LEVELS - 1 - below) * step)


def _bytes(scaled: Tensor, scale: Scale) -> Tensor:
    step = (scale.high - scale.low) / (LEVELS - 1)
    levels = np.clip(np.round(scaled / step), round(scale.low / step), round(scale.high / step))
    return (levels * step).astype(np.float32)


def digest(scales: Scales) -> str:
    """What tells scales from others."""
    hashed = hashlib.sha256()
    for name in sorted(scales):
        hashed.update(f"{name} {scales[name].low} {scales[name].high} ".encode() + scales[name].factors.tobytes())
    return hashed.hexdigest()


def write_scales(scales: Scales, file: Path, of: str) -> None:
    """Write ``scales``, which hold for the weights that ``of`` names. Raises OSError."""
    values: dict[str, NDArray[np.generic]] = {}
    for name, scale in scales.items():
        values[f"{name}.factors"] = scale.factors.astype(np.float16)
        values[f"{name}.range"] = np.array([scale.low, scale.high])
    save_file(values, file, {_OF: of})


def read_scales(file: Path, of: str) -> Scales | None:
    """What `write_scales` wrote for the weights that ``of`` names; None if there is no file, or one for others.

    Raises ModelError if it is damaged.
    """
    if not file.exists():
        return None
    try:
        with safe_open(file, "np") as opened:
            if (opened.metadata() or {}).get(_OF) != of:
                return None
            values = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        return {
            name.removesuffix(".factors"): Scale(
                factors.astype(np.float32), *map(float, values[f"{name.removesuffix('.factors')}.range"])
            )
            for name, factors in values.items()
            if name.endswith(".factors")
        }
    except Exception as error:  # safetensors raises several kinds
        raise ModelError(
            f"模型的 8 位刻度无法读取（{file}）：{error}。请删除它（会慢一些），或重新安装、重新训练。",
            f"The model's scales for eight bits can't be read ({file}): {error}. "
            "Delete the file (slower), or install or train it again.",
        ) from error
