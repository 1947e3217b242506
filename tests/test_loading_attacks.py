"""Files that are made to do harm cost little time, get a clear message, and nothing of them reaches the disk."""

from __future__ import annotations

import io
import struct
import time
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
import samples

from rag.errors import LoadError
from rag.loading import PARSERS
from rag.loading.formats import Kind, of_kind

# Far above what any of them takes on a busy machine, far below what any would take if it succeeded.
SECONDS = 40
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
ZIPPED = of_kind(Kind.ZIPPED, Kind.ARCHIVE)
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "哈哈哈哈哈哈哈哈哈哈">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>"
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/passwd">]>'


@pytest.fixture(autouse=True)
def bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever the file, it takes little time, and nothing is written where it might be unpacked."""
    monkeypatch.chdir(tmp_path)
    started = time.monotonic()
    yield
    assert time.monotonic() - started < SECONDS
    assert list(tmp_path.iterdir()) == []


def refused(data: bytes, name: str, reason: str) -> None:
    with pytest.raises(LoadError, match=reason):
        samples.load_bytes(data, name)


def workbook(sheet: str) -> bytes:
    return samples.workbook({"xl/worksheets/sheet1.xml": sheet})


@pytest.mark.parametrize("suffix", ZIPPED)
def test_an_archive_that_claims_ten_gigabytes_is_refused_unread(suffix: str) -> None:
    made = bytearray(samples.archive({"word/document.xml": b"x" * 100, "b": b"", "c": b""}))
    position = 0
    for _ in range(3):
        position = made.index(b"PK\x01\x02", position) + 4
        struct.pack_into("<I", made, position + 20, 3_500_000_000)
    refused(bytes(made), f"a{suffix}", rf"a\{suffix} 解压后有 10,500,000,000 字节（3 个条目），超出了限度")


@pytest.mark.parametrize("suffix", ZIPPED)
def test_an_archive_that_unpacks_to_a_thousand_times_its_size_is_refused(suffix: str) -> None:
    refused(samples.archive({"word/document.xml": bytes(30_000_000)}), f"a{suffix}", "30,000,000 字节（1 个条目）")


def test_an_archive_that_lies_about_its_size_is_read_no_further_than_it_says() -> None:
    made = bytearray(samples.archive({"word/document.xml": b"<a>" + b"x" * 30_000_000}))
    struct.pack_into("<I", made, made.rindex(b"PK\x01\x02") + 24, 100)
    refused(bytes(made), "a.docx", "文件已损坏.*Bad CRC-32")


def test_an_archive_of_very_many_entries_is_refused() -> None:
    refused(samples.archive({str(n): b"" for n in range(50_001)}), "a.epub", "（50,001 个条目）")


@pytest.mark.parametrize("doctype", [LAUGHS, OUTSIDE], ids=["bomb", "file"])
def test_entities_are_neither_multiplied_nor_fetched(doctype: str) -> None:
    document = f"{doctype}<w:document {W}><w:body><w:p><w:r><w:t>&j;</w:t></w:r></w:p></w:body></w:document>"
    refused(samples.archive({"word/document.xml": document}), "a.docx", "文件已损坏")
    chapter = f"{doctype}<html><body><p>&j;</p></body></html>"
    refused(samples.epub({"a.xhtml": chapter}), "a.epub", "XML 实体")
    refused(chapter.encode(), "a.xhtml", "XML 实体")


def test_entities_of_a_workbook_are_neither_multiplied_nor_fetched() -> None:
    def sheet(doctype: str) -> bytes:
        row = '<row r="1"><c r="A1" t="inlineStr"><is><t>甲&j;乙</t></is></c></row>'
        return workbook(f"{doctype}<worksheet {S}><sheetData>{row}</sheetData></worksheet>")

    refused(sheet(LAUGHS), "a.xlsx", "amplification")
    refused(sheet(OUTSIDE), "a.xlsx", "undefined entity &j;")


def test_entities_in_html_mean_nothing() -> None:
    assert "哈哈哈哈哈哈哈哈哈哈哈" not in samples.load_bytes(f"{LAUGHS}<p>甲&j;乙</p>".encode(), "a.html").text


@pytest.mark.parametrize("part", ["../../outside.xhtml", "/etc/passwd", "C:\\outside.xhtml"])
def test_names_that_lead_out_of_an_archive_are_only_names(part: str) -> None:
    link = zipfile.ZipInfo("OEBPS/link.xhtml")
    link.external_attr = 0o120777 << 16
    book = samples.epub({"a.xhtml": samples.chapter("<p>甲</p>"), "link.xhtml": "/etc/passwd"})
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as source, zipfile.ZipFile(stream, "w") as made:
        for name in source.namelist():
            made.writestr(link if name == link.filename else name, source.read(name))
        made.writestr(part, "<p>外</p>")
    document = samples.load_bytes(stream.getvalue(), "a.epub")
    assert document.text == "甲\n/etc/passwd"
    assert not (Path.cwd().parent.parent / "outside.xhtml").exists()


def test_a_book_whose_spine_leads_out_of_it_lacks_that_part() -> None:
    refused(
        samples.epub({"../../../../etc/passwd": ""}, order=("../../../../etc/passwd",)), "a.epub", "OEBPS|etc/passwd"
    )


def test_cells_far_out_cost_nothing_for_the_empty_ones_before_them() -> None:
    rows = "".join(
        f'<row r="{row}"><c r="{cell}" t="inlineStr"><is><t>{text}</t></is></c></row>'
        for row, cell, text in ((1, "XFD1", "甲"), (1_048_576, "A1048576", "乙"), (99_999_999_999, "A1", "丙"))
    )
    document = samples.load_bytes(workbook(f"<worksheet {S}><sheetData>{rows}</sheetData></worksheet>"), "a.xlsx")
    assert [(document.text[b.start : b.end], b.line) for b in document.blocks] == [("甲", 1), ("乙", 1_048_576)]


def test_a_pdf_of_a_hundred_thousand_empty_pages_is_refused() -> None:
    pages = b"<</Type /Pages /Kids [%s] /Count 100000>>" % (b"3 0 R " * 100_000)
    page = b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 6 8]>>"
    refused(samples.pdf_objects([b"<</Type /Catalog /Pages 2 0 R>>", pages, page]), "a.pdf", "里没有文字|没有读完")


@pytest.mark.parametrize("count", [2, 2**31 - 1])
def test_a_pdf_whose_page_tree_is_a_loop_is_refused(count: int) -> None:
    loop = b"<</Type /Pages /Kids [3 0 R 2 0 R] /Parent 3 0 R /Count %d>>" % count
    back = b"<</Type /Pages /Kids [2 0 R 3 0 R] /Parent 2 0 R /Count %d>>" % count
    refused(samples.pdf_objects([b"<</Type /Catalog /Pages 2 0 R>>", loop, back]), "a.pdf", "已损坏")


def test_deeply_nested_html_and_word_tables_are_refused() -> None:
    refused(b"<div>" * 100_000 + "深处".encode(), "a.html", "嵌套太深")
    nested = "<w:tbl><w:tr><w:tc>" * 100_000
    refused(samples.archive({"word/document.xml": f"<w:document {W}><w:body>{nested}"}), "a.docx", "已损坏")


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".html", ".csv", ".jsonl", ".txt"])
def test_a_line_of_ten_million_characters_is_read(suffix: str) -> None:
    line = "长" * 10_000_000
    data = f'{{"text": "{line}"}}' if suffix == ".jsonl" else line
    assert len(samples.load_bytes(data.encode(), f"a{suffix}").text) == 10_000_000


def test_a_table_that_repeats_long_names_over_very_many_rows_is_refused() -> None:
    names = ",".join(f"{'x' * 36}{column}" for column in range(1000, 1500))
    refused(f"{names}\n{('y,' * 500 + chr(10)) * 2000}".encode(), "a.csv", "文字太多")


def test_a_merged_cell_is_not_said_in_more_columns_than_have_names() -> None:
    page = f"<table><tr><th>甲<th>乙</tr>{'<tr><td colspan=1000>值<td>丙</tr>' * 1000}</table>"
    assert samples.load_bytes(page.encode(), "a.html").text.splitlines()[1] == "值；丙"


@pytest.mark.parametrize("suffix", sorted(PARSERS))
@pytest.mark.parametrize(
    "data", [b"", bytes(range(256)) * 8, samples.archive({"a": "x"}), b"%PDF-1.7\n", b"\xff" * 1000]
)
def test_bytes_of_another_format_get_a_message_that_names_the_file(suffix: str, data: bytes) -> None:
    if data == b"%PDF-1.7\n" and suffix in of_kind(Kind.TEXT):
        assert samples.load_bytes(data, f"文{suffix}").text == "%PDF-1.7"
        return
    with pytest.raises(LoadError, match=rf"文\{suffix}") as caught:
        samples.load_bytes(data, f"文{suffix}")
    assert f"文{suffix}" in caught.value.en
    assert max(len(caught.value.zh), len(caught.value.en)) < 400


def test_files_on_a_mail_that_are_made_to_do_harm_are_told_and_the_mail_is_read() -> None:
    made = EmailMessage()
    made["Subject"] = "报价"
    made.set_content("请看附件。")
    main = f"<w:document {W}><w:body><w:p><w:r><w:t>&j;</w:t></w:r></w:p></w:body></w:document>"
    for entities in (LAUGHS, OUTSIDE):
        made.add_attachment(
            samples.archive({"word/document.xml": entities + main}),
            maintype="application",
            subtype="octet-stream",
            filename="../../合同.docx",
        )
    document = samples.load_bytes(made.as_bytes(), "信.eml")
    assert document.text == "报价\n请看附件。"
    assert [(omitted.kind, len(omitted.after)) for omitted in document.omitted] == [("attachment", 2)]
