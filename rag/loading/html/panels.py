"""What a page shows when one clicks: the answers under questions, the panels of tabs. They are text as the rest is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Any

_HIDING = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)\s*(?:!important)?\s*;?", re.IGNORECASE)
_PANEL_TAGS = "div section article dd p ul ol dl table tr td li blockquote pre figure aside main"
_LABEL_TAGS = "h1 h2 h3 h4 h5 h6 dt summary button"
_NO_TEXT = ("script", "style", "noscript", "template", "title")
_PANELS, _LABELS = frozenset(_PANEL_TAGS.split()), frozenset(_LABEL_TAGS.split())
_TABS = frozenset(("tab", "pill"))
_TABBED = ("div", "section", "article")
_TARGETS = ("aria-controls", "data-target", "data-bs-target", "data-controls", "href")
# What opens over the page, and is no part of its text.
_ROLES = ("dialog", "alertdialog", "menu", "listbox", "tooltip", "alert", "status")
_OVERLAY = re.compile(
    r"(?:^|[\s_-])(?:modal|popup|popover|dropdown|tooltip|toast|lightbox|menu|overlay)", re.IGNORECASE
)
_QUESTION_LENGTH = 6
# What opens a panel says no more than this.
_LONGEST_SWITCH = 120
# What holds more than this share of a page's text is its text: a script shows it when it is loaded.
_MOST = 0.5
# So deep a switch may stand in what stands before its panel.
_LOOKED_AT = 12


def concealed(element: Any) -> bool:
    """Whether the page says of an element that it is not shown at first, or never."""
    return (
        element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or bool(_HIDING.search(element.get("style") or ""))
    )


def open_panels(root: Any) -> None:
    """Show the panels that something on the page opens, and the buttons that say what is in them."""
    _show_main(root)
    _name_panels(root)
    targets = {name for element in root.iter() for name in _controlled(element)}
    for element in list(root.iter()):
        if element.tag == "button" and _labels(element):
            element.tag = "span" if _inside_label(element) else "div"
        elif (
            element.tag in _PANELS
            and concealed(element)
            and not _is_overlay(element)
            and (element.get("id") in targets or _is_switch(element.getprevious()))
        ):
            _show(element)


def _name_panels(root: Any) -> None:
    """Let what a tab says stand above its panel, which may stand far from it."""
    panels = {panel.get("id"): panel for panel in root.iter(*_TABBED) if panel.get("id")}
    tabs = [element for element in root.iter() if _is_tab(element)] if panels else []
    for tab in tabs:
        panel = next((panels.pop(name) for part in tab.iter() for name in _named(part) if name in panels), None)
        text = " ".join("".join(tab.itertext()).split())
        before = panel.getprevious() if panel is not None else None
        heads = before is not None and list(filter(_is_tab, before.iter())) == [tab]
        if panel is None or heads or not 0 < len(text) <= _LONGEST_SWITCH:
            continue
        summary = panel.makeelement("summary")
        summary.text, summary.tail, panel.text = text, panel.text, None
        panel.insert(0, summary)
        panel.tag = "details"
        _show(panel)
        tab.clear(keep_tail=True)


def _is_tab(element: Any) -> bool:
    return element.get("role") == "tab" or not _TABS.isdisjoint(
        (element.get("data-toggle"), element.get("data-bs-toggle"))
    )


def _show_main(root: Any) -> None:
    """Show what is hidden until the page is loaded, as articles of WeChat are."""
    elements = list(root.iter())
    hidden = [element for element in elements if concealed(element)]
    lengths = _lengths(elements) if hidden else {}
    for element in hidden:
        if not _is_overlay(element) and lengths[element] > _MOST * lengths[root]:
            _show(element)


def _lengths(elements: Sequence[Any]) -> dict[Any, int]:
    """How many characters stand in each of the elements, which are in the order of the page."""
    lengths: dict[Any, int] = {}
    for element in reversed(elements):
        own = 0 if element.tag in _NO_TEXT or not isinstance(element.tag, str) else _length(element.text)
        lengths[element] = own + sum(lengths[child] + _length(child.tail) for child in element)
    return lengths


def _length(text: str | None) -> int:
    return len("".join((text or "").split()))


def _controlled(element: Any) -> list[str]:
    """The ids of what an element opens. A link alone opens nothing: it leads there."""
    if element.get("href") and not _clicks(element):
        return []
    return _named(element)


def _named(element: Any) -> list[str]:
    """The ids that an element names."""
    named = [element.get(attribute) or "" for attribute in _TARGETS]
    return [name.removeprefix("#") for value in named for name in value.split()]


def _clicks(element: Any) -> bool:
    return (
        element.get("aria-expanded") is not None
        or element.get("onclick") is not None
        or element.get("role") in ("button", "tab")
        or element.get("data-toggle") is not None
        or element.get("data-bs-toggle") is not None
    )


def _is_switch(element: Any) -> bool:
    """Whether what stands right before a panel is its label."""
    if element is None:
        return False
    if sum(map(len, islice(element.itertext(), _LONGEST_SWITCH))) > _LONGEST_SWITCH:
        return False
    return any(part.tag in _LABELS or _clicks(part) for part in islice(element.iter(), _LOOKED_AT))


def _labels(button: Any) -> bool:
    """Whether a button says what is under it, rather than what it does."""
    text = "".join(button.itertext()).strip()
    after = button.getnext()
    opens = button.get("aria-expanded") is not None or button.get("aria-controls") or button.get("data-bs-target")
    asks = len(text) >= _QUESTION_LENGTH or text.endswith(("？", "?"))
    return bool(opens or _inside_label(button) or (asks and after is not None and after.tag in _PANELS))


def _inside_label(element: Any) -> bool:
    return any(above.tag in _LABELS for above in islice(element.iterancestors(), 3))


def _is_overlay(element: Any) -> bool:
    return element.get("role") in _ROLES or bool(_OVERLAY.search(element.get("class") or ""))


def _show(element: Any) -> None:
    for attribute in ("hidden", "aria-hidden"):
        element.attrib.pop(attribute, None)
    style = element.get("style")
    if style:
        element.set("style", _HIDING.sub("", style))
