"""A conversation to take away: its questions, answers and sources as one Markdown text or one HTML page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rag.answering.editions import called
from rag.errors import Language
from rag.types import Citation, Hit, Role, Status, TableRow
from rag.web.conversation import Turn
from rag.web.page.answers import EXCERPT
from rag.web.page.choosing import named
from rag.web.page.escaping import html, markdown
from rag.web.page.markup import place_of, shown_source

_TEMPLATE = Path(__file__).parents[1] / "static" / "takeaway.html"


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
        found: list[list[Line]] = []
        for line in self.lines:
            if line.change == "changed" and line.differs:
                found[-1].append(line)
            elif line.change:
                found.append([line])
        return found


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
    found: list[Entry] = []
    last = 0
    asked_turns = (turn for turn in turns if turn.answer.status is not Status.COURTESY)
    for number, turn in enumerate(asked_turns, start=1):
        notes = tuple(Note(last + c.n, c) for c in turn.answer.citations)
        last += len(notes)
        asked, meant = turn.asked.strip(), turn.answer.question.strip()
        meant, only = meant if meant != asked else "", named(turn.only, turn.titles)
        found.append(Entry(number, asked, meant, only, tuple(_replies(turn, notes)), notes))
    return tuple(found)


def to_markdown(turns: Sequence[Turn], *, language: Language, generated: datetime, version: str, base: str = "") -> str:
    """The conversation in Markdown with footnotes, which other renderers show as paragraphs at the end.

    ``base`` is the address of the app, for links that open the sources; without it there are none.
    """
    words = Words(language)
    found = entries(turns)
    blocks = [
        f"# {words('问源 · 问答与出处', 'Wenyuan · answers and sources')}",
        _about(words, found, generated, version),
    ]
    for entry in found:
        blocks.append(f"## {entry.number}. {markdown(entry.asked)}")
        if entry.meant:
            blocks.append(f"{words('理解为：', 'Taken to mean: ')}{markdown(entry.meant)}")
        if entry.only:
            blocks.append(f"{words('只问了：', 'Asked only: ')}{markdown(entry.only)}")
        for reply in entry.replies:
            blocks += [f"### {markdown(reply.asked)}"] if reply.asked else []
            blocks += _markdown_reply(words, reply)
    notes = [note for entry in found for note in entry.notes]
    blocks += ["---", *(_footnote(words, note, base) for note in notes)] if notes else []
    return "\n\n".join(blocks) + "\n"


def to_html(turns: Sequence[Turn], *, language: Language, generated: datetime, version: str, base: str = "") -> str:
    """The conversation as one HTML page that needs nothing else and runs nothing; arguments as of `to_markdown`."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATE.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["shown"] = html
    environment.filters["file_name"] = shown_source
    found, words = entries(turns), Words(language)
    return environment.get_template(_TEMPLATE.name).render(
        language="en" if language == "en" else "zh-CN",
        t=words,
        entries=found,
        notes=[note for entry in found for note in entry.notes],
        generated=generated,
        version=version,
        elsewhere=elsewhere,
        link=lambda citation: permalink(base, citation) if base else "",
    )


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
    found = {note.citation.n: note for note in notes}
    marked: set[int] = set()
    for part in turn.answer.parts:
        lines: list[Line] = []
        for item in part.items:
            its = tuple(found[n] for n in item.citations)
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


def _about(words: Words, found: Sequence[Entry], generated: datetime, version: str) -> str:
    when = f"{generated:%Y-%m-%d %H:%M %Z}".strip()
    return words(
        f"{when} · 问源 {version} · {len(found)} 个问题。答案都是资料的原文，出处见文末脚注。",
        f"{when} · Wenyuan {version} · questions: {len(found)}. Answers are slices of the sources; see the footnotes.",
    )


def _markdown_reply(words: Words, reply: Reply) -> Iterator[str]:
    if reply.head:
        yield markdown(reply.head)
    if reply.changes:
        yield "\n".join(_markdown_change(words, n, lines) for n, lines in enumerate(reply.changes, start=1))
    if reply.changes or (reply.head and not reply.lines):
        return
    own = [line for line in reply.lines if not line.differs]
    if len(own) == 1:
        yield f"> {_markdown_line(words, own[0])}"
    elif own:
        yield "\n".join(f"{place}. {_markdown_line(words, line)}" for place, line in enumerate(own, start=1))
    for line in reply.lines:
        if line.differs:
            yield words.instead(line) + _markdown_line(words, line)
    for line in reply.lines:
        yield from (_markdown_row(note.citation.row) for note in line.first if note.citation.row)
    if reply.lines:
        return
    yield words("资料里没有找到答案。", "The documents do not answer this.")
    if reply.missing:
        missing = words("、", ", ").join(markdown(word) for word in reply.missing)
        yield f"{words('没有一篇资料提到：', 'No document mentions: ')}{missing}"
    if reply.nearest:
        yield words("最接近的段落：", "The nearest passages:")
        yield "\n".join(f"- {_where(words, near)}{words('：', ': ')}{markdown(near.excerpt)}" for near in reply.nearest)


def _markdown_line(words: Words, line: Line) -> str:
    heading = f"**{markdown(line.heading)}** " if line.heading else ""
    notes = "".join(f"[^{note.number}]" for note in line.notes)
    return heading + markdown(line.text) + markdown(words.edition(line)) + notes


def _markdown_change(words: Words, number: int, lines: Sequence[Line]) -> str:
    """A numbered item; what is in its lines is set in by as much as its number takes."""
    heading = f"**{markdown(lines[0].heading)}** " if lines[0].heading else ""
    said = (
        f"{words.change(line)}{markdown(line.text)}{''.join(f'[^{note.number}]' for note in line.notes)}"
        for line in lines
    )
    return f"{number}. {heading}" + "\\\n   ".join(said)


def _markdown_row(row: TableRow) -> str:
    """A table of one row, its cited cells bold."""
    names = [markdown(name) for name in row.header or [""] * len(row.cells)]
    cells = [markdown(text) for text in row.cells]
    bold = [f"**{text}**" if text and place in row.cited else text for place, text in enumerate(cells)]
    return "\n".join(f"| {' | '.join(line)} |" for line in (names, ["---"] * len(names), bold))


def _where(words: Words, place: Near | Citation) -> str:
    title = markdown(place.title)
    return words(f"《{title}》第 {place.paragraph} 段", f"“{title}”, paragraph {place.paragraph}")


def _footnote(words: Words, note: Note, base: str) -> str:
    """One paragraph of lines. Its second word is a number, so that no renderer takes it for a link's definition."""
    c = note.citation
    rows = [
        words(f"第 {c.paragraph} 段，《{markdown(c.title)}》", f"Paragraph {c.paragraph} of “{markdown(c.title)}”"),
        words(f"引文：“{markdown(c.quote)}”", f"Quote: “{markdown(c.quote)}”"),
    ]
    if c.sentence != c.quote:
        rows.append(words(f"全句：“{markdown(c.sentence)}”", f"Sentence: “{markdown(c.sentence)}”"))
    if c.role is Role.REPEAT:
        rows[0] += words("（说的是同一件事）", " (says the same)")
    rows.append(f"{markdown(shown_source(c.source))} · {markdown(c.doc_id)} · {c.start}–{c.end}")
    if c.also_in:
        names = words("、", ", ").join(markdown(name) for name in elsewhere(c))
        rows.append(f"{words('另见', 'Also in')} {names}")
    rows += [f"<{permalink(base, c)}>"] if base else []
    return f"[^{note.number}]: " + "\\\n    ".join(rows)
