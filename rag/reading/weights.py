"""The trained reader's weights on disk: what training added to the bundled encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from rag.errors import ModelError

Array = NDArray[np.float32]


def read(file: Path) -> tuple[dict[str, Array], dict[str, str]]:
    """What `rag.reading.network.save` wrote: parameters in float32, and notes.

    Raises ModelError if it is missing or damaged.
    """
    try:
        with safe_open(file, "np") as opened:
            notes = dict(opened.metadata() or {})
            values = {name: opened.get_tensor(name).astype(np.float32) for name in opened.keys()}  # noqa: SIM118
        int(notes["rank"])
    except Exception as error:  # safetensors raises several kinds
        raise ModelError(
            f"阅读器的权重无法读取（{file}）：{error}。请重新训练，或检查设置 reader。",
            f"The reader's weights can't be read ({file}): {error}. Train it again, or check the setting `reader`.",
        ) from error
    return values, notes
