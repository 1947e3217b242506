"""EPUB to blocks: the chapters in the order in which they are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from rag.errors import LoadError
from rag.loading.archives.zipped import Archive, joined
from rag.loading.blocks import Parsed, RawBlock
from rag.loading.html import page_tree, strict_page_tree
from rag.loading.html.embedded import inline
from rag.loading.html.flow import flow
from rag.loading.images.scans import picture_blocks
from rag.loading.numbered import outlined
from rag.loading.unread import Lost, Unread

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
# Chapters say of themselves that they are any kind of XML or HTML; these are none.
_OTHERS = ("image/", "audio/", "video/", "font/", "text/css", "application/x-dtbncx+xml", "application/smil+xml")


def parse_epub(data: bytes, name: Path) -> Parsed:
    """The text of a book, without its table of contents. Raises LoadError, also where the text is locked (DRM)."""
    archive = Archive(data, name)
    found = archive.xml(_CONTAINER).xpath("//*[local-name()='rootfile']/@full-path")
    if not found:
        raise archive.broken(_CONTAINER)
    package = archive.xml(found[0])
    title = " ".join(package.xpath("string(//*[local-name()='metadata']/*[local-name()='title'])").split())
    unread = Unread()
    blocks = outlined(_blocks(archive, package, found[0], unread), name, unread)
    return Parsed(blocks, title, unread.notices(name))


def _blocks(archive: Archive, package: Any, base: str, unread: Unread) -> Iterator[RawBlock]:
    items = {item.get("id"): item for item in package.xpath("//*[local-name()='manifest']/*[local-name()='item']")}
    locked = _locked(archive)
    for reference in package.xpath("//*[local-name()='spine']/*[local-name()='itemref']/@idref"):
        item = items.get(reference)
        if item is None or "nav" in (item.get("properties") or "").split():
            continue
        kind = (item.get("media-type") or "").lower()
        if kind.startswith(_OTHERS):
            if kind.startswith("image/"):
                yield from picture_blocks(_picture(archive, base, item.get("href") or ""), unread, ())
            else:
                unread.add(Lost.PART)
            continue
        part = joined(base, unquote(item.get("href") or ""))
        if part in locked:
            raise LoadError(
                f"{archive.name} 有版权保护（DRM），已跳过。请换成没有保护的文件。",
                f"{archive.name} is locked (DRM) and was skipped. Use a file without protection.",
            )
        tree = page_tree if kind in ("text/html", "text/x-oeb1-document") else strict_page_tree
        root = tree(archive.read(part), Path(f"{archive.name}/{part}"))
        if root is not None:
            for block in flow(root, unread, partial(_picture, archive, part)):
                # Lines are those of the chapter's file, which nobody sees.
                yield replace(block, line=0)


def _picture(archive: Archive, page: str, address: str) -> bytes:
    part = joined(page, unquote(address))
    return archive.read(part) if part in archive else inline(address)


def _locked(archive: Archive) -> set[str]:
    """The parts that only a reader with a key can open."""
    if _ENCRYPTION not in archive:
        return set()
    return {unquote(uri) for uri in archive.xml(_ENCRYPTION).xpath("//*[local-name()='CipherReference']/@URI")}
