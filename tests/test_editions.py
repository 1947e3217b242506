"""Of two editions of one document that differ the newer answers, and both say when they are of."""

from __future__ import annotations

from pathlib import Path

import pytest
from documents import document

from rag.answering.agreement import Source
from rag.answering.editions import by_date, by_version, called, editions, names, newest_first
from rag.library import Library
from rag.models import Models
from rag.question.analysis import Question, analyse
from rag.reading import Evidence
from rag.settings import Settings
from rag.text.tokenization import Cutting
from rag.types import Document, Role, Span
from rag.web.conversation import Turn
from rag.web.page import answers

RULE = (
    "# 差旅费管理办法{title}\n\n## 住宿\n\n出差人员的住宿费标准为每人每天{amount}元，超出部分自理。\n\n"
    "本办法自{since}起施行。\n"
)
ASKED = "住宿费标准是每人每天多少元？"


def rule(title: str, amount: int, since: str, name: str = "a.md") -> Document:
    return document(RULE.format(title=title, amount=amount, since=since), name)


class Nothing:
    """A corpus without documents."""

    def idf(self, term: str) -> float:  # noqa: ARG002
        return 1.0

    def knows(self, term: str) -> bool:  # noqa: ARG002
        return False


def question(text: str) -> Question:
    return analyse(Cutting()(text), Nothing())


def said(made: Document, words: str, role: Role = Role.ANSWER) -> Source:
    start = made.text.index(words)
    sentence = made.block_at(start)
    span = Span(start, start + len(words))
    return Source(Evidence(made, (span,), Span(sentence.start, sentence.end), 1.0, role), ())


@pytest.mark.parametrize(
    ("title", "since", "name", "label"),
    [
        ("（2025版）", "2023年1月1日", "a.md", "2025"),
        ("", "2023年1月1日", "差旅费-20250301.md", "2025-03-01"),
        ("", "2025年1月1日", "a.md", "2025-01-01"),
        ("", "印发之日", "a.md", None),
    ],
)
def test_a_document_is_dated_by_title_file_name_or_text(title: str, since: str, name: str, label: str | None) -> None:
    found = by_date(rule(title, 100, since, name))
    assert (found and found.label) == label


def test_a_version_is_known_by_its_number() -> None:
    found = [
        by_version(document(f"# {title}\n\n内容。\n"))
        for title in ("手册 V2.10", "手册（第三版）", "手册 v2.9", "手册")
    ]
    assert [one and (one.key, one.label) for one in found] == [
        ((2, 10), "V2.10"),
        ((3,), "第三版"),
        ((2, 9), "V2.9"),
        None,
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("差旅费管理办法（2023版，已废止）", "差旅费管理办法（2025版，现行）"),
        ("入住须知 2024年版（适用于2024年签约的住客）", "入住须知 2025年版（适用于2025年1月以后签约的住客）"),
        ("校车线路【2023年秋】", "校车线路 2025年"),
        ("用印办法〔2023〕12号", "用印办法 2025年修订"),
    ],
)
def test_what_is_said_of_an_edition_beside_its_date_makes_no_other_document(old: str, new: str) -> None:
    assert editions(rule(old, 80, "印发之日"), rule(new, 100, "印发之日")) is not None


@pytest.mark.parametrize(
    ("old", "new", "labels"),
    [
        ("2025年秋季学期致家长通知", "2026年春季学期致家长通知", ["2025年秋季学期", "2026年春季学期"]),
        ("2025年上半年总结", "2025年下半年总结", ["2025年上半年", "2025年下半年"]),
        ("2025-2026学年第一学期课表", "2025-2026学年第二学期课表", ["2025-2026学年第一学期", "2025-2026学年第二学期"]),
        ("2025年第二季度报表", "2025年三季度报表", ["2025年第二季度", "2025年三季度"]),
        ("2025年春游方案", "2025年秋游方案", []),
    ],
)
def test_a_part_of_a_year_tells_editions_apart(old: str, new: str, labels: list[str]) -> None:
    both = editions(document(f"# {old}\n\n伙食费18元。\n"), document(f"# {new}\n\n伙食费20元。\n"))
    assert [one.label for one in both or ()] == labels
    assert both is None or both[0].key < both[1].key


def test_the_edition_may_stand_in_the_first_line_alone() -> None:
    old, new = (
        document(f"会员合同（{year}版）\n\n年卡{price}元。\n", "会员合同.txt") for year, price in ((2023, 9), (2025, 8))
    )
    assert [one.label for one in editions(old, new) or ()] == ["2023", "2025"]


def test_what_stands_in_brackets_without_a_date_tells_documents_apart() -> None:
    one, other = rule("（总部）2023版", 80, "印发之日"), rule("（工厂）2025版", 100, "印发之日")
    assert editions(one, other) is None


def test_documents_of_other_matters_are_no_editions_of_each_other() -> None:
    old, new = rule("（2023版）", 80, "印发之日"), rule("（2025版）", 100, "印发之日")
    assert [one.label for one in editions(old, new) or ()] == ["2023", "2025"]
    other = document("# 请假管理规定（2025版）\n\n年假五天。\n")
    assert editions(old, other) is None


@pytest.mark.parametrize(
    ("asked", "edition", "named"),
    [
        ("2023年的住宿费标准是多少？", "2023-05-01", True),
        ("2023年5月的住宿费标准是多少？", "2023-05-01", True),
        ("２０２３版的住宿费标准是多少？", "2023", True),
        ("2023年6月的住宿费标准是多少？", "2023-05-01", False),
        ("2023年5月的住宿费标准是多少？", "2023", False),
        ("第一版的总价是多少？", "第一版", True),
        ("v1.2 的总价是多少？", "V1.2", True),
        ("第一版的总价是多少？", "第二版", False),
        ("总价超过20230元怎么办？", "2023", False),
        ("住宿费标准是多少？", "2023-05-01", False),
    ],
)
def test_a_question_names_an_edition_by_its_version_or_a_time_that_its_date_lies_in(
    asked: str, edition: str, named: bool
) -> None:
    assert names(asked, edition) is named


def test_an_edition_is_called_by_its_year_or_by_what_says_itself_that_it_is_one() -> None:
    assert [called(edition, "{} 版") for edition in ("2025", "V2.1", "第二版", "2025年秋季")] == [
        "2025 版", "V2.1 版", "第二版", "2025年秋季",
    ]  # fmt: skip


def test_the_newer_edition_answers_and_what_agrees_with_the_older_differs_with_it() -> None:
    old, new = rule("（2023版）", 80, "印发之日"), rule("（2025版）", 100, "印发之日")
    again = document("# 通知\n\n住宿费标准为80元。\n")
    found = [said(old, "80元"), said(again, "80元", Role.REPEAT), said(new, "100元", Role.DIFFERENT)]
    ordered, labels = newest_first(found, question(ASKED))
    assert [(one.evidence.texts, one.evidence.role) for one in ordered] == [
        (("100元",), Role.ANSWER),
        (("80元",), Role.DIFFERENT),
        (("80元",), Role.DIFFERENT),
    ]
    assert labels == {old.doc_id: "2023", new.doc_id: "2025"}


def test_a_question_that_says_of_when_keeps_its_answer() -> None:
    old, new = rule("（2023版）", 80, "印发之日"), rule("（2025版）", 100, "印发之日")
    found = [said(old, "80元"), said(new, "100元", Role.DIFFERENT)]
    assert newest_first(found, question("2023年的住宿费标准是多少？")) == (found, {})


def test_a_library_answers_from_the_newer_edition_and_shows_the_older(tmp_path: Path, plain_models: Models) -> None:
    for year, amount in ((2023, 80), (2025, 100)):
        text = RULE.format(title=f"（{year}版）", amount=amount, since=f"{year}年1月1日")
        (tmp_path / f"差旅费{year}.md").write_text(text, "utf-8")
    settings = Settings(retrieval="bm25")
    Library.index([tmp_path], tmp_path / "index", settings)
    answer = Library.open(tmp_path / "index", settings, models=plain_models).ask(ASKED)
    (part,) = answer.parts
    assert [(item.text, item.edition, item.differs) for item in part.items] == [
        ("100元", "2025", False),
        ("80元", "2023", True),
    ]
    assert "100元[1]（2025 版）" in answer.text
    assert "旧版（2023）：80元[2]——《差旅费管理办法（2023版）》" in answer.text
    shown = answers.turn(Turn(ASKED, answer, {}))
    # The titles say of when they are.
    assert shown.index("<b>差旅费管理办法（2025版）</b>") < shown.index("<b>差旅费管理办法（2023版）</b>")
    assert ">2025 版" not in shown
    assert shown.index("差旅费管理办法（2025版）") < shown.index("差旅费管理办法（2023版）")


def test_an_older_edition_that_speaks_of_something_else_says_nothing_different(
    tmp_path: Path, plain_models: Models
) -> None:
    for term, illness, days in (("2025年秋季", "手足口病", 14), ("2026年春季", "水痘", 7)):
        text = f"# {term}学期通知\n\n## 健康\n\n患{illness}的孩子隔离满{days}天返园。\n"
        (tmp_path / f"{term}.md").write_text(text, "utf-8")
    settings = Settings(retrieval="bm25")
    Library.index([tmp_path], tmp_path / "index", settings)
    library = Library.open(tmp_path / "index", settings, models=plain_models)
    for question, edition in (
        ("患水痘的孩子隔离满几天返园？", [""]),
        ("孩子隔离满几天返园？", ["2026年春季学期", "2025年秋季学期"]),
    ):
        assert [item.edition for item in library.ask(question).parts[0].items] == edition


def test_minutes_of_a_later_meeting_are_newer() -> None:
    old, new = (
        document("充电桩12台。", "停车例会纪要（第3次）.txt"),
        document("充电桩16台。", "停车例会纪要（第四次）.txt"),
    )
    told = editions(old, new)
    assert [one.label for one in told or ()] == ["第3次", "第四次"]
    assert told is None or told[0].key < told[1].key
    assert editions(old, document("食堂。", "食堂例会纪要（第4次）.txt")) is None
