"""Names that belong to nobody: surnames, given names, places and trades to combine."""

SURNAMES = tuple("王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡")
GIVEN_FIRST = tuple("建国志明秀桂玉春海文晓丽德庆永红金小国家振立世光少伟淑美雪思")
GIVEN_SECOND = tuple("华英明兰平军芳强梅林芬杰霞峰荣生珍辉琴涛云龙凤波敏刚娟超萍勇")
SOUND_ALIKE = tuple("花瑛名岚萍均方墙煤琳纷洁侠丰容升真晖芹滔芸隆奉博闽钢鹃钞平永")
"""What a hurried clerk types in place of each of GIVEN_SECOND."""
PLACES = (
    "青禾", "柳溪", "白石", "南塘", "河湾", "枫林", "双桥", "云岭", "沙洲", "古渡",
    "新坪", "茶坪", "竹园", "龙井", "梅坡", "东陂", "石门", "长岗", "清泉", "莲塘",
)  # fmt: skip
STREETS = ("人民路", "建设路", "解放街", "沿河街", "新村", "老街", "学府路", "工业路")
TRADES = (
    "粮油", "茶业", "建材", "机械", "纺织", "养殖", "果蔬", "运输", "电子", "木业",
    "食品", "农资", "水产", "印刷", "五金", "商贸",
)  # fmt: skip
PUBLIC_BODIES = ("中心小学", "卫生院", "村民委员会", "农技站", "敬老院", "中学")
COMPANY_FORMS = ("有限公司", "有限责任公司", "农民专业合作社", "厂")
