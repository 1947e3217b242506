"""The trained reader's weights on disk: how far training moved each of the encoder's, and the heads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from safetensors import safe_open
from safetensors.numpy import save_file

from rag.errors import ModelError
from rag.inference.deltas import Array, packed, unpacked

FORMAT: Final = "difference-2"
"""Raise it when the bundled encoder's weights change, which the differences are from."""
HEADS: Final = {"tokens": 3, "passage": 2}
"""Outputs of each head: start, end and inside of each token; relevance and several answers of the passage."""
ENCODER: Final = "encoder."


def write(differences: Mapping[str, Array], heads: Mapping[str, Array], file: Path, notes: Mapping[str, str]) -> None:
    """Write what training changed of the encoder's tensors, by their names, and the heads, with ``notes``."""
    moved = packed({ENCODER + name: difference for name, difference in differences.items()})
    save_file({**moved, **heads}, file, metadata={"format": FORMAT, **notes})


def read(file: Path) -> tuple[dict[str, Array], dict[str, Array], dict[str, str]]:
    """What `write` wrote: differences of the encoder's tensors, heads, and notes.

    Raises ModelError if it is missing, damaged, or of another format.
    """
    with _opened(file) as opened:
        kept = {name: opened.get_tensor(name) for name in opened.keys() if name.startswith(ENCODER)}  # noqa: SIM118
        differences = {name.removeprefix(ENCODER): value for name, value in unpacked(kept).items()}
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


def misfit() -> ModelError:
    """The error for weights of another network."""
    return ModelError("阅读器的权重与网络不符。", "The reader's weights do not fit its network.")
