"""A book is read chapter by chapter in the order of its spine, under its own title."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
import samples

from rag.errors import LoadError
from rag.loading.html.epub import parse_epub
from rag.types import BlockKind

NAME = Path("书.epub")
ONE = samples.chapter("<h1>第一章</h1><p>甲。</p><aside><p>注。</p></aside>")
TWO = samples.chapter("<h1>第二章</h1><ul><li>乙&nbsp;</li></ul>")


def test_chapters_come_in_the_order_of_the_spine_without_the_table_of_contents() -> None:
    nav = samples.chapter("<nav><ol><li><a href='a.xhtml'>第一章</a></li></ol></nav>")
    made = samples.epub({"b.xhtml": TWO, "nav.xhtml": nav, "a.xhtml": ONE}, order=("nav.xhtml", "a.xhtml", "b.xhtml"))
    parsed = parse_epub(made, NAME)
    assert parsed.title == "书名"
    assert [(b.kind, b.text, b.path, b.line) for b in parsed.blocks] == [
        (BlockKind.HEADING, "第一章", (), 0),
        (BlockKind.PARAGRAPH, "甲。", ("第一章",), 0),
        (BlockKind.PARAGRAPH, "注。", ("第一章",), 0),
        (BlockKind.HEADING, "第二章", (), 0),
        (BlockKind.LIST_ITEM, "乙", ("第二章",), 0),
    ]


def test_a_book_has_exact_offsets_and_its_own_title() -> None:
    document = samples.load_bytes(samples.epub({"a.xhtml": ONE}), "书.epub")
    assert (document.title, document.text) == ("书名", "第一章\n甲。\n注。")
    assert [document.text[b.start : b.end] for b in document.blocks] == ["第一章", "甲。", "注。"]


def test_a_chapter_that_is_not_well_formed_is_read_as_html() -> None:
    made = samples.epub({"a.xhtml": "<html><body><p>甲<br>乙</p><p>丙"})
    assert [b.text for b in parse_epub(made, NAME).blocks] == ["甲\n乙", "丙"]


def test_names_of_chapters_may_be_escaped() -> None:
    made = samples.epub({"%E7%AB%A0.xhtml": "", "章.xhtml": ONE}, order=("%E7%AB%A0.xhtml",))
    assert [b.text for b in parse_epub(made, NAME).blocks] == ["第一章", "甲。", "注。"]


def test_a_locked_book_is_an_error_but_locked_fonts_are_not() -> None:
    def locked(part: str) -> bytes:
        return samples.epub(
            {"a.xhtml": ONE},
            **{"META-INF/encryption.xml": f'<e><CipherData><CipherReference URI="{part}"/></CipherData></e>'},
        )

    with pytest.raises(LoadError, match=r"书\.epub 有版权保护（DRM）"):
        parse_epub(locked("OEBPS/a.xhtml"), NAME)
    assert len(parse_epub(locked("OEBPS/font.otf"), NAME).blocks) == 3


@pytest.mark.parametrize("missing", ["META-INF/container.xml", "OEBPS/content.opf", "OEBPS/a.xhtml"])
def test_a_book_without_one_of_its_parts_is_an_error_that_names_the_part(missing: str) -> None:
    parts = {
        "META-INF/container.xml": '<c><rootfile full-path="OEBPS/content.opf"/></c>',
        "OEBPS/content.opf": '<p><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="a"/></spine></p>',
        "OEBPS/a.xhtml": ONE,
    }
    assert len(parse_epub(samples.archive(parts), NAME).blocks) == 3
    with pytest.raises(LoadError, match=rf"无法读取 书\.epub：文件已损坏，或不是 \.epub 格式（{missing}"):
        parse_epub(samples.archive({name: part for name, part in parts.items() if name != missing}), NAME)


@pytest.mark.usefixtures("without_recognition")
def test_a_chapter_may_call_itself_any_kind_of_xml_and_what_is_no_text_is_told() -> None:
    one, two = (samples.chapter(f"<p>{text}</p>") for text in "甲乙")
    made = samples.epub({"a.xhtml": one, "b.xml": two, "c.svg": "<svg/>"})
    for name, kind in (("b.xml", "text/xml"), ("c.svg", "image/svg+xml")):
        made = retyped(made, name, kind)
    parsed = parse_epub(made, NAME)
    assert [block.text for block in parsed.blocks] == ["甲", "乙"]
    assert [notice.zh for notice in parsed.notices] == [f"{NAME} 里有 1 张图片没有读入。{samples.TO_READ}"]


def retyped(book: bytes, chapter: str, kind: str) -> bytes:
    """The book with another type for one of its chapters."""
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        content = {name: parts.read(name) for name in parts.namelist()}
    usual, own = f'href="{chapter}" media-type="application/xhtml+xml"', f'href="{chapter}" media-type="{kind}"'
    content["OEBPS/content.opf"] = content["OEBPS/content.opf"].replace(usual.encode(), own.encode())
    return samples.archive(content)


def test_a_chapter_whose_title_only_looks_like_one_is_a_heading() -> None:
    body = "<p class='t'>第一章　上山</p><p>老人天没亮就出了门。</p>"
    blocks = parse_epub(samples.epub({"c1.xhtml": samples.chapter(body)}), NAME).blocks
    assert [(b.kind, b.text, b.path) for b in blocks] == [
        (BlockKind.HEADING, "第一章　上山", ()),
        (BlockKind.PARAGRAPH, "老人天没亮就出了门。", ("第一章　上山",)),
    ]
