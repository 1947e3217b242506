"""An encoder over sentence-transformers; the only module that imports that library."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from rag.embedding.late import passages, readable
from rag.errors import ModelError
from rag.types import Row

if TYPE_CHECKING:
    from rag.types import Vectors

Ids: TypeAlias = Callable[[str], Sequence[int]]

_BATCH: Final = 32
_SAMPLES: Final = 32
_SAMPLE_BYTES: Final = 4096


class SentenceTransformerEncoder:
    """Texts to float32 vectors of unit length, with the model's own prompts for queries and for passages.

    A text gets the same vector whatever batch it is in, up to float32 rounding (measured: under 1e-6 an element).
    Texts longer than the model's limit (512 tokens for the bundled one) are cut.
    """

    def __init__(self, folder: Path, *, name: str, device: str = "cpu", late: Ids | None = None) -> None:
        """Load the sentence-transformers model in ``folder``; raises ModelError if it does not load.

        ``late`` gives tokens without those of the ends, to a model that is trained for `rag.embedding.late`.
        """
        self._model = _load(folder, name, device)
        self._name = name
        self._late = late
        # sentence-transformers prefers an empty `document` prompt, its default, to the `passage` of many models.
        prompts: dict[str, str] = self._model.prompts
        self._passage_prompt = next((key for key in ("document", "passage", "corpus") if prompts.get(key)), None)
        dimension = self._model.get_embedding_dimension()
        if dimension is None:
            dimension = self._model.encode_query("维").shape[0]
        self._dimension = int(dimension)

    @property
    def name(self) -> str:
        """The model and a fingerprint of its files: equal names give comparable vectors."""
        return self._name

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        return self._dimension

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a question, shape ``(len(texts), dimension)``, in order."""
        return self._encode(self._model.encode_query, texts)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a passage, shape ``(len(texts), dimension)``, in order."""
        return self._encode(self._model.encode_document, texts, self._passage_prompt)

    def encode_rows(self, rows: Sequence[Row]) -> Vectors:
        """Return one unit vector a row, shape ``(len(rows), dimension)``, in order."""
        if self._late is None or self._passage_prompt is None:
            return self.encode_passages([row.own for row in rows])
        made = list(passages(rows, self._model.prompts[self._passage_prompt], self._late))
        vectors: dict[int, Vectors] = {}
        order = sorted(range(len(made)), key=lambda place: len(made[place].ids))
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            states = self._states([made[place].ids for place in places])
            vectors |= {place: made[place].vectors(one) for place, one in zip(places, states, strict=True)}
        return np.concatenate([np.empty((0, self._dimension), np.float32), *(vectors[i] for i in range(len(made)))])

    def _states(self, sequences: Sequence[Sequence[int]]) -> list[Vectors]:
        """The last hidden states of sequences of tokens, ``(tokens, hidden)`` each."""
        import torch

        padded = torch.nn.utils.rnn.pad_sequence([torch.tensor(ids) for ids in sequences], batch_first=True)
        mask = torch.nn.utils.rnn.pad_sequence([torch.ones(len(ids)) for ids in sequences], batch_first=True)
        with torch.inference_mode():
            transformer = self._model[0].auto_model
            made = transformer(padded.to(self._model.device), mask.to(self._model.device)).last_hidden_state
        return [one[: len(ids)].float().cpu().numpy() for one, ids in zip(made, sequences, strict=True)]

    def _encode(self, encode: Any, texts: Sequence[str], prompt_name: str | None = None) -> Vectors:
        if not texts:
            return np.empty((0, self._dimension), dtype=np.float32)
        vectors = encode(
            [readable(text) for text in texts],
            prompt_name=prompt_name,
            batch_size=_BATCH,
            show_progress_bar=False,
            convert_to_numpy=True,
            normalize_embeddings=True,
        )
        return np.ascontiguousarray(vectors, dtype=np.float32)


def find_model(model: str) -> Path:
    """Return the folder of ``model``: a path, or the id of a model in the local Hugging Face cache.

    Raises ModelError if there is none.
    """
    folder = Path(model).expanduser()
    if model.strip() and folder.is_dir():
        return folder
    _set_environment()
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(model, local_files_only=True))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"找不到嵌入模型“{model}”：它既不是文件夹，也不在本机的 Hugging Face 缓存里。问源不会下载模型；"
            f"请在联网时运行 hf download {model}，或改用内置模型。",
            f'Embedding model "{model}" is neither a folder nor in the local Hugging Face cache. Wenyuan downloads '
            f"no models: run `hf download {model}` while online, or use the bundled model.",
        ) from error


def fingerprint(folder: Path) -> str:
    """Return 12 hex digits that change with the names, sizes or contents of a model's files.

    Of a large file evenly spaced samples are read, since a retrained model often keeps every size.
    """
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        relative = path.relative_to(folder)
        if path.suffix == ".md" or any(part.startswith(".") for part in relative.parts):
            continue
        size = path.stat().st_size
        digest.update(f"{relative.as_posix()}\0{size}\0".encode())
        with path.open("rb") as file:
            step = max(size // _SAMPLES, _SAMPLE_BYTES)
            for offset in range(0, size, step):
                file.seek(offset)
                digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()[:12]


def _set_environment() -> None:
    """Set, before the libraries are imported, what they read once: ask no hub, report nothing, show no bars."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TRANSFORMERS_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    # Threads in the tokenizer gain nothing here, and warn when the web server forks.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    # OpenMP's threads spin while they wait: beside one busy process a query took 950 ms, and takes 27 ms so.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def _load(folder: Path, name: str, device: str) -> Any:
    _set_environment()
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    # The variables above come too late where another library has imported these first.
    disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = SentenceTransformer(str(folder), device=device, local_files_only=True)
    # Whatever a damaged folder makes these libraries raise, the user can act on one thing only.
    except Exception as error:
        reason = " ".join(str(error).split())[:200].rstrip(".。")
        raise ModelError(
            f"嵌入模型“{name}”无法加载（{folder}）：{reason}。请检查或删除该文件夹后重试。",
            f'Embedding model "{name}" does not load ({folder}): {reason}. Check or delete that folder and try again.',
        ) from error
    return model.eval()
