"""The trained reader's weights on disk: how far training moved each of the encoder's, and the heads.

A matrix' difference is kept as one byte a weight and one factor a row, since differences are small: what comes out of
the network changes by less than by computing in bfloat16. Everything else is float32.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from rag.errors import ModelError

Array = NDArray[np.float32]

FORMAT: Final = "difference-1"
HEADS: Final = {"tokens": 3, "passage": 2}
"""Outputs of each head: start, end and inside of each token; relevance and several answers of the passage."""
ENCODER: Final = "encoder."
_FACTOR: Final = ".factor"
_LARGEST: Final = 127


def write(differences: Mapping[str, Array], heads: Mapping[str, Array], file: Path, notes: Mapping[str, str]) -> None:
    """Write what training changed of the encoder's tensors, by their names, and the heads, with ``notes``."""
    kept: dict[str, NDArray[np.float32] | NDArray[np.int8]] = {name: np.asarray(head) for name, head in heads.items()}
    for name, difference in differences.items():
        if difference.ndim < 2:
            kept[ENCODER + name] = difference
            continue
        factor = np.maximum(np.abs(difference).max(axis=1, keepdims=True) / _LARGEST, np.finfo(np.float32).tiny)
        kept[ENCODER + name] = np.rint(difference / factor).astype(np.int8)
        kept[ENCODER + name + _FACTOR] = factor.astype(np.float32)
    save_file(kept, file, metadata={"format": FORMAT, **notes})


def read(file: Path) -> tuple[dict[str, Array], dict[str, Array], dict[str, str]]:
    """What `write` wrote: differences of the encoder's tensors, heads, and notes.

    Raises ModelError if it is missing, damaged, or of another format.
    """
    with _opened(file) as opened:
        kept = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        differences = {name.removeprefix(ENCODER): _difference(name, kept) for name in kept if _is_of_encoder(name)}
        return differences, _heads(opened), dict(opened.metadata())


def read_heads(file: Path) -> dict[str, Array]:
    """Of what `write` wrote the heads alone, which take no time. Raises as `read`."""
    with _opened(file) as opened:
        return _heads(opened)


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    try:
        with safe_open(file, "np") as opened:
            found = (opened.metadata() or {}).get("format")
            if found != FORMAT:
                raise ValueError(f"format {found}, not {FORMAT}")
            yield opened
    except Exception as error:  # safetensors raises several kinds
        raise ModelError(
            f"阅读器的权重无法读取（{file}）：{error}。请重新训练，或检查设置 reader。",
            f"The reader's weights can't be read ({file}): {error}. Train it again, or check the setting `reader`.",
        ) from error


def _heads(opened: Any) -> dict[str, Array]:
    return {f"{head}.{part}": opened.get_tensor(f"{head}.{part}") for head in HEADS for part in ("weight", "bias")}


def _is_of_encoder(name: str) -> bool:
    return name.startswith(ENCODER) and not name.endswith(_FACTOR)


def _difference(name: str, kept: Mapping[str, Array]) -> Array:
    factor = kept.get(name + _FACTOR)
    return kept[name] if factor is None else kept[name].astype(np.float32) * factor


def misfit() -> ModelError:
    """The error for weights of another network."""
    return ModelError("阅读器的权重与网络不符。", "The reader's weights do not fit its network.")
