"""The report shows what was measured and nothing that must not be shown, in a real browser too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browser import shot
from documents import HashEncoder
from playwright.sync_api import Browser, Page, expect

from rag.evaluation.datasets import Dataset, gold, sample
from rag.evaluation.evaluate import evaluate
from rag.evaluation.gold import GOLD, HELD_OUT, GoldQuestion, Place
from rag.evaluation.outcome import Asked, Cited, Outcome, Retrieved, Stage, evidence_ranks
from rag.evaluation.report import write_report
from rag.evaluation.report.failures import failures, losses
from rag.evaluation.report.markdown import escaped
from rag.evaluation.report.pictures import recall_by_depth
from rag.evaluation.report.tables import stage_name
from rag.evaluation.results import Evaluation
from rag.indexing.update import index_paths
from rag.settings import Settings

HOSTILE = "<script>window.pwned=1</script>"
TEXT = f"银河项目的负责人是李白。\n暗号是{HOSTILE}与|竖线|。\n其余的话。"
NAME, OTHER = "first.txt", "second.txt"


def place(words: str) -> Place:
    start = TEXT.index(words)
    return Place(NAME, start, start + len(words), words)


QUESTIONS = (
    GoldQuestion(id="秘一", question="银河项目的负责人是谁？", answers=("李白",), evidence=((place("负责人是李白"),),)),
    GoldQuestion(
        id="秘二", question=f"{HOSTILE}暗号|是什么？", answers=(HOSTILE,), evidence=((place(HOSTILE),),), style="typo"
    ),
    GoldQuestion(id="秘三", question="谁也没有写过的事是什么？"),
)
WHOLE = Retrieved(NAME, 0, len(TEXT), 0.5)
ELSEWHERE = Retrieved(OTHER, 0, 3, 0.7)


def outcome(question: GoldQuestion, stage: Stage | None, *hits: Retrieved, answer: str = "") -> Outcome:
    """What came back for ``question``, made up; the answer cites the hostile words."""
    words = question.places[0] if question.places else place(HOSTILE)
    cited = Cited(NAME, words.start, words.end, words.start - 2, words.end + 1, True)
    return Outcome(
        id=question.id,
        style=question.style,
        answerable=question.answerable,
        lost_at=stage,
        measures={"accuracy": float(stage is None)},
        asked=Asked(
            id=question.id,
            hits=hits,
            timings_ms={"total": 7.0},
            answered=bool(answer),
            answer=answer,
            confidence=0.25,
            citations=(cited,) if answer else (),
        ),
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """Three questions about two documents, one of them hostile; what came back is made up."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "documents").mkdir()
    (folder / "documents" / NAME).write_text(TEXT, "utf-8")
    (folder / "documents" / OTHER).write_text("另一篇文档。\n", "utf-8")
    dataset = Dataset("made", QUESTIONS[:1], "passage")
    encoder = HashEncoder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rag.models.encoder_name", lambda *_: encoder.name)
        patch.setattr("rag.models.load_encoder", lambda *_, **__: encoder)
        index_paths([folder / "documents"], folder / "index", Settings())
        asked = evaluate(dataset, Settings(), index=folder / "index", results=folder / "results", with_cost=False)
    outcomes = (
        outcome(QUESTIONS[0], Stage.RANK, ELSEWHERE, WHOLE, answer="杜甫"),
        outcome(QUESTIONS[1], Stage.RETRIEVE, ELSEWHERE),
        outcome(QUESTIONS[2], Stage.ANSWER, ELSEWHERE, answer=HOSTILE),
    )
    return replace(asked, dataset=replace(dataset, questions=QUESTIONS), outcomes=outcomes)


def written(evaluation: Evaluation, folder: Path) -> tuple[str, str]:
    folder.mkdir(exist_ok=True)
    write_report(evaluation, folder)
    return (folder / "report.html").read_text("utf-8"), (folder / "report.md").read_text("utf-8")


def test_what_documents_and_questions_say_is_never_markup(made: Evaluation, tmp_path: Path) -> None:
    html, summary = written(made, tmp_path / "report")
    assert "pwned" in html
    assert HOSTILE not in html
    assert html.count("<script") == html.count("</script") == 1
    assert "pwned" in summary
    assert "<script" not in summary.replace(r"\<script", "")
    assert escaped("a|b\n<i> *c* [d](e) `f` g_h") == r"a\|b \<i\> \*c\* \[d\](e) \`f\` g\_h"


def test_held_out_questions_appear_in_neither_file(made: Evaluation, tmp_path: Path) -> None:
    secret = replace(made, dataset=replace(made.dataset, name=HELD_OUT.stem))
    assert failures(secret, 300) == []
    for file in written(secret, tmp_path / "report"):
        assert "谁也不看" in file
        for hidden in ("秘一", "秘二", "秘三", "银河", "暗号", "没有写过", "李白", "杜甫", "pwned", NAME, "typo"):
            assert hidden not in file
        assert "检索" in file


def test_a_failing_question_comes_with_its_evidence_ranks_citation_and_passages(made: Evaluation) -> None:
    first, second, third = failures(made, 300)
    assert [(f.question.id, f.stage) for f in (first, second, third)] == [
        ("秘一", Stage.RANK),
        ("秘二", Stage.RETRIEVE),
        ("秘三", Stage.ANSWER),
    ]
    assert [(fact.places[0].words, fact.places[0].paragraph, fact.rank) for fact in first.facts] == [
        ("负责人是李白", 1, 2)
    ]
    assert [(quote.before, quote.words, quote.after) for quote in first.cited] == [("目的", "负责人是李白", "。")]
    assert [(p.rank, p.document, p.is_gold) for p in first.passages] == [(1, OTHER, False), (2, NAME, True)]
    assert first.passages[1].pieces == ("银河项目的", "负责人是李白", TEXT[len("银河项目的负责人是李白") :])
    assert [(fact.places[0].paragraph, fact.rank) for fact in second.facts] == [(2, None)]
    assert third.facts == ()


def test_stages_are_named_in_words_and_counted_in_both_files(made: Evaluation, tmp_path: Path) -> None:
    html, summary = written(made, tmp_path / "report")
    for stage in (Stage.RANK, Stage.RETRIEVE, Stage.ANSWER):
        name, why = stage_name(stage)
        assert f"丢在“{name}”：{why}。" in html
        assert f"| {name} {stage} | 1 | {why} |" in summary
        assert f"\n| {name} | " in summary
    assert "拒答：资料里没有答案" in html
    assert "不在检索到的 1 条里" in html
    assert "排第 2 位" in html


def test_of_many_failures_every_stage_is_listed(made: Evaluation) -> None:
    many = tuple(GoldQuestion(id=f"q{i}", question="问") for i in range(40))
    outcomes = tuple(outcome(q, Stage.DECLINE if q.id == "q39" else Stage.ANSWER) for q in many)
    evaluation = replace(made, outcomes=outcomes, dataset=replace(made.dataset, questions=(*QUESTIONS, *many)))
    assert len(losses(evaluation)) == 40
    assert [f.question.id for f in failures(evaluation, 5)] == ["q0", "q1", "q2", "q3", "q39"]


def test_where_no_answers_are_known_what_is_not_read_has_failed(made: Evaluation, tmp_path: Path) -> None:
    question = GoldQuestion(id="d", question="哪一篇？", documents={NAME: 1, "gone.txt": 1})
    deep = (*[ELSEWHERE] * 3, *[Retrieved(f"{i}.txt", 0, 1, 0.1) for i in range(10)], WHOLE)
    assert evidence_ranks(question, deep) == [12, None]
    for hits, stage in ((deep[-1:], None), (deep, Stage.RANK), ((ELSEWHERE,), Stage.RETRIEVE)):
        found = replace(
            made,
            dataset=Dataset("documents", (question,), "document"),
            outcomes=(Outcome(id="d", answerable=True, measures={}, asked=Asked(id="d", hits=hits, timings_ms={})),),
        )
        assert [lost for _, lost in losses(found)] == ([stage] if stage else [])
    html, _ = written(found, tmp_path / "report")
    assert "gone.txt" in html
    assert 'id="picture-recall"' in html
    assert 'id="picture-coverage"' not in html


def test_the_same_evaluation_gives_the_same_bytes_in_either_language(
    made: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chinese = written(made, tmp_path / "a")
    assert chinese == written(made, tmp_path / "b")
    monkeypatch.setenv("WENYUAN_LANG", "en")
    english, summary = written(made, tmp_path / "c")
    assert '<html lang="en">' in english
    assert "Failing questions" in summary
    assert "失败" not in english + summary
    assert '<html lang="zh-CN">' in chinese[0]


@pytest.fixture(scope="module")
def measured(index_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """25 gold questions asked of the two articles, with their report."""
    results = tmp_path_factory.mktemp("results")
    dataset = sample(gold(GOLD), 25)
    return evaluate(dataset, Settings(), index=index_dir, results=results, with_cost=False, report=write_report)


@pytest.fixture
def report(browser: Browser, measured: Evaluation) -> Iterator[Page]:
    """The report, open from disk; it may ask for nothing but itself, and nothing may go wrong in it."""
    with browser.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN", offline=True) as context:
        page = context.new_page()
        wrong: list[str] = []
        requests: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text))
        page.on("request", lambda request: requests.append(request.url))
        page.goto((measured.folder / "report.html").as_uri())
        yield page
        assert wrong == []
        assert {url for url in requests if not url.startswith("data:")} == {(measured.folder / "report.html").as_uri()}


def test_the_curve_of_recall_goes_through_the_measured_recall(measured: Evaluation) -> None:
    means = recall_by_depth(measured).mean(axis=0)
    for depth in (1, 5, 10):
        assert means[depth - 1] == pytest.approx(measured.result.summary[f"Recall@{depth}"].mean)


def test_pictures_and_headline_stand_on_the_page(report: Page, measured: Evaluation) -> None:
    pictures = report.locator(".pictures figure")
    expect(pictures).to_have_count(4)
    for picture in pictures.all():
        drawn = picture.locator("svg").bounding_box()
        assert drawn is not None
        assert drawn["width"] > 400
        assert drawn["height"] > 250
        assert picture.get_by_role("img").get_attribute("aria-label")
    assert report.evaluate(_CUT_LABELS) == []
    assert len(set(report.evaluate(_IDS))) == len(report.evaluate(_IDS))
    shown = {f.get_attribute("data-measure"): f.locator(".value").inner_text() for f in report.locator(".figure").all()}
    summary = measured.result.summary
    assert shown == {
        name: f"{summary[name].mean:.3f}"
        for name in ("accuracy", "F1", "citation exactness", "Recall@5", "evidence@1000", "abstention AUROC")
    }
    report.screenshot(path=_artefact("report"), full_page=True)


def test_the_failing_questions_can_be_filtered_and_searched(report: Page, measured: Evaluation) -> None:
    lost = losses(measured)
    entries = report.locator(".failure:visible")
    expect(entries).to_have_count(len(lost))
    for stage in {stage for _, stage in lost}:
        count = sum(other is stage for _, other in lost)
        button = report.locator(f".stages [data-stage={stage}]")
        expect(button.locator(".number")).to_have_text(str(count))
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(entries).to_have_count(count)
        assert {entry.get_attribute("data-stage") for entry in entries.all()} == {stage.value}
        expect(report.locator(".filters output")).to_have_text(f"{count} / {len(lost)}")
    report.get_by_role("button", name="清除").click()
    expect(entries).to_have_count(len(lost))
    wanted = failures(measured, 300)[-1].question
    report.get_by_role("searchbox").fill(wanted.question)
    expect(entries).to_have_count(1)
    expect(entries.locator(".question")).to_have_text(wanted.question)
    entries.locator("summary").focus()
    report.keyboard.press("Enter")
    expect(entries.locator(".passages li")).to_have_count(5)
    shot(report, "report-failure")


def test_a_phone_never_scrolls_the_page_sideways(report: Page) -> None:
    report.set_viewport_size({"width": 390, "height": 844})
    for summary in report.locator("summary").all()[:5]:
        summary.click()
    assert report.evaluate("document.documentElement.scrollWidth") == 390
    for picture in report.locator(".pictures svg").all():
        drawn = picture.bounding_box()
        assert drawn is not None
        assert drawn["width"] > 300
    report.screenshot(path=_artefact("report-phone"), full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_contrast(report: Page, scheme: str) -> None:
    report.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    report.locator("summary").first.click()
    paper = report.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(246, 245, 241)", "dark": "rgb(21, 24, 28)"}[scheme]
    assert report.evaluate(_FAINT, 4.5) == []
    if scheme == "dark":
        report.screenshot(path=_artefact("report-dark"), full_page=True)


def test_without_scripts_every_failing_question_is_there(browser: Browser, measured: Evaluation) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto((measured.folder / "report.html").as_uri())
        expect(page.locator(".failure:visible")).to_have_count(len(losses(measured)))
        expect(page.locator(".filters")).to_be_hidden()


def _artefact(name: str) -> Path:
    folder = Path(__file__).parent / "artefacts"
    folder.mkdir(exist_ok=True)
    return folder / f"{name}.png"


_IDS = "[...document.querySelectorAll('[id]')].map(element => element.id)"
# Labels of pictures that reach beyond their picture.
_CUT_LABELS = """
[...document.querySelectorAll("figure")].flatMap(figure => {
  const frame = figure.getBoundingClientRect();
  return [...figure.querySelectorAll("svg text")].filter(label => {
    const box = label.getBoundingClientRect();
    return box.left < frame.left || box.right > frame.right || box.top < frame.top || box.bottom > frame.bottom;
  }).map(label => label.textContent);
})
"""
# Elements with text whose contrast with what is behind them is below the limit, with that contrast (WCAG 2.2, 1.4.3).
_FAINT = """
limit => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const light = colours => {
    for (const colour of colours) {
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
    }
    const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].slice(0, 3).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const faint = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility() || element.closest("script, option")) continue;
    const behind = [];
    for (let at = element; at; at = at.parentElement) behind.unshift(getComputedStyle(at).backgroundColor);
    const style = getComputedStyle(element);
    const below = light(behind);
    const above = light([...behind, element.closest("svg") ? style.fill : style.color]);
    const contrast = (Math.max(above, below) + 0.05) / (Math.min(above, below) + 0.05);
    if (contrast < limit) faint.push(`${contrast.toFixed(2)} ${element.className} ${element.textContent.slice(0, 20)}`);
  }
  return faint;
}
"""
