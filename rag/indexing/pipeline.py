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
    checksum: bool = False
    """Whether every file is read, whatever its size and times say."""

    @classmethod
    def of(
        cls,
        settings: Settings | None = None,
        *,
        models: Models | None = None,
        progress: bool = False,
        checksum: bool = False,
    ) -> Pipeline:
        """As ``settings`` say; ``models`` are those of the same settings, where they are loaded already."""
        settings = settings or load_settings()
        cutting = Cutting(settings.dictionary_path)
        return cls(settings, models or Models(settings), cutting, progress=progress, checksum=checksum)
