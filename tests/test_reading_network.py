"""The trained reader's network."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from rag.embedding import bundled
from rag.embedding.encoder import SentenceTransformerEncoder
from rag.errors import ModelError
from rag.reading.compiled import CompiledScorer
from rag.reading.network import READING, TRAINING, ReaderNetwork, TorchScorer, load_base, save
from rag.reading.pairs import PairEncoder, pad
from rag.reading.scoring import Scorer, Text, TextReader
from rag.types import Span

PASSAGES = ("月之暗面由杨植麟于2023年创立。", "豆包11月月活跃用户近6000万，居首。" * 6, "一" * 900)


@pytest.fixture(scope="module")
def base(cache: Path) -> Path:  # noqa: ARG001
    return bundled.unpack()


@pytest.fixture(scope="module")
def trained(base: Path) -> ReaderNetwork:
    """A network whose layers moved a little."""
    torch.manual_seed(0)
    network = ReaderNetwork(load_base(base, attention=READING))
    with torch.no_grad():
        for value in network.trained().values():
            value += 0.02 * torch.randn_like(value)
    return network.requires_grad_(False)


def batch(base: Path) -> tuple[torch.Tensor, torch.Tensor]:
    encoder = PairEncoder(base)
    ids, mask = pad([encoder.encode("谁创立了月之暗面？", "标题", passage)[0] for passage in PASSAGES])
    return torch.from_numpy(ids), torch.from_numpy(mask)


def test_an_untrained_network_reads_with_the_bundled_encoder(
    base: Path, torch_encoder: SentenceTransformerEncoder
) -> None:
    ids, mask = batch(base)
    ours = ReaderNetwork(load_base(base, attention=READING)).encoder(input_ids=ids, attention_mask=mask)
    theirs = torch_encoder._model[0].auto_model(input_ids=ids, attention_mask=mask)
    visible = mask.bool()
    torch.testing.assert_close(ours.last_hidden_state[visible], theirs.last_hidden_state[visible], atol=1e-4, rtol=1e-4)


def test_what_is_saved_gives_the_same_scores(base: Path, trained: ReaderNetwork, tmp_path: Path) -> None:
    ids, mask = batch(base)
    save(trained, load_base(base, attention=READING), tmp_path / "reader.safetensors", notes={"data": "none"})
    again = ReaderNetwork(load_base(base, attention=READING))
    with torch.no_grad():
        plain = again(ids, mask)
        assert again.load(tmp_path / "reader.safetensors")["data"] == "none"
        before, after = trained(ids, mask), again(ids, mask)
    for one, other, untrained in zip(before, after, plain, strict=True):
        torch.testing.assert_close(one, other, atol=2e-2, rtol=2e-2)
        assert not torch.allclose(one, untrained, atol=2e-2, rtol=2e-2)


def test_a_byte_a_weight_is_kept(base: Path, trained: ReaderNetwork, tmp_path: Path) -> None:
    save(trained, load_base(base, attention=READING), tmp_path / "reader.safetensors", notes={})
    layers = sum(value.numel() for name, value in trained.trained().items() if value.ndim == 2)
    assert layers < (tmp_path / "reader.safetensors").stat().st_size < 1.1 * layers


def test_training_attends_as_reading_does(base: Path) -> None:
    ids, mask = batch(base)
    with torch.no_grad():
        one, other = (
            load_base(base, attention=kind)(input_ids=ids, attention_mask=mask).last_hidden_state
            for kind in (TRAINING, READING)
        )
    torch.testing.assert_close(one[mask.bool()], other[mask.bool()], atol=1e-4, rtol=1e-4)


@pytest.fixture(scope="module")
def weights(base: Path, trained: ReaderNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("trained") / "reader.safetensors"
    save(trained, load_base(base, attention=READING), file, notes={})
    return file


@pytest.fixture(scope="module", params=[CompiledScorer, TorchScorer])
def scorer(request: pytest.FixtureRequest, base: Path, weights: Path) -> Scorer:
    made: Scorer = request.param(base, weights)
    return made


def test_a_passage_scores_the_same_alone_and_among_others(base: Path, scorer: Scorer) -> None:
    reader = TextReader(base, scorer)
    texts = [Text("标题", passage, (Span(0, len(passage)),)) for passage in PASSAGES]
    together = reader.read("谁创立了月之暗面？", texts)
    for one, text in zip(together, texts, strict=True):
        (alone,) = reader.read("谁创立了月之暗面？", [text])
        assert alone.relevance == pytest.approx(one.relevance, abs=0.1)
        assert alone.margin == pytest.approx(one.margin, abs=0.2)


def test_each_engine_gives_the_network_s_scores(base: Path, trained: ReaderNetwork, scorer: Scorer) -> None:
    pairs = [PairEncoder(base).encode("谁创立了月之暗面？", "标题", passage)[0] for passage in PASSAGES]
    for pair, found in zip(pairs, scorer.start(pairs)(), strict=True):
        ids, mask = (torch.from_numpy(array) for array in pad([pair]))
        with torch.no_grad():
            expected = trained(ids, mask)
        tokens = len(pair.ids)
        assert found.start[:tokens] == pytest.approx(expected.start[0].numpy(), abs=0.1)
        assert found.end[:tokens] == pytest.approx(expected.end[0].numpy(), abs=0.1)
        assert found.inside[:tokens] == pytest.approx(expected.inside[0].numpy(), abs=0.1)
        assert found.relevance == pytest.approx(expected.relevance.item(), abs=0.1)
        assert found.several == pytest.approx(expected.several.item(), abs=0.1)


def test_weights_of_another_network_are_refused(trained: ReaderNetwork) -> None:
    values = dict(trained.trained())
    values.pop("tokens.bias")
    with pytest.raises(ModelError):
        trained.load_trained(values)


@pytest.mark.parametrize("content", [None, b"", b"not a tensor file", b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_missing_or_damaged_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "reader.safetensors"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ModelError, match=r"reader\.safetensors"):
        CompiledScorer(tmp_path, file)
