"""Two questions in one breath are two questions, each with what it is about."""

from __future__ import annotations

import pytest

from rag.question.division import divided


@pytest.mark.parametrize(
    ("asked", "questions"),
    [
        ("小满杯头奖多少钱，给了谁", ("小满杯头奖多少钱", "小满杯头奖，给了谁")),
        ("渔民节改到哪天，为什么改", ("渔民节改到哪天", "渔民节，为什么改")),
        ("押金多少，什么时候退", ("押金多少", "押金，什么时候退")),
        ("几号开标 在哪", ("几号开标", "开标，在哪")),
        ("张骞第二次出使是哪年 去联络谁", ("张骞第二次出使是哪年", "去联络谁")),
        ("做米酒要几克酒曲、多长时间", ("做米酒要几克酒曲", "做米酒，多长时间")),
        ("《闪光少女》有没有英文唱的，歌名叫什么", ("《闪光少女》有没有英文唱的", "《闪光少女》，歌名叫什么")),
        ("年假有几天，病假呢", ("年假有几天", "病假有几天")),
        ("押金多少，租金怎么交，谁来收", ("押金多少", "租金怎么交", "押金，谁来收")),
        ("家庭房多少钱一个月，一共几间", ("家庭房多少钱一个月", "家庭房，一共几间")),
        ("色弱能报考驾照吗，要哪些材料", ("色弱能报考驾照吗", "色弱能报考驾照，要哪些材料")),
        ("最多能借几本，借多久", ("最多能借几本", "最多能借几本，借多久")),
        ("专家证能借几本，借多久", ("专家证能借几本", "专家证，借多久")),
        ("游泳年卡多少钱，能停几次", ("游泳年卡多少钱", "游泳年卡，能停几次")),
        ("管理员是谁，手机号多少", ("管理员是谁", "管理员，手机号多少")),
    ],
)
def test_each_asking_clause_is_a_question_about_its_subject(asked: str, questions: tuple[str, ...]) -> None:
    assert divided(asked) == questions


@pytest.mark.parametrize(
    ("asked", "questions"),
    [
        ("哪个店关门了？为什么", ("哪个店关门了？", "哪个店关门了，为什么")),
        ("图书馆周末开吗？几点到几点", ("图书馆周末开吗？", "图书馆周末开，几点到几点")),
        ("礼堂在哪一栋？几楼？谁管？", ("礼堂在哪一栋？", "礼堂，几楼？", "礼堂谁管？")),
        ("谁负责采购？电话多少", ("谁负责采购？", "谁负责采购，电话多少")),
        ("押金多少？保洁员几点来", ("押金多少？", "保洁员几点来")),
        ("宿舍在哪？食堂呢？", ("宿舍在哪？", "食堂在哪？")),
    ],
)
def test_a_question_that_names_nothing_of_its_own_is_asked_with_the_one_before(
    asked: str, questions: tuple[str, ...]
) -> None:
    assert divided(asked) == questions


@pytest.mark.parametrize(
    ("asked", "questions"),
    [
        ("几点报到？她三年级", ("她三年级，几点报到？",)),
        ("我工作12年了；年假有几天", ("我工作12年了，年假有几天",)),
        ("豆包有多少用户？Kimi的月活", ("豆包有多少用户？", "Kimi的月活")),
        ("介绍一下押金；介绍一下租金", ("介绍一下押金；", "介绍一下租金")),
    ],
)
def test_what_asks_nothing_is_a_condition_of_the_question_beside_it(asked: str, questions: tuple[str, ...]) -> None:
    assert divided(asked) == questions


@pytest.mark.parametrize(
    ("asked", "questions"),
    [
        ("顺产和剖腹产各报多少", ("顺产报多少", "剖腹产报多少")),
        ("考钢琴八级和六级分别多少钱", ("考钢琴八级多少钱", "考钢琴六级多少钱")),
        ("径赛裁判长和田赛裁判长分别是谁", ("径赛裁判长是谁", "田赛裁判长是谁")),
        ("C1和C2科目二各几学时", ("C1科目二几学时", "C2科目二几学时")),
        ("豆包的月活和日活分别是多少？", ("豆包的月活是多少？", "豆包的日活是多少？")),
        ("GPT-4o和Claude 3.5的价格分别是多少？", ("GPT-4o的价格是多少？", "Claude 3.5的价格是多少？")),
        ("乙仓库和丙仓库分别由谁管理？", ("乙仓库由谁管理？", "丙仓库由谁管理？")),
        ("一班、二班和三班各有几人", ("一班有几人", "二班有几人", "三班有几人")),
    ],
)
def test_of_each_thing_that_is_named_it_is_asked_by_itself(asked: str, questions: tuple[str, ...]) -> None:
    assert divided(asked) == questions


@pytest.mark.parametrize(
    "asked",
    [
        "我做义工好几年了，一次给算几分",
        "门坏了不知道谁弄的，钱谁出",
        "我工作12年了，年假有几天",
        "各位老师几点到",
        "公司的产品、服务和价格怎么样",
        "出差和加班的各种补贴怎么领",
        "What is Doubao, how many users does it have?",
    ],
)
def test_what_asks_one_thing_is_one_question(asked: str) -> None:
    assert divided(asked) == (asked,)
