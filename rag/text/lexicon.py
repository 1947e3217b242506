"""jieba's dictionary and the words that come with us, in a file that is mapped rather than read.

It is made once, in the user's cache folder: a trie of the words, and the frequency and the tag of each.
"""

from __future__ import annotations

import hashlib
import logging
import mmap
import re
import struct
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from math import log
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from zlib import crc32

from rag.disk import replace_file
from rag.paths import cache_dir
from rag.text.equal import CHINESE, EQUAL_FILE

if TYPE_CHECKING:
    from marisa_trie import Trie

# Names that jieba's dictionary lacks.
NAMES_FILE = Path(__file__).with_name("names.txt")
# Of all that follows: its CRC-32; then how many words, characters of the longest, bytes of the tags' names, sum of
# frequencies. There follow what begins longer words, the frequencies, the number of each word's tag, the tags' names,
# and the trie.
_CHECK = struct.Struct("<4xI")
_HEADER = struct.Struct("<IIIxxxxQ")
_FORMAT = "2"
# Which pairs (bit 1) and triples (bit 2) of characters begin longer words is looked up by a hash of so many values:
# what begins none, as most do, need not be looked for in the trie.
_MASK = (1 << 20) - 1
_FACTOR = 2533
_SHORT = 1 << 15
_OPENING = Lock()
_SURROGATE = re.compile("[\ud800-\udfff]")

Beginnings = tuple[tuple[int, float], ...]
"""Words that begin at one place: characters, and the logarithm of the frequency, of each."""


class Lexicon:
    """Words with their frequency and tag. It never changes and may be used from several threads."""

    def __init__(
        self,
        trie: Trie,
        more: Sequence[int],
        frequencies: Sequence[int],
        tags: Sequence[int],
        names: Sequence[str],
        longest: int,
        total: int,
    ) -> None:
        self._trie = trie
        self._frequencies = frequencies
        self._tags = tags
        self._names = names
        self._longest = longest
        self._more = more
        self._short = lru_cache(_SHORT)(self._beginning)
        self.total = total
        """The sum of all frequencies."""

    def words(self, text: str) -> list[Beginnings]:
        """The words that begin at each place of ``text``, the shortest first."""
        more, short = self._more, self._short
        codes = [*map(ord, text), 0, 0]
        beginnings = []
        for start, code in enumerate(codes[:-2]):
            two = code * _FACTOR + codes[start + 1]
            if not more[two & _MASK] & 1:
                beginnings.append(short(text[start]))
            elif not more[(two * _FACTOR + codes[start + 2]) & _MASK] & 2:
                beginnings.append(short(text[start : start + 2]))
            else:
                beginnings.append(self._beginning(text[start : start + self._longest]))
        return beginnings

    def _beginning(self, text: str) -> Beginnings:
        words = []
        for word, place in self._trie.iter_prefixes_with_ids(text):
            frequency = self._frequencies[place]
            if frequency:
                words.append((len(word), log(frequency)))
        return tuple(words)

    def frequency(self, word: str) -> int | None:
        """How frequent ``word`` is: 0 if it only begins words, None if not even that."""
        place = self._place(word)
        if place is not None:
            return self._frequencies[place]
        begins = _writable(word) and any(True for _ in self._trie.iterkeys(word))
        return 0 if begins else None

    def tag(self, word: str) -> str | None:
        """The part of speech of ``word``; None if it has none here."""
        place = self._place(word)
        return self._names[self._tags[place]] or None if place is not None else None

    def _place(self, word: str) -> int | None:
        place: int | None = self._trie.get(word) if _writable(word) else None
        return place


def _writable(word: str) -> bool:
    """Whether the trie can be asked for ``word``: half a surrogate pair is no character."""
    return not _SURROGATE.search(word)


def lexicon() -> Lexicon:
    """The process's lexicon, from the user's cache; made there if it is missing, damaged or of other words."""
    with _OPENING:
        return _lexicon()


@cache
def _lexicon() -> Lexicon:
    from jieba import __file__ as program

    dictionary = Path(program).with_name("dict.txt")
    digest = hashlib.sha256(_FORMAT.encode())
    for file in (dictionary, NAMES_FILE, EQUAL_FILE):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    file = cache_dir() / "jieba" / f"{digest.hexdigest()[:16]}.lexicon"
    try:
        return _opened(_mapped(file))
    except (OSError, ValueError):
        made = _made(dictionary)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, made)
    except OSError as error:
        logging.getLogger("wenyuan").warning("Can't keep jieba's dictionary for the next start: %s", error)
    return _opened(memoryview(made))


def _mapped(file: Path) -> memoryview:
    """The bytes of ``file``. Raises OSError, ValueError if it is empty."""
    with file.open("rb") as stream:
        return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))


def _opened(data: memoryview) -> Lexicon:
    """The lexicon in ``data``. Raises ValueError if it is not as it was made."""
    import marisa_trie

    start = _CHECK.size + _HEADER.size
    if len(data) < start or _CHECK.unpack_from(data)[0] != crc32(data[_CHECK.size :]):
        raise ValueError("damaged")
    words, longest, names, total = _HEADER.unpack_from(data, _CHECK.size)
    parts = []
    for size in (_MASK + 1, 4 * words, words, names, len(data)):
        parts.append(data[start : start + size])
        start += size
    more, frequencies, tags, written, trie = parts
    named = str(written, "utf-8").split(" ")
    return Lexicon(marisa_trie.Trie().map(trie), more, frequencies.cast("I"), tags, named, longest, total)


def _made(dictionary: Path) -> bytes:
    """The file's content, from jieba's ``dictionary`` and the words that come with us, as jieba itself takes them."""
    import jieba

    made = jieba.Tokenizer()
    with dictionary.open("rb") as stream:
        made.FREQ, made.total = made.gen_pfdict(stream)
    made.initialized = True
    with dictionary.open(encoding="utf-8") as lines:
        tags = {word: tag for word, _, tag in map(str.split, lines)}
    made.load_userdict(str(NAMES_FILE))
    for word in sorted(CHINESE):
        if not made.FREQ.get(word):
            made.add_word(word)
    tags |= made.user_word_tag_tab
    return packed(made.FREQ, tags, made.total)


def packed(frequencies: Mapping[str, int], tags: Mapping[str, str], total: int) -> bytes:
    """The file's content for these words; ``total`` is what jieba takes for the sum of their frequencies."""
    import marisa_trie

    words = [word for word, frequency in frequencies.items() if frequency or word in tags]
    trie = marisa_trie.Trie(words)
    words.sort(key=trie.key_id)
    more = bytearray(_MASK + 1)
    for first, second, *third in (map(ord, word[:3]) for word in words if len(word) > 1):
        two = first * _FACTOR + second
        more[two & _MASK] |= 1
        if third:
            more[(two * _FACTOR + third[0]) & _MASK] |= 2
    names = ["", *sorted(set(tags.values()))]
    number = {name: place for place, name in enumerate(names)}
    written = " ".join(names).encode()
    rest = b"".join(
        (
            _HEADER.pack(len(words), max(map(len, words)), len(written), total),
            more,
            struct.pack(f"<{len(words)}I", *(frequencies[word] for word in words)),
            bytes(number[tags.get(word, "")] for word in words),
            written,
            trie.tobytes(),
        )
    )
    return _CHECK.pack(crc32(rest)) + rest
