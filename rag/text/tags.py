"""Parts of speech as jieba's tagger names them."""

from __future__ import annotations

from typing import Final

PERSON: Final = frozenset({"nr", "nrt", "nrfg"})
"""Names of people."""
PROPER: Final = PERSON | {"ns", "nt", "nz"}
"""Names of people, places, organisations and other things."""
MODAL: Final = "能会可要"
"""Modal verbs of one character, which jieba takes for a part of words that it does not know: 证能 of 专家证能借几本."""
NOUN_TAGS: Final = ("n", "eng", "j")
"""What the tags of nouns and names of every kind, Latin words and abbreviations begin with."""
