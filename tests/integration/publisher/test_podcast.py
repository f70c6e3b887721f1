"""A podcast of posts: the RSS channels with episodes describe it, and nothing else does."""

from __future__ import annotations

from lxml import etree

from tests.conftest import Project

ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
GUID = "917393e3-1b1e-5cef-ace4-edaa54e1f810"
SECTION = f"""
[podcast]
email = "radio@site.example"
category = ["News/Politics", "News/Daily News", "Arts"]
image = "https://site.example/cover.png"
explicit = true
type = "serial"
guid = "{GUID}"
"""


def publish(project: Project, section: str = SECTION) -> None:
    text = project.config.read_text("utf-8")
    project.config.write_text(text.replace("[store]", f"{section}[store]"), "utf-8")
    project.post(
        "2024-01-03-episode.md",
        "Episode",
        "Notes",
        categories="radio",
        audio="https://site.example/1.mp3",
        duration="'00:10:00'",
    )
    project.post(
        "2024-01-04-words.md", "Words", "About <itunes:owner> and `<enclosure>`.", categories="words"
    )
    done = project.run("build")
    assert done.returncode == 0, done.stderr


def read_channel(project: Project, path: str) -> etree._Element:
    channel = etree.fromstring((project.output / path).read_bytes()).find("channel")
    assert channel is not None
    return channel


def list_fields(channel: etree._Element) -> dict[str, str]:
    fields = [one for one in channel if str(one.tag).startswith(ITUNES)]
    return {str(one.tag).removeprefix(ITUNES): one.get("href") or one.text or "" for one in fields}


def test_a_channel_with_episodes_has_what_directories_require(project: Project) -> None:
    publish(project)
    channel = read_channel(project, "rss.xml")
    fields = list_fields(channel)
    assert fields == {
        "author": "Test site",
        "explicit": "true",
        "type": "serial",
        "image": "https://site.example/cover.png",
        "owner": fields["owner"],
        "category": fields["category"],
    }
    assert channel.findtext(f"{ITUNES}owner/{ITUNES}name") == "Test site"
    assert channel.findtext(f"{ITUNES}owner/{ITUNES}email") == "radio@site.example"
    categories = [
        (main.get("text"), [sub.get("text") for sub in main]) for main in channel.findall(f"{ITUNES}category")
    ]
    assert categories == [("News", ["Politics", "Daily News"]), ("Arts", [])]
    assert channel.findtext("{https://podcastindex.org/namespace/1.0}guid") == GUID
    done = project.run("validate", str(project.output))
    assert done.returncode == 0, done.stdout + done.stderr


def test_other_documents_describe_no_podcast(project: Project) -> None:
    publish(project)
    assert list_fields(read_channel(project, "category/radio/rss.xml"))["type"] == "serial"
    # Two feeds must not have the same identifier.
    assert b"podcast:guid" not in (project.output / "category" / "radio" / "rss.xml").read_bytes()
    assert list_fields(read_channel(project, "category/words/rss.xml")) == {}
    for path in ("atom.xml", "feed.json", "category/radio/atom.xml"):
        assert b"radio@site.example" not in (project.output / path).read_bytes(), path


def test_a_changed_section_writes_the_channels_again(project: Project) -> None:
    publish(project, "")
    assert list_fields(read_channel(project, "rss.xml")) == {}
    before = project.snapshot()
    text = project.config.read_text("utf-8")
    project.config.write_text(text.replace("[store]", f"{SECTION}[store]"), "utf-8")
    assert project.run("build").returncode == 0
    after = project.snapshot()
    assert {name for name in after if after[name][1] != before[name][1]} == {
        *("rss.xml", "category/radio/rss.xml", "tag/tag/rss.xml", ".feedd"),
    }
    assert list_fields(read_channel(project, "rss.xml"))["explicit"] == "true"
