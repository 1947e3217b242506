"""What elements of a DOCX say by themselves: what is in them, fields, tick boxes, fonts, numbers, notes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from rag.loading.office.docx.docx_styles import number_in, toggled
from rag.loading.office.symbols import CHECKED, UNCHECKED, is_symbolic, symbol

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
# What is not, or no longer, text of the document; of a choice the first is what is shown.
_UNSAID = ("del", "moveFrom", "delText", "pPr", "rPr", "sectPr", "tblPr", "sdtPr", "rt")
SKIPPED = frozenset({_FALLBACK, *(f"{W}{name}" for name in _UNSAID)})
_PAGE_FIELD = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES)\b", re.IGNORECASE)
_LONGEST_FIELD = 100
# What Word calls the prompts that it brings, and controls whose prompt says no more than that one is to choose.
_PROMPT, _CHOICES = "DefaultPlaceholder", ("dropDownList", "comboBox", "date")


class Fields:
    """Where the walk is in fields: a page's number is no text, and old boxes are ticked or not."""

    def __init__(self) -> None:
        self._open: list[str] = []
        # How many of the open ones are pages' numbers.
        self._paged = 0

    def numbers_page(self, element: Any) -> bool:
        """Whether the element is a page's number."""
        if element.tag == f"{W}fldSimple":
            return _is_page(element.get(f"{W}instr") or "")
        return element.tag == f"{W}t" and self._paged > 0

    def meet(self, element: Any) -> str:
        """Go on by one mark of a field; return what is shown at this place."""
        if element.tag == f"{W}instrText":
            if self._open:
                self._paged -= _is_page(self._open[-1])
                self._open[-1] = f"{self._open[-1]}{element.text or ''}"[:_LONGEST_FIELD]
                self._paged += _is_page(self._open[-1])
        elif element.get(f"{W}fldCharType") == "begin":
            self._open.append("")
            return _old_box(element.find(f"{W}ffData"))
        elif element.get(f"{W}fldCharType") == "end" and self._open:
            self._paged -= _is_page(self._open.pop())
        return ""


def _is_page(field: str) -> bool:
    return bool(_PAGE_FIELD.match(field))


def _old_box(data: Any) -> str:
    """A tick box or the choice of a list as Word 2003 has them."""
    if data is None:
        return ""
    box, choices = data.find(f"{W}checkBox"), data.find(f"{W}ddList")
    if box is not None:
        checked = box.find(f"{W}checked")
        return CHECKED if toggled(checked if checked is not None else box.find(f"{W}default"), W) else UNCHECKED
    if choices is not None:
        entries = [entry.get(f"{W}val") or "" for entry in choices.iterfind(f"{W}listEntry")]
        chosen = number_in(choices.find(f"{W}result"), W, 0)
        return entries[chosen] if chosen < len(entries) else ""
    return ""


def tick_box(control: Any) -> str:
    """The state of a content control that is a tick box; "" of any other."""
    box = control.find(f"{W}sdtPr/{_W14}checkbox")
    if box is None:
        return ""
    return CHECKED if toggled(box.find(f"{_W14}checked"), _W14) else UNCHECKED


def blank_prompts(root: Any) -> None:
    """Take away what Word says in content controls in which nothing was chosen or written: 单击此处输入文字."""
    for mark in root.iter(f"{W}showingPlcHdr"):
        properties = mark.getparent()
        part = properties.find(f"{W}placeholder/{W}docPart")
        own = part is None or not (part.get(f"{W}val") or "").startswith(_PROMPT)
        if own and not any(properties.find(f"{W}{kind}") is not None for kind in _CHOICES):
            continue
        for text in properties.getparent().iter(f"{W}t"):
            text.text = ""


def font_of(run: Any) -> str:
    fonts = run.find(f"{W}rPr/{W}rFonts")
    return (fonts.get(f"{W}ascii") or "") if fonts is not None else ""


def mapped(text: str, font: str) -> str:
    """``text`` as its font shows it."""
    if not font or not is_symbolic(font):
        return text
    return "".join(symbol(ord(character), font) or character for character in text)


def content_of(container: Any, *, tables: bool = True, apart: Collection[Any] = ()) -> Iterator[Any]:
    """The paragraphs and tables of ``container``, also those wrapped in something; not those in a table of contents.

    Without ``tables``, the paragraphs in them, but for those ``apart``.
    """
    stack = list(reversed(container)) if container is not None else []
    while stack:
        element = stack.pop()
        if element.tag == f"{W}p" or (tables and element.tag in (f"{W}tbl", f"{W}altChunk")):
            yield element
        elif element.tag not in SKIPPED and element not in apart and not _is_contents(element):
            stack.extend(reversed(element))


def _is_contents(element: Any) -> bool:
    gallery = element.find(f"{W}sdtPr/{W}docPartObj/{W}docPartGallery")
    return gallery is not None and gallery.get(f"{W}val") == "Table of Contents"


def is_box(table: Any) -> bool:
    """Whether a table is of one column, and only places what it holds."""
    return all(len(cells) == 1 for cells in _cells(table)) and _says_several(table)


def is_grid(table: Any) -> bool:
    """Whether a table has several rows, of several cells."""
    rows = _cells(table)
    return len(rows) > 1 and any(len(cells) > 1 for cells in rows)


def is_layout(table: Any) -> bool:
    """Whether a table has one row, and places side by side what is said one after the other."""
    return len(_cells(table)) == 1 and _says_several(table)


def _cells(table: Any) -> list[list[Any]]:
    return [list(children_of(row, "tc")) for row in children_of(table, "tr")]


def _says_several(table: Any) -> bool:
    return any(sum(1 for _ in content_of(cell)) > 1 for cells in _cells(table) for cell in cells)


def children_of(element: Any, tag: str) -> Iterator[Any]:
    """The rows of a table or the cells of a row, also those wrapped in something, but not those of tables inside."""
    stack = list(reversed(element))
    while stack:
        child = stack.pop()
        if child.tag == f"{W}{tag}":
            yield child
        elif child.tag not in SKIPPED and child.tag != f"{W}tc":
            stack.extend(reversed(child))


def notes_of(root: Any) -> dict[str, Any]:
    """By id; the lines that separate notes from the text are kept as notes of a type of their own."""
    return {} if root is None else {n.get(f"{W}id"): n for n in root if n.get(f"{W}type") in (None, "normal")}
