"""Which reader: the one that is shipped, or one of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rag.embedding import Engine
from rag.errors import ModelError

if TYPE_CHECKING:
    from rag.reading import Reader
    from rag.reading.scoring import TextReader

TRAINED: Final = "trained"
SHIPPED: Final = Path(__file__).parent / "shipped"
WEIGHTS: Final = "reader.safetensors"
CALIBRATION: Final = "calibration.json"
SCALES: Final = "scales.safetensors"


def load_reader(name: str = TRAINED, *, device: str = "cpu", engine: Engine = "openvino") -> Reader:
    """Load a reader: one of `READERS`, or the folder of one that ``wenyuan train reader`` made.

    ``engine`` computes its network, on ``device`` if that is torch. The last one loaded is kept. Raises ModelError if
    it is missing or damaged.
    """
    make = READERS.get(name)
    return make(device, engine) if make else _load(reader_folder(name), device, engine)


def load_network(folder: Path, *, device: str = "cpu", engine: Engine = "openvino") -> TextReader:
    """Load the network in ``folder`` onto the bundled encoder, whatever model the index is made with."""
    from rag.embedding.bundled import unpack
    from rag.reading.scoring import TextReader

    base, weights = unpack(), folder / WEIGHTS
    if engine == "torch":
        from rag.reading.network import TorchScorer

        return TextReader(base, TorchScorer(base, weights, device=device))
    from rag.reading.compiled import CompiledScorer

    return TextReader(base, CompiledScorer(base, weights, folder / SCALES if engine == "openvino" else None))


def _shipped(device: str, engine: Engine) -> Reader:
    return _load(SHIPPED, device, engine)


READERS: Final[Mapping[str, Callable[[str, Engine], Reader]]] = {TRAINED: _shipped}
"""By the name that the setting has for them, the readers that come with Wenyuan; each is imported when it is loaded."""


@lru_cache(maxsize=1)
def _load(folder: Path, device: str, engine: Engine) -> Reader:
    from rag.reading.calibration import load_calibration
    from rag.reading.trained import TrainedReader

    return TrainedReader(load_network(folder, device=device, engine=engine), load_calibration(folder / CALIBRATION))


def reader_folder(name: str) -> Path:
    """The folder of a trained reader. Raises ModelError if there is none."""
    folder = SHIPPED if name == TRAINED else Path(name).expanduser()
    if not (folder / WEIGHTS).is_file():
        raise ModelError(
            f"找不到阅读器“{name}”：应为 {'、'.join(READERS)}，或 wenyuan train reader 生成的文件夹。",
            f'No such reader: "{name}". It is {", ".join(READERS)}, or a folder that `wenyuan train reader` made.',
        )
    return folder
