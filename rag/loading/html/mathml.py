"""Formulas in MathML as one line of text."""

from __future__ import annotations

import re
from typing import Any

from rag.loading.scripts import lowered, raised

_UNSAID = ("annotation", "annotation-xml", "mphantom", "none", "mprescripts")
_SIMPLE = re.compile(r"\w+(?:\.\d+)?[²³¹⁰-₟]*|\(.*\)")
_INVISIBLE = re.compile("[\u2061-\u2064]")


def linear(element: Any) -> str:
    """A formula, or a part of one, as text."""
    return " ".join(_INVISIBLE.sub("", _said(element)).split())


def _said(element: Any) -> str:
    tag = _name(element)
    if tag in _UNSAID:
        return ""
    parts = [_said(part).strip() for part in element if _name(part) not in _UNSAID]
    match tag, parts:
        case (("msup" | "mover"), [base, above]):
            return base + raised(above)
        case (("msub" | "munder"), [base, below]):
            return base + lowered(below)
        case (("msubsup" | "munderover"), [base, below, above]):
            return base + lowered(below) + raised(above)
        case "mfrac", [above, below]:
            return f"{_whole(above)}/{_whole(below)}"
        case "msqrt", _:
            return f"√{_whole(''.join(parts))}"
        case "mroot", [inside, degree]:
            return f"{raised(degree)}√{_whole(inside)}"
        case "mtable", _:
            return f"[{'; '.join(parts)}]"
        case "mtr", _:
            return " ".join(parts)
        case "mfenced", _:
            return f"{element.get('open', '(')}{', '.join(parts)}{element.get('close', ')')}"
        case _:
            return (element.text or "") + "".join(
                _said(part) + (part.tail or "" if tag in ("mtext", "mi", "mn", "mo") else "") for part in element
            )


def _name(element: Any) -> str:
    tag: str = element.tag if isinstance(element.tag, str) else ""
    return tag.rpartition("}")[2].rpartition(":")[2]


def _whole(text: str) -> str:
    return text if _SIMPLE.fullmatch(text) else f"({text})"
