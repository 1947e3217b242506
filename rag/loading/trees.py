"""XML and HTML to trees, and numbers in them: no entity, no other file and no network address is read."""

from __future__ import annotations

from typing import Any, TypeVar

Otherwise = TypeVar("Otherwise", int, None)
# No number of columns, rows or items is higher, and none is written with more digits.
_MOST, _DIGITS = 99_999, 12


def xml_tree(data: bytes) -> Any:
    """The root element. Raises SyntaxError for what is not well-formed, MemoryError."""
    from lxml import etree

    return _read(
        data,
        etree.XMLParser(
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            remove_comments=True,
            remove_pis=True,
            huge_tree=True,
        ),
    )


def html_tree(text: str) -> Any:
    """The root element, or None if there is none. Raises SyntaxError for what is nested too deeply, MemoryError."""
    from lxml import etree

    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=True)
    root = _read(text.encode(), parser) if text.strip() else None
    # What stands too deep is left out of the tree without a word.
    limits = [entry.message for entry in parser.error_log if entry.type_name == "ERR_RESOURCE_LIMIT"]
    if limits:
        raise SyntaxError(limits[0])
    return root


def counted(text: str | None, otherwise: Otherwise, *, most: int = _MOST) -> int | Otherwise:
    """The number that an attribute says, ``most`` if it is higher, ``otherwise`` where it says none."""
    digits = (text or "").strip()
    return min(int(digits[:_DIGITS]), most) if digits.isascii() and digits.isdigit() else otherwise


def declares_entities(root: Any) -> bool:
    """Whether a document brings entities of its own, as no document does that a program has made."""
    declared = root.getroottree().docinfo.internalDTD
    return declared is not None and any(True for _ in declared.iterentities())


def _read(data: bytes, parser: Any) -> Any:
    from lxml import etree

    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from error
        raise
