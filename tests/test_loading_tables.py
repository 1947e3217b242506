"""A row of a table is a block with the names of its columns, the same in all formats."""

from __future__ import annotations

import pytest

from rag.loading.tables import Cell, Row, table


def texts(rows: list[list[str | Cell]]) -> list[str]:
    """The blocks of a table of these cells; what stands in a path of its own after it."""
    blocks = table([Row(cells, line) for line, cells in enumerate(rows, start=1)], ())
    return [f"{'/'.join(block.path)}> {block.text}" if block.path else block.text for block in blocks]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        pytest.param(
            [["姓名", "语文", "英语"], ["赵刚", "76", ""], ["", "88", ""]],
            ["姓名 | 语文 | 英语", "姓名：赵刚；语文：76", "语文：88"],
            id="a blank cell is left out with its name",
        ),
        pytest.param(
            [["", "城市", "店长"], ["1", "昆明", "吴丹"]],
            ["城市 | 店长", "1；城市：昆明；店长：吴丹"],
            id="a column without a name has its value alone",
        ),
        pytest.param(
            [["甲", "乙"], ["一", "二", "三"]],
            ["甲 | 乙", "甲：一；乙：二；三"],
            id="a row may be longer than the names",
        ),
        pytest.param(
            [
                [Cell("姓名", down=2), "1", "2", Cell("天数", down=2)],
                ["六", "日"],
                ["林溪", "休", "√", "1"],
                ["周舟", "√", "休", "1"],
            ],
            [
                "姓名 | 1 六 | 2 日 | 天数",
                "姓名：林溪；1 六：休；2 日：√；天数：1",
                "姓名：周舟；1 六：√；2 日：休；天数：1",
            ],
            id="words below numbers that name columns name them too",
        ),
        pytest.param(
            [
                ["报价单"],
                ["品名", "单价"],
                ["阀门", "120"],
                [],
                ["以上含税。"],
                [],
                ["方式", "比例", "时间"],
                ["定金", "30%", "当日"],
            ],
            [
                "报价单",
                "报价单> 品名 | 单价",
                "报价单> 品名：阀门；单价：120",
                "报价单> 以上含税。",
                "报价单> 方式 | 比例 | 时间",
                "报价单> 方式：定金；比例：30%；时间：当日",
            ],
            id="a remark is no caption of the next table",
        ),
        pytest.param(
            [
                ["利润表"],
                ["编制单位：恒建", "", "2024年5月", "单位：元"],
                ["项目", "行次", "本月数", "累计数"],
                ["营业收入", "1", "12", "56"],
            ],
            [
                "利润表",
                "编制单位：恒建；2024年5月；单位：元",
                "利润表> 项目 | 行次 | 本月数 | 累计数",
                "利润表> 项目：营业收入；行次：1；本月数：12；累计数：56",
            ],
            id="whose a statement is, of when and in what unit stands above its names",
        ),
        pytest.param(
            [
                ["客户：东门小学", "电话：6102", ""],
                ["品名", "规格", "数量"],
                ["阀门", "DN50", "2"],
                ["制单：林溪", "", "审核：周舟"],
                ["长：30", "宽：20", "高：10"],
            ],
            [
                "客户：东门小学；电话：6102",
                "客户：东门小学；电话：6102> 品名 | 规格 | 数量",
                "客户：东门小学；电话：6102> 品名：阀门；规格：DN50；数量：2",
                "客户：东门小学；电话：6102> 制单：林溪；审核：周舟",
                "客户：东门小学；电话：6102> 品名：长：30；规格：宽：20；数量：高：10",
            ],
            id="fields that leave columns free below a table are named by themselves",
        ),
        pytest.param(
            [["客户：东门小学", "电话：6102"], ["品名", "单价"], ["阀门", "120"], ["垫片", "3.5"]],
            ["客户：东门小学；电话：6102", "品名 | 单价", "品名：阀门；单价：120", "品名：垫片；单价：3.5"],
            id="fields above two columns are no label and its value",
        ),
        pytest.param(
            [[Cell("汇总表", across=3)], ["制表：人事", "", ""], ["工号", "姓名", "得分"], ["7", "王强", "81"]],
            ["汇总表", "制表：人事", "汇总表> 工号 | 姓名 | 得分", "汇总表> 工号：7；姓名：王强；得分：81"],
            id="what stands above the names is a caption",
        ),
        pytest.param(
            [["部门", "姓名"], [Cell("研发部", down=2), "李梅"], ["赵刚"], ["财务部", "周宁"]],
            ["部门 | 姓名", "部门：研发部；姓名：李梅", "部门：研发部；姓名：赵刚", "部门：财务部；姓名：周宁"],
            id="a merged cell is said in each of its rows",
        ),
        pytest.param(
            [["时间", "周一", "周二"], ["12:00", Cell("午休", across=2)]],
            ["时间 | 周一 | 周二", "时间：12:00；周一：午休；周二：午休"],
            id="and in each of its columns",
        ),
        pytest.param(
            [[Cell("姓名", down=2), Cell("成绩", across=2)], ["语文", "英语"], ["王强", "91", "84"]],
            ["姓名 | 成绩 语文 | 成绩 英语", "姓名：王强；成绩 语文：91；成绩 英语：84"],
            id="names of two levels are joined",
        ),
        pytest.param(
            [["姓名", "成绩", ""], ["", "语文", "英语"], ["王强", "91", "84"]],
            ["姓名 | 成绩 语文 | 成绩 英语", "姓名：王强；成绩 语文：91；成绩 英语：84"],
            id="also those that are not merged but left blank",
        ),
        pytest.param(
            [["项目名称", "滨江泵站"], ["建设单位", "水务局"], ["工期", "120 天"]],
            ["项目名称：滨江泵站", "建设单位：水务局", "工期：120 天"],
            id="labels with their values have no names of columns",
        ),
        pytest.param(
            [["姓名：", "周宁", "性别：", "女"], ["住址：", Cell("滨河路 18 号", across=3)], ["备注：", "", "", ""]],
            ["姓名：周宁；性别：女", "住址：滨河路 18 号", "备注"],
            id="nor has a form",
        ),
        pytest.param(
            [["工号", "1002", "姓名", "李梅"], ["入职", "2019-03-01", "部门", "研发部"]],
            ["工号：1002；姓名：李梅", "入职：2019-03-01；部门：研发部"],
            id="nor one without colons",
        ),
        pytest.param(
            [["城市", "门店数"], ["成都", "12"], ["西安", "暂无"], ["昆明", "7"]],
            ["城市 | 门店数", "城市：成都；门店数：12", "城市：西安；门店数：暂无", "城市：昆明；门店数：7"],
            id="but a column of numbers has a name",
        ),
        pytest.param(
            [["指标", "2021", "2022"], ["收入", "12", "13"], ["利润", "3", "4"]],
            ["指标 | 2021 | 2022", "指标：收入；2021：12；2022：13", "指标：利润；2021：3；2022：4"],
            id="years are names",
        ),
        pytest.param(
            [["B-205", "成都", "12.5"], ["B-206", "昆明", "8.0"]],
            ["B-205；成都；12.5", "B-206；昆明；8.0"],
            id="other numbers are none",
        ),
        pytest.param(
            [["楼栋", "层数"], ["甲", "11"], ["乙", "18"], [], ["项目", "单价"], ["物业", "2.6"], ["停车", "300"]],
            [
                "楼栋 | 层数",
                "楼栋：甲；层数：11",
                "楼栋：乙；层数：18",
                "项目 | 单价",
                "项目：物业；单价：2.6",
                "项目：停车；单价：300",
            ],
            id="a blank row parts tables",
        ),
        pytest.param(
            [["楼栋", "层数"], ["甲", "11"], [], ["乙", "18"]],
            ["楼栋 | 层数", "楼栋：甲；层数：11", "楼栋：乙；层数：18"],
            id="or only rows of one",
        ),
        pytest.param(
            [["表一", "", "", "表二", ""], ["资产", "期末", "", "负债", "期末"], ["现金", "12", "", "借款", "5"]],
            [
                "表一",
                "表一> 资产 | 期末",
                "表一> 资产：现金；期末：12",
                "表二",
                "表二> 负债 | 期末",
                "表二> 负债：借款；期末：5",
            ],
            id="a blank column parts tables",
        ),
        pytest.param(
            [["产品", "单价"], [Cell("一、茶叶", across=2)], ["云雾", "128"], ["产品", "单价"], ["老白", "260"]],
            ["产品 | 单价", "一、茶叶", "一、茶叶> 产品：云雾；单价：128", "一、茶叶> 产品：老白；单价：260"],
            id="a row of one merged cell heads those below, and names said again are left out",
        ),
        pytest.param(
            [["船", "班次", "票价"], ["一号", "", ""], ["注：风大停航。", "", ""], [], ["以公告为准", "", ""]],
            ["船 | 班次 | 票价", "船：一号", "注：风大停航。", "以公告为准"],
            id="remarks below the rows are none",
        ),
        pytest.param(
            [["姓名", "邵青", "性别", "女"], ["住址", Cell("南街 12 号", across=3)], ["特长", Cell("", across=3)]],
            ["姓名：邵青；性别：女", "住址：南街 12 号", "特长"],
            id="values that reach over the columns of other labels are those of a form",
        ),
        pytest.param(
            [["时间", "周一", "周二", "周三"], ["早读", "语文", "英语", "数学"], ["午休", Cell("自由活动", across=3)]],
            [
                "时间 | 周一 | 周二 | 周三",
                "时间：早读；周一：语文；周二：英语；周三：数学",
                "时间：午休；周一：自由活动；周二：自由活动；周三：自由活动",
            ],
            id="but not where the names are alike",
        ),
        pytest.param(
            [["地址", "滨河路 9 号"], ["电话", "0571-8866"], ["邮编", "310000"]],
            ["地址：滨河路 9 号", "电话：0571-8866", "邮编：310000"],
            id="values of several kinds have no name in common",
        ),
        pytest.param(
            [
                [Cell("基本", across=2, head=True)],
                ["车型", "轻卡"],
                ["载重", "1.5 t"],
                [Cell("尺寸", across=2, head=True)],
                ["车长", "5.9 m"],
                ["轴距", "3.3 m"],
            ],
            [
                "基本",
                "基本> 车型：轻卡",
                "基本> 载重：1.5 t",
                "基本> 尺寸",
                "基本/尺寸> 车长：5.9 m",
                "基本/尺寸> 轴距：3.3 m",
            ],
            id="nor have those under headings of parts",
        ),
        pytest.param(
            [["姓名", "电话"], ["吴丹", "0571-8800"], ["林溪", "0571-8801"]],
            ["姓名 | 电话", "姓名：吴丹；电话：0571-8800", "姓名：林溪；电话：0571-8801"],
            id="values of one kind have",
        ),
        pytest.param(
            [
                [Cell("学校", down=3), Cell("招生", across=4)],
                [Cell("理科", across=2), Cell("文科", across=2)],
                ["计划", "实录", "计划", "实录"],
                ["一中", "200", "198", "100", "97"],
                ["二中", "150", "151", "120", "118"],
            ],
            [
                "学校 | 招生 理科 计划 | 招生 理科 实录 | 招生 文科 计划 | 招生 文科 实录",
                "学校：一中；招生 理科 计划：200；招生 理科 实录：198；招生 文科 计划：100；招生 文科 实录：97",
                "学校：二中；招生 理科 计划：150；招生 理科 实录：151；招生 文科 计划：120；招生 文科 实录：118",
            ],
            id="names of three levels are joined",
        ),
        pytest.param(
            [["产品", "2023年12月", "2024年1月"], ["铜管", "120", "130"], ["弯头", "60", ""]],
            [
                "产品 | 2023年12月 | 2024年1月",
                "产品：铜管；2023年12月：120；2024年1月：130",
                "产品：弯头；2023年12月：60",
            ],
            id="dates are names",
        ),
        pytest.param(
            [["B-205", "2024-03-01", "2024-03-09"], ["B-206", "2024-04-01", "2024-04-02"]],
            ["B-205；2024-03-01；2024-03-09", "B-206；2024-04-01；2024-04-02"],
            id="but not above other dates",
        ),
        pytest.param(
            [["项目", "数量", "金额"], ["", "台", "万元"], ["水泵", "4", "10.5"], ["阀门", "12", "2.2"]],
            [
                "项目 | 数量 台 | 金额 万元",
                "项目：水泵；数量 台：4；金额 万元：10.5",
                "项目：阀门；数量 台：12；金额 万元：2.2",
            ],
            id="units below the names belong to them",
        ),
        pytest.param(
            [["编号", "名称"], ["---", ":--:"], ["1", "沙袋"], ["2", "铁锹"]],
            ["编号 | 名称", "编号：1；名称：沙袋", "编号：2；名称：铁锹"],
            id="a line that is drawn below the names is no row",
        ),
        pytest.param(
            [
                ["姓名", "向楠", "性别", "女", Cell("照片", down=2)],
                ["出生年月", "1992-05", "民族", "土家族"],
                ["教育经历", Cell("湘江大学", across=4)],
            ],
            ["姓名：向楠；性别：女；照片", "出生年月：1992-05；民族：土家族", "教育经历：湘江大学"],
            id="a form may have a picture at its side",
        ),
        pytest.param(
            [
                ["姓名", "莫雨桐", "工号", "A0937"],
                [Cell("家庭成员", down=3), "关系", "姓名", "电话"],
                ["父亲", "莫志强", "136"],
                ["母亲", "柳芳", "137"],
                ["紧急联系人", Cell("莫志强", across=3)],
            ],
            [
                "姓名：莫雨桐；工号：A0937",
                "家庭成员",
                "家庭成员> 关系 | 姓名 | 电话",
                "家庭成员> 关系：父亲；姓名：莫志强；电话：136",
                "家庭成员> 关系：母亲；姓名：柳芳；电话：137",
                "紧急联系人：莫志强",
            ],
            id="what stands in a form beside one label is a table",
        ),
        pytest.param(
            [["姓名：", "张三"], [Cell("经历：", down=3)], ["云阶", "2012"], ["江城", "2016"]],
            ["姓名：张三", "经历：", "经历：> 云阶：2012", "经历：> 江城：2016"],
            id="also where nothing stands in its first row",
        ),
        pytest.param(
            [["甲方", "弘毅公司", "乙方", "启明公司"], ["代表人", "任平", "代表人", "班昭"], ["日期", "", "日期", ""]],
            ["甲方：弘毅公司；乙方：启明公司", "代表人：任平；代表人：班昭", "日期；日期"],
            id="two parties have the same labels",
        ),
        pytest.param(
            [
                ["岗位", "姓名", "职责", "备注"],
                ["店长", "苗青", "管理", "轮休"],
                ["说明", Cell("自下月起执行", across=3)],
            ],
            [
                "岗位 | 姓名 | 职责 | 备注",
                "岗位：店长；姓名：苗青；职责：管理；备注：轮休",
                "岗位：说明；姓名、职责、备注：自下月起执行",
            ],
            id="words alone below names are no form",
        ),
        pytest.param(
            [
                ["类别", "明细", "单价", "金额"],
                ["住房", "房租", "2500", "2500"],
                [Cell("合计", across=3), "2500"],
                [Cell("大写", across=2), Cell("贰仟伍佰元整", across=2)],
            ],
            [
                "类别 | 明细 | 单价 | 金额",
                "类别：住房；明细：房租；单价：2500；金额：2500",
                "合计；金额：2500",
                "大写：贰仟伍佰元整",
            ],
            id="what begins a row and reaches over several columns names the row",
        ),
        pytest.param(
            [["序号", "项目", "单位", "合价"], ["一", Cell("厨房", across=2), "5200"], ["1", "墙砖", "㎡", "1430"]],
            [
                "序号 | 项目 | 单位 | 合价",
                "序号：一；项目、单位：厨房；合价：5200",
                "序号：1；项目：墙砖；单位：㎡；合价：1430",
            ],
            id="a value over columns that are not alike is said once",
        ),
        pytest.param(
            [[Cell("姓名", down=2), "9/2", "9/3"], ["周一", "周二"], ["郁金", "白", "夜"]],
            ["姓名 | 9/2 周一 | 9/3 周二", "姓名：郁金；9/2 周一：白；9/3 周二：夜"],
            id="beside a name of two rows stand two rows of names",
        ),
        pytest.param(
            [[Cell("客户", down=2), Cell("账龄", across=2)], ["1年以内", "1-2年"], ["青禾超市", "18", "30"]],
            ["客户 | 账龄 1年以内 | 账龄 1-2年", "客户：青禾超市；账龄 1年以内：18；账龄 1-2年：30"],
            id="whatever these look like",
        ),
        pytest.param(
            [["学号", "姓名", "学号", "姓名"], ["01", "安然", "03", "滕飞"], ["02", "柏舟", "", ""]],
            ["学号 | 姓名", "学号：01；姓名：安然", "学号：02；姓名：柏舟", "学号 | 姓名", "学号：03；姓名：滕飞"],
            id="names that are said again begin a table beside the first",
        ),
        pytest.param(
            [["资产", "期末", "年初", "负债", "期末", "年初"], ["现金", "52", "48", "借款", "30", "31"]],
            [
                "资产 | 期末 | 年初",
                "资产：现金；期末：52；年初：48",
                "负债 | 期末 | 年初",
                "负债：借款；期末：30；年初：31",
            ],
            id="also where the first of each differs",
        ),
        pytest.param(
            [
                ["客户：", "远志装饰", "", "", "单号：", "SH24"],
                ["品名", "规格", "单位", "数量", "单价", "金额"],
                ["龙骨", "C50", "根", "100", "9", "900"],
                ["收货人：", "", "", "送货人：", "荀子明", ""],
            ],
            [
                "客户：远志装饰；单号：SH24",
                "品名 | 规格 | 单位 | 数量 | 单价 | 金额",
                "品名：龙骨；规格：C50；单位：根；数量：100；单价：9；金额：900",
                "收货人；送货人：荀子明",
            ],
            id="labels with colons above and below a table are no names and no rows of it",
        ),
        pytest.param(
            [
                ["编制单位：云帆", "", "6月30日", "", "单位：元", ""],
                ["科目", "一月", "二月", "三月", "四月", "五月"],
                ["现金", "1", "2", "3", "4", "5"],
            ],
            [
                "编制单位：云帆；6月30日；单位：元",
                "编制单位：云帆；6月30日；单位：元> 科目 | 一月 | 二月 | 三月 | 四月 | 五月",
                "编制单位：云帆；6月30日；单位：元> 科目：现金；一月：1；二月：2；三月：3；四月：4；五月：5",
            ],
            id="a date among fields above a table is one of them",
        ),
        pytest.param(
            [["项目", "标准"], ["交通补贴", "450元/月"], ["餐补", "25元/天"]],
            ["项目 | 标准", "项目：交通补贴；标准：450元/月", "项目：餐补；标准：25元/天"],
            id="amounts of one currency are of one kind",
        ),
        pytest.param(
            [["权利人", "宁采臣"], ["共有情况", "单独所有"], ["坐落", "兰若街 6 号"]],
            ["权利人：宁采臣", "共有情况：单独所有", "坐落：兰若街 6 号"],
            id="values of which some have numbers have no name in common",
        ),
        pytest.param([["甲"], ["乙"]], ["甲", "乙"], id="one column is text"),
        pytest.param(
            [
                ["甲方（盖章）：", "", "乙方（盖章）：", ""],
                ["法人：", "周启明", "法人：", "贺兰"],
                ["日期：", "", "日期：", ""],
            ],
            ["甲方（盖章）；乙方（盖章）", "法人：周启明；法人：贺兰", "日期；日期"],
            id="labels without values are no title",
        ),
        pytest.param(
            [["甲方（盖章）：", "乙方（盖章）："], ["代表：周启明", "代表：贺兰"], ["日期：3月1日", "日期：3月2日"]],
            [
                "甲方（盖章）；乙方（盖章）",
                "甲方（盖章）：代表：周启明；乙方（盖章）：代表：贺兰",
                "甲方（盖章）：日期：3月1日；乙方（盖章）：日期：3月2日",
            ],
            id="labels above the same labels in all columns say whose these are",
        ),
        pytest.param(
            [
                ["购买方", Cell("名称：云阶", across=3)],
                ["货物", "数量", "单价", "金额"],
                ["打印纸", "10", "25.00", "250.00"],
                ["硒鼓", "2", "180.00", "360.00"],
            ],
            [
                "购买方：名称：云阶",
                "货物 | 数量 | 单价 | 金额",
                "货物：打印纸；数量：10；单价：25.00；金额：250.00",
                "货物：硒鼓；数量：2；单价：180.00；金额：360.00",
            ],
            id="a label with one value over all other columns stands above the names",
        ),
        pytest.param(
            [
                ["", "产量", "效率", "温升"],
                ["", "吨", "%", "℃"],
                ["甲", "320", "92.5", "40"],
                ["乙", "280", "93", "45"],
            ],
            [
                "产量 吨 | 效率 % | 温升 ℃",
                "甲；产量 吨：320；效率 %：92.5；温升 ℃：40",
                "乙；产量 吨：280；效率 %：93；温升 ℃：45",
            ],
            id="signs are units, too, also where the first column has no name",
        ),
        pytest.param(
            [["是否党员", "☐是☑否"], ["政治面貌", "群众"]],
            ["是否党员：☐是☑否", "政治面貌：群众"],
            id="boxes are no name",
        ),
        pytest.param(
            [
                [Cell("菜名", head=True), Cell("价格", head=True)],
                [Cell("凉菜", across=2, head=True)],
                ["拍黄瓜", "12"],
                [Cell("热菜", across=2, head=True)],
                ["宫保鸡丁", "38"],
            ],
            ["菜名 | 价格", "凉菜", "凉菜> 菜名：拍黄瓜；价格：12", "热菜", "热菜> 菜名：宫保鸡丁；价格：38"],
            id="a name over all columns is that of a part",
        ),
        pytest.param(
            [
                [Cell("日期", head=True), Cell("早班", head=True)],
                ["3月1日", "张三"],
                [Cell("日期", head=True), Cell("早班", head=True)],
                ["3月2日", "李四"],
                [Cell("日期", head=True), Cell("电话", head=True)],
                ["3月1日", "8801"],
                [Cell("合计", head=True), Cell("1", head=True)],
            ],
            [
                "日期 | 早班",
                "日期：3月1日；早班：张三",
                "日期：3月2日；早班：李四",
                "日期 | 电话",
                "日期：3月1日；电话：8801",
                "日期：合计；电话：1",
            ],
            id="other names begin another table, the same names and a total do not",
        ),
        pytest.param(
            [
                [Cell("班次", head=True), Cell("上行", across=2, head=True), Cell("下行", across=2, head=True)],
                ["", "发车", "到达", "发车", "到达"],
                ["1路", "6:00", "6:40", "7:00", "7:45"],
            ],
            [
                "班次 | 上行 发车 | 上行 到达 | 下行 发车 | 下行 到达",
                "班次：1路；上行 发车：6:00；上行 到达：6:40；下行 发车：7:00；下行 到达：7:45",
            ],
            id="of two levels of names only the upper one may be marked",
        ),
        pytest.param(
            [
                [Cell("项目名称", bold=True), "滨江绿道", Cell("地点", bold=True), "江城"],
                [Cell("负责人", bold=True), "沈舟", Cell("监理", bold=True), "何田"],
            ],
            ["项目名称：滨江绿道；地点：江城", "负责人：沈舟；监理：何田"],
            id="every other cell in bold is a label",
        ),
        pytest.param(
            [
                [Cell("代号", bold=True), Cell("12.5", bold=True)],
                ["甲", "乙"],
                [Cell("合计", bold=True), Cell("丙", bold=True)],
            ],
            ["代号 | 12.5", "代号：甲；12.5：乙", "代号：合计；12.5：丙"],
            id="a first row in bold names the columns",
        ),
        pytest.param(
            [
                [Cell("编号", head=True, bold=True), Cell("HT-01", head=True), Cell("日期", head=True, bold=True), ""],
                [Cell("甲方", bold=True), "云阶", Cell("乙方", bold=True), "江城"],
            ],
            ["编号：HT-01；日期", "甲方：云阶；乙方：江城"],
            id="labels in bold are none of the names that Markdown makes of a first row",
        ),
        pytest.param(
            [
                [Cell("申请人", down=2), "姓名", "张三", "电话", "8801"],
                ["职务", "经理", "邮箱", "a@b.cn"],
                [Cell("单位", down=2), "名称", Cell("云阶科技", across=3)],
                ["地址", Cell("南京", across=3)],
                ["理由", Cell("业务需要。", across=4)],
            ],
            [
                "申请人",
                "申请人> 姓名：张三；电话：8801",
                "申请人> 职务：经理；邮箱：a@b.cn",
                "单位",
                "单位> 名称：云阶科技",
                "单位> 地址：南京",
                "理由：业务需要。",
            ],
            id="a form may have labels of its parts at the side from its beginning on",
        ),
        pytest.param(
            [["项目", "<1岁", "1–3岁", "≥4岁"], ["剂量", "5 mL", "10 mL", "15 mL"], ["次数", "2", "2", "3"]],
            [
                "项目 | <1岁 | 1–3岁 | ≥4岁",
                "项目：剂量；<1岁：5 mL；1–3岁：10 mL；≥4岁：15 mL",
                "项目：次数；<1岁：2；1–3岁：2；≥4岁：3",
            ],
            id="bounds that rise are names",
        ),
        pytest.param(
            [
                [Cell("基本信息", down=2), "姓名", "张三"],
                ["工号", "0012"],
                [Cell("经历", down=2), "2019-2021", "云阶"],
                ["2021-至今", "江城"],
            ],
            [
                "基本信息",
                "基本信息> 姓名：张三",
                "基本信息> 工号：0012",
                "经历",
                "经历> 2019-2021：云阶",
                "经历> 2021-至今：江城",
            ],
            id="what alone reaches down from the first row is no name of a column",
        ),
        pytest.param(
            [
                ["部门", "一季度", "", "", "合计"],
                ["", "1月", "2月", "3月", ""],
                ["生产", "10", "11", "12", "33"],
            ],
            [
                "部门 | 一季度 1月 | 一季度 2月 | 一季度 3月 | 合计",
                "部门：生产；一季度 1月：10；一季度 2月：11；一季度 3月：12；合计：33",
            ],
            id="months under few names are the second level",
        ),
        pytest.param(
            [
                ["姓名", "张三", "性别", "未知"],
                ["出生年月", "1990年5月", "民族", "汉"],
                ["学历", "本科", "邮箱", "zs@example.com"],
                ["电话", "138****1111", "", ""],
            ],
            [
                "姓名：张三；性别：未知",
                "出生年月：1990年5月；民族：汉",
                "学历：本科；邮箱：zs@example.com",
                "电话：138****1111",
            ],
            id="values of several kinds in several columns have no names, though the first of them are words",
        ),
        pytest.param(
            [["姓名", "张三", "性别", "女"], ["籍贯", "湖南", "民族", "汉族"]],
            ["姓名：张三；性别：女", "籍贯：湖南；民族：汉族"],
            id="nor has one that is a single character where labels have more",
        ),
        pytest.param(
            [["外观", "合格", "尺寸", "合格"], ["强度", "合格", "气密性", "不合格"]],
            ["外观：合格；尺寸：合格", "强度：合格；气密性：不合格"],
            id="nor one that is said again below",
        ),
        pytest.param(
            [["型号", "KX-200", "颜色", "银灰"], ["功率", "1200 W", "电压", "220 V"]],
            ["型号：KX-200；颜色：银灰", "功率：1200 W；电压：220 V"],
            id="nor a code",
        ),
        pytest.param(
            [["项目", "标准", "适用", "备注"], ["交通", "450元", "全员", "随工资"], ["住房", "面议", "外地", "须申请"]],
            [
                "项目 | 标准 | 适用 | 备注",
                "项目：交通；标准：450元；适用：全员；备注：随工资",
                "项目：住房；标准：面议；适用：外地；备注：须申请",
            ],
            id="but one column of words and numbers makes no form",
        ),
        pytest.param(
            [["项目", "KX-200", "单位", "备注"], ["功率", "1200", "瓦", "额定"], ["电压", "220", "伏", "交流"]],
            [
                "项目 | KX-200 | 单位 | 备注",
                "项目：功率；KX-200：1200；单位：瓦；备注：额定",
                "项目：电压；KX-200：220；单位：伏；备注：交流",
            ],
            id="nor does a code above numbers of one kind",
        ),
        pytest.param(
            [["申请人", "", "部门", ""], ["事由", Cell("", across=3)]],
            ["申请人；部门", "事由"],
            id="a form may be blank",
        ),
        pytest.param(
            [["姓名：", "张三", "性别", "未知"], ["年龄：", "三五", "职业", "教师"]],
            ["姓名：张三；性别：未知", "年龄：三五；职业：教师"],
            id="of the labels some may have a colon",
        ),
        pytest.param(
            [
                ["姓名", "张三", "性别", "女"],
                ["籍贯", "湖南", "民族", "汉"],
                [Cell("工作经历", across=4)],
                ["起止", "单位", "职务", "证明人"],
                ["2012—2016", "云阶", "工程师", "李四"],
                [Cell("自我评价", across=4)],
                [Cell("踏实，肯学。", across=4)],
                ["签名", Cell("张三", across=3)],
            ],
            [
                "姓名：张三；性别：女",
                "籍贯：湖南；民族：汉",
                "工作经历",
                "工作经历> 起止 | 单位 | 职务 | 证明人",
                "工作经历> 起止：2012—2016；单位：云阶；职务：工程师；证明人：李四",
                "自我评价",
                "自我评价> 踏实，肯学。",
                "签名：张三",
            ],
            id="below a cell that fills the width of a form may stand a table, or what it is to say",
        ),
        pytest.param(
            [
                ["一、客房"],
                ["房型", "平日", "周末"],
                ["大床房", "388", "468"],
                ["二、加床"],
                ["项目", "价格", ""],
                ["婴儿床", "60", ""],
                [Cell("三、团队", across=3)],
                ["项目", "起订", "折扣"],
                ["会议", "十间", "八折"],
            ],
            [
                "一、客房",
                "一、客房> 房型 | 平日 | 周末",
                "一、客房> 房型：大床房；平日：388；周末：468",
                "一、客房> 二、加床",
                "二、加床> 项目 | 价格",
                "二、加床> 项目：婴儿床；价格：60",
                "二、加床> 三、团队",
                "三、团队> 项目 | 起订 | 折扣",
                "三、团队> 项目：会议；起订：十间；折扣：八折",
            ],
            id="below a title stands another table, with no blank row above it",
        ),
    ],
)
def test_a_table_says(rows: list[list[str | Cell]], said: list[str]) -> None:
    assert texts(rows) == said


def test_fields_that_two_sides_sign_name_their_side() -> None:
    rows = [["甲方（盖章）：禾木", "乙方（盖章）：恒信"], ["代表：梁永康", "代表：沈建忠"], ["日期：", "日期：3月2日"]]
    assert texts(list(map(list[str | Cell], rows))) == [
        "甲方（盖章）：禾木；乙方（盖章）：恒信",
        "甲方（盖章）：代表：梁永康；乙方（盖章）：代表：沈建忠",
        "甲方（盖章）：日期：；乙方（盖章）：日期：3月2日",
    ]


def test_a_form_of_two_columns_whose_labels_differ_names_no_sides() -> None:
    rows = [["姓名：张三", "性别：男"], ["电话：138", "住址：杭州"]]
    assert texts(list(map(list[str | Cell], rows))) == ["姓名：张三；性别：男", "电话：138；住址：杭州"]


def test_where_every_row_would_end_with_a_label_its_cells_are_no_pairs() -> None:
    rows: list[list[str | Cell]] = [
        ["星期", "荤菜", "素菜", "汤", "主食"],
        ["周一", "狮子头", "空心菜", "蛋汤", "拌面"],
    ]
    rows.append(["周二", "鲈鱼", "麻婆豆腐", "骨汤", "馄饨"])
    assert texts(rows) == [
        "星期 | 荤菜 | 素菜 | 汤 | 主食",
        "星期：周一；荤菜：狮子头；素菜：空心菜；汤：蛋汤；主食：拌面",
        "星期：周二；荤菜：鲈鱼；素菜：麻婆豆腐；汤：骨汤；主食：馄饨",
    ]


def test_a_long_list_of_labels_is_told_from_a_long_list_of_one_kind_by_what_its_values_are() -> None:
    kinds = ["云雀", "1.2 kg", "220V", "2024-01", "浙江", "50Hz", "三年", "KX-1"]
    labels = [f"{a}{b}" for a in "甲乙丙丁戊" for b in "子丑寅卯辰巳午未"]
    form = [Row([label, kinds[n % len(kinds)]]) for n, label in enumerate(labels)]
    assert [block.text for block in table(form, ())][:2] == ["甲子：云雀", "甲丑：1.2 kg"]
    goods = [Row([label, f"{n + 3} 个"]) for n, label in enumerate(labels)]
    assert [block.text for block in table([Row(["物品", "数量"]), *goods], ())][:2] == [
        "物品 | 数量",
        "物品：甲子；数量：3 个",
    ]


def test_a_long_merged_cell_is_said_once() -> None:
    assert texts([["甲", "乙"], [Cell("长" * 201, across=2, down=2)], ["丙"]])[1:] == ["长" * 201, "丙"]
