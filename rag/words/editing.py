"""The user's dictionary and the index changed together: new terms, the same passages, no vector made again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import msgspec

from rag.disk import replace_file
from rag.errors import SettingsError, StorageError
from rag.index.generations import Generation, open_generation, writing
from rag.index.manifest import build_settings, check_settings, file_digest
from rag.indexing.building import build
from rag.indexing.entries import Entry
from rag.indexing.merging import reusable
from rag.indexing.pipeline import Pipeline
from rag.indexing.refresh import outdated
from rag.settings import Settings, load_settings
from rag.text.dictionary import LONGEST, read_entries, read_text, with_words, without_words
from rag.text.normalization import normalise
from rag.text.tokenization import cut_words, in_dictionary, reread, terms

_Terms = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """What became of the index: ``changed`` of its ``passages``, in ``documents``, are now cut otherwise."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    dictionary: Path
    changed: int
    documents: int
    passages: int
    seconds: float


def change_words(
    index: Path | str = "index",
    settings: Settings | None = None,
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    progress: bool = False,
) -> Change:
    """Add words to the user's dictionary, or take words out of it, and cut the documents of the index anew.

    Both or neither: where no new generation can be written the dictionary is as it was. Raises SettingsError if there
    is no dictionary, it is malformed, or a word can't be added or removed; StorageError, and what opening raises.
    """
    started = perf_counter()
    folder, settings = Path(index), settings or load_settings()
    file = settings.dictionary_path
    if file is None:
        raise SettingsError(
            '没有设置用户词典。请在 wenyuan.toml 里写一行：user_dictionary = "words.txt"',
            'There is no user dictionary. Put this line into wenyuan.toml: user_dictionary = "words.txt"',
        )
    with writing(folder):
        old = open_generation(folder)
        _check(old, settings)
        text = read_text(file) if file.exists() else ""
        entries = {entry.word for entry in read_entries(file)} if text else set()
        # Where an edit by hand, or a kill, left the index behind its dictionary, it is brought up to date.
        behind = not file.exists() or file_digest(file) != old.manifest.settings.user_dictionary
        new = {_folded(word): word.strip() for word in add}
        new = {folded: word for folded, word in new.items() if _is_new(folded, entries, file, behind=behind)}
        gone = {_folded(word): word.strip() for word in remove}
        _check_known(gone, entries, file)
        before = dict(_cut(old, settings, [*new, *gone]))
        with _replaced(file, without_words(with_words(text, new.values()), gone)):
            documents = [Entry.stored(old.store, record) for record in old.store.records()]
            stale = outdated(old.manifest, old.store.records())
            pipeline = Pipeline.of(settings, progress=progress)
            made = build(folder, documents, reusable(old, pipeline), pipeline, outdated=stale)
    after = open_generation(folder).sparse
    changed = {ordinal for ordinal, cut in before.items() if after.stored(ordinal) != cut}
    touched = [record for record in old.store.records() if not changed.isdisjoint(record.passages)]
    seconds = perf_counter() - started
    return Change(tuple(new.values()), tuple(gone.values()), file, len(changed), len(touched), made.passages, seconds)


def _cut(generation: Generation, settings: Settings, holding: Sequence[str]) -> Iterator[tuple[int, _Terms]]:
    """The terms of each passage with one of the words ``holding``, and of its context, by ordinal."""
    dictionary = settings.dictionary_path if settings.dictionary_path and settings.dictionary_path.exists() else None
    for _, document, passages in generation.store.contents():
        for p in passages:
            text = document.text[p.start : p.end]
            if any(word in normalise(part).text for part in (text, p.context) for word in holding):
                yield p.ordinal, (" ".join(terms(text, dictionary)), " ".join(terms(p.context, dictionary)))


@contextmanager
def _replaced(file: Path, text: str) -> Iterator[None]:
    """While what is inside works ``text`` stands in ``file``, and after it; if it fails the file is as it was."""
    before = file.read_bytes() if file.exists() else None
    try:
        replace_file(file, text.encode())
    except OSError as error:
        raise StorageError(
            f"无法写入用户词典 {file}：{error.strerror}。请检查写权限；词典和索引都没有改动。",
            f"Can't write the user dictionary {file}: {error.strerror}. Check permissions; nothing was changed.",
        ) from error
    reread()
    try:
        yield
    except BaseException:
        with suppress(OSError):
            if before is None:
                file.unlink()
            else:
                replace_file(file, before)
        reread()
        raise


def _check(old: Generation, settings: Settings) -> None:
    """Raise IndexMismatchError unless the index was built with these settings, whatever its dictionary was."""
    same = msgspec.structs.replace(build_settings(settings), user_dictionary=old.manifest.settings.user_dictionary)
    if same != old.manifest.settings:
        check_settings(old.manifest, settings)


def _folded(word: str) -> str:
    """``word`` as texts are compared. Raises SettingsError if it is none."""
    folded = normalise(word).text.strip()
    parts = cut_words(folded)
    if not 1 < len(folded) <= LONGEST or "".join(part.text for part in parts) != folded:
        raise SettingsError(
            f"“{word}”不是一个词：词应有 2 到 {LONGEST} 个字，不含空格和标点。",
            f"{word!r} is no word: a word has 2 to {LONGEST} characters, no space and no punctuation.",
        )
    return folded


def _is_new(word: str, entries: set[str], file: Path, *, behind: bool) -> bool:
    """Whether ``word`` has to be added. Raises SettingsError if nothing is to be done for it."""
    if word in entries and behind:
        return False
    if word in entries:
        raise SettingsError(f"“{word}”已在用户词典 {file} 里。", f"{word} is in the user dictionary {file} already.")
    if in_dictionary(word) or word.isascii():
        raise SettingsError(
            f"“{word}”是已知的词，不必添加。若它仍被切开，请在 {file} 里手写一行更高的词频，如：{word} 20000",
            f"{word} is known already. If it is still cut apart, write a line with a higher frequency into {file}: "
            f"{word} 20000",
        )
    return True


def _check_known(words: Mapping[str, str], entries: set[str], file: Path) -> None:
    missing = [word for folded, word in words.items() if folded not in entries]
    if missing:
        named = "、".join(missing)
        raise SettingsError(
            f"用户词典 {file} 里没有：{named}。", f"The user dictionary {file} does not have: {', '.join(missing)}."
        )
