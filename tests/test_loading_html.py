"""A web page gives its main text in reading order, with what stands above it; what surrounds the text is left out."""

from __future__ import annotations

from pathlib import Path

import pytest
import samples

from rag.errors import LoadError
from rag.loading.html import parse_html, parse_xhtml
from rag.types import BlockKind

HEADING, PARAGRAPH, ITEM = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM
QUOTE, CODE = BlockKind.QUOTE, BlockKind.CODE
NAME = Path("页.html")
SENTENCE = "大模型行业在2024年经历了残酷的竞争与淘汰，只有少数产品抵达了市场。"


def texts(page: str) -> list[str]:
    return [block.text for block in parse_html(page.encode(), NAME).blocks]


def kinds(page: str) -> list[tuple[BlockKind, str]]:
    return [(block.kind, block.text) for block in parse_html(page.encode(), NAME).blocks]


def test_headings_stand_above_what_follows_with_their_lines() -> None:
    page = "<h1>一</h1>\n<p>甲</p>\n<h2>二</h2>\n<div>乙</div>\n<h2>三</h2>\n<p>丙</p>"
    assert [(b.kind, b.text, b.path, b.level, b.line) for b in parse_html(page.encode(), NAME).blocks] == [
        (HEADING, "一", (), 1, 1),
        (PARAGRAPH, "甲", ("一",), 0, 2),
        (HEADING, "二", ("一",), 2, 3),
        (PARAGRAPH, "乙", ("一", "二"), 0, 4),
        (HEADING, "三", ("一",), 2, 5),
        (PARAGRAPH, "丙", ("一", "三"), 0, 6),
    ]


def test_a_nested_list_has_places_levels_and_short_captions_as_path() -> None:
    page = "<ol start=3><li>性能<ul><li>甲</li><li>乙</li></ul></li><li><p>第一段</p><p>第二段</p></li></ol>"
    assert [(b.kind, b.text, b.path, b.level, b.item) for b in parse_html(page.encode(), NAME).blocks] == [
        (ITEM, "性能", (), 1, 3),
        (ITEM, "甲", ("性能",), 2, 1),
        (ITEM, "乙", ("性能",), 2, 2),
        (ITEM, "第一段", (), 1, 4),
        (PARAGRAPH, "第二段", ("第一段",), 0, 0),
    ]


def test_a_table_row_names_its_columns_and_holds_the_cell_that_reaches_into_it() -> None:
    page = (
        "<h2>表</h2><table><caption>表一</caption><tr><th>模型</th><th>版本</th><th>月活</th></tr>"
        "<tr><td rowspan=2>豆包</td><td>国内</td><td>近<br>6000万</td></tr><tr><td>国际</td><td></td></tr>"
        "</table><p>后</p>"
    )
    assert [(b.text, b.path) for b in parse_html(page.encode(), NAME).blocks] == [
        ("表", ()),
        ("表一", ("表",)),
        ("模型 | 版本 | 月活", ("表", "表一")),
        ("模型：豆包；版本：国内；月活：近 6000万", ("表", "表一")),
        ("模型：豆包；版本：国际", ("表", "表一")),
        ("后", ("表",)),
    ]


def test_a_table_that_lays_out_a_page_is_read_as_its_contents() -> None:
    page = f"<table><tr><td>左</td><td><h1>题</h1><p>{SENTENCE}</p></td></tr></table>"
    assert kinds(page) == [(PARAGRAPH, "左"), (HEADING, "题"), (PARAGRAPH, SENTENCE)]


def test_quotes_and_code_keep_their_kinds_and_code_its_spaces() -> None:
    page = "<blockquote><p>引文。</p></blockquote><pre>\na = 1\n  b\n</pre>"
    assert kinds(page) == [(QUOTE, "引文。"), (CODE, "a = 1\n  b")]


def test_inline_marks_are_dropped_and_breaks_of_the_source_mean_nothing_between_chinese() -> None:
    page = "<p>豆包的<b>月活</b>\n  达到 <i>6000万</i>，Kimi\nis <a href=x>second</a>.<br> 第二行&nbsp;。</p>"
    assert texts(page) == ["豆包的月活达到 6000万，Kimi is second.\n第二行\xa0。"]


def test_what_no_reader_sees_is_no_text() -> None:
    page = (
        "<p>可见。</p><script>var s='脚本'</script><style>p{content:'样式'}</style><template>模板</template>"
        "<noscript>无脚本</noscript><p hidden>藏一</p><p style='color:red;display: none'>藏二</p>"
        "<span aria-hidden=true>藏三</span><!-- 注释 --><svg><text>图</text></svg><p>尾。</p>"
    )
    assert texts(page) == ["可见。", "尾。"]


def test_the_pronunciation_above_characters_does_not_divide_them() -> None:
    assert texts("<p>学<ruby>漢<rp>(</rp><rt>hàn</rt><rp>)</rp></ruby>字</p>") == ["学漢字"]


def test_navigation_and_footers_are_left_out_whether_announced_or_full_of_links() -> None:
    links = "".join(f"<li><a href={n}>频道{n}</a></li>" for n in range(5))
    page = (
        f"<header><a href=/>站名</a></header><nav>导航</nav><div class='site-nav top'>菜单</div><ul>{links}</ul>"
        f"<div><h1>题目</h1><p>{SENTENCE}</p><p>见<a href=1>报告</a>。</p></div>"
        "<div id=sidebar>侧栏</div><div role=contentinfo>电话</div><footer>版权</footer>"
    )
    assert texts(page) == ["题目", SENTENCE, "见报告。"]


@pytest.mark.parametrize(("before", "after"), [("", ""), ("<main>", "</main>")])
def test_a_footer_that_states_an_address_is_read_without_links_and_imprint(before: str, after: str) -> None:
    links = "".join(f"<li><a href={n}>频道{n}</a></li>" for n in range(5))
    text = f"{before}<h1>题目</h1><h2>问答</h2><p>{SENTENCE * 4}</p>{after}"
    footer = (
        "<p>地址：丰华路118号　开放 9:00—17:00</p><p><a href='tel:4008'>400-820-1234</a></p>"
        f"<p>© 2019—2024 某公司 版权所有 <a href=x>粤ICP备12345678号</a></p><ul>{links}</ul>"
    )
    blocks = parse_html(f"{text}<footer>{footer}</footer>".encode(), Path("页.html")).blocks[2:]
    assert [(block.text, block.path) for block in blocks] == [
        (SENTENCE * 4, ("题目", "问答")),
        ("地址：丰华路118号　开放 9:00—17:00", ("题目",)),
        ("400-820-1234", ("题目",)),
    ]


@pytest.mark.parametrize(
    "footer",
    [
        "版权所有 某某博物馆 2019—2024",
        "Copyright (c) 2024 All Rights Reserved. 京公网安备 11010502030号 粤ICP备 12345678号-1",
        "<a href=1>首页</a> | <a href=2>电话：8801</a> 友情链接：<a href=3>某网</a>",
    ],
)
def test_a_footer_that_says_whose_the_page_is_or_leads_elsewhere_is_left_out(footer: str) -> None:
    page = "<p>{}</p><div class=footer>{}</div>"
    assert texts(page.format(SENTENCE * 4, footer)) == [SENTENCE * 4]


def test_of_a_page_that_names_its_main_part_only_that_is_read_with_its_notes_and_lists_of_links() -> None:
    links = "".join(f"<li><a href={n}>文献{n}</a></li>" for n in range(4))
    page = (
        f"<p>栏外</p><main><header><p>作者</p></header><p>{SENTENCE}</p><aside>注意事项。</aside>"
        f"<ul>{links}</ul><nav>上一页</nav></main><p>栏外</p>"
    )
    assert texts(page) == ["作者", SENTENCE, "注意事项。", "文献0", "文献1", "文献2", "文献3"]


def test_nothing_that_is_most_of_a_page_is_taken_for_navigation() -> None:
    assert texts(f"<div class=sidebar><p>{SENTENCE}</p></div><p>短。</p>") == [SENTENCE, "短。"]
    assert texts("<ul>" + "".join(f"<li><a href={n}>第{n}条</a></li>" for n in range(5)) + "</ul>") == [
        f"第{n}条" for n in range(5)
    ]


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("<title>题_网站</title><h1>题</h1><p>文</p>", ""),
        ("<title> 题_\n网站</title><h2>小题</h2><p>文</p>", "题_ 网站"),
        ("<title>题_网站</title><meta property='og:title' content='题'><p>文</p>", "题"),
    ],
)
def test_the_title_is_the_top_heading_or_else_what_the_page_is_called(page: str, title: str) -> None:
    assert parse_html(page.encode(), NAME).title == title


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [("gb2312", "gb18030"), ("GBK", "gb18030"), ("big5", "big5"), ("shift_jis", "shift_jis"), ("koi8-r", "koi8-r")],
)
def test_a_page_is_read_in_the_encoding_that_it_declares(declared: str, encoding: str) -> None:
    said = "Привет, друзья" if encoding == "koi8-r" else "中文の文" if encoding == "shift_jis" else "中文文字"
    page = f"<meta http-equiv=Content-Type content='text/html; charset={declared}'><p>{said}</p>"
    assert [b.text for b in parse_html(page.encode(encoding), NAME).blocks] == [said]


def test_utf_8_is_read_as_such_whatever_the_page_declares() -> None:
    assert texts("<meta charset=gbk><p>中文文字</p>") == ["中文文字"]


def test_bytes_that_are_in_no_encoding_are_an_error() -> None:
    with pytest.raises(LoadError, match=r"页\.html 无法按 UTF-8 解码"):
        parse_html(("<meta charset=punycode><p>" + "中文" * 20).encode() + b"\xff</p>", NAME)


def test_xhtml_is_read_as_xml_with_the_names_of_characters_that_html_knows() -> None:
    page = (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head>'
        '<body><p>甲&nbsp;<a id="q"/>乙&lt;丙</p><script/><p>丁</p></body></html>'
    )
    assert [b.text for b in parse_xhtml(page.encode(), NAME).blocks] == ["甲\xa0乙<丙", "丁"]


def test_marks_that_turn_the_direction_of_text_are_kept_as_they_are() -> None:
    assert texts("<p>甲\u202e乙\u202c\u200b丙\u200d</p>") == ["甲\u202e乙\u202c\u200b丙\u200d"]


@pytest.mark.parametrize("page", ["", " \n", "<!-- 空 -->", "<script>1</script>"])
def test_a_page_without_text_has_no_blocks(page: str) -> None:
    assert texts(page) == []


def test_deep_nesting_is_read_as_far_as_any_page_goes_and_then_refused() -> None:
    assert texts("<div>" * 1000 + "深处") == ["深处"]
    with pytest.raises(LoadError, match="嵌套太深"):
        texts("<div>" * 100_000 + "深处")


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("2.4×10<sup>22</sup> 米", "2.4×10²² 米"),
        ("10<sup>-3</sup>", "10⁻³"),
        ("PM<sub>2.5</sub>", "PM₂.₅"),
        ("7.2×10<span style='font-size:9px; vertical-align: super'>5</span> 吨", "7.2×10⁵ 吨"),
        ("<img style='vertical-align: sub' alt=''>H<font style='vertical-align:sub'>2</font>O", "H₂O"),
        ("H<sub>2</sub>O", "H₂O"),
        ("x<sup>n+α</sup>", "x^(n+α)"),
        ("3<sup>rd</sup>，问源<sup>TM</sup>", "3rd，问源TM"),
        ("1280<sup>[3]</sup> 份，合格率 97.5%<sup>4</sup>。", "1280 份，合格率 97.5%。"),
        ("1280<sup><a href='#n3'>3</a></sup> 份", "1280 份"),
        ("点灯<a role=doc-noteref href='#n'>1</a>。", "点灯。"),
        ("见<a class='reference internal' href='#a'>安装</a>。", "见安装。"),
    ],
)
def test_exponents_are_told_from_numbers_of_notes(markup: str, shown: str) -> None:
    assert texts(f"<p>{markup}</p>") == [shown]


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("<mfrac><mrow><mi>λ</mi><mi>L</mi></mrow><mi>d</mi></mfrac>", "λL/d"),
        ("<msup><mi>v</mi><mn>2</mn></msup><mo>=</mo><msqrt><mi>x</mi></msqrt>", "v²=√x"),
        ("<semantics><msub><mi>x</mi><mi>i</mi></msub><annotation>x_i</annotation></semantics>", "xᵢ"),
    ],
)
def test_a_formula_is_written_in_its_line(markup: str, shown: str) -> None:
    assert texts(f"<p>设<math>{markup}</math>。</p>") == [f"设{shown}。"]


@pytest.mark.usefixtures("without_recognition")
def test_struck_text_and_pictures_are_left_out_and_told() -> None:
    page = "<h1>价</h1><p>售价 <del>3299 元</del> <ins>2699 元</ins><s>旧</s><img src=a.png></p>"
    parsed = parse_html(page.encode(), NAME)
    assert [b.text for b in parsed.blocks] == ["价", "售价 2699 元"]
    assert [n.zh for n in parsed.notices] == [
        "页.html 里有 2 处划掉的文字没有读入（“价”之下）。",
        f"页.html 里有 1 张图片没有读入（“价”之下）。{samples.TO_READ}",
    ]


@pytest.mark.parametrize(
    "page",
    [
        "<h3><button aria-expanded=false aria-controls=a>怎么办？</button></h3><div id=a hidden>这样办。</div>",
        "<button data-bs-target='#a'>怎么办？</button><section><div id=a aria-hidden=true>这样办。</div></section>",
        "<h3>怎么办？</h3><div style='color:red; display:none'>这样办。</div>",
        "<div onclick='open(this)'>怎么办？</div><div style='display:none'>这样办。</div>",
        "<button class=accordion>怎么办？</button><div class=panel>这样办。</div>",
        "<details><summary>怎么办？</summary><p>这样办。</p></details>",
        "<dl><dt>怎么办？</dt><dd hidden>这样办。</dd></dl>",
    ],
)
def test_an_answer_that_a_click_opens_is_text(page: str) -> None:
    assert texts(page) == ["怎么办？", "这样办。"]


def test_a_paragraph_of_characters_without_a_width_is_none() -> None:
    assert texts(
        "<p>成人 45 元</p><p>&#8203;</p><p>&#xfeff;<br>&nbsp;</p><blockquote>&#8288;</blockquote><p>周一闭馆</p>"
    ) == [
        "成人 45 元",
        "周一闭馆",
    ]


@pytest.mark.parametrize(
    "tabs",
    [
        "<ul role=tablist><li role=tab><a href='#a'>有线</a><li role=tab><a href='#b'>无线</a></ul>",
        "<div><button role=tab aria-controls=a>有线</button><button role=tab aria-controls=b>无线</button></div>",
        "<ul><li><a data-toggle=tab href='#a'>有线</a><li><a data-toggle=tab href='#b'>无线</a></ul>",
    ],
)
def test_what_a_tab_says_stands_above_its_panel_shown_or_not(tabs: str) -> None:
    page = f"<h1>路由器</h1>{tabs}<div id=a>地址 192.168.3.1。</div><p>间</p><div id=b hidden>地址 192.168.9.1。</div>"
    assert [(b.text, b.path) for b in parse_html(page.encode(), NAME).blocks] == [
        ("路由器", ()),
        ("有线", ("路由器",)),
        ("地址 192.168.3.1。", ("路由器", "有线")),
        ("间", ("路由器",)),
        ("无线", ("路由器",)),
        ("地址 192.168.9.1。", ("路由器", "无线")),
    ]


def test_what_names_the_text_beside_it_stands_above_it() -> None:
    page = "<details><summary>问一</summary><p>答一</p></details><dl><dt>词</dt><dd>义</dd><dt>词二</dt></dl><p>后</p>"
    assert [(b.text, b.path) for b in parse_html(page.encode(), NAME).blocks] == [
        ("问一", ()),
        ("答一", ("问一",)),
        ("词", ()),
        ("义", ("词",)),
        ("词二", ()),
        ("后", ()),
    ]


def test_dialogs_menus_and_buttons_that_do_something_are_no_text() -> None:
    page = (
        f"<p>{SENTENCE}</p><button onclick='send()'>提交</button><button data-target='#m'>登录</button>"
        "<div id=m class='modal fade' hidden>账号和密码</div><a href='#b'>到底</a><div id=b hidden>藏</div>"
    )
    assert texts(page) == [SENTENCE, "到底"]


def test_a_warning_beside_the_text_is_text_and_a_list_of_links_is_none() -> None:
    aside = "<aside class=warning><p>升级前必须先备份数据。</p></aside>"
    page = f"<p>{SENTENCE}</p>{aside}<aside><a href=a>另一篇。</a></aside>"
    assert texts(page) == [SENTENCE, "升级前必须先备份数据。"]


def test_facts_beside_the_text_are_blocks_of_their_own_and_head_nothing_after_them() -> None:
    beside = "<aside><h3>联系</h3><p>电话：8801</p></aside><div class=sidebar><h3>营业</h3><p>9 点至 18 点</p></div>"
    links = "<div class=left-sidebar><a href=1>2024 年房源</a></div>"
    page = f"<h1>公寓</h1><p>{SENTENCE}</p>{beside}<p>租期三个月。</p>{links}"
    assert [(b.text, b.path) for b in parse_html(page.encode(), NAME).blocks] == [
        ("公寓", ()),
        (SENTENCE, ("公寓",)),
        ("联系", ("公寓",)),
        ("电话：8801", ("公寓", "联系")),
        ("营业", ("公寓",)),
        ("9 点至 18 点", ("公寓", "营业")),
        ("租期三个月。", ("公寓",)),
    ]


def test_facts_beside_the_main_part_stand_after_it() -> None:
    page = f"<aside>电话：8801</aside>栏外<article><h1>公寓</h1><p>{SENTENCE}</p></article><aside>推荐</aside>"
    assert texts(page) == ["公寓", SENTENCE, "电话：8801"]


def test_a_form_that_was_filled_in_is_text_beside_the_main_text_too_and_a_box_to_search_in_is_none() -> None:
    form = (
        "<form><label>姓名 <input value=林溪></label><br><label>班级</label><select><option>甲班<option selected>乙班"
        "</select><br><label>备注</label><textarea>对花生过敏</textarea></form>"
    )
    search = "<form><label>搜索</label><input value=公寓><button>找</button></form>"
    assert texts(f"<p>{SENTENCE * 2}</p>{search}{form}") == [SENTENCE * 2, "姓名 林溪\n班级 乙班\n备注 对花生过敏"]


def test_comments_are_text_where_they_are_most_of_what_is_said() -> None:
    comments = "<div class=comment><p>同时按住两个键十秒。</p></div><div class=comment><p>好。</p></div>"
    assert texts(f"<p>开不了机怎么办？</p>{comments}") == ["开不了机怎么办？", "同时按住两个键十秒。", "好。"]
    assert texts(f"<p>{SENTENCE * 15}</p>{comments}") == [SENTENCE * 15]


def test_items_keep_their_markers_and_bold_words_their_places() -> None:
    page = """<p>须 <b>三日\n 前</b>提出<span style="font-weight:700">申请</span>。</p>
    <ol type="a" start="2"><li>甲<strong>乙</strong><ul><li>丙</li></ul></li><li value="5">丁</li></ol>
    <ul style="list-style: none"><li>戊</li></ul><p><b>全<s>不</s>是</b></p>"""
    blocks = parse_html(page.encode(), NAME).blocks
    spans = [list(zip(b.bold[::2], b.bold[1::2], strict=True)) for b in blocks]
    assert [(b.marker, b.text, [b.text[s:e] for s, e in found]) for b, found in zip(blocks, spans, strict=True)] == [
        ("", "须 三日前提出申请。", ["三日前", "申请"]),
        ("b.", "甲乙", ["乙"]),
        ("•", "丙", []),
        ("e.", "丁", []),
        ("", "戊", []),
        ("", "全是", ["全是"]),
    ]


@pytest.mark.parametrize(
    ("page", "said"),
    [
        pytest.param(
            "<table><tr><th>项<th>值<tr><td>尺寸<td><table><tr><td>长<td>3<tr><td>宽<td>2</table><tr><td>色<td>绿</table>",
            ["项 | 值", "项：尺寸；值：长：3 宽：2", "项：色；值：绿"],
            id="a table in a cell is what the cell says",
        ),
        pytest.param(
            "<table><tr><td>左<td><table><tr><th>型<th>重<tr><td>甲<td>2</table></table>",
            ["左", "型 | 重", "型：甲；重：2"],
            id="but a page may be laid out by tables",
        ),
        pytest.param(
            "<table><thead><tr><th>档<th>价<tfoot><tr><td>平均<td>3<tbody><tr><td>一<td>2<tr><td>二<td>4</table>",
            ["档 | 价", "档：一；价：2", "档：二；价：4", "档：平均；价：3"],
            id="the foot of a table comes last",
        ),
        pytest.param(
            "<table><tr><th>功能<th>基础<tr><td>导出<td><img src=x alt=支持><tr><td>审批<td><i title=没有></i></table>",
            ["功能 | 基础", "功能：导出；基础：支持", "功能：审批；基础：没有"],
            id="a sign in a cell is what it is called",
        ),
        pytest.param(
            "<p>姓名 <input value=邵青> <select><option>年假<option selected>调休</select>"
            "<input type=checkbox checked>已告知<input type=radio>代班"
            "<input type=hidden value=X9><input type=submit value=交>"
            "<p><textarea>回乡\n三天</textarea><input type=password value=密><input style='display:none' value=藏>",
            ["姓名 邵青 调休☑已告知☐代班", "回乡\n三天"],
            id="what was filled in is text",
        ),
    ],
)
def test_a_page_says(page: str, said: list[str]) -> None:
    assert texts(page) == said


def test_terms_in_a_row_have_one_meaning_and_a_list_may_count_down() -> None:
    terms = "<dl><dt>潮差</dt><dt>潮幅</dt><dd>高低潮之差。</dd><dt>大潮</dt><dd>朔望前后。</dd></dl>"
    page = f"{terms}<ol reversed><li>丙<li>乙</ol>"
    assert [(b.text, b.path, b.marker) for b in parse_html(page.encode(), NAME).blocks] == [
        ("潮差", (), ""),
        ("潮幅", ("潮差",), ""),
        ("高低潮之差。", ("潮差、潮幅",), ""),
        ("大潮", (), ""),
        ("朔望前后。", ("大潮",), ""),
        ("丙", (), "2."),
        ("乙", (), "1."),
    ]


def test_an_article_that_is_hidden_until_a_script_shows_it_is_text_and_what_opens_over_it_is_none() -> None:
    article = f'<div style="visibility: hidden; opacity: 0;"><section><p>{SENTENCE}</p></section></div>'
    code = '<div style="display:none"><p>微信扫一扫<br>关注该公众号</p></div>'
    assert texts(f"<h1>公告</h1><p>{SENTENCE}</p>{article}") == ["公告", SENTENCE]
    assert texts(f"<h1>公告</h1>{article}{code}") == ["公告", SENTENCE]
    cookies = f'<div class="cookie-modal" style="display:none"><p>{SENTENCE * 3}</p></div>'
    assert texts(f"<h1>公告</h1><p>甲。</p>{cookies}") == ["公告", "甲。"]


def test_a_table_of_names_and_values_is_one_and_so_is_what_says_that_it_is() -> None:
    fields = "<tr><th>车牌号</th><td>浙A·88K21</td></tr><tr><th>核载</th><td>19 人</td></tr>"
    assert texts(f"<table>{fields}</table>") == ["车牌号：浙A·88K21", "核载：19 人"]
    row = '<div role="row"><span role="{0}">{1}</span><span role="{0}">{2}</span></div>'
    names, values = row.format("columnheader", "等级", "折扣"), row.format("cell", "银卡", "9.5 折")
    more = row.format("cell", "金卡", "9 折")
    said = ["等级 | 折扣", "等级：银卡；折扣：9.5 折", "等级：金卡；折扣：9 折"]
    assert texts(f'<div role="table">{names}{values}{more}</div>') == said


def test_items_in_a_cell_keep_their_numbers_and_a_sign_that_leads_back_is_no_text() -> None:
    row = "<tr><td>落户</td><td><ol start=2><li>身份证</li><li>户口本</li></ol></td></tr>"
    page = (
        f"<table><tr><th>事项</th><th>材料</th></tr>{row}</table><ol><li id=n1>不含食堂。<a href='#r1'>↩</a></li></ol>"
    )
    assert texts(page) == ["事项 | 材料", "事项：落户；材料：2. 身份证 3. 户口本", "不含食堂。"]
    assert texts("<p>见<a href='#b'>附录</a>和<a href='/x'>↗</a></p>") == ["见附录和↗"]


def test_a_cell_in_bold_is_a_label_where_every_other_one_is() -> None:
    page = "<table><tr><td><b>名称</b></td><td>绿道</td><td><b>地点</b></td><td>江城</td></tr>{}</table>"
    row = "<tr><td><b>负责人</b></td><td>沈舟</td><td><b>监理</b></td><td>何田</td></tr>"
    assert texts(page.format(row)) == ["名称：绿道；地点：江城", "负责人：沈舟；监理：何田"]


def test_what_is_taken_out_of_a_page_leaves_the_text_between() -> None:
    parts = "".join(f"<nav>目录</nav>{SENTENCE}{n}。" for n in range(3))
    assert texts(f"<div>{parts}</div>") == ["".join(f"{SENTENCE}{n}。" for n in range(3))]


def test_two_breaks_part_paragraphs_and_one_does_not() -> None:
    page = "<div>营业时间：<br>早餐 6:30<br><br>地址：<br/>&nbsp;<br>12 幢</div><h2>甲<br><br>乙</h2>"
    assert kinds(page) == [
        (PARAGRAPH, "营业时间：\n早餐 6:30"),
        (PARAGRAPH, "地址："),
        (PARAGRAPH, "12 幢"),
        (HEADING, "甲 乙"),
    ]


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ('<li><span class="label">地点</span><span class="text">书房二楼</span></li>', "地点 书房二楼"),
        ('<li><span class="k">薪资</span><span class="v">6000元/月</span></li>', "薪资 6000元/月"),
        ('<div><a href="a">讲座</a><a href="b">文学</a></div>', "讲座 文学"),
        (
            '<div><span class="sign">¥</span><span class="price">2,499</span><span class="cents">.00</span></div>',
            "¥2,499.00",
        ),
        ('<p><span class="c1">主讲人</span><span class="c2">余教授</span></p>', "主讲人余教授"),
        ("<div><span>自</span><span style='color:red'>六月</span><span>起</span></div>", "自六月起"),
    ],
)
def test_words_that_only_the_style_of_the_page_parts_are_parted(markup: str, shown: str) -> None:
    assert texts(markup) == [shown]


def test_numbered_lines_of_official_papers_are_headings_and_items_of_a_list_are_none() -> None:
    page = (
        "<h1>通知</h1><p>一、标准</p><p>每月100元。</p><p>二、材料</p><p>（一）身份证；</p><p>（二）照片。</p>"
        "<p>三、时限</p><table><tr><th>环节</th><th>日</th></tr><tr><td>审批</td><td>5</td></tr></table>"
        "<p>四、自五月一日起执行。</p>"
    )
    assert [
        (b.kind, b.text, b.path, b.level) for b in parse_html(page.encode(), NAME).blocks if b.text != "环节 | 日"
    ] == [
        (HEADING, "通知", (), 1),
        (HEADING, "一、标准", ("通知",), 2),
        (PARAGRAPH, "每月100元。", ("通知", "一、标准"), 0),
        (HEADING, "二、材料", ("通知",), 2),
        (ITEM, "（一）身份证；", ("通知", "二、材料"), 1),
        (ITEM, "（二）照片。", ("通知", "二、材料"), 1),
        (HEADING, "三、时限", ("通知",), 2),
        (BlockKind.ROW, "环节：审批；日：5", ("通知", "三、时限"), 0),
        (ITEM, "四、自五月一日起执行。", ("通知",), 1),
    ]
    blocks = parse_html("<p>一、身份证</p><p>二、户口簿</p><p>均需原件。</p>".encode(), NAME).blocks
    assert [b.kind for b in blocks] == [ITEM, ITEM, PARAGRAPH]


def test_what_leads_elsewhere_beside_the_main_text_is_told_by_the_end_of_its_name() -> None:
    links = "".join(f"<a href={n}>问题{n}？</a>" for n in range(4))
    page = f'<main><h1>问</h1><p>{SENTENCE}</p><div class="Question-sideColumn"><h2>相关</h2>{links}</div></main>'
    assert texts(page) == ["问", SENTENCE]


def test_lines_that_are_numbered_in_one_paragraph_are_headings_and_items() -> None:
    page = "<p>一、用法<br>1、加水；<br>2、通电。<br>二、保养<br>每周清洗。</p>"
    assert [(b.kind, b.text, b.path) for b in parse_html(page.encode(), NAME).blocks] == [
        (HEADING, "一、用法", ()),
        (ITEM, "1、加水；", ("一、用法",)),
        (ITEM, "2、通电。", ("一、用法",)),
        (HEADING, "二、保养", ()),
        (PARAGRAPH, "每周清洗。", ("二、保养",)),
    ]


def test_fields_side_by_side_are_parted() -> None:
    assert texts("<p><span>时间：6月25</span><span>来源：办公室</span></p>") == ["时间：6月25 来源：办公室"]
    assert texts("<p><span>临时</span><span>地址：甲路</span></p>") == ["临时地址：甲路"]


def test_a_signature_with_its_date_is_no_caption_of_the_table_below() -> None:
    page = "<p>市图书馆<br>2024年6月25日</p><table><tr><th>楼层<th>功能<tr><td>1F<td>借还</table>"
    assert [b.path for b in parse_html(page.encode(), NAME).blocks] == [(), (), ()]


def test_links_that_say_the_same_under_each_post_and_lead_elsewhere_each_time_are_no_text() -> None:
    def post(number: int, writer: str) -> str:
        links = f"<p><a href=/answer/{number}>回复</a> <a href='javascript:tell({number})'>举报</a></p>"
        return f"<div><p><a href=/of/{writer}>{writer}</a></p><p>第{number}种办法可行。</p>{links}</div>"

    posts = [post(number, "阿明") for number in (1, 2, 3)]
    assert texts(f"<h1>问</h1>{''.join(posts)}") == [
        "问",
        *(t for n in (1, 2, 3) for t in ("阿明", f"第{n}种办法可行。")),
    ]
    assert texts(f"<h1>问</h1>{''.join(posts[:2])}").count("回复 举报") == 2
    beside = "".join(f"<p>方案{n}：<a href={n}>下载</a></p>" for n in (1, 2, 3))
    assert texts(beside) == ["方案1：下载", "方案2：下载", "方案3：下载"]


def test_columns_of_text_beside_each_other_are_read_one_after_the_other() -> None:
    left, right = "<p>成立于 2003 年。</p><p>专营茶叶。</p>", "<b>服务</b><br>送货上门<br>七天退换"
    page = f"<table><tr><td colspan=2>茶庄<tr><td>{left}<td>{right}</table>"
    assert texts(page) == ["茶庄", "成立于 2003 年。", "专营茶叶。", "服务\n送货上门\n七天退换"]
    assert texts("<table><tr><td>甲<br>乙<td>12</table>") == ["甲 乙；12"]


def test_preformatted_lines_that_stand_in_columns_are_a_table() -> None:
    page = "<h1>航班</h1><pre>\n航班号    始发地    到达\nMU5101    北京      09:20\nCZ3523    广州      10:05\n</pre>"
    assert kinds(page) == [
        (HEADING, "航班"),
        (BlockKind.ROW, "航班号 | 始发地 | 到达"),
        (BlockKind.ROW, "航班号：MU5101；始发地：北京；到达：09:20"),
        (BlockKind.ROW, "航班号：CZ3523；始发地：广州；到达：10:05"),
    ]


def test_what_a_figure_says_below_its_table_is_the_caption_of_that() -> None:
    page = "<figure><table><tr><th>科室</th><th>费用</th></tr><tr><td>内科</td><td>20 元</td></tr></table>"
    blocks = parse_html(f"{page}<figcaption>收费表</figcaption></figure>".encode(), NAME).blocks
    assert [(block.text, block.path) for block in blocks] == [
        ("科室 | 费用", ("收费表",)),
        ("科室：内科；费用：20 元", ("收费表",)),
        ("收费表", ()),
    ]
