"""A model's tensors on disk, in the safetensors format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rag.inference import cache

Tensor = NDArray[np.float32]

_WEIGHTS: Final = "model.safetensors"
_TYPES: Final = {"F32": np.float32, "F16": np.float16}
_MAPPING: Final = Lock()


def tensors(folder: Path) -> dict[str, Tensor]:
    """The tensors of the model in ``folder`` by name, mapped, not read: the word embeddings alone are 380 MB.

    They are float32, or float16 if the file has them so. Raises OSError, and ValueError for another file.
    """
    status = (folder / _WEIGHTS).stat()
    # Encoder and reader look up words in one and the same table: mapped twice, its pages would count twice.
    with _MAPPING:
        return dict(_mapped(folder, status.st_size, status.st_mtime_ns))


@lru_cache(maxsize=2)
def _mapped(folder: Path, _size: int, _changed: int) -> Mapping[str, Tensor]:
    entries, start = header(folder)
    # Copy on write, since OpenVINO takes no memory that can't be written. It writes nothing.
    whole = np.memmap(folder / _WEIGHTS, np.uint8, "c", start)
    return {
        # A model with a head on it was saved with its encoder's name before each.
        name.removeprefix("bert.").removeprefix("roberta."): whole[slice(*entry["data_offsets"])]
        .view(_TYPES[entry["dtype"]])
        .reshape(entry["shape"])
        for name, entry in entries.items()
        if entry["dtype"] in _TYPES
    }


def header(folder: Path) -> tuple[dict[str, Any], int]:
    """What the file says of each tensor, by name, and where they begin. Raises OSError, ValueError."""
    with (folder / _WEIGHTS).open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        entries: dict[str, Any] = json.loads(stream.read(length))
    entries.pop("__metadata__", None)
    return entries, 8 + length


def mark(folder: Path) -> str:
    """What tells the weights of the model in ``folder`` from others. Raises OSError."""
    return cache.mark(folder / _WEIGHTS)
