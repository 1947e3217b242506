"""Texts to vectors: the bundled model, or any sentence-transformers model that is already on this machine.

Importing this package is cheap; torch and sentence-transformers (3 s) are imported by ``load_encoder``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rag.types import Encoder

BUNDLED: Final = "multilingual-e5-small"
"""The name of the model that is installed with Wenyuan; see `rag.embedding.bundled`."""


def load_encoder(model: str = BUNDLED, *, device: str = "cpu", batch_size: int = 32) -> Encoder:
    """Load an embedding model; nothing is ever downloaded.

    ``model`` is ``BUNDLED``, the path of a sentence-transformers folder, or the id of a model in the local
    Hugging Face cache. ``device`` is torch's name for it; ``batch_size`` counts texts.

    Raises ModelError if the model is missing, damaged or not an embedding model, StorageError if the bundled
    model can't be unpacked into the cache.
    """
    from rag.embedding.encoder import SentenceTransformerEncoder

    folder, name = _locate(model)
    return SentenceTransformerEncoder(folder, name=name, device=device, batch_size=batch_size)


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


__all__ = ["BUNDLED", "encoder_name", "load_encoder"]
