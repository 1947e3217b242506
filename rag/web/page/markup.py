"""The smallest pieces of the page: escaping, words in both languages, the addresses that buttons carry, citations."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass

from rag.printable import BIDIRECTIONAL
from rag.types import AnswerItem, Citation, Span

_COMMAND = re.compile(r"wenyuan [a-z]+\b.*$", re.DOTALL)
_ABSOLUTE = re.compile(r"/|\\\\|[A-Za-z]:[\\/]")


# Inside of a word they would show another one than the source has; what stands for them is as long as they are.
_TURNED = str.maketrans(dict.fromkeys(BIDIRECTIONAL, "\ufffd"))


def esc(text: str) -> str:
    """``text`` as it must stand in HTML to be read: its own characters, but no bidirectional control."""
    return exact(text.translate(_TURNED))


def exact(text: str) -> str:
    """``text`` as it must stand in quoted attributes and templates from which a script takes it."""
    # Half of a surrogate pair can reach us from a browser, and no response can carry it.
    return html.escape(text.encode("utf-8", "replace").decode("utf-8"), quote=True).replace("\0", "\ufffd")


def both(zh: str, en: str) -> str:
    """Words of the interface in both languages; the page's language decides which of them is seen."""
    return f'<span class="zh">{esc(zh)}</span><span class="en">{esc(en)}</span>'


def message(zh: str, en: str) -> str:
    """As `both`, with the command that a message ends with set apart, ready to be copied."""
    return f'<span class="zh">{_with_command(zh)}</span><span class="en">{_with_command(en)}</span>'


def _with_command(text: str) -> str:
    command = _COMMAND.search(text)
    if not command:
        return esc(text)
    return f"{esc(text[: command.start()])}<code>{esc(command.group())}</code>"


def shown_source(source: str) -> str:
    """A document's source as it is shown: of a path through the server's folders only the file's name."""
    return re.split(r"[\\/]", source)[-1] if _ABSOLUTE.match(source) else source


NOWHERE = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a button leads: a document, what to mark strongly (``exact``) and softly (``around``).

    Both may be empty spans. ``block`` is the paragraph number to begin at where the reader leafs on.
    """

    doc_id: str
    exact: Span = NOWHERE
    around: Span = NOWHERE
    block: int = 0

    def __str__(self) -> str:
        return ":".join(map(str, (self.doc_id, *self.exact, *self.around, self.block)))

    @classmethod
    def parse(cls, address: str) -> Place:
        """The inverse of ``str``. Raises ValueError for anything else: an address comes back from a browser."""
        doc_id, *numbers = address.split(":")
        start, end, around_start, around_end, block = map(int, numbers)
        return cls(doc_id, Span(start, end), Span(around_start, around_end), block)


def opener(place: Place, content: str, style: str, label: str = "", **data: object) -> str:
    """A button that opens ``place``; ``content`` is HTML, ``label`` what a screen reader says instead of it.

    ``data`` become data attributes.
    """
    said = f' aria-label="{esc(label)}"' if label else ""
    more = "".join(f' data-{name}="{esc(str(value))}"' for name, value in data.items())
    return f'<button type="button" class="{style}" data-open="{esc(str(place))}"{more}{said}>{content}</button>'


def place_of(citation: Citation) -> Place:
    """Where a citation leads."""
    around = Span(citation.sentence_start, citation.sentence_end)
    return Place(citation.doc_id, Span(citation.start, citation.end), around)


def marks(item: AnswerItem, cited: Mapping[int, Citation]) -> str:
    """The numbers of the citations that say an item, each to be opened."""
    return "".join(opener(place_of(cited[n]), f"[{n}]", "cite", f"出处 {n} · source {n}") for n in item.citations)


def where(mark: str, title: str, paragraph: int, page: int = 0) -> str:
    """In which document and paragraph something stands, after its ``mark``; without what is empty."""
    number = f'<span class="n">{esc(mark)}</span>' if mark else ""
    name = f'<span class="title">{esc(title)}</span>' if title else ""
    zh, en = (f"第 {page} 页 · ", f"page {page} · ") if page else ("", "")
    number_of = both(f"{zh}第 {paragraph} 段", f"{en}paragraph {paragraph}")
    return f'{number}{name}<span class="paragraph">{number_of}</span>'


def sentence(citation: Citation, after: str = "") -> str:
    """A citation's sentence with the quote marked, and what stands ``after`` it as HTML."""
    begin, quote, end = map(esc, citation.in_sentence)
    return f'<p class="sentence">{begin}<mark>{quote}</mark>{end}{after}</p>'
