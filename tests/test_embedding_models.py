"""OpenVINO gives models of BERT's kind sentence-transformers' vectors; torch computes others, and that is said."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.embedding import load_encoder
from rag.embedding.compiled import CompiledEncoder
from rag.embedding.encoder import SentenceTransformerEncoder
from rag.embedding.recipe import Recipe, read_recipe

TEXTS = ["今天天气很好", "你好", "一二三四五六七八九十" * 20, "hello 世界！", ""]
WORDS = [
    "<pad>",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    *"今天气很好你一二三四五六七八九十世界",
    "hello",
    "query",
    "text",
    ":",
]


def make(folder: Path, kind: str, pooling: str, *, half: bool = False) -> Path:
    """A sentence-transformers folder of a small model of no sense."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Normalize, Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast

    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    config = AutoConfig.for_model(
        kind, vocab_size=len(WORDS), max_position_embeddings=130, pad_token_id=0, initializer_range=0.1, **sizes
    )
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    inner = folder.parent / f"{folder.name}-inner"
    model: Any = AutoModel.from_config(config)
    (model.half() if half else model).save_pretrained(inner)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=128,
    ).save_pretrained(inner)
    transformer: Any = Transformer(str(inner), max_seq_length=100)
    whole = SentenceTransformer(
        modules=[transformer, Pooling(32, pooling), Normalize()],
        prompts={"query": "query: ", "passage": "text: "},
        device="cpu",
    )
    whole.save(str(folder))
    return folder


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENYUAN_CACHE_DIR", str(tmp_path / "cache"))


@pytest.mark.parametrize(
    ("kind", "pooling", "half"), [("bert", "mean", False), ("bert", "cls", True), ("xlm-roberta", "mean", False)]
)
def test_vectors_are_those_of_sentence_transformers(tmp_path: Path, kind: str, pooling: str, half: bool) -> None:
    folder = make(tmp_path / "model", kind, pooling, half=half)
    assert read_recipe(folder) == Recipe("query: ", "text: ", 100, pooling == "cls")
    ours = load_encoder(str(folder))
    assert isinstance(ours, CompiledEncoder)
    theirs: Any = load_encoder(str(folder), engine="torch")
    assert ours.name == theirs.name
    assert ours.dimension == 32
    for mine, other in (
        (ours.encode_queries(TEXTS), theirs.encode_queries(TEXTS)),
        (ours.encode_passages(TEXTS), theirs.encode_passages(TEXTS)),
    ):
        assert np.sum(mine * other, axis=1).min() >= 0.9999
    assert ours.encode_queries(TEXTS[:1])[0] @ ours.encode_passages(TEXTS[:1])[0] < 0.9999


def test_a_model_of_another_kind_is_computed_by_torch_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = make(tmp_path / "model", "distilbert", "mean")
    with caplog.at_level(logging.INFO, "wenyuan"):
        assert isinstance(load_encoder(str(folder)), SentenceTransformerEncoder)
        load_encoder(str(folder))
    assert [record.message.split(" / ")[1] for record in caplog.records] == [
        "OpenVINO does not compute this kind of model: torch does"
    ]


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("config.json", {"hidden_act": "relu"}),
        ("config.json", {"model_type": "t5"}),
        ("1_Pooling/config.json", {"pooling_mode": "max"}),
        ("1_Pooling/config.json", {"include_prompt": False}),
        ("sentence_bert_config.json", {"do_lower_case": True}),
    ],
)
def test_what_is_not_known_has_no_recipe(tmp_path: Path, file: str, changes: dict[str, object]) -> None:
    folder = make(tmp_path / "model", "bert", "mean")
    assert read_recipe(folder) is not None
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")
    assert read_recipe(folder) is None
