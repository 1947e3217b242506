"""Which segments of a generation the next one takes over as they are, and which are written anew with what is new.

Nothing is ever deleted inside a segment: one that has lost a document, or holds another version of it, is written anew
without it, so that what is known of all passages together is known of these passages alone. Segments are bounded, which
bounds that work; and what is left of a large one is not mixed with what is new, so that a document which changes again
and again costs that work once. Of small ones a few of each size may stand side by side; more are put together, as in a
log-structured merge tree (O'Neil et al. 1996), so that there are never many, and what is added one by one is written a
few times only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rag.index.generations import Stored
from rag.index.manifest import Manifest, build_settings
from rag.index.sparse import SparseIndex
from rag.index.store import Store
from rag.indexing.entries import Entry
from rag.indexing.pipeline import Pipeline
from rag.indexing.reuse import Known, known_vectors
from rag.indexing.splitting import SPLITTER
from rag.text.tokenization import cutter

MOST_PASSAGES: Final = 2048
"""From so many on a segment takes no further document."""
# Of each size, which is a power of it, so many segments may stand side by side.
_SIDE_BY_SIDE = 4


@dataclass(frozen=True, slots=True)
class Reusable:
    """What a generation holds that need not be made again.

    ``vectors`` are those of the encoder in use; ``sparse`` has the terms of the passages of ``store`` if they would be
    cut the same now. Where all is as it would be made, the segments that ``manifest`` names in ``folder`` may be taken
    over.
    """

    store: Store | None
    vectors: Sequence[Known] = ()
    sparse: SparseIndex | None = None
    manifest: Manifest | None = None
    folder: Path = Path()


def reusable(old: Stored, pipeline: Pipeline) -> Reusable:
    """What need not be made again with ``pipeline``. Raises ModelError, OSError, ValueError."""
    made, wanted = old.manifest, build_settings(pipeline.settings)
    same_model = made.encoder == pipeline.models.encoder_name
    folders = zip(made.folders(old.folder), old.store.texts, strict=True)
    vectors = [known_vectors(one, None if made.segments else texts) for one, texts in folders] if same_model else []
    terms = old.sparse if (made.cutter, made.settings.user_dictionary) == (cutter(), wanted.user_dictionary) else None
    same = made.splitter == SPLITTER and made.settings == wanted and terms is not None
    return Reusable(old.store, vectors, terms, made if made.segments and same_model and same else None, old.folder)


def to_keep(old: Reusable, entries: Sequence[Entry]) -> list[int]:
    """The segments of ``old``, by their places in its manifest, that serve for ``entries`` as they are."""
    if old.manifest is None or old.store is None:
        return []
    sizes = [one.passages for one in old.manifest.segments]
    changed = _changed(old.store, entries)
    kept = [one for one, size in enumerate(sizes) if size and one not in changed]
    small = Counter(_size(sizes[one]) for one in kept if not is_large(sizes[one]))
    return [one for one in kept if is_large(sizes[one]) or small[_size(sizes[one])] < _SIDE_BY_SIDE]


def is_large(passages: int) -> bool:
    """Whether a segment of so many passages is none to be merged."""
    return passages > MOST_PASSAGES // 2


def _changed(store: Store, entries: Sequence[Entry]) -> set[int]:
    """The segments that hold a document which is gone, has changed, or no longer stands in its place among others."""
    places = {entry.doc_id: place for place, entry in enumerate(entries) if entry.store is store}
    changed: set[int] = set()
    last: dict[int, int] = {}
    for record, segment in zip(store.records(), store.placement.segments.tolist(), strict=True):
        place = places.get(record.doc_id)
        # The title stands in the passages, too.
        if place is None or place < last.get(segment, 0) or entries[place].origin.title != record.title:
            changed.add(segment)
        else:
            last[segment] = place
    return changed


def _size(passages: int) -> int:
    """The logarithm of a segment's size."""
    return (max(1, passages).bit_length() - 1) // (_SIDE_BY_SIDE.bit_length() - 1)
