"""PPTX to blocks: slide by slide its title, text, tables, diagrams and charts, and the speaker's notes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rag.loading.archives.zipped import Archive
from rag.loading.blocks import Outline, Parsed, RawBlock, gather, path_name
from rag.loading.office.charts import chart_blocks
from rag.loading.office.drawings import diagram, local, said
from rag.loading.office.formulas import is_math, linear
from rag.loading.office.numerals import numeral
from rag.loading.office.packages import Related, first, reference, related, said_in, shown_picture, tree
from rag.loading.office.page_edges import FOOTER, MASTER, Edges
from rag.loading.office.slide_elements import (
    APART,
    RUNNING,
    TITLES,
    continues,
    is_placeholder,
    paragraphs_of,
    place_of,
    shapes_of,
    span_of,
)
from rag.loading.scripts import Script, in_line
from rag.loading.tables import Cell, Row, table
from rag.loading.trees import counted
from rag.loading.unread import Lost, Unread
from rag.types import BlockKind

_DEEPEST = 9
# Of the automatic numbers' kinds (ECMA-376, 20.1.10.61): the form of the numbers, and what stands around them.
_NUMBERS = {
    "arabic": "decimal",
    "arabicDb": "decimalFullWidth",
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
    "circleNumDb": "decimalEnclosedCircle",
    "circleNumWdWhite": "decimalEnclosedCircle",
    "circleNumWdBlack": "decimalEnclosedCircle",
    "ea1Chs": "chineseCounting",
    "ea1Cht": "chineseCounting",
    "ea1JpnChs": "chineseCounting",
    "ea1JpnKor": "chineseCounting",
    "ea1JpnKorDb": "chineseCounting",
}
_AROUND = {"Plain": ("", ""), "Period": ("", "."), "ParenR": ("", ")"), "ParenBoth": ("(", ")"), "Minus": ("-", "-")}
_AUTOMATIC = re.compile(rf"({'|'.join(_NUMBERS)})({'|'.join(_AROUND)})")


def parse_pptx(data: bytes, name: Path) -> Parsed:
    """The slides in their order, hidden ones too, and their footers and the text of their masters once.

    ``page`` is a slide's number. Raises LoadError.
    """
    archive = Archive(data, name)
    main = first(related(archive, ""), "officeDocument", "ppt/presentation.xml")
    root = tree(archive, main)
    if root is None:
        raise archive.broken(main)
    unread = Unread()
    parts = {one.id: one.part for one in related(archive, main)}
    slides = [parts.get(reference(element), "") for element in root.iter() if local(element) == "sldId"]
    return Parsed(gather(_blocks(archive, slides, unread), name, unread), notices=unread.notices(name))


def _blocks(archive: Archive, slides: list[str], unread: Unread) -> Iterator[RawBlock]:
    outline = Outline()
    titled = False
    once, running, layouts = Edges(), list[tuple[str, list[str]]](), {""}
    for number, part in enumerate(slides, start=1):
        root = tree(archive, part)
        if root is None:
            unread.add(Lost.PART, page=number)
            continue
        reader = _Slide(archive, related(archive, part), outline, number, unread, below=titled)
        yield from once.body(reader.read(root))
        running.append((FOOTER, reader.footers(root)))
        if (layout := reader.layout(root)) not in layouts:
            layouts.add(layout)
            running.append((MASTER, reader.behind(layout)))
        titled = titled or (number == 1 and reader.opens)
    for name, texts in running:
        yield from once.lines(name, texts)


class _Slide:
    """Follows the shapes of a slide."""

    def __init__(
        self, archive: Archive, parts: list[Related], outline: Outline, number: int, unread: Unread, *, below: bool
    ) -> None:
        self.archive = archive
        self.parts = parts
        self.places = {one.id: one.part for one in reversed(parts)}
        self.outline = outline
        self.number = number
        self.unread = unread
        self.level = 2 if below else 1
        self.opens = False

    def read(self, root: Any) -> Iterator[RawBlock]:
        shapes = shapes_of(root)
        titles = [shape for shape in shapes if place_of(shape) in TITLES]
        self.opens = any(place_of(shape) == "ctrTitle" for shape in titles)
        self.outline.leave(self.level)
        for shape in titles:
            text = " ".join(filter(None, (self.text(p) for p in paragraphs_of(shape))))
            if text:
                yield self.outline.heading(" ".join(text.split()), self.level, page=self.number)
        for shape in (s for s in shapes if place_of(s) not in APART):
            yield from self.shape(shape)
        yield from self.spoken()

    def shape(self, shape: Any) -> Iterator[RawBlock]:
        match local(shape):
            case "pic":
                part = self.named(shown_picture(shape))
                yield from said_in(self.archive, part, self.unread, self.outline.path, page=self.number)
            case "graphicFrame":
                yield from self.graphic(shape)
            case _:
                yield from self.paragraphs(shape)

    def paragraphs(self, shape: Any) -> Iterator[RawBlock]:
        """The paragraphs of a shape: in the slide's body items, each under those above it; elsewhere plain text."""
        listed = place_of(shape) in ("body", "obj", "subTitle", "") and is_placeholder(shape)
        above: list[str] = []
        counts = [0] * (_DEEPEST + 2)
        numbers = _Numbers()
        for paragraph in paragraphs_of(shape):
            text = self.text(paragraph)
            if not text:
                continue
            properties = next((e for e in paragraph if local(e) == "pPr"), None)
            level = counted(properties.get("lvl"), 0, most=_DEEPEST) if properties is not None else 0
            plain = properties is not None and any(local(e) == "buNone" for e in properties)
            marker = numbers.next(properties, level)
            if not (listed or marker) or plain:
                yield RawBlock(BlockKind.PARAGRAPH, text, path=self.outline.path, page=self.number)
                continue
            counts[level] += 1
            counts[level + 1 :] = [0] * (len(counts) - level - 1)
            above[level:] = [path_name(text)]
            path = (*self.outline.path, *above[:-1])
            place = (level + 1, counts[level], self.number)
            yield RawBlock(BlockKind.LIST_ITEM, text, 0, path, *place, marker=marker)

    def text(self, paragraph: Any) -> str:
        pieces: list[tuple[str, Script]] = []
        stack = list(reversed(paragraph))
        while stack:
            element = stack.pop()
            name = local(element)
            if name == "r":
                pieces.append(self.run(element))
            elif name == "br":
                pieces.append(("\n", Script.LEVEL))
            elif is_math(element):
                pieces.append((linear(element), Script.LEVEL))
            elif name not in ("Fallback", "pPr", "endParaRPr") and element.get("type") != "slidenum":
                stack.extend(reversed(element))
                if name == "t":
                    pieces.append((element.text or "", Script.LEVEL))
        return in_line(pieces).strip()

    def run(self, run: Any) -> tuple[str, Script]:
        properties = next((e for e in run if local(e) == "rPr"), None)
        text = "".join(e.text or "" for e in run if local(e) == "t")
        if properties is not None and properties.get("strike") in ("sngStrike", "dblStrike") and text.strip():
            self.lose(Lost.STRUCK)
            return "", Script.LEVEL
        shift = properties.get("baseline") or "0" if properties is not None else "0"
        if shift.startswith("-"):
            return text, Script.LOWERED
        return text, Script.LEVEL if shift.strip("0%") == "" else Script.RAISED

    def graphic(self, frame: Any) -> Iterator[RawBlock]:
        """A table, diagram or chart."""
        for element in frame.iter():
            match local(element):
                case "tbl":
                    yield from table(self.rows(element), self.outline.path)
                    return
                case "relIds":
                    root = tree(self.archive, self.named(reference(element, "dm")))
                    yield from diagram(root, self.outline.path, page=self.number) if root is not None else ()
                    return
                case "chart" if reference(element):
                    root = tree(self.archive, self.named(reference(element)))
                    yield from chart_blocks(root, self.outline.path, self.lose, page=self.number)
                    return
                case "oleObj":
                    self.lose(Lost.EMBEDDED)
                    return

    def rows(self, element: Any) -> Iterator[Row]:
        for row in (e for e in element if local(e) == "tr"):
            cells = [c for c in row if local(c) == "tc" and not continues(c)]
            yield Row(
                [Cell(self.cell(c), span_of(c, "gridSpan"), span_of(c, "rowSpan")) for c in cells], page=self.number
            )

    def cell(self, cell: Any) -> str:
        return " ".join(filter(None, (self.text(p) for p in paragraphs_of(cell))))

    def lose(self, kind: Lost) -> None:
        self.unread.add(kind, page=self.number)

    def spoken(self) -> Iterator[RawBlock]:
        """The notes and comments on the slide."""
        for kind, name in (("notesSlide", "备注"), ("comments", "批注")):
            for part in (one.part for one in self.parts if one.kind == kind):
                for text in self.remarks(tree(self.archive, part)):
                    yield RawBlock(BlockKind.PARAGRAPH, f"{name}：{text}", path=self.outline.path, page=self.number)

    def remarks(self, root: Any) -> Iterator[str]:
        if root is None:
            return
        for shape in shapes_of(root):
            if place_of(shape) not in RUNNING and (text := self.said(shape)):
                yield text
        for comment in (e for e in root.iter() if local(e) == "cm"):
            plain = " ".join(e.text or "" for e in comment.iter() if local(e) == "text").strip()
            if text := plain or said(comment):
                yield text

    def footers(self, root: Any) -> list[str]:
        """What stands below the slide but for its number and the date of the day."""
        shapes = (shape for shape in shapes_of(root) if place_of(shape) in ("ftr", "hdr", "dt"))
        paragraphs = (paragraph for shape in shapes for paragraph in paragraphs_of(shape))
        return ["".join(e.text or "" for e in one.iter() if local(e) == "t" and not _is_field(e)) for one in paragraphs]

    def layout(self, root: Any) -> str:
        """The part whose shapes stand behind the slide's; "" if none do."""
        return first(self.parts, "slideLayout") if _shows_master(root) else ""

    def behind(self, layout: str) -> list[str]:
        """What a layout and its master show by themselves."""
        master = first(related(self.archive, layout), "slideMaster")
        roots = [tree(self.archive, layout)]
        if roots[0] is None or _shows_master(roots[0]):
            roots.append(tree(self.archive, master))
        shapes = (shape for part in roots if part is not None for shape in shapes_of(part))
        return [self.said(shape) for shape in shapes if not is_placeholder(shape)]

    def said(self, shape: Any) -> str:
        return "\n".join(filter(None, map(self.text, paragraphs_of(shape))))

    def named(self, id_: str) -> str:
        return self.places.get(id_, "")


def _is_field(text: Any) -> bool:
    """Whether a run's text is made for each slide: its number, the date of the day."""
    return local(text.getparent()) == "fld"


def _shows_master(root: Any) -> bool:
    return root.get("showMasterSp") not in ("0", "false")


class _Numbers:
    """The automatic numbers of a shape's paragraphs, as they are shown."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[str, int]] = {}

    def next(self, properties: Any, level: int) -> str:
        """What stands before the next paragraph; "" if it has no number."""
        children = properties if properties is not None else ()
        said = next((e for e in children if local(e) == "buAutoNum"), None)
        kind = (said.get("type") or "") if said is not None else ""
        form = _AUTOMATIC.fullmatch(kind)
        last, count = self._open.get(level, ("", 0))
        self._open = {depth: known for depth, known in self._open.items() if depth < level}
        if said is None or form is None:
            return ""
        number = count + 1 if last == kind else counted(said.get("startAt"), 1)
        self._open[level] = (kind, number)
        before, after = _AROUND[form[2]]
        return f"{before}{numeral(number, _NUMBERS[form[1]])}{after}"
