"""What was filled in and ticked in the controls of an OpenDocument; elements taken out of its tree."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from rag.loading.office.drawings import local
from rag.loading.office.list_styles import attribute
from rag.loading.office.symbols import CHECKED, UNCHECKED

_BOXES = {"checkbox": ("state", "checked"), "radio": ("selected", "true")}
_SAYING = ("text", "textarea", "formatted-text", "combobox", "number", "date", "time")


class Controls:
    """The controls of a document, from the root of its content: a shape in the text shows each."""

    def __init__(self, root: Any) -> None:
        forms = (form for form in root.iter() if local(form) == "forms")
        self._known = {attribute(e, "id"): e for form in forms for e in form.iter() if attribute(e, "id")}

    def said(self, shape: Any) -> str:
        """What the control of a shape shows; "" of a button or one left blank."""
        control = self._known.get(attribute(shape, "control"))
        if control is None:
            return ""
        kind, label = local(control), attribute(control, "label")
        if kind in _BOXES:
            name, ticked = _BOXES[kind]
            state = attribute(control, f"current-{name}") or attribute(control, name)
            return f"{CHECKED if state == ticked else UNCHECKED}{label}"
        if kind == "listbox":
            chosen = (e for e in control if "true" in (attribute(e, "current-selected"), attribute(e, "selected")))
            return "、".join(attribute(e, "label") for e in chosen)
        if kind in _SAYING:
            return attribute(control, "current-value") or attribute(control, "value")
        return label if kind == "fixed-text" else ""


def without(element: Any, names: Collection[str]) -> None:
    """Take what has one of ``names`` out of ``element``; the text behind it stays."""
    for part in [e for e in element.iter() if e is not element and local(e) in names]:
        tail, part.text = part.tail, ""
        part.clear()
        part.tail = tail
