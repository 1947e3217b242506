"""Forms that are saved with what was filled in: it is text as what stands around it."""

from __future__ import annotations

from typing import Any

from rag.loading.office.symbols import CHECKED, UNCHECKED

FIELDS = ("input", "select", "textarea")
# What is clicked, sent along unseen, or not shown as it is.
_NO_TEXT = ("hidden", "submit", "button", "reset", "image", "password", "file", "color", "range")


def field_value(element: Any) -> str:
    """What was filled into a field, or chosen; a box is ticked or not."""
    match element.tag:
        case "textarea":
            return f" {element.text or ''}"
        case "select":
            chosen = (_text(option) for option in element.iter("option") if option.get("selected") is not None)
            return f" {'、'.join(chosen)}"
    kind = (element.get("type") or "text").lower()
    if kind in ("checkbox", "radio"):
        return CHECKED if element.get("checked") is not None else UNCHECKED
    return "" if kind in _NO_TEXT else f" {element.get('value') or ''} "


def _text(option: Any) -> str:
    return " ".join("".join(option.itertext()).split())
