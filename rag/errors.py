"""Everything that can go wrong, said in words that a user can act on.

Each error carries its message in Chinese and in English; what shows it picks one. A message says what is
wrong and what to do next, in one line.
"""

from __future__ import annotations

from typing import Literal

from rag.printable import one_line

Language = Literal["zh", "en"]


class WenyuanError(Exception):
    """Base of all errors that Wenyuan raises on purpose."""

    def __init__(self, zh: str, en: str) -> None:
        # They quote names of files and what libraries say of their contents.
        self.zh, self.en = one_line(zh), one_line(en)
        super().__init__(self.zh)

    def message(self, language: Language = "zh") -> str:
        """Return the message in ``language``."""
        return self.en if language == "en" else self.zh


class SettingsError(WenyuanError):
    """A setting is unknown, of the wrong type or out of range."""


class LoadError(WenyuanError):
    """One source file can't be read as text."""


class CorpusError(WenyuanError):
    """Nothing to index: a path is missing, or no file was readable."""


class IndexMissingError(WenyuanError):
    """There is no index where one was expected."""


class IndexDamagedError(WenyuanError):
    """A file of the index is missing, cut short or not the one that was written."""


class IndexMismatchError(WenyuanError):
    """The index was built with other settings than the ones in force."""


class StorageError(WenyuanError):
    """The index could not be written: disk full, read-only folder, another writer."""


class MilvusError(WenyuanError):
    """Milvus can't be used: it is not installed, not reached, too old, or refuses."""


class ArchiveError(WenyuanError):
    """A file is not a library that Wenyuan exported, or not all of it."""


class SavedAnswerError(WenyuanError):
    """A file holds no saved answers, or damaged ones."""


class ModelError(WenyuanError):
    """The embedding model is missing or damaged."""


class QuestionError(WenyuanError):
    """The question is empty, too long or has nothing to search for."""


class NotFoundError(WenyuanError):
    """No document has the given id."""


class CollectionError(WenyuanError):
    """A collection can't be called so, or there is one of that name."""


class VersionError(WenyuanError):
    """A document can't become an older version of that one."""


class ServeError(WenyuanError):
    """The web app could not be started."""


class BusyError(WenyuanError):
    """More is wanted at once than can wait for its turn; after ``seconds`` there should be room."""

    def __init__(self, zh: str, en: str, seconds: int = 2) -> None:
        super().__init__(zh, en)
        self.seconds = seconds


class EvaluationError(WenyuanError):
    """Gold questions or results are malformed."""


class TrainingError(WenyuanError):
    """The reader can't be trained: no data, or a checkpoint of another training."""
