"""What must hold of every loader and of every reader of text, whatever the bytes: `TARGETS`, one function a parser.

Used by tests/fuzz/fuzz_loaders.py, which looks for bytes that break it, and by the tests that keep those found.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import tarfile
import tempfile
import traceback
from collections.abc import Callable
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import samples

import rag
from rag.errors import ArchiveError, LoadError, StorageError
from rag.index.transfer.archive import unpack
from rag.indexing.splitting import SplitSettings, split
from rag.loading import PARSERS
from rag.loading.blocks import Parsed, assemble
from rag.loading.formats import PARSED_BY
from rag.loading.images.recognition import RECOGNISER
from rag.loading.sandbox.worker import parser
from rag.text.normalization import normalise, sentences
from rag.text.quantities.numbers import numbers
from rag.text.tokenization import terms, words
from rag.types import Block, Document

SPLITTING = SplitSettings()
# Between the parts of a file that consists of several.
PART = b"\xff\xfe\xff"
_OURS = str(Path(rag.__file__).parent)
# Names, numbers and levels that refer to each other.
_VALUES = ' w:val="1" w:id="1" w:styleId="1" w:type="normal"'
_SHEET = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'

# By format: what its markup consists of; "words" are of all.
_PIECES: dict[str, list[str]] = json.loads((Path(__file__).parent / "fuzz" / "pieces.json").read_text("utf-8"))
WORDS = _PIECES.pop("words")


def spelt(data: bytes, kind: str = "") -> str:
    """Text in which each byte is a piece of markup of that kind or one of WORDS: what random bytes rarely come to."""
    known = [*_PIECES.get(kind, ()), *WORDS]
    return "".join(known[byte % len(known)] for byte in data)


def tree(data: bytes, tags: list[str], prefix: str = "", attributes: str = "") -> str:
    """Well-formed XML: each byte opens an element, closes one, or writes one of WORDS."""
    made, opened = [], []
    for byte in data:
        if byte < 80:
            tag = tags[byte % len(tags)]
            made.append(f"<{prefix}{tag}{attributes}>")
            opened.append(tag.split()[0])
        elif byte < 150 and opened:
            made.append(f"</{prefix}{opened.pop()}>")
        else:
            made.append(WORDS[byte % len(WORDS)].strip("\ud800\x0b\x1c"))
    made += [f"</{prefix}{tag}>" for tag in reversed(opened)]
    return "".join(made)


def text_file(suffix: str, kind: str, data: bytes) -> None:
    """The bytes as they are, or, after a NUL, as markup of the format."""
    raw = spelt(data[1:], kind).encode("utf-8", "surrogatepass") if data[:1] == b"\0" else data
    check_file(raw, suffix)


def docx_file(data: bytes) -> None:
    if data.startswith(b"PK"):
        return check_file(data, ".docx")
    body, styles, notes = [*data.split(PART), b"", b""][:3]
    built = partial(tree, tags=_PIECES["docx"], prefix="w:", attributes=_VALUES)
    return check_file(samples.docx(_xml(body, built), styles=built(styles), footnotes=built(notes)), ".docx")


def pptx_file(data: bytes) -> None:
    if data.startswith(b"PK"):
        return check_file(data, ".pptx")
    spaces = 'xmlns:p="p" xmlns:a="a" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    kinds = "http://schemas.openxmlformats.org/package/2006/relationships"
    shapes = _xml(data, partial(tree, tags=_PIECES["pptx"]))
    parts = {
        "ppt/presentation.xml": f'<p:x {spaces}><p:sldId r:id="s"/></p:x>',
        "ppt/_rels/presentation.xml.rels": f'<x xmlns="{kinds}"><x Id="s" Type="x/slide" Target="s.xml"/></x>',
        "ppt/s.xml": f"<p:x {spaces}><p:spTree>{shapes}</p:spTree></p:x>",
    }
    return check_file(samples.archive(parts), ".pptx")


def odt_file(data: bytes) -> None:
    if data.startswith(b"PK"):
        return check_file(data, ".odt")
    body = _xml(data, partial(tree, tags=_PIECES["odt"]))
    return check_file(samples.archive({"content.xml": f"<x><body><text>{body}</text></body></x>"}), ".odt")


def epub_file(data: bytes) -> None:
    if data.startswith(b"PK"):
        return check_file(data, ".epub")
    chapters = {f"{n}.xhtml": samples.chapter(_xml(part, _html_tree)) for n, part in enumerate(data.split(PART)[:4])}
    return check_file(samples.epub(chapters), ".epub")


def xlsx_file(data: bytes) -> None:
    if data.startswith(b"PK"):
        return check_file(data, ".xlsx")
    sheet, shared = [*data.split(PART), b""][:2]
    built = partial(tree, tags=_PIECES["xlsx"])
    parts = {
        "xl/worksheets/sheet1.xml": f"<worksheet {_SHEET}>{_xml(sheet, built)}</worksheet>",
        "xl/sharedStrings.xml": f"<sst {_SHEET}>{built(shared)}</sst>",
    }
    return check_file(samples.workbook(parts), ".xlsx")


def zip_file(data: bytes) -> None:
    """An archive as it is, or one whose names and contents are spelt: its files lie inside of it, each once."""
    if not data.startswith(b"PK"):
        parts = [spelt(part, "zip").replace("\ud800", "") for part in data.split(PART)]
        data = samples.archive({name: name for name in parts if len(name.encode()) < 60_000})
    name = Path("文.zip")
    try:
        files = parser(".zip")(data, name).files
    except LoadError as error:
        return check_message(error, name)
    read = [file.path for file in files if file.data is not None]
    assert len(read) == len(set(read))
    for file in files:
        assert not {"", ".", ".."} & set(file.path.split("/"))
        assert "\0" not in file.path
        file.path.encode()
        if file.refused:
            check_message(LoadError(*file.refused), name)
    return None


def pdf_file(data: bytes) -> None:
    if data.startswith(b"%PDF"):
        return check_file(data, ".pdf")
    pages = [spelt(p[1:], "pdf").encode("cp1252", "ignore") if p[:1] == b"\0" else p for p in data.split(PART)[:5]]
    return check_file(samples.pdf(pages), ".pdf")


def check_file(data: bytes, suffix: str) -> None:
    """A LoadError of ours, or twice the same Document, which is whole."""
    first = loaded(data, suffix)
    assert first == loaded(data, suffix), "the same bytes, read twice, are two documents"
    if first:
        check_document(first)


def loaded(data: bytes, suffix: str) -> Document | None:
    """The document, read in this process; None if it is refused, or if a library could make nothing of it."""
    name = Path(f"文{suffix}")
    parse = parser(suffix) if suffix in PARSED_BY else PARSERS[suffix]
    # A picture that it holds twice is read once.
    RECOGNISER.begin(lambda _: None)
    try:
        parsed: Parsed = parse(data, name)
    except LoadError as error:
        check_message(error, name)
        return None
    except (MemoryError, RecursionError):
        if suffix not in PARSED_BY:
            raise
        return None
    except Exception as error:
        # The process in which files are read turns what libraries raise into a LoadError; what we raise is a mistake.
        if suffix not in PARSED_BY or traceback.extract_tb(error.__traceback__)[-1].filename.startswith(_OURS):
            raise
        return None
    if not parsed.blocks:
        return None
    return assemble(parsed.blocks, source="a", default_title="a", sha256="0" * 64, title=parsed.title)


def check_message(error: LoadError, name: Path) -> None:
    """It names the file, in both languages, on one line that is not too long to be read."""
    for message in (error.zh, error.en):
        assert str(name) in message
        assert "\n" not in message
        assert len(message) < 600


def check_document(document: Document) -> None:
    """Its blocks follow each other, its text can be stored, and its passages are slices of it."""
    text = document.text
    text.encode()
    document.title.encode()
    assert document.title
    end = -1
    for number, block in enumerate(document.blocks, start=1):
        assert (block.number, block.start) == (number, end + 1)
        end = block.end
        assert text[block.start : end].strip(), f"block {number} is blank"
        assert block.line >= 0 <= block.page
        check_cells(document, block)
        "".join(block.path).encode()
    assert end == len(text)
    passages = split(document, SPLITTING, 7)
    place = 0
    for ordinal, passage in enumerate(passages, start=7):
        assert passage.ordinal == ordinal
        assert passage.doc_id == document.doc_id
        assert place <= passage.start < passage.end <= len(text)
        assert passage.end - passage.start <= SPLITTING.max_chars
        assert not text[place : passage.start].strip(), "a passage is missing"
        place = passage.start
        for sentence in passage.sentences:
            assert place <= sentence.start < sentence.end <= passage.end
            assert not text[place : sentence.start].strip(), "a sentence is missing"
            place = sentence.end
        assert place == passage.end
        passage.context.encode()
    assert not text[place:].strip(), "the last passage is missing"
    assert passages == split(document, SPLITTING, 7)


def check_cells(document: Document, block: Block) -> None:
    """The cells of a row follow each other, each with its name before it, in columns that follow each other."""
    before = block.start
    for cell, after in zip_longest(block.cells, block.cells[1:]):
        assert before <= cell.begin <= cell.start < cell.end <= block.end
        assert cell.begin == cell.start or document.text[cell.start - 1] == "："
        assert after is None or cell.column < after.column
        before = cell.end
    assert not block.header or document.blocks[block.header - 1].header == block.header <= block.number
    assert not block.cells or (block.cells[0].begin, before) == (block.start, block.end)


def any_text(data: bytes) -> None:
    """Normalising, sentences, numbers and words of whatever text."""
    text = spelt(data[1:]).replace("\ud800", "") if data[:1] == b"\0" else data.decode("utf-8", "replace")
    normal = normalise(text)
    assert len(normal.text) == len(normal.starts) == len(normal.ends)
    assert list(normal.starts) == sorted(normal.starts)
    assert all(0 <= start < end <= len(text) for start, end in zip(normal.starts, normal.ends, strict=True))
    if normal.text:
        whole = normal.to_original(0, len(normal.text))
        assert (whole.start, whole.end) == (normal.starts[0], normal.ends[-1])
    place = 0
    for span in sentences(text):
        assert place <= span.start < span.end <= len(text)
        assert not text[place : span.start].strip()
        place = span.end
    assert not text[place:].strip()
    cut = words(normal.text)
    place = 0
    for word, start, end in cut:
        assert place <= start < end
        assert normal.text[start:end] == word
        place = end
    for number in numbers(normal.text, cut):
        assert 0 <= number.start < number.end <= len(normal.text)
        assert number.term
    assert terms(text) == terms(text)


def question(data: bytes) -> None:
    """A question in which words may be misspelt, against a small index: it is understood, or refused by us."""
    from rag.errors import QuestionError
    from rag.question.spelling import understood
    from rag.text.tokenization import Cutting

    letters = "豆包月活大魔型模性度包年前部属私有"
    known = "".join(letters[byte % len(letters)] for byte in data[1:])
    text = known if data[:1] == b"\0" else data.decode("utf-8", "replace")
    if len(text) > 200:
        return
    try:
        asked = understood(Cutting()(text), _generation())
    except QuestionError:
        return
    for old, new in asked.corrections:
        assert old in text, (old, text)
        assert new in asked.text, (new, asked.text)
        assert len(old) == len(new)
        assert old != new


def library_file(data: bytes) -> None:
    """A library to be imported: refused, or unpacked into its folder and nowhere else."""
    if data[:1] == b"\0":
        data = gzip.compress(data[1:], 1)
    elif data[:1] == b"\1":
        data = gzip.compress(_tar(data[1:].split(PART)), 1)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "in").write_bytes(data)
        with contextlib.suppress(ArchiveError, StorageError):
            unpack(folder / "in", folder / "out" / "library")
        names = {path.name for path in folder.iterdir()} | {path.name for path in folder.glob("out/*")}
        assert names <= {"in", "out", "library"}


def _tar(parts: list[bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for n, part in enumerate(parts):
            info = tarfile.TarInfo("wenyuan.json" if not n else part[:20].decode("latin-1"))
            info.size = len(part)
            tar.addfile(info, io.BytesIO(part))
    return stream.getvalue()


_made: list[Any] = []


def _generation() -> Any:
    if not _made:
        import documents

        from rag.index.generations import open_generation
        from rag.indexing.update import index_paths
        from rag.settings import Settings

        folder = Path(tempfile.mkdtemp())
        (folder / "a.txt").write_text("豆包的月活是6000万。大模型在私有部署时更慢。前年的年度模型。", "utf-8")
        with documents.using(documents.HashEncoder()):
            index_paths([folder], folder / "index", Settings())
        _made.append(open_generation(folder / "index"))
    return _made[0]


def _xml(data: bytes, build: Callable[[bytes], str]) -> str:
    """Markup out of bytes: as they are, or, after a NUL, well-formed."""
    return build(data[1:]) if data[:1] == b"\0" else data.decode("utf-8", "replace")


def _html_tree(data: bytes) -> str:
    return tree(data, [tag.strip("<>") for tag in _PIECES["html"] if tag.startswith("<") and tag[1].isalpha()])


# What is well-formed enough to get past the first check of such a file.
_BUILT: dict[str, Callable[[bytes], None]] = {
    ".docx": docx_file,
    ".pptx": pptx_file,
    ".odt": odt_file,
    ".epub": epub_file,
    ".xlsx": xlsx_file,
    ".zip": zip_file,
    ".pdf": pdf_file,
}
# Whose pieces of markup, where they are not called as the suffix.
_MARKUP = {
    ".md": "markdown",
    ".csv": "delimited",
    ".tsv": "delimited",
    ".jsonl": "json",
    ".json": "json",
    ".xhtml": "html",
}


def _of_formats() -> dict[str, Callable[[bytes], None]]:
    """One target for each parser, by the first suffix of its files."""
    first: dict[str, str] = {}
    for suffix, read in PARSED_BY.items():
        first.setdefault(read, suffix)
    return {suffix.removeprefix("."): _BUILT.get(suffix, _as_text(suffix)) for suffix in first.values()}


def _as_text(suffix: str) -> Callable[[bytes], None]:
    return partial(text_file, suffix, _MARKUP.get(suffix, suffix.removeprefix(".")))


TARGETS: dict[str, Callable[[bytes], None]] = {
    **_of_formats(),
    "text": any_text,
    "question": question,
    "library": library_file,
}
