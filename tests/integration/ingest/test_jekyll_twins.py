"""Whole trees through the real Jekyll: ids, links, dates, titles, terms, text and pictures are equal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import feedd
from tests.rigs.jekyll_twins import SITE, find_differences, find_jekyll, read_feedd, run_jekyll, write_tree

POSTS = {
    "_posts/2024-05-01-plain.md": "---\ntitle: A plain post\ncategories: News Town\ntags: [harbour, ships]\n---\nSome *text* and a [link](/about/).\n",
    "_posts/2024-05-02-evening.md": "---\ntitle: Late in the west\ndate: 2024-05-02 22:44:26 -0700\ncategory: late\n---\n![A quay](/images/quay.png) and ![near](near.png)\n",
    "_posts/2024-05-03-titles.md": "---\ntitle: \"Vec of words: 'one' & two\"\ntags: a b\n---\nLine one\\\nline two.\n\n> A quotation[^1]\n> goes on\n\n[^1]: with a note\n",
    "_posts/2024-05-04-code.md": "---\ntitle: Code\n---\n```sh\nmake <all>\n```\n\nand `a < b`, then\n\n    indented & kept\n",
    "_posts/2024-05-05-lists.md": "---\ntitle: Lists\n---\n* one\n* two\n    1. three\n    2. four\n\n- [ ] open\n- [x] done\n\na | b |\n- | - |\n1 | 2 |\n",
    "town/_posts/2024-05-06-Deep Name.md": "---\ntitle: In a folder\ncategories: [quay]\n---\nSee [the first]({% post_url 2024-05-01-plain %}) and {{ page.title | upcase }}.\n",
    "_posts/2024-05-07-own.md": "---\ntitle: Own page\npermalink: /somewhere/else/\n---\n{% if page.permalink %}shown{% else %}hidden{% endif %} {% raw %}{{ x }}{% endraw %}\n",
    "_posts/2024-05-08-slug.md": "---\ntitle: Slug\nslug: another-name\n---\nTerm\n: its meaning\n\nText with a [reference][r].\n\n[r]: https://ref.example/a(b)c\n",
    "_posts/2024-05-09-中文.md": "---\ntitle: 中文标题\ntags: 港口 船\n---\n正文。\n",
    "_posts/2024-05-10-page.html": '---\ntitle: Of HTML\n---\n<p>Some <b>text</b> &amp; <img src="/images/p.png"></p>\n',
    "_posts/2024-05-11-hidden.md": "---\ntitle: Hidden\npublished: false\n---\nNot shown.\n",
    "_posts/2024-05-12-dates.md": "---\ntitle: The date\ndate: 2024-05-12 23:30:00 +0000\n---\nWritten on {{ page.date | date: '%Y-%m-%d %H:%M' }}, {{ page.date | date_to_string }}.\n",
    "_posts/2024-05-14-quoted.md": "---\ntitle: A time as text\ndate: '2024-05-14 02:30:00'\n---\nText.\n",
    "_posts/2024-05-15-minutes.md": "---\ntitle: No seconds\ndate: 2024-05-15 02:30\n---\nText.\n",
    "_drafts/soon.md": "---\ntitle: Soon\n---\nNot yet.\n",
}
CONFIGS = {
    "plain": "",
    "pretty": "permalink: pretty\ntimezone: Asia/Tokyo\n",
    "ordinal": "permalink: ordinal\nbaseurl: /blog\ntimezone: America/New_York\n",
    "weekdate": "permalink: weekdate\ntimezone: Europe/Berlin\n",
    "pattern": "permalink: /:year/:short_month/:i_day/:hour:minute/:slug/\ntimezone: Asia/Shanghai\n",
    "defaults": "permalink: none\ndefaults:\n  - scope: {path: '', type: posts}\n    values: {categories: [all], permalink: /:categories/:title/}\n",
}


@pytest.mark.stress
@pytest.mark.parametrize("config", CONFIGS)
def test_a_tree_is_published_as_jekyll_publishes_it(config: str, tmp_path: Path) -> None:
    if missing := find_jekyll():
        pytest.skip(missing)
    site = tmp_path / "site"
    write_tree(site, CONFIGS[config], POSTS)
    base = "/blog" if "baseurl" in CONFIGS[config] else ""
    (tmp_path / "jekyll").mkdir()
    jekyll = run_jekyll(site, tmp_path / "jekyll", base)
    zone = CONFIGS[config].partition("timezone: ")[2].partition("\n")[0] or "UTC"
    (tmp_path / "feedd.toml").write_text(
        f'[site]\ntitle = "t"\nurl = "{SITE}/feeds/"\nlanguage = "en"\ntimezone = "{zone}"\n[output]\ndir = "output"\n'
        '[store]\nurl = "state/feedd.db"\n[[sources]]\nname = "posts"\npath = "site"\npermalink = "jekyll"\nids = "jekyll-feed"\n',
        "utf-8",
    )
    done = feedd("build", "-c", str(tmp_path / "feedd.toml"))
    assert done.returncode == 0, done.stderr
    assert len(jekyll) == len(POSTS) - 2
    assert find_differences(jekyll, read_feedd(tmp_path / "output")) == []
