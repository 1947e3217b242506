"""The page of a paragraph goes with it: into the index and out again, into citations, the terminal and the web page."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import samples
from documents import HashEncoder, stored
from rich.console import Console
from samples import line

from rag.cli.console import show_report
from rag.contract.documents import Document
from rag.errors import IndexMismatchError
from rag.index.manifest import FORMAT_VERSION
from rag.indexing.update import index_paths
from rag.library import Library
from rag.settings import Settings
from rag.types import Citation, Span
from rag.web import quotes
from rag.web.page.markup import Place, where
from rag.web.page.sources import document as source_pane
from rag.wire import to_json

FIRST, SECOND = "The first page says this.", "The second page says that."
PICTURE = b"600 0 0 800 0 0 cm /I Do"
MADE = samples.load_bytes(samples.pdf([line(FIRST, 72, 700), PICTURE, line(SECOND, 72, 700)]), "报告.pdf")


@pytest.fixture
def opened(tmp_path: Path, hash_encoder: HashEncoder) -> Library:  # noqa: ARG001
    (tmp_path / "报告.pdf").write_bytes(samples.pdf([line(FIRST, 72, 700), PICTURE, line(SECOND, 72, 700)]))
    (tmp_path / "文.md").write_text("# 题\n\n甲。\n", "utf-8")
    index_paths([tmp_path], tmp_path / "index", Settings())
    return Library.open(tmp_path / "index", Settings())


def test_pages_come_back_from_the_store(tmp_path: Path) -> None:
    assert stored(tmp_path, (MADE, Path("/报告.pdf"))).document(MADE.doc_id) == MADE
    assert [block.page for block in MADE.blocks] == [1, 3]


def test_documents_and_quotes_name_the_page_and_zero_where_there_is_none(opened: Library) -> None:
    pages = {
        document["title"]: [block["page"] for block in document["blocks"]]
        for document in (to_json(Document.of(opened.document(record.doc_id))) for record in opened.documents())
    }
    assert pages == {"报告": [1, 3], "题": [0, 0]}
    start = MADE.blocks[1].start
    assert quotes.opened(opened, MADE.doc_id, start, start + 3).page == 3


def test_a_citation_names_its_page() -> None:
    cited = Citation(1, "d", "题", "a.pdf", 5, 0, 1, "字", "字。", 0, page=3)
    assert to_json(cited)["page"] == 3
    assert to_json(Citation(1, "d", "题", "a.md", 5, 0, 1, "字", "字。", 0))["page"] == 0


def test_an_answer_cites_the_page_that_it_was_found_on() -> None:
    from rag.answering.agreement import Source
    from rag.answering.compose import cite
    from rag.reading import Evidence

    sentence = Span(MADE.blocks[1].start, MADE.blocks[1].end)
    evidence = Evidence(document=MADE, spans=(Span(sentence.start, sentence.start + 3),), sentence=sentence, score=1.0)
    cited = cite(Source(evidence, ()), 1)
    assert (cited.page, cited.quote) == (3, "The")


def test_the_web_page_names_the_page_beside_the_paragraph_and_marks_where_it_begins() -> None:
    assert "第 3 页 · 第 5 段" in where("[1]", "题", 5, 3)
    assert "页" not in where("[1]", "题", 5)
    pane = source_pane(MADE, Place(MADE.doc_id))
    assert pane.count('class="page-mark"') == 2
    assert pane.index("第 1 页") < pane.index(FIRST) < pane.index("第 3 页") < pane.index(SECOND)


def test_a_picture_without_text_is_told_when_the_file_is_indexed(tmp_path: Path, hash_encoder: HashEncoder) -> None:  # noqa: ARG001
    (tmp_path / "报告.pdf").write_bytes(samples.pdf([line(FIRST, 72, 700), PICTURE]))
    report = index_paths([tmp_path], tmp_path / "index", Settings())
    said = io.StringIO()
    show_report(Console(file=said, width=200), report)
    assert f"! {tmp_path / '报告.pdf'} 里有 1 张图片没有读入（第 2 页）。" in said.getvalue()


def test_a_hostile_file_in_a_folder_costs_only_itself(tmp_path: Path, hash_encoder: HashEncoder) -> None:  # noqa: ARG001
    (tmp_path / "a.docx").write_bytes(samples.archive({"word/document.xml": bytes(30_000_000)}))
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "c.html").write_text("<p>正文。</p>", "utf-8")
    report = index_paths([tmp_path], tmp_path / "index", Settings())
    assert report.added == (str(tmp_path / "c.html"),)
    assert [source for source, _ in report.failed] == [str(tmp_path / "a.docx"), str(tmp_path / "b.pdf")]


@pytest.mark.usefixtures("opened")
def test_an_index_of_before_there_were_pages_is_to_be_built_anew(tmp_path: Path) -> None:
    manifest = next((tmp_path / "index").rglob("manifest.json"))
    manifest.write_text(
        manifest.read_text("utf-8").replace(f'"format_version": {FORMAT_VERSION}', '"format_version": 1')
    )
    with pytest.raises(
        IndexMismatchError,
        match="索引是旧格式 1，本程序需要 4。请升级，一篇文档也不会丢失，也不需要源文件：wenyuan upgrade",
    ):
        Library.open(tmp_path / "index", Settings())
