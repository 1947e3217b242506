"""Old office formats are read with LibreOffice, which sees no other file, or told with what would read them."""

from __future__ import annotations

import io
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
import samples
from rich.console import Console

from rag.cli.console import show_report
from rag.errors import LoadError
from rag.indexing.update import index_paths
from rag.loading import discover, load
from rag.loading.files import SourceFile, each
from rag.loading.formats import OLD, libreoffice
from rag.loading.sandbox.apart import Reader
from rag.settings import Settings

installed = pytest.mark.skipif(libreoffice() is None, reason="LibreOffice is not installed")
OLE = bytes.fromhex("d0cf11e0a1b11ae1")
SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{place}:1.0"'
    for name, place in (("office", "office"), ("draw", "drawing"), ("text", "text"), ("svg", "svg-compatible"))
)
KIND = "application/vnd.oasis.opendocument.presentation"
MANIFEST = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
SLIDES = {
    "mimetype": KIND,
    "content.xml": (
        f'<office:document-content {SPACES} office:version="1.2"><office:body><office:presentation>'
        '<draw:page draw:name="a"><draw:frame svg:width="9cm" svg:height="3cm"><draw:text-box><text:p>演练每年两次。'
        "</text:p></draw:text-box></draw:frame></draw:page></office:presentation></office:body>"
        "</office:document-content>"
    ),
    "META-INF/manifest.xml": (
        f'<m:manifest xmlns:m="{MANIFEST}"><m:file-entry m:full-path="/" m:media-type="{KIND}"/>'
        '<m:file-entry m:full-path="content.xml" m:media-type="text/xml"/></m:manifest>'
    ),
}


@pytest.fixture
def without_libreoffice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    libreoffice.cache_clear()
    yield
    monkeypatch.undo()
    libreoffice.cache_clear()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Files in the old formats by suffix, as LibreOffice writes them."""
    folder = tmp_path_factory.mktemp("made")
    book = openpyxl.Workbook()
    for row in (["姓名", "分机"], ["周宁", 8021], ["吴丹", 8022]):
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    page = "<h1>考勤办法</h1><p>年假是十五天。</p><table><tr><th>级别<th>天数</tr><tr><td>主管<td>20</tr></table>"
    (folder / "a.html").write_text(f'<meta charset="utf-8">{page}', "utf-8")
    (folder / "a.xlsx").write_bytes(stream.getvalue())
    (folder / "a.odp").write_bytes(samples.archive(SLIDES))
    found = {}
    for source, suffix, kind in (
        ("a.html", "doc", "doc:MS Word 97"),
        ("a.xlsx", "xls", "xls"),
        ("a.odp", "ppt", "ppt"),
    ):
        profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
        program = libreoffice() or ""
        command = [program, profile, "--headless", "--convert-to", kind, "--outdir", str(folder), str(folder / source)]
        subprocess.run(command, check=True, capture_output=True)
        found[f".{suffix}"] = (folder / f"a.{suffix}").read_bytes()
    return found


@installed
@pytest.mark.slow
@pytest.mark.parametrize(
    ("suffix", "as_", "lines"),
    [
        (".doc", ".doc", ["考勤办法", "年假是十五天。", "级别：主管；天数：20"]),
        (".doc", ".wps", ["考勤办法", "年假是十五天。", "级别：主管；天数：20"]),
        (".xls", ".xls", ["姓名：周宁；分机：8021"]),
        (".xls", ".et", ["姓名：吴丹；分机：8022"]),
        (".ppt", ".ppt", ["演练每年两次。"]),
        (".ppt", ".dps", ["演练每年两次。"]),
    ],
)
def test_what_stands_in_an_old_file_is_read(made: dict[str, bytes], suffix: str, as_: str, lines: list[str]) -> None:
    assert made[suffix].startswith(OLE)
    before = set(Path(tempfile.gettempdir()).iterdir())
    text = samples.load_bytes(made[suffix], f"旧{as_}").text.split("\n")
    assert [line for line in lines if line not in text] == []
    left = set(Path(tempfile.gettempdir()).iterdir()) - before
    others = [path for path in left if path.name.startswith("wenyuan-page-")]
    assert [path for path in left.difference(others) if path.name.startswith(("wenyuan-", "OSL_PIPE"))] == []


@installed
@pytest.mark.slow
def test_an_old_file_in_an_archive_is_read(made: dict[str, bytes], tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    file.write_bytes(samples.archive({"内/旧.doc": made[".doc"]}))
    found = each([SourceFile(file, str(file))], [], [])
    assert [load(one).title for one in found] == ["考勤办法"]


@installed
def test_a_file_that_is_none_gets_a_line() -> None:
    for data in (OLE + bytes(5_000), b"\xff" * 1_000, b""):
        with pytest.raises(LoadError, match=r"无法读取 坏\.doc：文件已损坏、加了密码，或不是 \.doc 格式"):
            samples.load_bytes(data, "坏.doc")


@installed
@pytest.mark.slow
def test_it_is_ended_when_it_takes_too_long(made: dict[str, bytes]) -> None:
    reader = Reader(seconds=0.1)
    with pytest.raises(LoadError, match=r"LibreOffice 在 [\d.]+ 秒内没有读完 旧\.doc"):
        reader.parse(made[".doc"], Path("旧.doc"))
    reader.close()


@pytest.mark.usefixtures("without_libreoffice")
@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        (
            "表.xls",
            "<html><table><tr><th>城市<th>店长</tr><tr><td>昆明<td>吴丹</tr></table>".encode(),
            "城市：昆明；店长：吴丹",
        ),
        ("信.doc", samples.docx("<w:p><w:r><w:t>新的。</w:t></w:r></w:p>"), "新的。"),
        ("记.wps", rb"{\rtf1\ansi\ansicpg936 \'c4\'ea\'bc\'d9}", "年假"),
    ],
)
def test_a_current_format_under_an_old_name_needs_no_other_program(name: str, data: bytes, text: str) -> None:
    assert text in samples.load_bytes(data, name).text


@pytest.mark.usefixtures("without_libreoffice", "hash_encoder")
def test_where_it_is_not_installed_old_files_are_counted_and_what_reads_them_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.txt").write_text("甲。", "utf-8")
    for suffix in OLD:
        (folder / f"旧{suffix}").write_bytes(OLE)
    assert len(discover([folder]).unsupported) == len(OLD)
    stream = io.StringIO()
    show_report(Console(file=stream, width=1_000), index_paths([folder], tmp_path / "index", Settings()))
    said = stream.getvalue()
    assert said.count("! 读旧格式（.doc .wps .xls .et .ppt .dps）需要 LibreOffice：装好后") == 1
    assert "没有读入：6 个其他格式的文件" in said
    with pytest.raises(LoadError, match=r"没有读：读旧格式.*需要 LibreOffice"):
        load(SourceFile(folder / "旧.doc", "旧.doc"))
