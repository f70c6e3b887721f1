"""Pages in a real Chromium, from feedd's own server: nothing to complain about, nothing asked for elsewhere.

The browser is driven over its pipe (``--remote-debugging-pipe``): JSON messages that end with a NUL.
``FEEDD_SCREENSHOTS=docs/images`` keeps the pictures.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from starlette.requests import Request
from starlette.responses import Response

from feeds.renderer.templates import load_templates
from feeds.server.app import Endpoint
from feeds.server.responses import respond
from tests.conftest import ROOT
from tests.rigs.pages_sample import SITE, sample_pages
from tests.rigs.serve_rig import Output, serving

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_WAIT = 20.0
PAGES = {"front": "", "tag": "tag/zhongguojingji/", "status": "status/"}
WIDTHS = (390, 1280)
SCHEMES = ("light", "dark")
pytestmark = pytest.mark.filterwarnings("default::ResourceWarning")


class Handler(SimpleHTTPRequestHandler):
    """Serves the pictures of the sample and remembers which were asked for, and with which referrer."""

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Referer", "")))
        super().do_GET()

    def log_message(self, *_: object) -> None:
        pass


class Browser:
    """A headless Chromium with one tab, driven over its debugging pipe."""

    def __init__(self, program: str, profile: Path) -> None:
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        # The shell puts our ends where the browser looks for them: it reads on 3 and writes on 4.
        start = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
        self.process = subprocess.Popen(
            [
                "bash", "-c", start, program, "--headless=new", "--no-sandbox", "--remote-debugging-pipe",
                "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                "--hide-scrollbars", "--font-render-hinting=none", f"--user-data-dir={profile}",
                "about:blank",
            ],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self._out, self._in = ours_out, ours_in
        self._rest = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []
        self._session = ""
        page = next(one for one in self("Target.getTargets")["targetInfos"] if one["type"] == "page")
        self._session = self("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self(f"{domain}.enable")
        self("Network.setCacheDisabled", cacheDisabled=True)

    def __call__(self, method: str, **params: object) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], _WAIT)
            assert ready, "the browser says nothing"
            data = os.read(self._in, 1 << 20)
            assert data, "the browser ended"
            self._rest += data
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def open(self, url: str, width: int = 1280, scheme: str = "light", script: bool = True) -> None:
        self.events.clear()
        self(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self("Emulation.setScriptExecutionDisabled", value=not script)
        self("Page.navigate", url=url)
        end = time.monotonic() + _WAIT
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            assert time.monotonic() < end, f"{url} did not load"
            self.events.append(self._read())
        self("Runtime.evaluate", expression="document.fonts.ready.then(() => 1)", awaitPromise=True)

    def value(self, expression: str) -> Any:
        found = self("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def press(self, key: str, code: int) -> None:
        for kind in ("rawKeyDown", "keyUp"):
            self("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def complaints(self) -> list[str]:
        """What stands in the console and among the issues of the page."""
        self.value("new Promise((done) => setTimeout(done, 50))")
        named = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Audits.issueAdded")
        found = [json.dumps(event["params"]) for event in self.events if event["method"] in named]
        # That a lazy picture is at the top of the window is a hint about speed, not a fault.
        return [one for one in found if "LazyLoadImageIssue" not in one]

    def requests(self, beside: tuple[str, ...] = ()) -> list[str]:
        """The addresses that were asked for, but those of these types."""
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event["method"] == "Network.requestWillBeSent" and event["params"]["type"] not in beside
        ]

    def picture(self) -> bytes:
        return base64.b64decode(
            self("Page.captureScreenshot", format="png", captureBeyondViewport=False)["data"]
        )

    def close(self) -> None:
        self._session = ""
        try:
            self("Browser.close")
            self.process.wait(_WAIT)
        finally:
            self.process.kill()
            self.process.wait()
        os.close(self._in)
        os.close(self._out)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if program is None:
        text = "no Chromium is installed: the pages are NOT tested in a browser (apt-get install chromium)"
        pytest.skip(text)
    one = Browser(program, tmp_path_factory.mktemp("profile"))
    yield one
    one.close()


class Site(NamedTuple):
    """The sample behind feedd's server, and the server of its pictures."""

    url: str
    pictures: str
    asked: list[tuple[str, str]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("pages")
    media = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder / "pictures")))
    media.asked = []
    pictures = f"http://127.0.0.1:{media.server_port}/"
    pages = sample_pages(pictures) | load_templates().assets
    for path in [path for path in pages if path.startswith("media/")]:
        (folder / "pictures" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "pictures" / path).write_bytes(pages.pop(path))
    status = pages.pop("status/index.html")

    async def answer(_: Request) -> Response:
        return respond(200, status, "text/html; charset=utf-8")

    Output(folder / "tree").publish(pages)
    thread = threading.Thread(target=media.serve_forever, args=(0.05,))
    thread.start()
    with serving(folder / "tree", endpoints=[Endpoint("/status/", answer)]) as client:
        yield Site(f"http://127.0.0.1:{client.port}/", pictures, media.asked)
    media.shutdown()
    thread.join()
    media.server_close()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_without_complaints_and_fits(browser, site, name, width, scheme):
    browser.open(site.url + PAGES[name], width, scheme)
    assert browser.complaints() == []
    assert browser.value("document.documentElement.scrollWidth") <= width
    own = {site.url + path for path in (*load_templates().assets, PAGES[name])}
    pictures = {site.pictures + path for path in ("media/chart.png", "media/far.png")}
    assert {url for url in browser.requests() if not url.startswith("data:")} <= own | pictures
    assert browser.value("getComputedStyle(document.body).maxWidth") != "none", "the style sheet was refused"
    controls = "[...document.querySelectorAll('.copy, .tools')]"
    assert not browser.value(f"{controls}.some((one) => one.hidden)"), "the script was refused"
    keep = os.environ.get("FEEDD_SCREENSHOTS")
    if keep:
        (Path(keep) / f"page-{name}-{width}-{scheme}.png").write_bytes(browser.picture())


def test_pages_work_without_their_script(browser, site):
    browser.open(site.url, 390, script=False)
    text = browser.value("document.body.innerText")
    assert "雾里的春茶" in text
    assert "北京茶叶" in text
    shown = "[...document.querySelectorAll({})].some((one) => one.checkVisibility())"
    assert not browser.value(shown.format("'.tools, .copy'")), "a control that does nothing is shown"
    assert browser.value("document.querySelectorAll('.shelf details:not([open]) li').length") == 4000
    assert browser.value("document.querySelector('.address').value") == f"{SITE}atom.xml"


def test_the_filter_finds_by_name_and_by_pinyin_and_the_order_changes(browser, site):
    browser.open(site.url)
    seen = "[...document.querySelectorAll('.group li')].filter((one) => one.checkVisibility()).map((one) => one.innerText)"
    write = "filter.value = {!r}; filter.dispatchEvent(new Event('input')); new Promise((done) => setTimeout(done, 150))"
    for words in ("杭州茶叶", "hangzhou chaye"):
        browser.value(write.format(words))
        assert [one.split()[0] for one in browser.value(seen)] == ["杭州茶叶", "杭州茶叶新闻"]
        assert browser.value("document.querySelector('output').innerText") == "找到 2 个"
    browser.value(write.format(""))
    browser.value("order.value = 'count'; order.dispatchEvent(new Event('change'))")
    counts = [int(one.split()[-1].replace(",", "")) for one in browser.value(seen)[:2000]]
    assert counts == sorted(counts, reverse=True)
    browser.value("order.value = 'name'; order.dispatchEvent(new Event('change'))")
    assert browser.value("document.querySelector('.group h3').innerText") == "B"
    assert browser.complaints() == []


@pytest.mark.parametrize("name", PAGES)
def test_the_keyboard_reaches_everything_and_the_focus_is_seen(browser, site, name):
    browser.open(site.url + PAGES[name], 390)
    browser.press("Tab", 9)
    assert browser.value("document.activeElement.className") == "skip"
    assert browser.value("document.activeElement.getBoundingClientRect().top") >= 0
    for _ in range(8):
        seen = browser.value("getComputedStyle(document.activeElement).outline")
        assert "solid" in seen
        assert not seen.endswith(" 0px")
        browser.press("Tab", 9)
    small = "[...document.querySelectorAll('button, input, select, summary, .letters a, .chips a')]"
    small += ".filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 24).length"
    assert browser.value(small) == 0, "a target under 24 pixels (WCAG 2.5.8)"


def test_pictures_are_fetched_when_they_are_near_and_nobody_is_told_who_reads(browser, site):
    site.asked.clear()
    browser.open(site.url + PAGES["tag"], 390)
    browser.value("new Promise((done) => setTimeout(done, 500))")
    pictures = [path for path, _ in site.asked if path.startswith("/media/")]
    assert pictures == ["/media/chart.png"]
    browser.value("scrollTo(0, 1e6); new Promise((done) => setTimeout(done, 500))")
    assert ("/media/far.png", "") in site.asked
    assert {referrer for _, referrer in site.asked} == {""}


def test_an_address_is_copied(browser, site):
    browser.open(site.url + PAGES["tag"])
    browser.value(
        "document.querySelector('button.copy').click(); new Promise((done) => setTimeout(done, 100))"
    )
    assert browser.value("document.querySelector('button.copy').innerText") == "已复制"
    assert browser.value("getSelection().toString()") == f"{SITE}tag/zhongguojingji/atom.xml"


def test_chinese_is_set_as_chinese(browser, site):
    browser.open(site.url + PAGES["tag"])
    style = "(() => {{ const s = getComputedStyle(document.querySelector({!r})); return [s.lineBreak, s.textAutospace, s.fontStyle] }})()"
    assert browser.value(style.format(".body")) == ["strict", "normal", "normal"]
    assert browser.value(style.format(".body em"))[2] == "normal", "no slanted Chinese"
    assert browser.value(style.format("[lang=en] .body em"))[2] == "italic"
    assert "Noto Sans CJK SC" in browser.value("getComputedStyle(document.querySelector('.body')).fontFamily")
    assert "CJK" not in browser.value(
        "getComputedStyle(document.querySelector('[lang=en] .body')).fontFamily"
    )


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The example posts, built and served by the program."""
    folder = tmp_path_factory.mktemp("examples")
    text = (ROOT / "config" / "feedd.toml").read_text("utf-8")
    text = text.replace('"../output"', f'"{folder}/output"').replace('"../state/', f'"{folder}/state/')
    text = text.replace('"../examples', f'"{ROOT}/examples').replace("127.0.0.1:8080", "127.0.0.1:0")
    config = folder / "feedd.toml"
    config.write_text(text, "utf-8")
    program = [sys.executable, "-m", "feeds"]
    subprocess.run([*program, "build", "-q", "-c", str(config)], cwd=ROOT, check=True)
    with subprocess.Popen(
        [*program, "serve", "-c", str(config)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        yield server.stdout.readline().split()[1]
        server.terminate()
    assert server.returncode == 0


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", ["", "tag/gangkouxinwen/", "status"])
def test_the_example_posts_are_pages_without_complaints(browser, examples, path, width):
    browser.open(examples + path, width)
    # The pictures of the examples are on hosts that do not exist.
    assert [one for one in browser.complaints() if "ERR_NAME_NOT_RESOLVED" not in one] == []
    assert browser.value("document.documentElement.scrollWidth") <= width
    shown = "[...document.querySelectorAll('.copy, .tools')].filter((one) => one.checkVisibility()).length"
    assert browser.value(shown) == {"": 4, "tag/gangkouxinwen/": 3, "status": 0}[path]
    assert all(url.startswith((examples, "data:")) for url in browser.requests(beside=("Image", "Media")))


# Every text that is seen, with its own colour and the first ground behind it, as the browser computed them.
_CONTRAST = """(() => {
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const ground = (one) => { for (; one; one = one.parentElement) { const c = numbers(getComputedStyle(one).backgroundColor);
    if (c.length < 4 || c[3] === 1) return c; } return [255, 255, 255]; };
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement, style = getComputedStyle(one);
    if (!walker.currentNode.data.trim() || !one.checkVisibility() || one.closest("script, style")) continue;
    const a = light(numbers(style.color)), b = light(ground(one));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05), size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && +style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) found.push([walker.currentNode.data.slice(0, 40), style.color, +ratio.toFixed(2)]);
  }
  return found;
})()"""


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", PAGES)
def test_every_text_is_readable_on_its_ground(browser, site, name, scheme):
    browser.open(site.url + PAGES[name], 1280, scheme)
    browser.value("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert browser.value("document.body.innerText.length") > 500
    assert browser.value(_CONTRAST) == [], "WCAG 2.2, 1.4.3"
