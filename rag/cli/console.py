"""How answers, hits and reports look in a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from rag.loading.unread import Lost
from rag.messages import text
from rag.printable import printable
from rag.types import Answer, Block, Citation, Document, Elsewhere, Hit, Omission, Status, TableRow

if TYPE_CHECKING:
    from rag.answering.comparing import Compared, ComparedAnswer
    from rag.index.checking import Health
    from rag.index.history import GenerationRecord
    from rag.index.store import DocumentRecord
    from rag.retrieval.collections import Collection
    from rag.retrieval.versions import Older
    from rag.types import IndexReport

_HIGHLIGHT = "bold black on yellow"
_NEIGHBOURS = 60
# Between columns; a longer text moves those after it.
_GAP, _WIDEST = 2, 60
# So many files or suffixes are named of those that are counted.
_NAMED = 5


def show_answer(console: Console, answer: Answer, document: Callable[[str], Document]) -> None:
    """The reply, then each citation in its paragraph with the quote highlighted; ``document`` finds one by its id."""
    if answer.status is Status.COURTESY:
        _line(console, Text(answer.text))
        return
    style = "yellow" if answer.status is Status.ABSTAINED else "bold"
    first, _, rest = answer.text.partition("\n")
    _line(console, Text(first, style))
    if rest:
        _line(console, Text(rest))
    if answer.status in (Status.OVERVIEW, Status.DIFFERENCES):
        for citation in answer.citations:
            _line(console, _heading(citation))
        return
    for citation in answer.citations:
        _line(console, Text("\n") + _heading(citation))
        if citation.row:
            _show_row(console, citation.row)
        else:
            _line(console, Text("    ") + _in_context(citation, document(citation.doc_id)))
        if citation.also_in:
            _line(console, Text(f"    {_also_in(citation.also_in, citation.doc_id)}", "dim"))
    label = text("可信度", "confidence")
    total = answer.timings_ms.get("total", 0.0)
    _line(console, Text(f"\n{label} {answer.confidence:.2f} · {total:.0f} ms", "dim"))


def show_hits(console: Console, hits: Sequence[Hit], titles: dict[str, str]) -> None:
    """Ranked passages."""
    for hit in hits:
        paragraph = text(f"第 {hit.passage.paragraph} 段", f"paragraph {hit.passage.paragraph}")
        _line(
            console,
            Text.assemble(
                (f"{hit.rank:>3}  ", "bold"),
                (f"{hit.score:.3f}  ", "cyan"),
                (f"{titles[hit.passage.doc_id]} · {paragraph}  ", "bold"),
                (f"{hit.passage.doc_id} [{hit.passage.start}, {hit.passage.end})", "dim"),
            ),
        )
        _line(console, Text(f"     {' '.join(hit.text.split())}\n"))
        if hit.also_in:
            _line(console, Text(f"     {_also_in(hit.also_in, hit.passage.doc_id)}\n", "dim"))


def show_documents(console: Console, records: Iterable[DocumentRecord], older: Mapping[str, Older]) -> None:
    """A table of documents, of which some are ``older`` versions."""
    table = Table(box=None, header_style="bold")
    zh = ("编号", "标题", "字数", "段落", "修改于", "来源")
    en = ("id", "title", "characters", "paragraphs", "modified", "source")
    for place, names in enumerate(zip(zh, en, strict=True)):
        table.add_column(text(*names), justify="right" if place in (2, 3) else "left", overflow="fold")
    for r in records:
        notes = [_older(older[r.doc_id])] if r.doc_id in older else []
        notes += [_also_in(r.also_in, r.doc_id)] if r.also_in else []
        notes += [_lacking(r.omitted)] if r.omitted else []
        where = printable("\n".join((r.source, *notes)))
        title, date = escape(printable(r.title)), r.modified[:10]
        table.add_row(r.doc_id, title, str(r.characters), str(r.paragraphs), date, escape(where))
    console.print(table)


def _older(one: Older) -> str:
    zh, en = f"旧版 {one.edition}，现行的是", f"older version {one.edition}, the current one is"
    return f"{text(zh, en)} {one.replaced_by}"


def show_collections(console: Console, collections: Sequence[Collection]) -> None:
    """The parts of a library that can be asked alone, if there are several."""
    if len(collections) > 1:
        names = "、".join(f"{printable(one.name)}（{len(one.doc_ids)}）" for one in collections)
        zh, en = f"文档集（可用 --collection 单独问）：{names}", f"Collections (to be asked by --collection): {names}"
        console.print(escape(text(zh, en)))


def show_generations(console: Console, records: Iterable[GenerationRecord]) -> None:
    """A table of generations; the one in force is marked."""
    table = Table(box=None, header_style="bold")
    columns = ("", ("版本", "generation"), ("建于", "built"), ("文档", "documents"), ("段落单元", "passages"), "MB")
    for place, names in enumerate(columns):
        table.add_column(names if isinstance(names, str) else text(*names), justify="right" if place > 2 else "left")
    for r in records:
        mark = text("在用", "in force") if r.in_force else ""
        built = r.created.astimezone().strftime("%Y-%m-%d %H:%M:%S") if r.created else text("已损坏", "damaged")
        table.add_row(mark, escape(r.name), built, str(r.documents), str(r.passages), f"{r.size / 1e6:.1f}")
    console.print(table)


def show_health(console: Console, health: Health) -> None:
    """A line for each generation, and one for each thing that is wrong."""
    for one in health.generations:
        mark = text("（在用）", " (in force)") if one.in_force else ""
        count = len(one.inspection.problems)
        said = text("完好", "sound") if not count else text(f"损坏 {count} 处", f"{count} damages")
        _line(console, Text(f"{one.name}{mark}  {said}", "red" if count else "green"))
        for problem in one.inspection.problems:
            _line(console, Text(f"  ✗ {problem.place}: {text(problem.zh, problem.en)}", "red"))
    for problem in health.problems:
        _line(console, Text(f"✗ {problem.place}: {text(problem.zh, problem.en)}", "red"))
    for note in health.notes:
        _line(console, Text(f"- {note.place}: {text(note.zh, note.en)}", "dim"))
    if health.sound:
        _line(console, Text(text("索引完好。", "The index is sound."), "green"))
    elif health.older and not health.problems and all(one.inspection.sound for one in health.generations):
        _line(console, Text(f"! {text(health.older.zh, health.older.en)}", "yellow"))
    else:
        _line(
            console,
            Text(text("索引有损坏。修复：wenyuan check --repair", "Damaged. To repair: wenyuan check --repair"), "red"),
        )


def show_compared(console: Console, answers: Sequence[ComparedAnswer]) -> None:
    """Each saved answer with what has become of its citations; of a changed sentence the old and the new one."""
    for compared in answers:
        _line(console, Text(" ".join(filter(None, (compared.answer.id, compared.answer.question))), "bold"))
        for one in compared.citations:
            _line(console, _fate(one))
            if one.difference:
                for sign, style in (("-", "red"), ("+", "green")):
                    steps = [(said, f"bold {style}" if mark == sign else "") for mark, said in one.difference]
                    kept = [step for step, (mark, _) in zip(steps, one.difference, strict=True) if mark in ("=", sign)]
                    if kept:
                        _line(console, Text.assemble((f"    {sign} ", style), *kept))
    states = [one.state.value for compared in answers for one in compared.citations]
    counts = [states.count(name) for name in ("unchanged", "moved", "changed", "gone")]
    zh = "{} 处没有变，{} 处换了位置，{} 处改了，{} 处的文档已不在。".format(*counts)
    en = "{} unchanged, {} moved, {} changed, {} with the document gone.".format(*counts)
    _line(console, Text(text(zh, en), "green" if all(one.holds for one in answers) else "red"))


def show_document(console: Console, document: Document) -> None:
    """A document with its paragraph numbers, and marks where something of its file is lacking."""
    _line(console, Text(document.title, "bold"))
    lacking = document.lacking()
    _marks(console, lacking.get(0, ()))
    for group in document.grouped(document.blocks):
        if group[0].header:
            _show_table(console, document, group)
        else:
            for block in group:
                style = "bold" if block.kind.value == "heading" else ""
                text_of_block = document.text[block.start : block.end]
                number = (f"{block.number:>4}  ", "dim")
                _line(console, Text.assemble(number, (text_of_block, style), (_recognised(block), "dim")))
        _marks(console, [one for block in group for one in lacking.get(block.number, ())])


def _marks(console: Console, omitted: Sequence[Omission]) -> None:
    """A line for what is lacking at a place."""
    if omitted:
        _line(console, Text(f"      〔{_lacking(omitted)}〕", "yellow"))


def _lacking(omitted: Iterable[Omission]) -> str:
    said = [Lost.said(one) for one in omitted]
    return text(f"没有读入：{'、'.join(zh for zh, _ in said)}", f"not read: {', '.join(en for _, en in said)}")


def _recognised(block: Block) -> str:
    """How sure it is, of a block that was recognised in a picture."""
    return text(f"  〔文字识别 {block.ocr:.2f}〕", f"  [OCR {block.ocr:.2f}]") if block.ocr else ""


def _show_table(console: Console, document: Document, group: Sequence[Block]) -> None:
    """Rows with the numbers of their blocks under the names of their columns, a line each."""
    first, names = group[0], document.columns(group[0])
    own = first.header == first.number
    rows = [(block, row.cells) for block in group[own:] if (row := document.row(block))]
    widths = [
        min(_WIDEST, max(map(cell_len, texts))) for texts in zip_longest(names, *(row for _, row in rows), fillvalue="")
    ]
    _line(console, Text.assemble((f"{first.number if own else '':>4}  ", "dim"), (_aligned(names, widths), "bold")))
    _line(console, Text(" " * 6 + "─" * (sum(widths) + _GAP * (len(widths) - 1)), "dim"))
    for block, cells in rows:
        number = (f"{block.number:>4}  ", "dim")
        _line(console, Text.assemble(number, _aligned(cells, widths), (_recognised(block), "dim")))


def _aligned(texts: Sequence[str], widths: Sequence[int]) -> str:
    gap = " " * _GAP
    return gap.join(text + " " * (width - cell_len(text)) for text, width in zip(texts, widths, strict=False)).rstrip()


def _show_row(console: Console, row: TableRow) -> None:
    """A table of one row with its cited cells marked."""
    table = Table(box=SIMPLE_HEAD, header_style="bold", show_header=bool(row.header), pad_edge=False, show_edge=False)
    for name in row.header or row.cells:
        table.add_column(Text(printable(name)), overflow="fold")
    table.add_row(*(Text(printable(said), _HIGHLIGHT if at in row.cited else "") for at, said in enumerate(row.cells)))
    console.print(Padding(table, (0, 0, 0, 4)))


def show_report(console: Console, report: IndexReport) -> None:
    """What indexing did; every file that was not taken, with the reason."""
    from rag.loading.formats import OLD, how_to_read_old, libreoffice
    from rag.loading.images.recognition import SUFFIXES, how_to_read, is_installed

    for error in report.notices:
        _line(console, Text(f"! {text(error.zh, error.en)}", "yellow"))
    for source, error in report.failed:
        _line(console, Text(f"✗ {source}: {text(error.zh, error.en)}", "red"))
    for source, same in report.duplicates:
        _line(console, Text(text(f"= {source} 与 {same} 内容相同，只存一份", f"= {source}: same as {same}"), "dim"))
    for source in report.unsupported:
        _line(console, Text(text(f"- {source} 格式暂不支持，未索引", f"- {source}: format not supported"), "dim"))
    if not is_installed() and any(source.lower().endswith(SUFFIXES) for source in report.unsupported):
        _line(console, Text(f"! {text(*how_to_read())}", "yellow"))
    if libreoffice() is None and any(source.lower().endswith(tuple(OLD)) for source in report.unsupported):
        _line(console, Text(f"! {text(*how_to_read_old())}", "yellow"))
    added, changed, removed = len(report.added), len(report.changed), len(report.removed)
    done = text(
        f"索引完成：{report.documents} 篇文档，{report.passages} 个段落单元；"
        f"新增 {added}，更新 {changed}，不变 {len(report.unchanged)}，移除 {removed}；{report.seconds:.1f} 秒",
        f"Indexed: {report.documents} documents, {report.passages} passages; "
        f"{added} added, {changed} changed, {len(report.unchanged)} unchanged, {removed} removed; "
        f"{report.seconds:.1f} s",
    )
    _line(console, Text(done, "green"))
    for line in _left_out(report):
        _line(console, Text(line, "yellow"))


def _left_out(report: IndexReport) -> Iterator[str]:
    """What was not read, a line for each kind, with the files that have the most of it."""
    kinds: dict[str, list[tuple[str, Omission]]] = {}
    for source, omitted in report.omitted:
        kinds.setdefault(omitted.kind, []).append((source, omitted))
    for kind, lacking in kinds.items():
        whole = Omission(kind, tuple(place for _, omitted in lacking for place in omitted.after))
        files = Counter({source: len(omitted.after) for source, omitted in lacking})
        yield f"{_lacking([whole])}{_most(files)}"
    for zh, en, sources in (
        ("读不了的文件", "files that can't be read", [source for source, _ in report.failed]),
        ("其他格式的文件", "files of other formats", report.unsupported),
    ):
        if sources:
            kinds_of = Counter(Path(source).suffix.lower() or Path(source).name for source in sources)
            yield text(f"没有读入：{len(sources):,} 个{zh}", f"not read: {len(sources):,} {en}") + _most(kinds_of)


def _most(counts: Counter[str]) -> str:
    """The commonest of ``counts``, each with its number."""
    named = [f"{name} {count:,}" for name, count in counts.most_common(_NAMED)]
    rest = len(counts) - _NAMED
    zh, en = "、".join(named), ", ".join(named)
    more = text(f" 等 {len(counts):,} 个", f" and {rest:,} more") if rest > 0 else ""
    return text(f"（{zh}{more}）", f" ({en}{more})")


def _line(console: Console, line: Text) -> None:
    """Print without breaking lines: the terminal wraps, and a pipe gets the text as it is but for its controls."""
    line.plain = printable(line.plain)
    console.print(line, soft_wrap=True)


def _fate(one: Compared) -> Text:
    """A line that says what has become of a saved citation."""
    saved = one.citation
    zh, en = (f"第 {saved.paragraph} 段", f", paragraph {saved.paragraph}") if saved.paragraph else ("", "")
    where = text(f"《{saved.title}》{zh}", f"{saved.title}{en}")
    now = text(f"现在是第 {one.paragraph} 段", f"now paragraph {one.paragraph}")
    sign, style, said = {
        "unchanged": ("=", "green", text("没有变", "unchanged")),
        "moved": ("→", "cyan", text(f"一字未改，{now}", f"word for word, {now}")),
        "changed": ("≠", "red", text(f"改了，{now}", f"changed, {now}")),
        "gone": ("✗", "red", text(f"文档已不在：{saved.source}", f"the document is gone: {saved.source}")),
    }[one.state.value]
    if one.state.value == "changed" and not one.text:
        said = text("这句话已不在文档里", "the sentence is no longer in the document")
    return Text.assemble((f"  {sign} ", style), (f"[{saved.n}] {where}", "bold"), (f"  {said}", style))


def _heading(citation: Citation) -> Text:
    zh, en = (f"第 {citation.page} 页", f", page {citation.page}") if citation.page else ("", "")
    where = text(
        f"《{citation.title}》{zh}第 {citation.paragraph} 段", f"{citation.title}{en}, paragraph {citation.paragraph}"
    )
    return Text.assemble((f"[{citation.n}] ", "bold cyan"), (where, "bold"), (f"  {citation.source}", "dim"))


def _also_in(others: Sequence[Elsewhere], doc_id: str) -> str:
    """Other files of document ``doc_id`` by their source, documents that are almost the same by title, too."""
    zh = "、".join(o.source if o.doc_id == doc_id else f"《{o.title}》{o.source}" for o in others)
    en = ", ".join(o.source if o.doc_id == doc_id else f"{o.title} ({o.source})" for o in others)
    return text(f"另见 {zh}", f"also in {en}")


def _in_context(citation: Citation, document: Document) -> Text:
    """The cited sentence with a little of its paragraph around it."""
    block = document.block_at(citation.start)
    begin = max(block.start, citation.sentence_start - _NEIGHBOURS)
    end = min(block.end, citation.sentence_end + _NEIGHBOURS)
    whole = document.text
    return Text.assemble(
        ("…" if begin > block.start else "", "dim"),
        (whole[begin : citation.sentence_start], "dim"),
        whole[citation.sentence_start : citation.start],
        (citation.quote, _HIGHLIGHT),
        whole[citation.end : citation.sentence_end],
        (whole[citation.sentence_end : end], "dim"),
        ("…" if end < block.end else "", "dim"),
    )
