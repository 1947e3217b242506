"""The library as the page uses it: opened when it is first there, brought up to date with every question."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from rag.errors import WenyuanError
from rag.library import Library
from rag.models import Models
from rag.settings import Settings
from rag.web.conversations.conversation_file import NAME, ConversationFile
from rag.web.suggestions.suggest import checked

logger = logging.getLogger(__name__)


class LiveLibrary:
    """The library in ``index``, which need not be there yet. Safe to use from several threads."""

    def __init__(self, index: Path, settings: Settings) -> None:
        self._index = index
        self._settings = settings
        self.models = Models(settings)
        """What questions and uploads are embedded with: loaded once for both."""
        self._library: Library | None = None
        self._lock = threading.Lock()
        self._ahead = self._warming = False
        self._examples: dict[str, Sequence[str]] = {}
        self.conversations = ConversationFile(index / NAME)
        """What was asked on the page."""
        self.ready = False
        """Whether the model is loaded, so that a question is answered at once."""

    def library(self) -> Library:
        """The library in its newest generation; its model is loaded in the background, once `warm_up` was called.

        Raises as `Library.open`.
        """
        with self._lock:
            if self._library is None:
                self._library = Library.open(self._index, self._settings, models=self.models)
            else:
                self._library.refresh()
            if self._ahead and not self._warming:
                self._warming = True
                threading.Thread(target=self._warm_up, args=(self._library,), name="warm-up", daemon=True).start()
            return self._library

    def warm_up(self) -> None:
        """Load the model in the background, now or when there is an index; what is wrong is told when someone asks."""
        self._ahead = True
        try:
            self.library()
        except WenyuanError as error:
            logger.debug("not warmed up: %s", error)

    def examples(self) -> Iterator[Sequence[str]]:
        """Questions to try that the library answers, as far as they are found. Raises as `library`."""
        library = self.library()
        generation = library.manifest.generation
        examples: Sequence[str] = self._examples.get(generation, ())
        if not examples:
            for examples in checked(library):
                yield examples
            self._examples = {generation: examples}
        yield examples

    def _warm_up(self, library: Library) -> None:
        try:
            library.warm_up()
            self.ready = True
        except WenyuanError as error:
            logger.debug("not warmed up: %s", error)
        except Exception:
            logger.exception("the model could not be loaded")
        finally:
            self._warming = self.ready
