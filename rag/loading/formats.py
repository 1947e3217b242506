"""Which files can be read: each format with what reads it, and what the documentation says of it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from pathlib import PurePath

from rag.loading.images.recognition import SUFFIXES, is_installed


class Kind(Enum):
    """What the bytes of a format are. The attacks that its files must stand in the tests follow from it."""

    TEXT = auto()
    """Any text is such a file."""
    MARKED = auto()
    """Its files say what they are; others are refused."""
    ZIPPED = auto()
    """A zip archive of the parts of one document."""
    ARCHIVE = auto()
    """A zip archive of files that are documents of their own."""
    PICTURE = auto()
    """Read where the extra ``ocr`` is installed."""
    OLD = auto()
    """Converted first, where LibreOffice is installed."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format as the documentation lists it; ``name`` and ``note`` are in Chinese and English.

    ``read_by`` has for each suffix the `Parser` under `rag.loading`, as ``module:function``, or of an old format the
    suffix of the one that it is converted to. A parser is named and not imported: that is done in the sandbox alone
    (sandbox/worker.py), when the first such file comes.
    """

    name: tuple[str, str]
    note: tuple[str, str]
    kind: Kind
    read_by: Mapping[str, str]


FORMATS = (
    Format(
        ("纯文本", "plain text"),
        (
            "标题和列表项按标记识别（一、（二）① ■ 1.2）；“问：”在“答：”之上；"
            "画出来的、用制表符或空格对齐的表格；按固定宽度折的行会接上",
            "headings and list items by their marks (一、（二）① ■ 1.2); “问：” above “答：”; tables that are drawn or "
            "aligned by tabs or spaces; lines wrapped at a fixed width are joined",
        ),
        Kind.TEXT,
        {".txt": "plain:parse_txt", ".text": "plain:parse_txt"},
    ),
    Format(
        ("Markdown", "Markdown"),
        (
            "去掉标记，只留文字；front matter（YAML、TOML）、脚注、定义、任务框、上下标、表格",
            "the text without its marks; front matter (YAML, TOML), footnotes, definitions, boxes of tasks, exponents "
            "and indices, tables",
        ),
        Kind.TEXT,
        {".md": "markdown:parse_md", ".markdown": "markdown:parse_md"},
    ),
    Format(
        ("HTML", "HTML"),
        (
            "正文，包括点一下才展开的和填好的表单；不要导航等页面装饰",
            "the main text, what a click opens, and forms that were filled in; navigation and other boilerplate are "
            "left out",
        ),
        Kind.TEXT,
        {".html": "html:parse_html", ".htm": "html:parse_html", ".xhtml": "html:parse_xhtml"},
    ),
    Format(
        ("PDF", "PDF"),
        (
            "由行重建段落（双栏、断开的词、跨页）；表格、指数、填好的表单和批注；页眉页脚读一次；不要页码和目录；出处写明页码",
            "paragraphs are rebuilt from lines (two columns, divided words, over page breaks); tables, exponents, "
            "filled fields and remarks; running headers and footers are read once; page numbers and tables of contents "
            "are left out; citations name the page",
        ),
        Kind.MARKED,
        {".pdf": "pdf:parse_pdf"},
    ),
    Format(
        ("Word", "Word"),
        (
            "标题、编号、列表、表格、脚注、公式、图示、图表、勾选框、批注",
            "headings, numbering, lists, tables, notes, formulas, diagrams, charts, ticked boxes, comments",
        ),
        Kind.ZIPPED,
        dict.fromkeys((".docx", ".docm", ".dotx"), "office.docx:parse_docx"),
    ),
    Format(
        ("PowerPoint", "PowerPoint"),
        (
            "逐页：标题、文字、编号、表格、图示、图表和备注；页脚和母版上的文字读一次",
            "slide by slide: title, text, numbering, tables, diagrams, charts, and the speaker's notes; footers and "
            "the text of masters once",
        ),
        Kind.ZIPPED,
        dict.fromkeys((".pptx", ".pptm", ".ppsx", ".potx"), "office.pptx:parse_pptx"),
    ),
    Format(
        ("Excel", "Excel"),
        (
            "显示的值、文本框、勾选框、批注和页眉页脚；公式取存下的结果，没有结果的会说明",
            "the values as they are shown, boxes of text, ticked boxes, remarks, headers and footers; of formulas the "
            "results that were stored, and those without one are told",
        ),
        Kind.ZIPPED,
        dict.fromkeys((".xlsx", ".xlsm", ".xltx"), "sheets.xlsx:parse_xlsx"),
    ),
    Format(
        ("OpenDocument", "OpenDocument"),
        (
            "标题、编号、列表、表格、图表、填好的表单、脚注、批注和页眉页脚",
            "headings, numbering, lists, tables, charts, filled forms, notes, remarks, headers and footers",
        ),
        Kind.ZIPPED,
        dict.fromkeys((".odt", ".ods", ".odp"), "office.opendocument:parse_odf"),
    ),
    Format(
        ("RTF", "RTF"),
        (
            "同纯文本，表格按行；上下标、编号、勾选框、脚注、批注、文本框和页眉页脚",
            "as plain text, with rows of tables; exponents, numbering, ticked boxes, notes, remarks, boxes of text, "
            "headers and footers",
        ),
        Kind.MARKED,
        {".rtf": "office.rtf:parse_rtf"},
    ),
    Format(("EPUB", "EPUB"), ("按阅读次序", "in reading order"), Kind.ZIPPED, {".epub": "html.epub:parse_epub"}),
    Format(
        ("邮件", "mails"),
        (
            "谁在何时写给谁、主题、正文和引用的话，会议邀请的时间地点；附件各按自己的格式读，放在文件名之下，"
            "压缩包和旧格式的会说明",
            "who wrote to whom, when and about what, the text and what it quotes, when and where an invitation is for; "
            "each attachment as its own format, under its name; those that are archives or in old formats are told",
        ),
        Kind.MARKED,
        {".eml": "mail:parse_eml", ".msg": "mail.outlook:parse_msg"},
    ),
    Format(
        ("存下的网页", "saved pages"),
        ("同 HTML", "as HTML"),
        Kind.MARKED,
        {".mht": "mail:parse_mht", ".mhtml": "mail:parse_mht"},
    ),
    Format(
        ("图片、扫描件", "pictures, scans"),
        ("其中的文字；见[扫描件](#扫描件和图片)", "what text is in them; see [scans](#scans-and-pictures)"),
        Kind.PICTURE,
        dict.fromkeys(SUFFIXES, "images.scans:parse_image"),
    ),
    Format(
        ("CSV、TSV", "CSV, TSV"),
        ("一条记录一行", "each record is a row"),
        Kind.TEXT,
        {".csv": "sheets.delimited:parse_csv", ".tsv": "sheets.delimited:parse_tsv"},
    ),
    Format(
        ("JSON、JSON lines", "JSON, JSON lines"),
        (
            "每个对象一行，读全部字段；也认问答和聊天",
            "each object is a row of all its fields; questions with answers, and chats",
        ),
        Kind.MARKED,
        {".jsonl": "jsonl:parse_jsonl", ".json": "jsonl:parse_json"},
    ),
    Format(
        ("字幕、听写稿", "subtitles, transcripts"),
        (
            "接成整句，放在开始的时间之下；谁在说话（WebVTT）",
            "joined to whole sentences, under the time at which they begin; who speaks (WebVTT)",
        ),
        Kind.MARKED,
        {".srt": "subtitles:parse_subtitles", ".vtt": "subtitles:parse_subtitles"},
    ),
    Format(
        ("旧的 Office、WPS", "old Office, WPS"),
        (
            "由 LibreOffice 转换后读；见[旧格式](#旧格式)",
            "read as LibreOffice converts them; see [old formats](#old-formats)",
        ),
        Kind.OLD,
        {".doc": ".docx", ".wps": ".docx", ".xls": ".xlsx", ".et": ".xlsx", ".ppt": ".pptx", ".dps": ".pptx"},
    ),
    Format(
        ("压缩包", "archives"),
        ("里面的每个文件是一篇文档；见[压缩包](#压缩包)", "each file in it is a document; see [archives](#archives)"),
        Kind.ARCHIVE,
        {".zip": "archives.packs:parse_zip"},
    ),
)


def of_kind(*kinds: Kind) -> dict[str, str]:
    """What reads the formats of these kinds, by suffix."""
    return {suffix: read for one in FORMATS if one.kind in kinds for suffix, read in one.read_by.items()}


OLD = of_kind(Kind.OLD)
# What is not converted first: by suffix, its parser.
PARSED_BY = of_kind(*(set(Kind) - {Kind.OLD}))
ARCHIVES = tuple(of_kind(Kind.ARCHIVE))
# Other files hang on these.
MAILS = tuple(suffix for suffix, read in PARSED_BY.items() if read in ("mail:parse_eml", "mail.outlook:parse_msg"))


def is_readable(name: PurePath | str) -> bool:
    """Whether a file of that name can be read with what is installed."""
    suffix = (name if isinstance(name, PurePath) else PurePath(name)).suffix.lower()
    if suffix in SUFFIXES:
        return is_installed()
    return suffix in PARSED_BY or (suffix in OLD and libreoffice() is not None)


@cache
def libreoffice() -> str | None:
    """The program that reads old formats; None where it is not installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def how_to_read_old() -> tuple[str, str]:
    """What to do about files in old formats that were not read, in Chinese and English."""
    return (
        f"读旧格式（{' '.join(OLD)}）需要 LibreOffice：装好后（soffice 要在 PATH 上）再索引一次。",
        f"Old formats ({' '.join(OLD)}) are read with LibreOffice: install it (soffice on the PATH) and index again.",
    )
