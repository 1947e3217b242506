"""The questions, answers and sources of a conversation, ready to be written out in any format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.answering.editions import called
from rag.errors import Language
from rag.types import Citation, Hit, Status
from rag.web.conversation import Turn
from rag.web.page.answers import EXCERPT
from rag.web.page.choosing import named
from rag.web.page.markup import place_of, shown_source


@dataclass(frozen=True, slots=True)
class Note:
    """A citation under its number in the whole conversation."""

    number: int
    citation: Citation


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was answered, with its notes; those of them in ``first`` are marked here for the first time.

    ``differs``: another source says this instead. ``heading`` is what an overview has it under, ``edition`` and
    ``change`` as in `rag.types.AnswerItem`.
    """

    text: str
    notes: tuple[Note, ...]
    first: tuple[Note, ...]
    differs: bool
    heading: str = ""
    edition: str = ""
    change: str = ""


@dataclass(frozen=True, slots=True)
class Near:
    """A passage that came near to an answer."""

    title: str
    paragraph: int
    excerpt: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply to one question inside a question; ``asked`` is empty where there is but one.

    Without ``lines`` it was not answered: ``missing`` are its words that no document has, ``nearest`` what came near.
    ``head`` is what stands above the differences of two editions; without lines these have none.
    """

    asked: str
    lines: tuple[Line, ...]
    missing: tuple[str, ...]
    nearest: tuple[Near, ...]
    head: str = ""

    @property
    def changes(self) -> list[list[Line]]:
        """The lines of each difference of two editions: the new wording, then the old one."""
        changes: list[list[Line]] = []
        for line in self.lines:
            if line.change == "changed" and line.differs:
                changes[-1].append(line)
            elif line.change:
                changes.append([line])
        return changes


@dataclass(frozen=True, slots=True)
class Entry:
    """A turn, counted from 1. ``meant`` is the question that ``asked`` was taken to be; empty if that is the same.

    ``only`` names what alone was asked; empty if that is everything.
    """

    number: int
    asked: str
    meant: str
    only: str
    replies: tuple[Reply, ...]
    notes: tuple[Note, ...]


def entries(turns: Sequence[Turn]) -> tuple[Entry, ...]:
    """``turns`` but those of mere courtesy, ready to be written out, their citations numbered through from 1."""
    written: list[Entry] = []
    last = 0
    asked_turns = (turn for turn in turns if turn.answer.status is not Status.COURTESY)
    for number, turn in enumerate(asked_turns, start=1):
        notes = tuple(Note(last + c.n, c) for c in turn.answer.citations)
        last += len(notes)
        asked, meant = turn.asked.strip(), turn.answer.question.strip()
        meant, only = meant if meant != asked else "", named(turn.only, turn.titles)
        written.append(Entry(number, asked, meant, only, tuple(_replies(turn, notes)), notes))
    return tuple(written)


def permalink(base: str, citation: Citation) -> str:
    """The address under which the app at ``base`` opens a citation in its document."""
    return f"{base}#place/{place_of(citation)}"


def elsewhere(citation: Citation) -> list[str]:
    """Other files of the cited document by their sources, documents that are almost the same by title."""
    own = citation.doc_id
    return [shown_source(one.source) if one.doc_id == own else one.title for one in citation.also_in]


@dataclass(frozen=True, slots=True)
class Words:
    """Picks the words of one language."""

    language: Language

    def __call__(self, zh: str, en: str) -> str:
        """The one of two wordings that is wanted."""
        return en if self.language == "en" else zh

    def stands(self, paragraph: int, page: int = 0) -> str:
        """In which paragraph something stands, and on which page if it has pages."""
        of_page = self(f"（第 {page} 页）", f" (page {page})") if page else ""
        return self(f"第 {paragraph} 段", f"paragraph {paragraph}") + of_page

    def edition(self, line: Line) -> str:
        """Which edition a line is from, to stand after its words; empty where that does not matter."""
        edition = called(line.edition, self("{} 版", "{} edition"))
        return self(f"（{edition}）", f" ({edition})") if line.edition else ""

    def change(self, line: Line) -> str:
        """What stands before a line of which another edition says otherwise or nothing."""
        if line.change == "added":
            return self("新增：", "Added: ")
        if line.change == "removed":
            return self("删去：", "Removed: ")
        return self("旧：", "Old: ") if line.differs else self("新：", "New: ")

    def instead(self, line: Line) -> str:
        """What stands before a line of which another source says otherwise."""
        if line.edition:
            return self("旧版：", "An older edition: ")
        return self("另有不同的说法：", "Elsewhere it is said otherwise: ")


def _replies(turn: Turn, notes: Sequence[Note]) -> Iterator[Reply]:
    by_number = {note.citation.n: note for note in notes}
    marked: set[int] = set()
    for part in turn.answer.parts:
        lines: list[Line] = []
        for item in part.items:
            its = tuple(by_number[n] for n in item.citations)
            first = tuple(n for n in its if n.number not in marked)
            lines.append(Line(item.text, its, first, item.differs, item.heading, item.edition, item.change))
            marked |= {note.number for note in its}
        asked = part.question if len(turn.answer.parts) > 1 else ""
        nearest = tuple(_near(hit, turn) for hit in part.nearest)
        head = turn.answer.text.partition("\n")[0] if turn.answer.status is Status.DIFFERENCES else ""
        yield Reply(asked, tuple(lines), part.missing, nearest, head)


def _near(hit: Hit, turn: Turn) -> Near:
    doc_id = hit.passage.doc_id
    return Near(turn.titles.get(doc_id, doc_id), hit.passage.paragraph, hit.excerpt(EXCERPT))
