"""The bundled model computed by OpenVINO."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from tqdm import tqdm

from rag.bert import Bert
from rag.embedding.tokenizer import load_tokenizer

if TYPE_CHECKING:
    from rag.types import Vectors

# Texts that are on their way at once: a bar moves, and what is computed does not pile up.
_AT_ONCE: Final = 64


class CompiledEncoder:
    """Texts to float32 vectors of unit length: the mean of the hidden states, with the model's prompts.

    A text has the same vector whatever it is encoded with. Texts over 512 tokens are cut.
    """

    def __init__(self, folder: Path, *, name: str) -> None:
        """Load the model in ``folder``; raises ModelError if it does not load."""
        self._bert = Bert(folder)
        self._name = name
        self._tokenizer = load_tokenizer(folder)
        settings = json.loads((folder / "config_sentence_transformers.json").read_text("utf-8"))
        self._prompts: dict[str, str] = settings["prompts"]

    @property
    def name(self) -> str:
        """The model and a fingerprint of its files: equal names give comparable vectors."""
        return self._name

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        return self._bert.dimension

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a question, shape ``(len(texts), dimension)``, in order."""
        return self._encode(texts, self._prompts["query"], progress=False)

    def encode_passages(self, texts: Sequence[str], *, progress: bool = False) -> Vectors:
        """Return one unit vector a passage, shape ``(len(texts), dimension)``, in order.

        ``progress`` shows a bar on stderr.
        """
        return self._encode(texts, self._prompts["passage"], progress=progress)

    def _encode(self, texts: Sequence[str], prompt: str, *, progress: bool) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        with tqdm(total=len(texts), desc="嵌入 embed", unit="text", disable=not progress, delay=2) as bar:
            for begin in range(0, len(texts), _AT_ONCE):
                some = texts[begin : begin + _AT_ONCE]
                for place, states in enumerate(self._bert.states([self._ids(prompt + text) for text in some]), begin):
                    mean = states.mean(axis=0, dtype=np.float64)
                    vectors[place] = mean / np.linalg.norm(mean)
                bar.update(len(some))
        return vectors

    def _ids(self, text: str) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        # Half a surrogate pair, which JSON can carry, is no text to the tokenizer.
        encoded = self._tokenizer.encode(text.encode("utf-8", "replace").decode("utf-8"))
        return np.array(encoded.ids, dtype=np.int64)
