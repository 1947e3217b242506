"""What must be loaded before a question is answered: the encoder, the reader, jieba. Each once, and side by side."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

from rag.embedding import encoder_name, load_encoder

if TYPE_CHECKING:
    from rag.reading import Reader
    from rag.settings import Settings
    from rag.types import Encoder

T = TypeVar("T")


class Once(Generic[T]):
    """A value that is made when it is first asked for. Who asks meanwhile waits; everyone is told of an error."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: T | None = None
        self._lock = threading.Lock()

    def get(self) -> T:
        if self._made is None:
            with self._lock:
                if self._made is None:
                    self._made = self._make()
        return self._made

    def ahead(self) -> None:
        """Make it now in a thread of its own, for those who ask later; what goes wrong is told to them."""
        if self._made is None and not self._lock.locked():
            threading.Thread(target=self._try, name="load").start()

    def _try(self) -> None:
        with suppress(Exception):
            self.get()


class Models:
    """The encoder and the reader that ``settings`` name, and jieba. Safe to use from several threads.

    An ``encoder`` that is given takes the place of the one that the settings name.
    """

    def __init__(self, settings: Settings, *, encoder: Encoder | None = None) -> None:
        self._settings = settings
        self._given = encoder
        self.encoder = Once(self._encoder)
        self.reader = Once(self._reader)
        self.cutter = Once(_cutter)
        self.tagger = Once(_tagger)

    @property
    def encoder_name(self) -> str:
        """The name of the encoder, without loading it. Raises ModelError."""
        return encoder_name(self._settings.model) if self._given is None else self._given.name

    def ahead(self, *, reading: bool = True) -> None:
        """Begin to load all that a question needs, or only what a search needs, without waiting for it.

        What is computed outside Python takes the other cores, so that together they take little longer than one.
        """
        if reading:
            self.reader.ahead()
        if self._settings.retrieval != "bm25":
            self.encoder.ahead()
        (self.tagger if reading else self.cutter).ahead()

    def _encoder(self) -> Encoder:
        if self._given is not None:
            return self._given
        return load_encoder(self._settings.model, device=self._settings.device, engine=self._settings.engine)

    def _reader(self) -> Reader:
        from rag.reading.readers import load_reader

        return load_reader(self._settings.reader, device=self._settings.device, engine=self._settings.engine)


def _cutter() -> bool:
    from rag.text.tokenization import terms

    return bool(terms("预热"))


def _tagger() -> bool:
    from rag.text.tokenization import tagged

    return bool(tagged("预热"))
