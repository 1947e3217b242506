"""What a network must know to compute in bytes, learnt from paragraphs and questions; see `rag.scales`.

    python -m rag.training.scaling --squad cmrc2018_train.json --lines README.md

renews the scales that are shipped: the bundled encoder's, for which lines of English count too, and the reader's.
`wenyuan train reader` writes those of the reader that it trains.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rag.embedding import SCALES as ENCODER_SCALES
from rag.embedding import load_encoder
from rag.embedding.bundled import FOLDER, unpack
from rag.embedding.compiled import CompiledEncoder
from rag.reading.compiled import CompiledScorer, weights_key
from rag.reading.pairs import PairEncoder
from rag.reading.readers import SCALES, SHIPPED, WEIGHTS
from rag.scales import write_scales
from rag.squad import read_squad
from rag.text import sentences
from rag.training.examples import GoldPair, gold_pairs

# Paragraphs, with a question each.
_SAMPLE: Final = 200
_LONGEST: Final = 400
_LINE: Final = 20
_SEED: Final = 1


def main() -> None:
    """Fit and write the scales that are shipped."""
    parser = argparse.ArgumentParser(description="Renew the scales that are shipped.")
    parser.add_argument("--squad", type=Path, action="append", required=True, metavar="FILE")
    parser.add_argument("--lines", type=Path, required=True, metavar="FILE", help="a text in other languages")
    options = parser.parse_args()
    pairs = [pair for file in options.squad for pair in gold_pairs(read_squad(file))]
    encoder = load_encoder(engine="openvino-float")
    assert isinstance(encoder, CompiledEncoder)
    some = sample(pairs)
    passages = [pair.document.text[:_LONGEST] for pair in some]
    middle = [one[span.start : span.end] for one in passages for span in sentences(one)[1:2]]
    lines = [line for line in options.lines.read_text("utf-8").splitlines() if len(line) > _LINE]
    lines = random.Random(_SEED).sample(lines, min(_SAMPLE, len(lines)))
    queries = [pair.question for pair in some] + lines[: len(lines) // 2]
    write_scales(encoder.fit(queries, passages + middle + lines), ENCODER_SCALES, FOLDER)
    write_reader_scales(SHIPPED, pairs)


def write_reader_scales(folder: Path, pairs: Sequence[GoldPair]) -> None:
    """Write the scales of the reader in ``folder``, fitted on some of ``pairs``. Raises ModelError, OSError."""
    base, weights = unpack(), folder / WEIGHTS
    encode = PairEncoder(base).encode
    read = [encode(pair.question, pair.document.title, pair.document.text[:_LONGEST])[0] for pair in sample(pairs)]
    write_scales(CompiledScorer(base, weights).fit(read), folder / SCALES, weights_key(weights))


def sample(pairs: Sequence[GoldPair]) -> list[GoldPair]:
    """Some of ``pairs``, the same each time."""
    return random.Random(_SEED).sample(list(pairs), min(_SAMPLE, len(pairs)))


if __name__ == "__main__":
    main()
