"""What files become an index with."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from rag.models import Models
from rag.settings import Settings, load_settings
from rag.text.tokenization import Cutting

Timing = Callable[[str], AbstractContextManager[object]]
"""What is entered around each stage of indexing, by the stage's name; one may stand inside another."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What files become an index with: settings, the encoder of ``models``, how texts are cut into terms."""

    settings: Settings
    models: Models
    cutting: Cutting
    timing: Timing = nullcontext
    progress: bool = False
    """Whether bars are shown."""

    @classmethod
    def of(cls, settings: Settings | None = None, *, progress: bool = False) -> Pipeline:
        """As ``settings`` say."""
        settings = settings or load_settings()
        return cls(settings, Models(settings), Cutting(settings.dictionary_path), progress=progress)
