"""What a run knows because it follows the change, asked again of everything that the store has."""

from __future__ import annotations

from contextlib import closing

from feeds.api import BuildReport
from feeds.renderer.templates import build_assets, read_templates
from feeds.storage.sqlite import Database
from feeds.values import document_paths
from tests.conftest import Project

_FILES = "SELECT outcome, count(*) FROM file WHERE vanished = 0 GROUP BY outcome"
_POSTS = """SELECT post.state, count(DISTINCT post.id), count(*) FROM file
JOIN sighting ON sighting.id = file.sighting JOIN post ON post.id = sighting.post
WHERE file.vanished = 0 AND file.outcome = 'item' GROUP BY post.state"""
_FEEDS = "SELECT kind, slug FROM feed WHERE id IN (SELECT feed FROM member)"
_ARCHIVES = "SELECT kind, slug, number FROM archive JOIN feed ON feed.id = archive.feed"
_FIGURES = """SELECT feed.id, feed.posts, feed.latest, count(post.id), max(post.updated)
FROM feed LEFT JOIN member ON member.feed = feed.id LEFT JOIN post ON post.id = member.post AND post.state = 'live'
GROUP BY feed.id"""


def check_all(site: Project, report: BuildReport) -> None:
    """Compare what a run has told and left with everything; the site has no pages of feeds, and Atom archives."""
    with closing(Database.open(site.folder / "state" / "feedd.db", read_only=True)) as db:
        assert counts_of(report) == _counts(db)
        documents = {row[0]: row[1] for row in db.rows("documents_all")}
        assert documents.keys() == _documents(db)
        figures = db._connection.execute(_FIGURES).fetchall()
    for number, posts, latest, counted, newest in figures:
        assert (posts, latest) == (counted, newest) or not counted, number
    listed = (site.output / ".feedd").read_text("utf-8").splitlines()
    assert listed == [f"{digest}  {path}" for path, digest in sorted(documents.items())]
    assert documents.keys() == site.bytes().keys() - {".feedd"}


def counts_of(report: BuildReport) -> dict[str, int]:
    """What a report says of files."""
    return {
        "read": report.read,
        "published": report.published,
        "merged": report.merged,
        "unpublished": report.unpublished,
        "ignored": report.ignored,
        "rejected": len(report.rejected),
    }


def _counts(db: Database) -> dict[str, int]:
    files = dict(db._connection.execute(_FILES).fetchall())
    posts = {state: (some, of) for state, some, of in db._connection.execute(_POSTS)}
    out = sum(posts.get(state, (0, 0))[1] for state in ("waiting", "withdrawn", "expired"))
    live, of = posts.get("live", (0, 0))
    return {
        "read": sum(files.values()),
        "published": live,
        "merged": of - live,
        "unpublished": files.get("unpublished", 0) + out,
        "ignored": files.get("ignored", 0),
        "rejected": files.get("rejected", 0) + posts.get("invalid", (0, 0))[1],
    }


def _documents(db: Database) -> set[str]:
    """Where a document is to lie."""
    feeds = db._connection.execute(_FEEDS).fetchall()
    sealed = db._connection.execute(_ARCHIVES).fetchall()
    return {
        *document_paths.CATALOGUE,
        *build_assets(read_templates()),
        *(
            document_paths.build_document_path(kind, slug, form)
            for kind, slug in feeds
            for form in ("atom", "rss", "json")
        ),
        *(document_paths.build_archive_path(kind, slug, number, "atom") for kind, slug, number in sealed),
    }
