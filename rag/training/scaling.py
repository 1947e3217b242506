"""What a network must know to compute in bytes, learnt from paragraphs and questions; see `rag.inference.scales`.

    python -m rag.training.scaling --squad cmrc2018_train.json --lines docs/en/page.md

renews the scales of the bundled encoder, for which lines of English count too. Whatever trains a reader writes those
of the reader.
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
from rag.inference.scales import write_scales
from rag.reading.compiled import CompiledScorer, weights_key
from rag.reading.pairs import PairEncoder
from rag.reading.readers import SCALES, WEIGHTS
from rag.text.normalization import normalise
from rag.training.golds import Gold, squad_golds

# Paragraphs, with a question each.
_SAMPLE: Final = 200
_LONGEST: Final = 400
_LINE: Final = 20
_SEED: Final = 1


def main() -> None:
    """Fit and write the scales of the bundled encoder."""
    parser = argparse.ArgumentParser(description="Renew the scales of the bundled encoder.")
    parser.add_argument("--squad", type=Path, action="append", required=True, metavar="FILE")
    parser.add_argument("--lines", type=Path, required=True, metavar="FILE", help="a text in other languages")
    options = parser.parse_args()
    pairs = [pair for file in options.squad for pair in squad_golds(file)]
    encoder = load_encoder(engine="openvino-float")
    assert isinstance(encoder, CompiledEncoder)
    some = sample(pairs)
    passages = [pair.document.text[:_LONGEST] for pair in some]
    lines = [line for line in options.lines.read_text("utf-8").splitlines() if len(line) > _LINE]
    lines = random.Random(_SEED).sample(lines, min(_SAMPLE, len(lines)))
    queries = [pair.question for pair in some] + lines[: len(lines) // 2]
    write_scales(encoder.fit(queries, passages + lines), ENCODER_SCALES, FOLDER)


def write_reader_scales(folder: Path, pairs: Sequence[Gold]) -> None:
    """Write the scales of the reader in ``folder``, fitted on some of ``pairs``. Raises ModelError, OSError."""
    base, weights = unpack(), folder / WEIGHTS
    encode = PairEncoder(base).encode
    some = [(normalise(pair.question).text.strip(), pair.document) for pair in sample(pairs)]
    read = [encode(question, document.title, document.text[:_LONGEST])[0] for question, document in some]
    write_scales(CompiledScorer(base, weights).fit(read), folder / SCALES, weights_key(weights))


def sample(pairs: Sequence[Gold]) -> list[Gold]:
    """Some of ``pairs``, the same each time."""
    return random.Random(_SEED).sample(list(pairs), min(_SAMPLE, len(pairs)))


if __name__ == "__main__":
    main()
