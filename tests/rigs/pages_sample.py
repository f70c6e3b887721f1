"""A sample site for the tests of pages and the pictures in the docs: its own words, English and Chinese."""

from __future__ import annotations

import struct
import zlib
from datetime import UTC, date, datetime, timedelta, timezone

from feeds.models import Enclosure
from feeds.renderer.catalog import CatalogueFeed, CatalogueHead
from feeds.renderer.html_pages import (
    PageEntry,
    PageFeed,
    SourceHealth,
    SourceStatus,
    render_entry,
    render_feed_page,
    render_front_page,
    render_status_page,
    render_teaser,
)
from feeds.renderer.templates import load_templates

CHINA = timezone(timedelta(hours=8))
NOON = datetime(2024, 5, 20, 12, 0, tzinfo=CHINA)
NOW = datetime(2024, 5, 20, 9, 30, tzinfo=UTC)
SITE = "https://site.example/feeds/"

_CITIES = {
    "北京": "beijing", "上海": "shanghai", "广州": "guangzhou", "深圳": "shenzhen", "杭州": "hangzhou", "南京": "nanjing",
    "成都": "chengdu", "重庆": "chongqing", "武汉": "wuhan", "西安": "xian", "苏州": "suzhou", "天津": "tianjin", "长沙": "changsha",
    "郑州": "zhengzhou", "青岛": "qingdao", "大连": "dalian", "宁波": "ningbo", "厦门": "xiamen", "福州": "fuzhou", "济南": "jinan",
    "合肥": "hefei", "昆明": "kunming", "南宁": "nanning", "贵阳": "guiyang", "兰州": "lanzhou", "海口": "haikou", "拉萨": "lasa",
    "泉州": "quanzhou", "烟台": "yantai", "洛阳": "luoyang", "扬州": "yangzhou", "绍兴": "shaoxing", "温州": "wenzhou",
    "佛山": "foshan", "东莞": "dongguan", "珠海": "zhuhai", "桂林": "guilin", "敦煌": "dunhuang", "喀什": "kashi", "伊犁": "yili",
}  # fmt: skip
_TOPICS = {
    "茶叶": "chaye", "港口": "gangkou", "铁路": "tielu", "粮食": "liangshi", "纺织": "fangzhi", "电力": "dianli", "航运": "hangyun",
    "银行": "yinhang", "汽车": "qiche", "芯片": "xinpian", "旅游": "lvyou", "博物馆": "bowuguan", "天气": "tianqi", "渔业": "yuye",
    "林业": "linye", "钢铁": "gangtie", "水利": "shuili", "教育": "jiaoyu", "建筑": "jianzhu", "戏曲": "xiqu", "美食": "meishi",
    "园林": "yuanlin", "陶瓷": "taoci", "书店": "shudian", "地铁": "ditie", "机场": "jichang", "公园": "gongyuan", "电影": "dianying",
    "音乐": "yinyue", "花市": "huashi", "古镇": "guzhen", "桥梁": "qiaoliang", "外贸": "waimao", "养老": "yanglao", "保险": "baoxian",
    "基金": "jijin", "债券": "zhaiquan", "房价": "fangjia", "就业": "jiuye", "税收": "shuishou", "财政": "caizheng", "物流": "wuliu",
    "快递": "kuaidi", "光伏": "guangfu", "风电": "fengdian", "储能": "chuneng", "稀土": "xitu", "煤炭": "meitan", "棉花": "mianhua",
    "白糖": "baitang",
}  # fmt: skip

_TEA = """<p>清明刚过，山里的雾还没有散。采茶的人天不亮就出门，竹篓里先垫一层棕叶，免得芽尖受伤。
合作社今年新装了 12 台低温烘干机，每小时处理 300 kg 鲜叶，比去年快了近一倍；可老师傅们说：“<em>火候</em>
还得靠手，机器只认温度，不认天气。”</p>
<p style="text-align:center;color:#000;background:#fff"><img src="{media}media/chart.png" width="600" height="240" alt="三年来的春茶产量"></p>
<h2>价格与产量</h2>
<p>村口的收购价从四月初的每斤八十元，落到五月中旬的三十五元。价格表贴在墙上，每天改一次：</p>
<table><thead><tr><th>日期</th><th>一级</th><th>二级</th></tr></thead>
<tbody><tr><td>4月5日</td><td>80</td><td>56</td></tr><tr><td>5月15日</td><td>35</td><td>22</td></tr></tbody></table>
<blockquote><p>“好茶不怕等，怕的是等错了人。”（老周，五十八岁）</p></blockquote>
<p>他把这句话写在账本扉页，下面是一串 <code>2021-2024</code> 的数字。账本用了四年，封面的字已经看不清了，
只有“丰”字还在。<ruby>茗<rt>míng</rt></ruby>，他说，就是嫩芽的意思。</p>"""
_BRIDGE = """<p>The old bridge was closed in March, and for the first week nobody knew how to get to the market. By the
second week there were three ferries, a rope, and a boy who sold tickets for all of them.</p>
<p>I kept a small log of it. The script that made the chart fits on a card:</p>
<pre><code class="language-python">crossings = Counter(day for day, boat in log if boat != "rope")
for day, count in sorted(crossings.items()):
    print(f"{day:%d %b} {'#' * (count // 5)}  {count} crossings, not counting anybody who swam or waited</code></pre>
<p>What surprised me was not the number but the shape: people went over <em>earlier</em> when crossing was hard.
See the <a href="https://bridge.example/log">whole log</a>.</p>"""
_RADIO = """<p>这一期我们去了港口，听凌晨四点的吊机。主持人带了两只麦克风，一只朝海，一只朝人。</p>"""
_NOTES = """<p>整理了本周读到的三篇长文，都与铁路有关：高原上的冻土、平原上的站房，以及一条从未开通的支线。
最后一篇写得最好，作者走完了全部 87 公里路基，记下每一座没有铁轨的桥。</p>"""


def png(width: int = 600, height: int = 240, colour: tuple[int, int, int] = (118, 150, 121)) -> bytes:
    """A picture of hills."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    sky, rows = (226, 232, 226), []
    for y in range(height):
        line = [colour if y > height * 0.4 + abs((x * 7) % 400 - 200) * 0.4 else sky for x in range(width)]
        rows.append(b"\0" + b"".join(bytes(pixel) for pixel in line))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"".join(rows)))
        + chunk(b"IEND", b"")
    )  # fmt: skip


def head(url: str = SITE) -> CatalogueHead:
    return CatalogueHead("山川纪事", "各地的物产、道路与人：每天十余位作者的文章，全文订阅。", "zh-CN", url)


def entries(media: str = SITE) -> list[PageEntry]:
    def one(number: int, title: str, html: str, author: str, summary: str, **more: object) -> PageEntry:
        return PageEntry(
            id=f"urn:uuid:00000000-0000-5000-8000-{number:012}",
            title=title,
            link=f"https://blog.example/{number}",
            html=html.replace("{media}", media),
            published=NOON - timedelta(hours=9 * number),
            authors=(author,),
            terms=(
                ("中国经济", f"{SITE}tag/zhongguojingji/"),
                ("杭州茶叶", f"{SITE}category/hangzhouchaye/"),
            ),
            summary=summary,
            **more,
        )

    first = [
        one(1, "雾里的春茶：一个合作社的第四年", _TEA, "林小满",
            "清明刚过，山里的雾还没有散。采茶的人天不亮就出门，竹篓里先垫一层棕叶，免得芽尖受伤。"
            "合作社今年新装了 12 台低温烘干机，每小时处理 300 kg 鲜叶，比去年快了近一倍。",
            updated=NOON + timedelta(days=1)),
        one(2, "Three ferries and a rope", _BRIDGE, "Ada Whitlock",
            "The old bridge was closed in March, and for the first week nobody knew how to get to the market.",
            language="en"),
        one(3, "港口夜话（第 27 期）：凌晨四点的吊机", _RADIO, "海边电台",
            "这一期我们去了港口，听凌晨四点的吊机。主持人带了两只麦克风，一只朝海，一只朝人。",
            enclosures=(Enclosure(f"{media}media/harbour-27.mp3", "audio/mpeg", 24_600_000),)),
        one(4, "一条从未开通的支线", _NOTES, "周远",
            "整理了本周读到的三篇长文，都与铁路有关：高原上的冻土、平原上的站房，以及一条从未开通的支线。"),
    ]  # fmt: skip
    later = [one(n, f"山中日记之{n}", _NOTES * 6, "周远", "天晴，无事。", language="") for n in range(5, 10)]
    last = one(
        10, "远处的山", f'<p><img src="{media}media/far.png" width="600" height="240"></p>', "周远", ""
    )
    return [*first, *later, last]


def formats(url: str) -> tuple[tuple[str, str], ...]:
    return (("atom", f"{url}atom.xml"), ("rss", f"{url}rss.xml"), ("json", f"{url}feed.json"))


def catalogue(url: str = SITE, most: int = 2000) -> list[CatalogueFeed]:
    names = [(c + t, cs + ts) for t, ts in _TOPICS.items() for c, cs in _CITIES.items()][:most]
    feeds = [CatalogueFeed("all", head().title, "", 184_233, NOON, formats(url))]
    for kind, extra in (("category", ""), ("tag", "新闻")):
        for number, (label, slug) in enumerate(names):
            posts = 1 + 9000 // (1 + (number * 7919) % len(names))
            where = f"{url}{kind}/{slug}/"
            feeds.append(CatalogueFeed(kind, label + extra, slug, posts, NOON, formats(where)))
    return feeds


def sources() -> list[SourceHealth]:
    return [
        SourceHealth("林小满的茶山", "https://tea.example/", "ok", 412, NOON),
        SourceHealth("The Bridge Log", "https://bridge.example/", "ok", 96, NOON - timedelta(days=1)),
        SourceHealth("海边电台", "https://radio.example/", "waiting", 27, NOON - timedelta(days=2)),
        SourceHealth("路基与站房", "https://rail.example/", "trouble", 1204, NOON - timedelta(days=9)),
        SourceHealth("旧报摘抄", "https://paper.example/", "gone", 88, NOON - timedelta(days=400)),
        SourceHealth("新邻居", "https://new.example/", "new", 0),
    ]


def statuses() -> list[SourceStatus]:
    minute = timedelta(minutes=1)
    errors = {
        "trouble": "https://rail.example/feed.xml answered 503 (service unavailable); asked again in 50 minutes.",
        "gone": "https://paper.example/rss answered 410 (gone); take the source out of feedd.toml, its posts stay.",
    }
    return [
        SourceStatus(
            name=f"source-{number}", title=one.title, kind="upstream", url=one.link, health=one.health,
            posts=one.posts, polled=NOW - number * 7 * minute if one.health != "new" else None,
            next_poll=NOW + number * 26 * minute if one.health != "gone" else None, latest=one.latest,
            error=errors.get(one.health, ""), failures=6 if one.health == "trouble" else 0,
        )
        for number, one in enumerate(sources(), 1)
    ]  # fmt: skip


def activity(days: int = 30) -> list[tuple[date, int]]:
    return [(date(2024, 4, 21) + timedelta(days=n), (n * 37) % 29 + 4 * (n % 7 < 5)) for n in range(days)]


def sample_pages(media: str = SITE) -> dict[str, bytes]:
    """The pages of the sample site by path, with the pictures that they show; those are fetched from ``media``."""
    look, site = load_templates(), head()
    posts = entries(media)
    tag = PageFeed(
        kind="tag", title="中国经济", description="标签“中国经济”下的全部文章。", language="zh-CN",
        url=f"{SITE}tag/zhongguojingji/", formats=formats(f"{SITE}tag/zhongguojingji/"), entries=3127,
        updated=NOON, archive=f"{SITE}tag/zhongguojingji/archive/31.atom.xml",
    )  # fmt: skip
    return {
        "index.html": render_front_page(
            site, catalogue(), [render_teaser(one, site, look) for one in posts], sources(), look
        ),
        "tag/zhongguojingji/index.html": render_feed_page(
            site, tag, [render_entry(one, site, look) for one in posts], look
        ),
        "status/index.html": render_status_page(site, statuses(), activity(), NOW, look, "../"),
        "media/chart.png": png(),
        "media/far.png": png(colour=(120, 130, 160)),
    }
