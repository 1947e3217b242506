"""Text in pictures is read where that is installed, says that it was recognised, and is told where it is not."""

from __future__ import annotations

import base64
import io
from importlib.util import find_spec
from pathlib import Path

import docx
import drawn
import pytest
import samples
from PIL import Image

from rag.errors import LoadError
from rag.loading import LOADERS, discover
from rag.loading.blocks import Parsed, assemble
from rag.loading.html import parse_html
from rag.loading.images import recognition
from rag.loading.images.recognition import Looked, Seen
from rag.loading.images.scans import parse_image
from rag.loading.office.docx import parse_docx
from rag.loading.pdf import parse_pdf
from rag.loading.pdf.grids import Grid
from rag.loading.pdf.reflow import recognised, reflowed
from rag.loading.sandbox.apart import Reader

SCAN, PICTURE = Path("扫描.pdf"), Path("照片.png")
NOTICE = ["图书馆每逢周一闭馆，其余各日上午九点", "开门，晚上九点关门。", "押金为三百元，退卡时全数退还。"]
LINES = [(92, 40, NOTICE[0]), (40, 80, NOTICE[1]), (92, 120, NOTICE[2])]
READ = [NOTICE[0] + NOTICE[1], NOTICE[2]]

needs_networks = pytest.mark.skipif(
    find_spec("rapidocr") is None or drawn.FONT is None, reason="needs wenyuan[ocr] and Noto CJK"
)


def said(parsed: Parsed) -> list[str]:
    return [block.text for block in parsed.blocks]


def told(parsed: Parsed) -> list[str]:
    return [notice.zh for notice in parsed.notices]


def seen(*lines: tuple[str, float, float, float]) -> Looked:
    """Lines, each given by its text, left, baseline and size, as if they had been recognised."""
    found = [Seen(text, x, x + size * len(text), y, size, 0.9) for text, x, y, size in lines]
    return Looked(found, 1240, 1754)


def blocks_of(looked: Looked) -> list[str]:
    tables: list[Grid] = []
    return [block.text for block in reflowed([recognised(looked, 0.48, tables)], tables)]


# Without networks.


@pytest.mark.usefixtures("without_recognition")
def test_pages_that_are_pictures_are_counted_and_the_command_that_reads_them_is_named() -> None:
    scan = b"q 600 0 0 800 0 0 cm /I Do Q\n"
    parsed = parse_pdf(samples.pdf([scan, samples.line("some text.", 72, 700), scan]), SCAN)
    assert said(parsed) == ["some text."]
    assert told(parsed) == [
        '扫描.pdf 有 2 页是图片，没有文字，没有读（第 1、3 页）。要识别其中的文字，请运行 pip install "wenyuan[ocr]"，'
        "再索引一次。"
    ]
    with pytest.raises(LoadError, match=r'扫描\.pdf 有 1 页是图片.*pip install "wenyuan\[ocr\]"'):
        parse_pdf(samples.pdf([scan]), SCAN)


@pytest.mark.usefixtures("without_recognition")
def test_pictures_are_not_walked_into_and_one_that_is_named_says_what_would_read_it(tmp_path: Path) -> None:
    picture = tmp_path / "照片.PNG"
    picture.write_bytes(drawn.file(Image.new("L", (300, 300), 255)))
    assert (discover([tmp_path]).files, discover([tmp_path]).unsupported) == ((), (picture,))
    assert [file.path for file in discover([picture]).files] == [picture]
    with pytest.raises(LoadError, match=r"照片\.PNG 是图片，没有读（1 张）。要识别其中的文字，请运行 pip install"):
        parse_image(picture.read_bytes(), Path(picture.name))


@pytest.mark.usefixtures("without_recognition")
def test_a_picture_in_a_page_is_told_with_the_command_that_reads_it() -> None:
    parsed = parse_html("<h1>须知</h1><p>见图<img src=a.png></p>".encode(), Path("页.html"))
    assert told(parsed) == [
        '页.html 里有 1 张图片没有读入（“须知”之下）。要识别其中的文字，请运行 pip install "wenyuan[ocr]"，再索引一次。'
    ]


def test_loaders_that_recognise_text_are_later_ones() -> None:
    assert recognition.is_installed() == LOADERS % 2


def test_two_columns_are_read_one_after_the_other_and_their_lines_joined() -> None:
    left = [("左栏的文字写到这里为止又换了一行吧", 100.0, 200.0 + 60 * n, 30.0) for n in range(4)]
    right = [("右栏的文字也写到这里又换了一行了呀", 700.0, 203.0 + 60 * n, 30.0) for n in range(4)]
    ends = [("左栏到此为止。", 100.0, 440.0, 30.0), ("右栏也到此为止。", 700.0, 443.0, 30.0)]
    mixed = [line for pair in zip(left, right, strict=True) for line in pair] + ends
    assert blocks_of(seen(*mixed)) == [left[0][0] * 4 + ends[0][0], right[0][0] * 4 + ends[1][0]]


def test_cells_that_stand_below_each_other_are_a_table() -> None:
    rows = [("品名", "单价", "库存"), ("云雾茶", "一百", "三十"), ("老白茶", "八十", "十二"), ("水仙茶", "六十", "零")]
    lines = [(text, 100.0 + 300 * x, 200.0 + 60 * y, 30.0) for y, row in enumerate(rows) for x, text in enumerate(row)]
    assert blocks_of(seen(*lines))[1] == "品名：云雾茶；单价：一百；库存：三十"


def test_what_is_recognised_says_so_with_its_least_sure_line() -> None:
    looked = seen(("这一行很长很长写满了整个一行的宽度啊", 100, 200, 30), ("这一行接着上一行。", 100, 260, 30))
    looked.lines[1] = looked.lines[1]._replace(sure=0.75)
    (block,) = reflowed([recognised(looked, 0.48, [])], [])
    document = assemble([block], source="a", default_title="a", sha256="0" * 64)
    assert (block.text[-9:], document.blocks[0].ocr) == ("这一行接着上一行。", 0.75)


def test_a_page_that_lies_a_little_aslant_is_set_level() -> None:
    np = pytest.importorskip("numpy")
    boxes = np.array([[[0, y], [400, y + 8], [400, y + 28], [0, y + 20]] for y in (0, 40, 80)], dtype=float)
    level = recognition._level(boxes)
    assert np.abs(level[:, 0, 1] - level[:, 1, 1]).max() < 1e-6
    assert np.round(level[1, 0] - level[0, 0]).tolist() == [1, 40]


def test_sizes_of_type_that_are_about_alike_are_one() -> None:
    sizes = [10.0, 10.4, 11.0, 20.0]
    lines = [Seen("字", 0, 1, 0, size, 1.0) for size in sizes]
    assert [line.size for line in recognition._sized(lines)] == [10.4, 10.4, 10.4, 20.0]


def test_a_long_picture_is_cut_where_nothing_stands() -> None:
    picture = Image.new("L", (200, 1000), 255)
    for y in range(0, 1000, 20):
        picture.paste(0, (0, y, 100, y + 15))
    parts = list(recognition._parts(picture))
    assert [(top, part.size) for top, part in parts] == [(0, (200, 439)), (439, (200, 439)), (878, (200, 122))]


@pytest.mark.parametrize(
    ("picture", "is_seen"),
    [
        (drawn.file(Image.new("L", (300, 40), 255)), True),
        (drawn.file(Image.new("L", (300, 12), 255)), False),
        (drawn.file(Image.new("1", (20_000, 20_000))), False),
        (drawn.file(Image.new("L", (300, 300), 255))[:-40], False),
        (b"", False),
        (b"<svg/>", False),
    ],
    ids=["line", "rule", "bomb", "cut", "nothing", "drawing"],
)
def test_only_whole_pictures_in_which_a_line_has_room_are_looked_at(picture: bytes, is_seen: bool) -> None:
    assert (recognition.opened(picture) is not None) == is_seen


@pytest.mark.skipif(find_spec("rapidocr") is None, reason="needs wenyuan[ocr]")
@pytest.mark.parametrize("data", [b"", b"\x89PNG", drawn.file(Image.new("1", (20_000, 20_000)))])
def test_a_file_that_is_no_picture_or_too_large_is_an_error_that_names_it(data: bytes) -> None:
    with pytest.raises(LoadError, match=r"无法读取 照片\.png：图片已损坏、太大，或不是 \.png 格式"):
        parse_image(data, PICTURE)


# With networks.


@pytest.fixture(scope="module")
def notice() -> Image.Image:
    return drawn.page(LINES, width=620)


@pytest.mark.slow
@needs_networks
def test_a_picture_is_read_in_paragraphs_that_say_how_sure_they_are(notice: Image.Image) -> None:
    parsed = parse_image(drawn.file(notice), PICTURE)
    assert said(parsed) == READ
    assert {block.page for block in parsed.blocks} == {0}
    assert all(0.9 < block.ocr <= 1 for block in parsed.blocks)


@pytest.mark.slow
@needs_networks
def test_a_picture_that_lies_on_its_side_is_turned(notice: Image.Image) -> None:
    assert said(parse_image(drawn.file(notice.rotate(90, expand=True), "JPEG"), Path("照片.jpg"))) == READ


@pytest.mark.slow
@needs_networks
def test_each_picture_of_a_fax_is_a_page(notice: Image.Image) -> None:
    second = drawn.page([(40, 40, "第二页只有这一句话。")], width=620)
    parsed = parse_image(drawn.file(notice, "TIFF", [second]), Path("传真.tiff"))
    assert [(block.text, block.page) for block in parsed.blocks][-1] == ("第二页只有这一句话。", 2)


@pytest.mark.slow
@needs_networks
def test_a_scanned_page_is_read_in_the_process_that_is_shut_in(notice: Image.Image) -> None:
    numbers: list[int] = []
    reader = Reader(seconds=300)
    try:
        parsed = reader.parse(drawn.file(notice, "PDF"), SCAN, numbers.append)
    finally:
        reader.close()
    assert ([(block.text, block.page) for block in parsed.blocks], numbers) == ([(text, 1) for text in READ], [1])
    assert (told(parsed), all(block.ocr > 0.9 for block in parsed.blocks)) == ([], True)


@pytest.mark.slow
@needs_networks
def test_what_a_picture_in_a_document_says_stands_at_its_place_once(notice: Image.Image) -> None:
    recognition.RECOGNISER.begin(lambda _: None)
    shown = base64.b64encode(drawn.file(notice)).decode()
    picture = f'<img src="data:image/png;base64,{shown}">'
    page = f"<h1>须知</h1><p>见图{picture}</p><p>完{picture}</p>"
    parsed = parse_html(page.encode(), Path("页.html"))
    assert said(parsed) == ["须知", "见图", *READ, "完"]
    assert [block.path for block in parsed.blocks[2:4]] == [("须知",), ("须知",)]
    assert [block.ocr > 0 for block in parsed.blocks] == [False, False, True, True, False]


@pytest.mark.slow
@needs_networks
def test_a_picture_in_a_word_file_is_read_after_its_paragraph(notice: Image.Image) -> None:
    recognition.RECOGNISER.begin(lambda _: None)
    written = docx.Document()
    written.add_paragraph("见图").add_run().add_picture(io.BytesIO(drawn.file(notice)))
    written.add_paragraph("完")
    stream = io.BytesIO()
    written.save(stream)
    assert said(parse_docx(stream.getvalue(), Path("报告.docx"))) == ["见图", *READ, "完"]
