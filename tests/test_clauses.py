"""Of clauses that each say what holds in a range, that is meant in whose range a quantity of the question lies."""

from __future__ import annotations

import pytest
from documents import document

from rag.reading.spans.clauses import clause
from rag.types import Span

LEAVE = "职工累计工作已满1年不满10年的，年休假5天；已满10年不满20年的，年休假10天；已满20年的，年休假15天。"
LIFT = "6层以下的电梯每台检验费680元，7层至15层的每台920元，16层以上的每台1300元。检验费由物业公司垫付。"
LEVELS = "年消费满3000元的，为银卡会员；满8000元的，为金卡会员；满20000元的，为钻石会员。"
PILLOW = "羽绒被2年内钻绒的，免费清洗；乳胶枕3年内塌陷的，换新；电热毯超过3年的不修。"
STEPS = "# 押金\n\n（一）租期3天以内的，2000元；\n（二）租期4至7天的，3000元；\n（三）租期超过7天的，5000元。\n"
APART = "报名满3天不满5天的，退一半。\n\n教练每周上课。\n\n报名满5天的，不退。\n"
REFUND = "全额退款（开课前7天以上）；退还80%（开课前3至6天）；退还50%（开课前不足3天）。"
ROW = "|工龄|年假|\n|-|-|\n|满1年不满10年|5天|\n|满10年|10天|\n"


@pytest.mark.parametrize(
    ("text", "answer", "question", "said"),
    [
        pytest.param(LEAVE, "15天", "工龄8年的年休假有多少天?", "的，年休假5天", id="another clause"),
        pytest.param(LEAVE, "10天", "我工作12年了,年假几天?", "的，年休假10天", id="its own"),
        pytest.param(LIFT, "1300元", "我们楼10层,检验费一台多少?", "的每台920元", id="clauses of one sentence"),
        pytest.param(LEVELS, "银卡", "我消费了9000元是什么会员?", "的，为金卡会员", id="ranges within each other"),
        pytest.param(STEPS, "2000元", "租5天押金多少?", "的，3000元", id="items of a list"),
        pytest.param(REFUND, "80%", "开课前10天退多少?", "全额退款（开课前", id="said before the range"),
        pytest.param(PILLOW, "换新", "乳胶枕用了两年瘪了怎么办?", None, id="another thing than the question names"),
        pytest.param(APART, "退一半", "报名6天退多少?", None, id="something else between them"),
        pytest.param(LEAVE, "5天", "工作超过10年的年假几天?", None, id="a limit"),
        pytest.param(LEAVE, "5天", "年假几天?", None, id="no quantity"),
        pytest.param(LEAVE, "5天", "干了6个月年假几天?", None, id="in no range"),
        pytest.param(ROW, "10天", "我工作3年了,年假几天?", None, id="rows of a table are looked up"),
    ],
)
def test_what_holds_is_in_the_clause_of_its_range(text: str, answer: str, question: str, said: str | None) -> None:
    made = document(text)
    at = made.text.index(answer)
    found = clause(made, Span(0, len(made.text)), Span(at, at + len(answer)), question)
    assert (found and made.text[slice(*found.said)]) == said
