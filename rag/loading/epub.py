"""EPUB to blocks: the chapters in the order in which they are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from rag.errors import LoadError
from rag.loading.archive import Archive, joined
from rag.loading.blocks import Parsed, RawBlock, gather
from rag.loading.flow import flow
from rag.loading.html import page_tree, strict_page_tree

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_TREES = {"application/xhtml+xml": strict_page_tree, "text/html": page_tree, "text/x-oeb1-document": page_tree}


def parse_epub(data: bytes, name: Path) -> Parsed:
    """The text of a book, without its table of contents. Raises LoadError, also where the text is locked (DRM)."""
    archive = Archive(data, name)
    found = archive.xml(_CONTAINER).xpath("//*[local-name()='rootfile']/@full-path")
    if not found:
        raise archive.broken(_CONTAINER)
    package = archive.xml(found[0])
    title = " ".join(package.xpath("string(//*[local-name()='metadata']/*[local-name()='title'])").split())
    return Parsed(gather(_blocks(archive, package, found[0]), name), title)


def _blocks(archive: Archive, package: Any, base: str) -> Iterator[RawBlock]:
    items = {item.get("id"): item for item in package.xpath("//*[local-name()='manifest']/*[local-name()='item']")}
    locked = _locked(archive)
    for reference in package.xpath("//*[local-name()='spine']/*[local-name()='itemref']/@idref"):
        item = items.get(reference)
        tree = _TREES.get(item.get("media-type") or "") if item is not None else None
        if item is None or tree is None or "nav" in (item.get("properties") or "").split():
            continue
        part = joined(base, unquote(item.get("href") or ""))
        if part in locked:
            raise LoadError(
                f"{archive.name} 有版权保护（DRM），已跳过。请换成没有保护的文件。",
                f"{archive.name} is locked (DRM) and was skipped. Use a file without protection.",
            )
        root = tree(archive.read(part), Path(f"{archive.name}/{part}"))
        if root is not None:
            for block in flow(root):
                # Lines are those of the chapter's file, which nobody sees.
                yield replace(block, line=0)


def _locked(archive: Archive) -> set[str]:
    """The parts that only a reader with a key can open."""
    if _ENCRYPTION not in archive:
        return set()
    return {unquote(uri) for uri in archive.xml(_ENCRYPTION).xpath("//*[local-name()='CipherReference']/@URI")}
