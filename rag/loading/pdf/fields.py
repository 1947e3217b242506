"""What was filled in or noted on a page: fields of forms in their place on it, remarks beside it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rag.loading.pdf.glyphs import Line

_CHECKED, _UNCHECKED = "☑", "☐"
_MOST = 5_000
_MOST_CHARACTERS = 20_000


@dataclass(slots=True)
class Marks:
    """Fields as lines of the page, and remarks with who made them."""

    fields: list[Line] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def marks(page: Any, form: Any, top: float) -> Marks:
    """The fields and remarks of a page whose top is at ``top``; ``form`` is its document's, or None."""
    import pypdfium2.raw as pdfium

    found = Marks()
    remarks = (
        pdfium.FPDF_ANNOT_TEXT,
        pdfium.FPDF_ANNOT_FREETEXT,
        pdfium.FPDF_ANNOT_HIGHLIGHT,
        pdfium.FPDF_ANNOT_UNDERLINE,
        pdfium.FPDF_ANNOT_STRIKEOUT,
        pdfium.FPDF_ANNOT_SQUIGGLY,
        pdfium.FPDF_ANNOT_CARET,
        pdfium.FPDF_ANNOT_STAMP,
        pdfium.FPDF_ANNOT_SQUARE,
        pdfium.FPDF_ANNOT_CIRCLE,
        pdfium.FPDF_ANNOT_LINE,
        pdfium.FPDF_ANNOT_POLYGON,
        pdfium.FPDF_ANNOT_INK,
    )
    for index in range(min(_MOST, pdfium.FPDFPage_GetAnnotCount(page.raw))):
        annotation = pdfium.FPDFPage_GetAnnot(page.raw, index)
        if not annotation:
            continue
        try:
            kind = pdfium.FPDFAnnot_GetSubtype(annotation)
            if kind == pdfium.FPDF_ANNOT_WIDGET and form is not None:
                found.fields += _field(annotation, form, top)
            elif kind in remarks:
                found.remarks += _remark(annotation)
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)
    return found


def _remark(annotation: Any) -> list[str]:
    text, author = _string(annotation, b"Contents"), _string(annotation, b"T")
    if not text:
        return []
    return [f"批注（{author}）：{text}" if author else f"批注：{text}"]


def _field(annotation: Any, form: Any, top: float) -> list[Line]:
    import pypdfium2.raw as pdfium

    kind = pdfium.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in (pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON):
        value = _CHECKED if pdfium.FPDFAnnot_IsChecked(form, annotation) else _UNCHECKED
    elif kind in (pdfium.FPDF_FORMFIELD_PUSHBUTTON, pdfium.FPDF_FORMFIELD_SIGNATURE, pdfium.FPDF_FORMFIELD_UNKNOWN):
        return []
    else:
        value = _read(lambda buffer, size: pdfium.FPDFAnnot_GetFormFieldValue(form, annotation, buffer, size))
    box = pdfium.FS_RECTF()
    if not value or not pdfium.FPDFAnnot_GetRect(annotation, box):
        return []
    # Of a field of one line the text stands in its middle.
    size = max(6.0, min(12.0, 0.7 * abs(box.top - box.bottom)))
    tall = abs(box.top - box.bottom) > 2.5 * size
    base = top - (box.top - 1.2 * size if tall else (box.top + box.bottom) / 2 - 0.35 * size)
    left = min(box.left, box.right)
    return [Line(" ".join(value.split()), left, max(left + 1, box.right, box.left), base, size)]


def _string(annotation: Any, key: bytes) -> str:
    import pypdfium2.raw as pdfium

    return _read(lambda buffer, size: pdfium.FPDFAnnot_GetStringValue(annotation, key, buffer, size))


def _read(get: Callable[[Any, int], int]) -> str:
    """A string that pdfium writes into a buffer, in UTF-16 and with a zero at its end."""
    import pypdfium2.raw as pdfium

    length = min(get(None, 0), 2 * _MOST_CHARACTERS)
    if length <= 2:
        return ""
    buffer = ctypes.create_string_buffer(length)
    get(ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), length)
    return " ".join(buffer.raw[: length - 2].decode("utf-16-le", "replace").split())
