"""Clear facts in a sentence, each turned into the question that it answers. Few and natural rather than many.

A question takes its words from the sentence. Where it is not plain who or what the fact is about, there is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.question.kinds import Kind
from rag.question.mentions import dates, people
from rag.text.normalization import HAN
from rag.text.tags import PERSON
from rag.text.tokenization import tagged
from rag.types import Span
from rag.web.suggestions.phrases import listed, quantities
from rag.web.suggestions.subjects import LONGEST, VAGUE, Sentence, around, balanced, is_nominal, run

_ATTRIBUTE = re.compile(
    r"(?:用户|活跃用户|会员|粉丝|人口|员工|学生|师生|市值|估值|成本|价格|售价|定价|票价|营收|营业收入|收入|净利润|利润|销售额|成交额"
    r"|交易额|融资额|投资额|总投资|注册资本|票房|销量|出货量|产量|装机量|下载量|调用量|播放量|访问量|客流量|发电量|降雨量|面积|海拔|全长"
    r"|长度|高度|深度|重量|直径|容量|时速|航程|续航|参数量?|市场份额|占比|增长率|失业率|入学率)(?:人数|数量|规模|总数|总量|总额|数)?$"
)
_PEOPLE = re.compile(r"(?:用户|会员|粉丝|人口|员工|学生|师生)$")
_SHARE = re.compile(r"(?:率|占比|份额|比例)$")
_TO_NUMBER = re.compile(
    r"(?:现|目前|就|也|已经?|将|均|最?高|大|共|累计|总计|一度)*"
    r"(?:达到?了?|为|是|有|超过?了?|突破了?|约|近|仅有?|增至|升至|降至|跃升至|:)*\s?$"
)
_COST_BEFORE = re.compile(r"^的?((?:训练|研发|制造|建设|运营|生产)成本)")
_ROLE = re.compile(
    r"(?:轮值|执行|名誉|常务)?(?:联合创始人|创始人|创办人|首席执行官|首席科学家|首席技术官|ceo|cto|董事长|总裁|总经理|校长|院长|总导演|导演|主教练|会长|理事长|秘书长|馆长)"
)
_EVENT = (
    "发布|推出|上线|成立|问世|创立|创办|创建|开业|开通|通车|建成|出版|上市|启用|开馆|竣工|动工|开工|首播|上映|播出|诞生|出生"
    "|逝世|去世|登陆|开幕|闭幕|落成|投产|量产|收购|开源|实施|施行|生效|签署|投入使用|投入服务|投入运营"
)
_THEN = rf"(?:起|正式|首次|全面|率先|对外|才|[在向]{HAN}{{2,6}})*"
_HAPPENED = re.compile(rf"{_THEN}({_EVENT})(?:了)?([^,;:。!?()、]{{0,14}})(?=[,;。!?]|$)")
_HAPPENS = re.compile(_EVENT)
_NEAR = 28
_BEGAN = re.compile(rf"{_THEN}({_EVENT})(?:以?来|后|之后|至今)")
_FULL_DATE = re.compile(r"年|月")
_OFFER = "(具备|支持|拥有|推出|提供|涵盖|覆盖|包括|包含|生产|经营)了?"
_OFFERS = re.compile(f"{_OFFER}$")
_OFFERS_SEVERAL = re.compile(f"{_OFFER}[^,;:。]+、[^,;:。]+等")
_AND_OTHERS = re.compile(rf"等(?:\d+|[一二三四五六七八九十多]+)?(?:个|家|种|类|项|款)?({HAN}{{2,8}}?)(?=[,;。!?)]|$)")
_IS = re.compile(
    r"(?:\([^)]*\))?,?(?:(?:[^,。]{0,12},)?(是|指的?是)(?!否|由|为|以|在|因|不)|(位于|坐落于|坐落在|地处))"
)
_SOMEBODY = re.compile(
    r"(?:人|人物|家|员|者|将军|将领|国王|女王|皇帝|明星|歌手|教师|律师|医师|首相|总统|主席|院士|官员)$"
)
_UNSURE = re.compile(r"预计|预测|预期|有望|计划|目标|或将|可能|拟|如果|传闻|假设|争取")
_BESIDE_HAN = re.compile(rf"(?<={HAN}) +| +(?={HAN})")
_NO_OBJECT = re.compile(r"(?:前|后|时|期间|以来|左右)$|[的了]")


@dataclass(frozen=True, slots=True)
class Fact:
    """A question, the kind of answer that it wants, and where in the sentence the answer stands."""

    question: str
    kind: Kind
    answer: Span


def facts(sentence: str, topic: str = "", *, opening: bool = False) -> list[Fact]:
    """The facts of one sentence. ``topic`` is the heading above it; ``opening``: it begins its document."""
    s = Sentence(sentence, topic)
    plain = [*_amounts(s), *_roles(s), *_events(s), *_offers(s)]
    return [*_definitions(s), *plain] if opening else plain


def _amounts(s: Sentence) -> Iterator[Fact]:
    """「豆包的月活跃用户有多少？」."""
    for number in quantities(s.text) if not _UNSURE.search(s.text) else ():
        clause = s.clause(number.start)
        after = s.text[number.end :]
        if cost := _COST_BEFORE.match(after):
            glue = re.search(r"(?:仅需要?|只需要?|需要?|耗费|花费)$", s.text[clause.start : number.start])
            owner = glue and s.name(Span(clause.start, clause.start + glue.start()))
            if owner:
                yield _fact(s, f"{s.words(owner)}的{cost.group(1)}是多少？", Kind.HOW_MANY, number)
            continue
        glue = _TO_NUMBER.search(s.text, clause.start, number.start)
        head = Span(clause.start, glue.start() if glue else number.start)
        if after.startswith(("的", "左右的")) or not _ATTRIBUTE.search(s.text[head.start : head.end]):
            continue
        yield from _amount(s, head, number)


def _amount(s: Sentence, head: Span, number: Span) -> Iterator[Fact]:
    words = s.nominal(head)
    of = max((i for i, word in enumerate(words) if word[0] == "的"), default=-1)
    if of >= 0:
        begin = of + 1
    else:
        known = _ATTRIBUTE.search(s.text, head.start, head.end)
        begin = next((i for i, word in enumerate(words) if known and known.start() < word[2]), len(words))
        # 日均调用量: what says more of the attribute belongs to it.
        while begin and _qualifies(words[begin - 1][0]):
            begin -= 1
    if begin >= len(words):
        return
    attribute = s.text[words[begin][1] : head.end]
    share = s.text[number.start : number.end].endswith("%")
    if share != bool(_SHARE.search(attribute)) or len(attribute) > 10:
        return
    left = Span(head.start, words[begin][1] - (1 if of >= 0 else 0))
    before = s.text[left.start : left.end]
    day = [d for d in dates(before) if _FULL_DATE.search(before[d.start : d.end])]
    owner = s.name(left) if s.nominal(left) else s.about(head.start)
    if owner is None or _ATTRIBUTE.search(s.text[owner.start : owner.end]):
        return
    # A figure belongs to a company or a thing; where a person is what the sentence is about, it is someone else's.
    if any(p.start < owner.end and owner.start < p.end for p in people(s.text)):
        return
    when = ""
    if day and not (owner.start < left.start + day[-1].start < owner.end):
        when = s.words(Span(left.start + day[0].start, left.start + day[-1].end)) + "的"
    has = "有" if _PEOPLE.search(attribute) else "是"
    wanted = s.words(Span(words[begin][1], head.end))
    yield _fact(s, f"{s.words(owner)}{when or '的'}{wanted}{has}多少？", Kind.HOW_MANY, number)


def _roles(s: Sentence) -> Iterator[Fact]:
    """「月之暗面的创始人是谁？」."""
    for person in people(s.text) if _ROLE.search(s.text) else ():
        clause = s.clause(person.start)
        role = re.search(rf"的?({_ROLE.pattern})(?:兼[^,]{{2,6}})?[是为 ]?$", s.text[clause.start : person.start])
        if not role:
            continue
        before = Span(clause.start, clause.start + role.start())
        owner = s.last_name(before) or s.heading_name()
        if owner:
            title = s.words(Span(clause.start + role.start(1), clause.start + role.end(1)))
            yield _fact(s, f"{s.words(owner)}的{title}是谁？", Kind.WHO, person)


def _events(s: Sentence) -> Iterator[Fact]:
    """「Kimi智能助手是什么时候问世的？」."""
    for day in dates(s.text) if not _UNSURE.search(s.text) else ():
        date = s.text[day.start : day.end]
        clause = s.clause(day.start)
        # Tagging takes most of the time, so what can be seen without it comes first.
        soon = _HAPPENS.search(s.text, day.end, day.end + _NEAR)
        if not _FULL_DATE.search(date) or len(date) < 3 or not soon:
            continue
        before = s.text[clause.start : day.start]
        preposition = re.search(r"(?:于|在|自|从)\s?$", before)
        owner: Span | None = None
        if preposition:
            owner = s.name(Span(clause.start, clause.start + preposition.start()))
            rest = Span(day.end, len(s.text))
        elif not before.strip():
            begin = day.end + (s.text[day.end : day.end + 1] == ",")
            owner = s.name(s.clause(begin)) if begin < len(s.text) else None
            rest = Span(owner.end, len(s.text)) if owner else day
        else:
            continue
        happened = _BEGAN.match(s.text, rest.start) or _HAPPENED.match(s.text, rest.start)
        if owner is None or happened is None:
            continue
        what = s.words(Span(*happened.span(1)))
        if happened.re is _HAPPENED and happened.group(2).strip() and not happened.group(2).startswith(("于", "在")):
            what += s.words(Span(*happened.span(2))).strip()
        if balanced(what) and not _NO_OBJECT.search(what) and not s.is_place(owner):
            yield _fact(s, f"{s.words(owner)}是什么时候{what}的？", Kind.WHEN, day)


def _offers(s: Sentence) -> Iterator[Fact]:
    """「可灵AI具备哪些功能？」."""
    for items in listed(s.text) if _OFFERS_SEVERAL.search(s.text) else ():
        whole = Span(items[0].start, items[-1].end)
        clause = s.clause(whole.start)
        verb = _OFFERS.search(s.text[clause.start : whole.start])
        others = _AND_OTHERS.match(s.text, whole.end)
        if not verb or not others or len(items) < 2 or not _is_noun(others.group(1)):
            continue
        left = Span(clause.start, clause.start + verb.start())
        owner = s.name(left) if s.nominal(left) else s.about(clause.start)
        if owner and not s.text[owner.end : left.end].strip():
            done = f"{verb.group(1)}了" if verb.group().endswith("了") else verb.group(1)
            yield _fact(s, f"{s.words(owner)}{done}哪些{others.group(1)}？", Kind.LIST, whole)


def _definitions(s: Sentence) -> Iterator[Fact]:
    """「希尔伯特空间是什么？」「兆康苑总站位于哪里？」."""
    named = run([word for word in tagged(s.text) if word[1] < LONGEST])
    if not named or not is_nominal(named) or named[-1][2] - named[0][1] < 2 or s.words(around(named)) in VAGUE:
        return
    owner = around(named)
    told = _IS.match(s.text, owner.end)
    rest = Span(told.end(), s.clause(told.end()).end) if told else owner
    if told is None or rest.end - rest.start < 3:
        return
    if told.group(2):
        yield _fact(s, f"{s.words(owner)}{told.group(2)}哪里？", Kind.WHERE, rest)
    elif any(p.start == 0 and p.end >= owner.end for p in people(s.text)) or named[-1][3] in PERSON:
        # The tagger takes 夜来香 for a person too; what is said of it tells.
        if _SOMEBODY.search(s.text[rest.start : rest.end]):
            yield _fact(s, f"{s.words(owner)}是谁？", Kind.WHO, rest)
    else:
        yield _fact(s, f"{s.words(owner)}是什么？", Kind.WHAT, rest)


def _fact(s: Sentence, question: str, kind: Kind, answer: Span) -> Fact:
    # Spaces between Chinese and Latin are the source's habit, not the reader's.
    return Fact(_BESIDE_HAN.sub("", question), kind, s.original(answer))


def _qualifies(word: str) -> bool:
    return word in (
        "月",
        "日",
        "日均",
        "月均",
        "年",
        "活跃",
        "投后",
        "注册",
        "付费",
        "训练",
        "总",
        "平均",
        "单个",
        "全年",
    )


def _is_noun(text: str) -> bool:
    words = tagged(text)
    return all(word[3][0] in "nb" or word[3] == "vn" for word in words) and words[-1][3][0] in "nv"
