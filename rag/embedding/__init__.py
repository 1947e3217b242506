"""Texts to vectors: the bundled model, or any sentence-transformers model that is already on this machine.

Importing this package is cheap; OpenVINO (half a second), or torch and sentence-transformers (3 s), are imported by
``load_encoder``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rag.errors import ModelError
from rag.settings import BUNDLED, Engine

if TYPE_CHECKING:
    from rag.embedding.pieces import Pieces
    from rag.types import Encoder

SCALES: Final = Path(__file__).parent / "scales.safetensors"
"""Of the bundled model; see `rag.inference.scales`."""

_log = logging.getLogger("wenyuan")


def load_encoder(model: str = BUNDLED, *, device: str = "cpu", engine: Engine = "openvino") -> Encoder:
    """Load an embedding model; nothing is ever downloaded.

    ``model`` is ``BUNDLED``, the path of a sentence-transformers folder, or the id of a model in the local
    Hugging Face cache. ``engine`` computes it; models that are not of BERT's kind are computed by torch, which is said
    in the log. ``device`` is torch's.

    The last one loaded is kept, so that indexing and asking in one process share it. Raises ModelError if the model is
    missing, damaged or not an embedding model, StorageError if the bundled model can't be unpacked into the cache.
    """
    return _load(*_locate(model), device, engine)


@lru_cache(maxsize=1)
def _load(folder: Path, name: str, device: str, engine: Engine) -> Encoder:
    pieces = _pieces(folder)
    # The bundled model is trained for late chunking; of others that is not known.
    late = pieces.ids if pieces else None
    if engine != "torch":
        from rag.embedding.recipe import read_recipe

        if (recipe := read_recipe(folder)) is not None:
            from rag.embedding.compiled import CompiledEncoder
            from rag.inference.scales import read_scales

            return CompiledEncoder(
                folder,
                name=name,
                recipe=recipe,
                ids=pieces.sequence if pieces else _tokenizer(folder, recipe.longest),
                late=late,
                scales=read_scales(SCALES, folder.name) if engine == "openvino" else None,
            )
        _log.info(
            "模型“%s”的结构不能由 OpenVINO 计算，改用 torch / OpenVINO does not compute this kind of model: torch does",
            name,
        )
    from rag.embedding.encoder import SentenceTransformerEncoder

    return SentenceTransformerEncoder(folder, name=name, device=device, late=late)


def _pieces(folder: Path) -> Pieces | None:
    """The bundled model's tokenizer; None for another model. Raises ModelError."""
    from rag.embedding.bundled import FOLDER

    if folder.name != FOLDER:
        return None
    from rag.embedding.pieces import load_pieces

    with _told(folder):
        return load_pieces(folder)


def _tokenizer(folder: Path, longest: int) -> Callable[[str], Sequence[int]]:
    """What gives a text's tokens to a model that is not the bundled one. Raises ModelError."""
    from rag.embedding.tokenizer import load_tokenizer

    with _told(folder):
        tokenizer = load_tokenizer(folder, longest)
    return lambda text: tokenizer.encode(text).ids


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """What goes wrong while a tokenizer loads is a ModelError."""
    try:
        yield
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"模型的分词器无法加载（{folder}）：{error}。请检查或删除该文件夹后重试。",
            f"The model's tokenizer does not load ({folder}): {error}. Check or delete that folder and try again.",
        ) from error


def encoder_name(model: str = BUNDLED) -> str:
    """The ``name`` that `load_encoder` would give ``model``, without loading it. Raises as `load_encoder`."""
    return _locate(model)[1]


def _locate(model: str) -> tuple[Path, str]:
    """A model's folder, and its name with a fingerprint of its files."""
    if model == BUNDLED:
        from rag.embedding.bundled import unpack

        folder = unpack()
        # The folder's name ends in the weights' checksum and the unpack format: a fingerprint already.
        return folder, folder.name
    from rag.embedding.encoder import find_model, fingerprint

    folder = find_model(model)
    # A path's last part only: an index should not depend on where a model lies.
    path = Path(model).expanduser()
    return folder, f"{path.resolve().name if path.is_dir() else model}@{fingerprint(folder)}"


__all__ = ["BUNDLED", "Engine", "encoder_name", "load_encoder"]
