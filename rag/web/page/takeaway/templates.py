"""A conversation as one HTML page or one Word document, both by templates."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from rag.errors import Language
from rag.templating import environment
from rag.types import Citation
from rag.web.conversation import Turn
from rag.web.page.escaping import docx, html
from rag.web.page.markup import shown_source
from rag.web.page.takeaway.exchanges import Words, elsewhere, entries, permalink

_TEMPLATES = Path(__file__).parents[2] / "static"
# The parts of a Word document, in the order in which they are packed; what they are is said by the first of them.
_PARTS = (
    "[Content_Types].xml", "_rels/.rels", "word/document.xml", "word/_rels/document.xml.rels", "word/styles.xml",
    "word/numbering.xml", "word/settings.xml", "word/footnotes.xml",
)  # fmt: skip


def to_html(turns: Sequence[Turn], *, language: Language, generated: datetime, version: str, base: str = "") -> str:
    """The conversation as one HTML page that needs nothing else and runs nothing; arguments as of `to_markdown`."""
    return _writer(turns, language, generated, version, base, html)("takeaway.html")


def to_docx(turns: Sequence[Turn], *, language: Language, generated: datetime, version: str, base: str = "") -> bytes:
    """The conversation as a Word document, its citations as footnotes; arguments as of `to_markdown`."""
    write = _writer(turns, language, generated, version, base, docx)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as parts:
        for name in _PARTS:
            part = zipfile.ZipInfo(name, generated.timetuple()[:6])
            parts.writestr(part, write(f"docx/{name}"), zipfile.ZIP_DEFLATED)
    return made.getvalue()


@cache
def _escaping_by(shown: Callable[[str], Markup]) -> Environment:
    templates = environment(_TEMPLATES)
    templates.filters["shown"] = shown
    templates.filters["file_name"] = shown_source
    return templates


def _writer(
    turns: Sequence[Turn],
    language: Language,
    generated: datetime,
    version: str,
    base: str,
    shown: Callable[[str], Markup],
) -> Callable[[str], str]:
    """What fills a template, by its name; ``shown`` escapes the words of others."""
    written = entries(turns)

    def link(citation: Citation) -> str:
        return permalink(base, citation) if base else ""

    # The numbers that Word gives to footnotes: by where they are met first.
    firsts = (note for entry in written for reply in entry.replies for line in reply.lines for note in line.first)
    values = {
        "language": "en" if language == "en" else "zh-CN",
        "t": Words(language),
        "entries": written,
        "notes": [note for entry in written for note in entry.notes],
        "order": {note.number: place for place, note in enumerate(firsts, start=1)},
        "generated": generated,
        "version": version,
        "elsewhere": elsewhere,
        "link": link,
    }
    return lambda name: _escaping_by(shown).get_template(name).render(values)
