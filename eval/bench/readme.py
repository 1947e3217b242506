"""The tables of results in the READMEs and in docs/, made from published results so that no figure is typed.

    python -m eval.bench.readme [RESULT …]

takes the given results (names or folders) over into ``eval/results/NAME.json``, without their questions, and renews
the tables between ``<!-- NAME -->`` and ``<!-- /NAME -->`` in README.md, docs/en/results.md and their Chinese ones.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from eval.bench.growth import Growth
from eval.bench.page_speed import PageSpeed
from eval.bench.peers.table import Comparison
from eval.bench.peers.table import markdown as peers_markdown
from eval.bench.scale import Scale
from eval.bench.start import Start
from rag.errors import EvaluationError, Language, WenyuanError
from rag.evaluation.ablation import AblationRow, ablation_table
from rag.evaluation.measures import NAMES
from rag.evaluation.report.markdown import grid
from rag.evaluation.report.tables import interval
from rag.evaluation.results import RESULTS, Result, load_result, pretty
from rag.messages import language, speaking, text

_T = TypeVar("_T")

_ROOT = Path(__file__).parents[2]
_PUBLISHED = _ROOT / RESULTS
READMES: dict[Language, Path] = {"en": _ROOT / "README.md", "zh": _ROOT / "README.zh.md"}
PAGES: dict[Language, Path] = {tongue: _ROOT / "docs" / tongue / "results.md" for tongue in READMES}
# What is done with one file.
_ONE = {
    "add": ("加一个文件", "one file added"),
    "change": ("改这个文件", "that file changed"),
    "remove": ("去掉这个文件", "that file removed"),
    "inside": ("改其中一篇", "one of the articles changed"),
}
_ARTICLES = {"gold-trained": ("调优", "tuning"), "trained-held-out": ("留出", "held out")}
_SETS = {
    "cmrc2018_trial-trained": "CMRC 2018 trial",
    "chinese_squad2_dev-trained": "ChineseSquad 2.0 dev",
}
# The columns of the README's table.
_SHOWN = {
    "trained-held-out": ("两篇文章（留出）", "the two articles (held out)"),
    "work": ("工作和家里的文档", "documents of work and home"),
    "cmrc2018_trial-trained": ("CMRC 2018 trial", "CMRC 2018 trial"),
    "chinese_squad2_dev-trained": ("ChineseSquad 2.0 dev", "ChineseSquad 2.0 dev"),
}
_ROWS = {
    "Success@1": ("答案所在的段落排第一", "a passage with the answer comes first"),
    "Success@5": ("在前五", "among the first five"),
    "right and cited": ("答对，出处也对", "answered rightly and rightly cited"),
    "F1": ("答案的重合度 F1", "overlap with the answer, F1"),
    "citation precision": ("引用的句子里是证据", "cited sentences that are evidence"),
    "citation exactness": ("引文与原文一字不差", "quotes that are the document's text"),
    "accuracy": ("答对，或该拒答而拒答", "answered rightly, or rightly declined"),
    "abstention recall": ("答不了的题里拒答的", "unanswerable questions declined"),
    "abstention AUROC": ("可信度的 AUROC", "AUROC of the confidence"),
}


def renewed(page: str, tongue: Language, names: Iterable[str]) -> str:
    """``page`` with the tables ``names`` made anew. Raises EvaluationError for a missing marker or published result."""
    with speaking(tongue):
        for name in names:
            pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
            if not pattern.search(page):
                raise EvaluationError(f"页面里没有 <!-- {name} -->。", f"The page has no <!-- {name} -->.")
            made = TABLES[name]().strip()
            page = pattern.sub(lambda found, made=made: f"{found[1]}{made}\n{found[2]}", page)  # type: ignore[misc]
    return page


def places(tongue: Language) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """The files with tables, and the names of these."""
    yield READMES[tongue], IN_README
    yield PAGES[tongue], tuple(name for name in TABLES if name not in IN_README)


def _shown() -> str:
    found = {name: _result(name) for name in _SHOWN}
    heads = [text(*_SHOWN[name]) for name in found]
    rows = [(text("问题数", "questions"), *(f"{r.questions:,}" for r in found.values()))]
    for measure, said in _ROWS.items():
        means = (r.summary.get(measure) for r in found.values())
        rows.append((text(*said), *(f"{one.mean:.2f}" if one else "—" for one in means)))
    times = (r.latency_ms["total"].p50 for r in found.values())
    rows.append((text("一题耗时（中位数）", "time of an answer (median)"), *(f"{time:.0f} ms" for time in times)))
    return _grid(("", *heads), rows)


def _articles() -> str:
    results = {name: _result(name) for name in _ARTICLES}
    heads = [
        text(f"{zh}，{results[name].questions} 题", f"{en}, {results[name].questions} questions")
        for name, (zh, en) in _ARTICLES.items()
    ]
    rows = _measure_rows(list(results.values()))
    times = [f"{r.latency_ms['total'].p50:.0f} / {r.latency_ms['total'].p95:.0f} ms" for r in results.values()]
    rows.append((text("回答耗时 p50 / p95", "time of an answer, p50 / p95"), *times))
    return _grid((text("指标（95% 区间）", "measure (95 % interval)"), *heads), rows)


def _page() -> str:
    found = _published("page-speed", PageSpeed)
    rows = [
        (text("打开到可以提问", "opened, until one can ask"), found.interactive),
        (text("按下回车到答案显示", "from Enter to the painted answer"), found.answer),
        (text("同上，8 人不停地同时问", "the same, 8 people asking without a pause"), found.together),
    ]
    columns = (text("耗时", "time"), "p50", "p95", text("次数", "of"))
    shown = [(name, f"{one.p50:.0f} ms", f"{one.p95:.0f} ms", str(one.n)) for name, one in rows]
    said = text(
        f"`python -m eval.bench.page_speed`，真实浏览器，{found.machine.cores} 核；出错 {len(found.errors)} 次。",
        f"`python -m eval.bench.page_speed`, a real browser, {found.machine.cores} cores; errors: {len(found.errors)}.",
    )
    return f"{_grid(columns, shown)}\n\n{said}"


def _scale() -> str:
    found = _published("scale", Scale)
    rows = [
        (text("第一次", "the first run"), found.first),
        (text("再运行一次，文件没变", "again, no file changed"), found.again),
        (text("加一个文件", "one file added"), found.one_more),
    ]
    columns = (
        text("运行", "run"),
        text("耗时", "time"),
        text("CPU 时间", "CPU time"),
        text("内存峰值", "peak memory"),
        text("计算向量的文字数", "texts embedded"),
    )
    shown = [
        (name, f"{one.seconds:,.0f} s", f"{one.cpu_seconds:,.0f} s", f"{one.memory_mb:,} MB", f"{one.texts_embedded:,}")
        for name, one in rows
    ]
    files, characters, cores = found.files, found.characters, found.machine.cores
    said = text(
        f"`python -m eval.bench.scale`：{files:,} 个文件，九种格式，共 {characters:,} 字，索引 {found.index_mb:,} MB，"
        f"{cores} 核，测时机器上还有别的任务。",
        f"`python -m eval.bench.scale`: {files:,} files of nine formats, {characters:,} characters, an index of "
        f"{found.index_mb:,} MB, {cores} cores with other work to do.",
    )
    return f"{_grid(columns, shown)}\n\n{said}"


def _growth() -> str:
    found = _published("growth", Growth)
    columns = [text("文章", "articles")]
    columns += [text(f"{size.articles:,} 篇", f"{size.articles:,}") for size in found.sizes]
    rows = [
        (text("字数", "characters"), [f"{size.characters / 1e6:.1f} M" for size in found.sizes]),
        (text("向量", "vectors"), [f"{size.rows:,}" for size in found.sizes]),
        (text("索引大小", "index on disk"), [f"{sum(size.index_mb.values()):,.0f} MB" for size in found.sizes]),
        (text("建索引", "indexing"), [_took(size.first.seconds) for size in found.sizes]),
        (
            text("其中计算向量", "of it embedding"),
            [_took(size.first.stages["embed"]) if size.embedded else "—" for size in found.sizes],
        ),
        (text("建索引的内存峰值", "peak memory, indexing"), [f"{size.first.memory_mb:,} MB" for size in found.sizes]),
        (
            text("检索 p50 / p95", "search, p50 / p95"),
            [f"{s.p50:.0f} / {s.p95:.0f} ms" for s in (size.asked.search["total"] for size in found.sizes)],
        ),
        (
            text("回答 p50 / p95", "answer, p50 / p95"),
            [f"{a.p50:.0f} / {a.p95:.0f} ms" for a in (size.asked.ask["total"] for size in found.sizes)],
        ),
        (text("回答的内存峰值", "peak memory, answering"), [f"{size.asked.memory_mb:,} MB" for size in found.sizes]),
        (
            text("向量检索的 Recall@10", "Recall@10 of the vector index"),
            [f"{size.asked.recall:.3f}" if size.asked.recall is not None else "—" for size in found.sizes],
        ),
    ]
    for what, name in _ONE.items():
        runs = [size.one.get(what) for size in found.sizes]
        if any(runs):
            rows.append((text(*name), [f"{run.seconds:.1f} s, {run.memory_mb:,} MB" if run else "—" for run in runs]))
    said = text(
        f"`python -m eval.bench.growth`，{found.machine.cores} 核。“—”：向量是编造的，只量其余部分。"
        "超出的文章由真文章的句子拼成，改了数字和人名。",
        f"`python -m eval.bench.growth`, {found.machine.cores} cores. “—”: vectors were made up, and all but the "
        "embedding was measured. Articles beyond the real ones are made of their sentences, with other numbers and "
        "names.",
    )
    return f"{_grid(columns, [(name, *values) for name, values in rows])}\n\n{said}"


def _took(seconds: float) -> str:
    return text(f"{seconds / 60:,.1f} 分", f"{seconds / 60:,.1f} min")


def _start() -> str:
    found = _published("start", Start)
    served = " (a server runs)"
    beside = text("，服务器在运行", " while a server runs")
    shown = [(f"wenyuan {one.what.replace(served, beside)}", one) for one in found.commands]
    shown += [(text(f"{peer.what}，一句话", f"{peer.what}, one sentence"), peer) for peer in found.peers]
    columns = (text("从启动到结束", "from start to end"), text("耗时", "time"), "CPU", text("内存峰值", "peak memory"))
    rows = [(name, f"{one.wall_s:.2f} s", f"{one.cpu_s:.2f} s", f"{one.peak_mb:,.0f} MB") for name, one in shown]
    said = text(
        f"`python -m eval.bench.start --peers .venv-peers`，两篇文章的索引，{found.times} 次的中位数，"
        f"{found.machine.cores} 核。别的系统只要索引一句话再找到它，不读硬盘上的索引，也不抽答案。",
        f"`python -m eval.bench.start --peers .venv-peers`, an index of the two articles, median of {found.times}, "
        f"{found.machine.cores} cores. The other systems have one sentence to index and find, no index on disk to "
        "open, and no answer to read.",
    )
    return f"{_grid(columns, rows)}\n\n{said}"


def _sets() -> str:
    results = {title: _result(name) for name, title in _SETS.items()}
    heads = [
        text(
            f"{title}：{r.documents:,} 段，{r.questions:,} 题",
            f"{title}: {r.documents:,} paragraphs, {r.questions:,} questions",
        )
        for title, r in results.items()
    ]
    rows = _measure_rows(list(results.values()))
    return _grid((text("指标（95% 区间）", "measure (95 % interval)"), *heads), rows)


def _ablation() -> str:
    table = ablation_table(text("两篇文章", "The two articles"), _published("ablation-gold", list[AblationRow]))
    return f"{_grid(table.columns, table.rows)}\n\n{table.note}"


def _peers() -> str:
    return peers_markdown(_published("peers-articles", Comparison))


TABLES: dict[str, Callable[[], str]] = {
    "results": _shown,
    "articles": _articles,
    "sets": _sets,
    "ablation": _ablation,
    "peers": _peers,
    "start": _start,
    "page": _page,
    "scale": _scale,
    "growth": _growth,
}
IN_README = ("results",)


def _measure_rows(results: Sequence[Result]) -> list[tuple[str, ...]]:
    shown = [name for name in NAMES if any(name in result.summary for result in results)]
    return [
        (name, *(interval(result.summary[name]) if name in result.summary else "—" for result in results))
        for name in shown
    ]


def _grid(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return grid(columns, rows, [number > 0 for number in range(len(columns))])


def _result(name: str) -> Result:
    return _published(name, Result)


def _published(name: str, kind: type[_T]) -> _T:
    file = _PUBLISHED / f"{name}.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError) as error:
        raise EvaluationError(f"无法读取 {file.name}：{error}", f"Can't read {file.name}: {error}") from error


def main() -> None:
    """Publish results, renew the tables."""
    try:
        for place in sys.argv[1:]:
            result, _ = load_result(place)
            (_PUBLISHED / f"{result.name}.json").write_bytes(pretty(result))
        for tongue in READMES:
            for file, names in places(tongue):
                file.write_text(renewed(file.read_text("utf-8"), tongue, names), "utf-8")
    except WenyuanError as error:
        sys.exit(error.message(language()))


if __name__ == "__main__":
    main()
