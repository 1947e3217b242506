"""What asks what documents are about gets an overview in their own words; no other question is taken for it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import Command, trained_and_gold_questions
from documents import document

from rag.answering.overview import MOST_DOCUMENTS, MOST_SECTIONS, overview
from rag.contract import answer_json
from rag.library import Library
from rag.models import Models
from rag.question.followup import Earlier, resolve
from rag.question.summaries import Summary, summary
from rag.settings import Settings
from rag.types import Answer, Status
from rag.web.conversation import Turn
from rag.web.page import answers
from rag.web.page.takeaway import entries, to_markdown
from rag.web.suggestions.key_facts import Sort, key_facts

RULE = """# 考勤与请假管理办法

为规范考勤，制定本办法。本办法适用于全体员工。

## 一、工作时间

每周工作五天，每天八小时。迟到扣半天工资。

## 二、请假

### 事假

事假每年不超过12天。

### 病假

病假须附医院证明。

## 三、附则

本办法自2025年3月1日起施行，由人力资源部解释。
"""
LEASE = "# 房屋租赁合同\n\n甲方（出租人）：王巧云，乙方（承租人）：李少峰。\n\n## 租金\n\n月租金为4,800元，押一付三。\n"
DOUBAO = Earlier("豆包2024年11月的月活跃用户有多少？", "近6000万")


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory, plain_models: Models) -> Library:
    """A rule and a lease, searched by words."""
    folder = tmp_path_factory.mktemp("rules")
    (folder / "考勤.md").write_text(RULE, "utf-8")
    (folder / "租房.md").write_text(LEASE, "utf-8")
    settings = Settings(retrieval="bm25")
    Library.index([folder], folder / "index", settings)
    return Library.open(folder / "index", settings, models=plain_models)


def id_of(library: Library, title: str) -> str:
    return next(record.doc_id for record in library.documents() if record.title == title)


def titles(answer: Answer) -> list[str]:
    return list(dict.fromkeys(citation.title for citation in answer.citations))


# Written before the patterns were tried on them; 33 of the first 55 were understood, and the patterns widened.
@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("这篇文章大概是讲啥的", Summary()),
        ("给我讲讲这份文件的大致内容", Summary(noun="文件")),
        ("请对本文进行概括", Summary(surely=True)),
        ("这个PPT里都有什么", Summary(noun="ppt")),
        ("這份通知的要點有哪些？", Summary(noun="通知")),
        ("请用一百字概括全文", Summary(surely=True)),
        ("这封邮件说了些什么", Summary(noun="邮件")),
        ("这个会议纪要讲了啥内容", Summary(noun="纪要")),
        ("总结下要点", Summary(surely=True)),
        ("有哪些章节", Summary()),
        ("主要内容", Summary()),
        ("这本手册一共有几章", Summary(noun="手册")),
        ("这些文件分别讲了什么", Summary(library=True)),
        ("库里有哪些文档", Summary(library=True)),
        ("《年度审计报告》主要说了什么", Summary("年度审计报告", titled=True, surely=True)),
        ("概括一下年度审计报告", Summary("年度审计报告", surely=True)),
        ("Can you summarize it for me?", Summary(surely=True)),
        ("What does the contract say?", Summary(noun="contract")),
        ("Summarise all my files", Summary(surely=True, library=True)),
        ("What's the gist of this paper?", Summary(noun="paper")),
    ],
)
def test_what_asks_for_an_overview_is_understood(question: str, meant: Summary) -> None:
    found = summary(question)
    assert found is not None
    assert found._replace(noun=found.noun if meant.noun else "") == meant


@pytest.mark.parametrize(
    "question",
    [
        "总结会议是哪天开的",
        "这个规定主要内容里住宿费多少",
        "这篇文章提到了哪些公司",
        "这份合同总金额是多少",
        "本文的作者认为什么最重要",
        "这篇论文的核心观点是什么",
        "总结报告由哪个部门提交",
        "他在会上讲了什么",
        "第二章的主要内容是什么",
        "培训的主要内容是什么",
        "合同里关于违约写了什么",
        "这份合同违约规定的主要内容",
        "违约责任的要点有哪些",
        "申请需要什么文件",
        "总结一下豆包和文心的区别",
        "目录里有没有附录",
        "年度总结会的主题是什么",
        "What does the contract say about rent?",
        "summarize the differences between A and B",
        "Which documents do I need to apply?",
        "《红楼梦》讲了什么",
    ],
)
def test_a_question_for_more_is_none_unless_a_document_has_that_title(question: str) -> None:
    found = summary(question)
    assert found is None or found.name


def test_no_question_of_the_trained_and_the_gold_ones_is_taken_for_one() -> None:
    asked = trained_and_gold_questions()
    assert len(asked) > 10_000
    assert [question for question in asked if (found := summary(question)) and not found.name] == []


def test_an_overview_leans_on_no_earlier_turn_and_is_none_itself() -> None:
    assert resolve("总结一下", [DOUBAO]) == "总结一下"
    after = resolve("那月之暗面呢？", [DOUBAO, Earlier("这篇文章讲了什么？", "")])
    assert after == "月之暗面2024年11月的月活跃用户有多少？"


def test_the_sections_are_those_of_the_highest_level_that_has_several_each_with_its_first_sentence() -> None:
    found = overview(document(RULE))
    text = found.document.text
    said = [
        (section.heading and text[section.heading.start : section.heading.end], text[slice(*section.sentence)])
        for section in found.sections
    ]
    assert said == [
        (None, "为规范考勤，制定本办法。"),
        ("一、工作时间", "每周工作五天，每天八小时。"),
        ("二、请假", "事假每年不超过12天。"),
        ("三、附则", "本办法自2025年3月1日起施行，由人力资源部解释。"),
    ]
    assert found.more == 0


def test_without_headings_long_paragraphs_stand_for_sections() -> None:
    paragraph = "第{n}段说的是第{n}件事。后面还有许多话要说，说来话长，一句一句慢慢地说下去，总有说完的时候。"
    found = overview(document("\n\n".join(paragraph.format(n=n) for n in range(1, 7)), "a.txt"))
    text = found.document.text
    assert [section.heading for section in found.sections] == [None] * 6
    assert text[slice(*found.sections[5].sentence)] == "第6段说的是第6件事。"


def test_more_sections_than_fit_are_counted() -> None:
    made = document("\n\n".join(f"## 第{n}章\n\n这一章说的是第{n}件事情。" for n in range(1, 16)))
    found = overview(made)
    assert (len(found.sections), found.more) == (MOST_SECTIONS, 3)


def test_the_answer_says_sections_and_cites_every_sentence(rules: Library) -> None:
    answer = rules.ask("概括一下《考勤与请假管理办法》")
    assert answer.status is Status.OVERVIEW
    assert answer.text == (
        "《考勤与请假管理办法》，共 3 节\n"
        "· 为规范考勤，制定本办法。[1]\n"
        "· 一、工作时间：每周工作五天，每天八小时。[2]\n"
        "· 二、请假：事假每年不超过12天。[3]\n"
        "· 三、附则：本办法自2025年3月1日起施行，由人力资源部解释。[4]"
    )
    text = rules.document(answer.citations[0].doc_id).text
    assert all(text[c.start : c.end] == c.quote for c in answer.citations)
    (part,) = answer_json(answer)["parts"]
    assert part["items"][1] == {
        "text": "每周工作五天，每天八小时。",
        "citations": [2],
        "differs": False,
        "edition": None,
        "heading": "一、工作时间",
        "change": None,
    }


@pytest.mark.parametrize(
    ("question", "at_hand", "found"),
    [
        ("总结一下", "", ["房屋租赁合同", "考勤与请假管理办法"]),
        ("总结一下", "房屋租赁合同", ["房屋租赁合同"]),
        ("这份合同讲了什么", "", ["房屋租赁合同"]),
        ("这份合同讲了什么", "考勤与请假管理办法", ["房屋租赁合同"]),
        ("租赁合同主要讲了什么", "考勤与请假管理办法", ["房屋租赁合同"]),
        ("这些资料都讲了什么", "房屋租赁合同", ["房屋租赁合同", "考勤与请假管理办法"]),
        ("What is this document about?", "考勤与请假管理办法", ["考勤与请假管理办法"]),
    ],
)
def test_the_document_is_the_one_that_is_named_or_else_open(
    rules: Library, question: str, at_hand: str, found: list[str]
) -> None:
    answer = rules.ask(question, at_hand=id_of(rules, at_hand) if at_hand else None)
    assert answer.status is Status.OVERVIEW
    assert titles(answer) == found


def test_of_a_document_that_alone_is_asked_no_other_is_told(rules: Library) -> None:
    lease = id_of(rules, "房屋租赁合同")
    assert titles(rules.ask("讲了什么？", documents=[lease])) == ["房屋租赁合同"]
    assert rules.ask("《考勤与请假管理办法》讲了什么？", documents=[lease]).status is not Status.OVERVIEW


def test_of_several_documents_each_says_one_sentence_and_the_rest_are_counted(
    tmp_path: Path, plain_models: Models
) -> None:
    for n in range(10, 23):
        (tmp_path / f"{n}.md").write_text(f"# 第{n}号通知\n\n这是第{n}号通知的第一句话。\n", "utf-8")
    settings = Settings(retrieval="bm25")
    Library.index([tmp_path], tmp_path / "index", settings)
    answer = Library.open(tmp_path / "index", settings, models=plain_models).ask("这些通知讲了什么")
    lines = answer.text.splitlines()
    assert (lines[0], lines[1]) == ("资料共 13 篇，各篇的开头：", "· 《第10号通知》：这是第10号通知的第一句话。[1]")
    assert lines[-1] == "还有 3 篇没有列出。"
    assert (len(answer.citations), answer.parts[0].more) == (MOST_DOCUMENTS, 3)


@pytest.mark.parametrize("asked", ["3月14日的周会讲了什么？", "总结一下3月14日的周会", "总结一下产品周会的纪要"])
def test_a_name_in_several_parts_is_that_of_the_document_whose_title_has_them_all(
    tmp_path: Path, plain_models: Models, asked: str
) -> None:
    table = "| 事项 | 负责人 | 截止日期 |\n|---|---|---|\n| 试产计划 | 何苗 | 3月21日 |\n"
    (tmp_path / "a.md").write_text(f"# 产品周会纪要（2025年3月14日）\n\n## 待办\n\n{table}", "utf-8")
    (tmp_path / "b.md").write_text("# 行政例会（2025年3月14日）\n\n讨论了搬家的安排。\n", "utf-8")
    settings = Settings(retrieval="bm25")
    Library.index([tmp_path], tmp_path / "index", settings)
    answer = Library.open(tmp_path / "index", settings, models=plain_models).ask(asked)
    assert answer.status is Status.OVERVIEW
    # The names of a table's columns say nothing without a row.
    assert answer.answer == "事项：试产计划；负责人：何苗；截止日期：3月21日"


def test_a_title_that_no_document_has_is_asked_as_a_question(rules: Library) -> None:
    assert rules.ask("《红楼梦》讲了什么？").status is Status.ABSTAINED


def test_the_page_shows_sections_with_citations_and_takes_them_away(rules: Library) -> None:
    answer = rules.ask("概括一下考勤与请假管理办法")
    turn = Turn("概括一下考勤与请假管理办法", answer, {})
    shown = answers.turn(turn)
    assert shown.count('class="cite"') == 4
    assert '<span class="title">二、请假</span>' in shown
    doc_id = answer.citations[0].doc_id
    assert f'data-open="{doc_id}:0:0:0:0:0" data-outline="{doc_id}"' in shown
    assert shown.count('class="paragraph"') == 4
    assert "data-keep" not in shown
    assert 'class="meta"' not in shown
    (entry,) = entries([turn])
    assert [line.heading for line in entry.replies[0].lines] == ["", "一、工作时间", "二、请假", "三、附则"]
    written = to_markdown([turn], language="zh", generated=datetime(2025, 1, 1, tzinfo=UTC), version="1")
    assert "3. **二、请假** 事假每年不超过12天。[^3]" in written


def test_key_facts_are_figures_dates_and_names_where_they_are_first_said() -> None:
    made = document(f"{RULE}\n{LEASE}")
    found = key_facts(made)
    said = {sort: [made.text[slice(*fact.span)] for fact in found if fact.sort is sort] for sort in Sort}
    assert said[Sort.FIGURE] == ["不超过12天", "4,800元"]
    assert said[Sort.DATE] == ["2025年3月1日"]
    assert {"王巧云", "李少峰"} <= set(said[Sort.NAME])
    rent = next(fact for fact in found if made.text[slice(*fact.span)] == "4,800元")
    assert made.text[slice(*rent.clause)] == "月租金为4,800元"


def test_the_command_says_it_with_the_places(wenyuan: Command, rules: Library) -> None:
    finished = wenyuan("ask", "这份合同讲了什么", "--index", rules.index_dir, "--no-server")
    assert finished.out.startswith(
        "《房屋租赁合同》，共 1 节\n· 甲方（出租人）：王巧云，乙方（承租人）：李少峰。[1]\n"
        "· 租金：月租金为4,800元，押一付三。[2]\n"
    )
    assert "可信度" not in finished.out
