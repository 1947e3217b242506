"""HTML to blocks: the main text with its headings, lists and tables, without what surrounds it on the page."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rag.errors import LoadError
from rag.loading.blocks import Parsed, RawBlock
from rag.loading.encodings import decode
from rag.loading.html.boilerplate import drop_boilerplate
from rag.loading.html.embedded import Pictures, inline
from rag.loading.html.flow import flow
from rag.loading.html.panels import open_panels
from rag.loading.numbered import outlined
from rag.loading.trees import html_tree, xml_tree
from rag.loading.unread import Unread
from rag.types import BlockKind

_DECLARED = re.compile(rb"<(?:meta|\?xml)[^>]{0,400}?(?:charset|encoding)\s*=\s*[\"']?([\w-]{1,40})", re.IGNORECASE)
# Encodings that pages are in, and what else browsers take their names for.
_KNOWN = re.compile(r"gb\w*|big5[\w-]*|shift_jis|sjis|euc-\w+|iso-8859-\d+|windows-125\d|koi8-[ru]")
_MEANT = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "iso-8859-1": "cp1252", "iso-8859-9": "cp1254"}
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z][A-Za-z0-9]{1,31};")


def parse_html(data: bytes, name: Path) -> Parsed:
    """The page's main text: its navigation, scripts and forms are left out, and footers that state nothing."""
    return _page(page_tree(data, name), name)


def parse_xhtml(data: bytes, name: Path) -> Parsed:
    """The same of a page that is XML."""
    return _page(strict_page_tree(data, name), name)


def page_blocks(data: bytes, name: Path, unread: Unread, pictures: Pictures = inline) -> Iterator[RawBlock]:
    """The blocks of a page that is a part of another document, which is `structured` as a whole. Raises LoadError."""
    root = page_tree(data, name)
    return flow(root, unread, pictures) if root is not None else iter(())


def page_tree(data: bytes, name: Path) -> Any:
    """The root element of a page, or None if there is nothing in it. Raises LoadError."""
    try:
        return _opened(html_tree(_decoded(data, name)))
    except SyntaxError as error:
        raise LoadError(
            f"{name} 的结构嵌套太深，已跳过（{error}）。请重新保存网页。",
            f"{name} is nested too deeply and was skipped ({error}). Save the page again.",
        ) from error


def strict_page_tree(data: bytes, name: Path) -> Any:
    """The root element of a page in XML; one that is not well-formed is read as HTML. Raises LoadError."""
    text = _ENTITY.sub(lambda entity: html.unescape(entity.group()), _decoded(data, name))
    # The bytes are UTF-8 now, whatever they say of themselves.
    text = re.sub(r"\A\s*<\?xml[^>]*\?>", "", text)
    if "<!ENTITY" in text:
        raise LoadError(
            f"{name} 定义了 XML 实体，可能有害，已跳过。请重新导出。",
            f"{name} declares XML entities, which may do harm; it was skipped. Export it again.",
        )
    try:
        root = xml_tree(text.encode())
    except SyntaxError:
        return page_tree(data, name)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return _opened(root)


def _opened(root: Any) -> Any:
    if root is not None:
        open_panels(root)
    return root


def _page(root: Any, name: Path) -> Parsed:
    if root is None:
        return Parsed(())
    title = _title(root)
    unread = Unread()
    blocks = outlined(flow(drop_boilerplate(root), unread), name, unread)
    named = any(b.kind is BlockKind.HEADING and b.level == 1 for b in blocks)
    return Parsed(blocks, "" if named else title, unread.notices(name))


def _title(root: Any) -> str:
    """What the page is called where it is shared, or else in the browser's tab."""
    shared = root.xpath("string(//meta[@property='og:title']/@content)")
    return " ".join((shared.strip() or root.xpath("string(/html/head/title)")).split())


def _decoded(data: bytes, name: Path) -> str:
    declared = _DECLARED.search(data[:4096])
    encoding = declared.group(1).decode("ascii", "replace").lower() if declared else ""
    if _KNOWN.fullmatch(encoding):
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            try:
                return data.decode(_MEANT.get(encoding, encoding))
            except (UnicodeDecodeError, LookupError):
                pass
    return decode(data, name)
