"""A conversation as one Markdown text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from rag.errors import Language
from rag.types import Role, TableRow
from rag.web.conversation import Turn
from rag.web.page.escaping import markdown
from rag.web.page.markup import shown_source
from rag.web.page.takeaway.exchanges import Entry, Line, Near, Note, Reply, Words, elsewhere, entries, permalink


def to_markdown(turns: Sequence[Turn], *, language: Language, generated: datetime, version: str, base: str = "") -> str:
    """The conversation in Markdown with footnotes, which other renderers show as paragraphs at the end.

    ``base`` is the address of the app, for links that open the sources; without it there are none.
    """
    words = Words(language)
    written = entries(turns)
    blocks = [
        f"# {words('问源 · 问答与出处', 'Wenyuan · answers and sources')}",
        _about(words, written, generated, version),
    ]
    for entry in written:
        blocks.append(f"## {entry.number}. {markdown(entry.asked)}")
        if entry.meant:
            blocks.append(f"{words('理解为：', 'Taken to mean: ')}{markdown(entry.meant)}")
        if entry.only:
            blocks.append(f"{words('只问了：', 'Asked only: ')}{markdown(entry.only)}")
        for reply in entry.replies:
            blocks += [f"### {markdown(reply.asked)}"] if reply.asked else []
            blocks += _markdown_reply(words, reply)
    notes = [note for entry in written for note in entry.notes]
    blocks += ["---", *(_footnote(words, note, base) for note in notes)] if notes else []
    return "\n\n".join(blocks) + "\n"


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


def _where(words: Words, place: Near) -> str:
    title = markdown(place.title)
    stands = words.stands(place.paragraph)
    return words(f"《{title}》{stands}", f"“{title}”, {stands}")


def _footnote(words: Words, note: Note, base: str) -> str:
    """One paragraph of lines. Its second word is a number, so that no renderer takes it for a link's definition."""
    c = note.citation
    stands, title = words.stands(c.paragraph, c.page), markdown(c.title)
    rows = [
        words(f"{stands}，《{title}》", f"{stands.capitalize()} of “{title}”"),
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
