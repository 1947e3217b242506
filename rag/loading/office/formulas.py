"""Formulas of Office documents (OMML) as one line of text: Δp=λLv²/d, √(a²+b²), ∑ᵢ₌₁ⁿ x."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from rag.loading.scripts import lowered, raised

MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_STRICT_MATH = "{http://purl.oclc.org/ooxml/officeDocument/math}"
_INVISIBLE = re.compile("[\u2061-\u2064]")
_PROPERTIES = re.compile(r"(?:.*Pr|ctrlPr)")
# A denominator that needs no brackets, and what a numerator has that needs them.
_SIMPLE = re.compile(r"\d+(?:\.\d+)?|\w[²³¹⁰-₟]*|[\u4e00-\u9fff]+|\(.*\)")
_WHOLE = re.compile(r"[^-+−±=<>≤≥,，/\s]*|[(\[{|].*[)\]}|]")
_SUM = re.compile(r"[-+−±=<>≤≥,，\s]")


def is_math(element: Any) -> bool:
    """Whether a formula begins here."""
    return _name(element) in ("oMath", "oMathPara")


def linear(element: Any) -> str:
    """A formula, or a part of one, as text."""
    return " ".join(_INVISIBLE.sub("", _said(element)).split())


def _name(element: Any) -> str:
    """The name of an element of the formula; "" of any other."""
    tag: str = element.tag
    return tag.rpartition("}")[2] if tag.startswith((MATH, _STRICT_MATH)) else ""


def _said(element: Any) -> str:
    name = _name(element)
    if name == "t" or element.tag.endswith("}t"):
        return element.text or ""
    if _PROPERTIES.fullmatch(name):
        return ""
    write = _WRITTEN.get(name)
    return write(element) if write else _all(element)


def _all(element: Any) -> str:
    return "".join(map(_said, element))


def _part(element: Any, name: str) -> str:
    found = _child(element, name)
    return "" if found is None else _all(found).strip()


def _child(element: Any, name: str) -> Any:
    return next((child for child in element if _name(child) == name), None)


def _parts(element: Any, name: str) -> list[str]:
    return [_all(child).strip() for child in element if _name(child) == name]


def _set(element: Any, name: str, usual: str) -> str:
    """What the element's properties say under ``name``."""
    for properties in element:
        if _name(properties).endswith("Pr"):
            found = _child(properties, name)
            if found is not None:
                values: Iterable[str] = found.attrib.values()
                return next(iter(values), "")
    return usual


def _scripts(element: Any) -> str:
    below, above = _part(element, "sub"), _part(element, "sup")
    return (lowered(below) if below else "") + (raised(above) if above else "")


def _scripted(element: Any) -> str:
    base = _part(element, "e")
    return f"{base if _WHOLE.fullmatch(base) else f'({base})'}{_scripts(element)}"


def _before(element: Any) -> str:
    return f"{_scripts(element)}{_part(element, 'e')}"


def _fraction(element: Any) -> str:
    above, below = _part(element, "num"), _part(element, "den")
    if _set(element, "type", "") == "noBar":
        return f"{above} {below}"
    above = f"({above})" if _SUM.search(above) and not _SIMPLE.fullmatch(above) else above
    return f"{above}/{below if _SIMPLE.fullmatch(below) else f'({below})'}"


def _root(element: Any) -> str:
    degree, inside = _part(element, "deg"), _part(element, "e")
    return f"{raised(degree) if degree else ''}√{inside if _SIMPLE.fullmatch(inside) else f'({inside})'}"


def _brackets(element: Any) -> str:
    between = _set(element, "sepChr", "|")
    return _set(element, "begChr", "(") + between.join(_parts(element, "e")) + _set(element, "endChr", ")")


def _large(element: Any) -> str:
    return f"{_set(element, 'chr', '∫')}{_scripts(element)} {_part(element, 'e')}"


def _function(element: Any) -> str:
    return f"{_part(element, 'fName')} {_part(element, 'e')}"


def _limit(element: Any) -> str:
    limit = _part(element, "lim")
    return _part(element, "e") + (raised(limit) if _name(element) == "limUpp" else lowered(limit))


def _accent(element: Any) -> str:
    return _part(element, "e") + _set(element, "chr", "\u0302")


def _lines(element: Any) -> str:
    return "；".join(filter(None, _parts(element, "e")))


def _matrix(element: Any) -> str:
    rows = [" ".join(_parts(row, "e")) for row in element if _name(row) == "mr"]
    return f"[{'; '.join(rows)}]"


_WRITTEN = {
    "sSup": _scripted,
    "sSub": _scripted,
    "sSubSup": _scripted,
    "sPre": _before,
    "f": _fraction,
    "rad": _root,
    "d": _brackets,
    "nary": _large,
    "func": _function,
    "limLow": _limit,
    "limUpp": _limit,
    "acc": _accent,
    "eqArr": _lines,
    "m": _matrix,
}
