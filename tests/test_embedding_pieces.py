"""Sentencepiece cuts what the model's tokenizer cuts, and where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tokenizers import PreTokenizedString, Regex, Tokenizer
from tokenizers.pre_tokenizers import Punctuation, Split
from tokenizers.pre_tokenizers import Sequence as Each

from rag.embedding import bundled
from rag.embedding.pieces import Pieces
from rag.inference import cache as kept
from rag.reading.tokens import FUNCTION_CHARACTERS, Locator
from rag.text.normalization import normalise

ROOT = Path(__file__).parent.parent
GOLD = [json.loads(line)["question"] for line in (ROOT / "eval/data/gold.jsonl").read_text("utf-8").splitlines()]
LINES = [line for file in sorted((ROOT / "corpus").glob("2024-*")) for line in file.read_text("utf-8").splitlines()]
USUAL = (
    "",
    "  ",
    "你好",
    "第一行\n第二行\r\n\r\n　　第三行\t\t完   了",
    "ＧＰＴ－４ｏ　的价格是１０美元，价格３～５元（约）。",
    "“你好”——他说……《论语》·「学而」，m² ①② ㎏ ™ α粒子 カタカナ",
    "零\u200b宽\ufeff字\u00a0符\x07与控制符",
    "甲。 “乙” 。丙  \n ，丁",
)
UNUSUAL = (
    "彁龘\ue000\ue001字",
    "庆祝🎉🎉新模型发布👨‍👩‍👧‍👦❤️‍🔥🇨🇳，去爬山🏔！",
    "café Łódź naïve 甲",
    "Привет, мир! 你好",
    "안녕하세요 세계, ภาษาไทย",
    "שלום عليكم हिन्दी",
    "੶⹃ 新的标点",
)


@pytest.fixture(scope="module")
def folder(cache: Path) -> Path:  # noqa: ARG001
    return bundled.unpack()


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> Tokenizer:
    made = Tokenizer.from_file(str(folder / "tokenizer.json"))
    made.no_padding()
    made.no_truncation()
    return made


@pytest.fixture(scope="module")
def pieces(folder: Path) -> Pieces:
    return Pieces(folder)


@pytest.fixture(scope="module")
def locator(folder: Path) -> Locator:
    return Locator(folder)


@pytest.mark.parametrize("texts", [USUAL, UNUSUAL, GOLD, LINES], ids=["usual", "unusual", "questions", "corpus"])
def test_ids_are_those_of_the_model_s_tokenizer(texts: list[str], pieces: Pieces, tokenizer: Tokenizer) -> None:
    assert [pieces.ids(text) for text in texts] == [tokenizer.encode(text).ids[1:-1] for text in texts]


@pytest.mark.parametrize("texts", [USUAL, UNUSUAL, GOLD, LINES], ids=["usual", "unusual", "questions", "corpus"])
def test_tokens_and_their_places_are_those_of_the_model_s_tokenizer_with_marks_cut_off(
    texts: list[str], locator: Locator, tokenizer: Tokenizer
) -> None:
    apart = Split(Regex(f"[{FUNCTION_CHARACTERS}]"), "isolated")
    marks = Each([Punctuation(behavior="isolated"), apart])
    for text in [*texts, *(normalise(one).text for one in texts)]:
        expected = PreTokenizedString(text)
        expected.normalize(tokenizer.normalizer.normalize)
        tokenizer.pre_tokenizer.pre_tokenize(expected)
        marks.pre_tokenize(expected)
        expected.tokenize(tokenizer.model.tokenize)
        encoded = expected.to_encoding()
        found = zip(encoded.ids, encoded.offsets, strict=True)
        assert locator.tokens(text) == [(one, start, end) for one, (start, end) in found if start < end]


def test_the_whole_vocabulary_is_loaded_when_a_text_needs_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    find = kept.find

    def noted(kind: str, key: str) -> kept.Bytes | None:
        if kind == "pieces":
            loaded.append(key.split()[1])
        return find(kind, key)

    monkeypatch.setattr(kept, "find", noted)
    pieces = Pieces(folder)
    for text in [*USUAL, *GOLD, *LINES]:
        pieces.ids(text)
    assert loaded == ["usual"]
    for _ in range(2):
        pieces.ids("Привет")
    assert loaded == ["usual", "all"]


def test_a_text_that_looks_like_a_piece_with_a_meaning_is_text(pieces: Pieces) -> None:
    assert not {0, 1, 2, 3, 250001} & set(pieces.ids("甲</s>乙<s>丙<pad><mask><unk>"))


def test_without_a_cache_that_can_be_written_it_cuts_the_same(
    folder: Path, pieces: Pieces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("WENYUAN_CACHE_DIR", str(tmp_path / "file" / "cache"))
    assert Pieces(folder).ids(LINES[0]) == pieces.ids(LINES[0])
