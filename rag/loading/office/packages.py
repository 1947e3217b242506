"""Office files (DOCX, PPTX) as packages: parts that name the parts they refer to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from rag.loading.archives.zipped import Archive, joined
from rag.loading.blocks import RawBlock
from rag.loading.images.scans import picture_blocks
from rag.loading.unread import Unread

RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}"


class Related(NamedTuple):
    """A part that another one refers to: by which id, and as what ("styles", "footnotes", "image")."""

    id: str
    kind: str
    part: str


def related(archive: Archive, part: str) -> list[Related]:
    """What ``part`` refers to inside of the file; "" is the file itself."""
    folder, _, file = part.rpartition("/")
    relations = f"{folder}/_rels/{file}.rels" if folder else f"_rels/{file}.rels"
    return list(_relations(archive, relations, part)) if relations in archive else []


def first(found: list[Related], kind: str, otherwise: str = "") -> str:
    """The first part of a kind."""
    return next((one.part for one in found if one.kind == kind), otherwise)


def reference(element: Any, name: str = "id") -> str:
    """The id by which an element refers to a part."""
    return element.get(f"{RELATION}{name}") or element.get(f"{_STRICT_RELATION}{name}") or ""


def shown_picture(element: Any) -> str:
    """The id of the picture that an element shows; "" if it lies elsewhere."""
    found = (reference(e, "embed") or reference(e) for e in element.iter())
    return next(filter(None, found), "")


def said_in(archive: Archive, part: str, unread: Unread, path: tuple[str, ...], *, page: int = 0) -> Iterator[RawBlock]:
    """The text in a part that is a picture; "" is one that is not inside of the file."""
    data = archive.read(part) if part in archive else b""
    return picture_blocks(data, unread, path, page=page)


def tree(archive: Archive, part: str, strict: str = "", usual: str = "") -> Any:
    """A part's root element, or None if there is no such part; the strict namespace under its usual name."""
    if not part or part not in archive:
        return None
    root = archive.xml(part)
    if strict and root.tag.startswith(strict):
        for element in root.iter():
            if isinstance(element.tag, str):
                element.tag = element.tag.replace(strict, usual)
            for name in element.attrib:
                if name.startswith(strict):
                    element.set(name.replace(strict, usual), element.attrib.pop(name))
    return root


def _relations(archive: Archive, relations: str, part: str) -> Iterator[Related]:
    for relation in archive.xml(relations):
        kind = (relation.get("Type") or "").rpartition("/")[2]
        if relation.get("TargetMode") != "External":
            yield Related(relation.get("Id") or "", kind, joined(part, relation.get("Target") or ""))
