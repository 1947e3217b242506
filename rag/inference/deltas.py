"""How far training moved an encoder's tensors, as it is kept: a byte a weight of a matrix, and one factor a row.

Differences are small: what comes out of the network changes by less than by computing in bfloat16. Everything that is
no matrix is float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float32]
Kept: TypeAlias = dict[str, NDArray[np.float32] | NDArray[np.int8]]

_FACTOR: Final = ".factor"
_LARGEST: Final = 127


def packed(differences: Mapping[str, Array]) -> Kept:
    """What is kept of ``differences``, by name."""
    kept: Kept = {}
    for name, difference in differences.items():
        if difference.ndim < 2:
            kept[name] = difference
            continue
        factor = np.maximum(np.abs(difference).max(axis=1, keepdims=True) / _LARGEST, np.finfo(np.float32).tiny)
        kept[name] = np.rint(difference / factor).astype(np.int8)
        kept[name + _FACTOR] = factor.astype(np.float32)
    return kept


def unpacked(kept: Mapping[str, NDArray[Any]]) -> dict[str, Array]:
    """The differences of which `packed` made ``kept``."""
    differences: dict[str, Array] = {}
    for name, values in kept.items():
        if not name.endswith(_FACTOR):
            factor = kept.get(name + _FACTOR)
            differences[name] = values.astype(np.float32) if factor is None else (values * factor).astype(np.float32)
    return differences
