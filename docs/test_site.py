"""The built pages, opened in a browser: widths, links, requests, the search.

``pip install -e ".[docs,site]"``, build the pages into ``docs/_build/html``, then
``pytest docs/test_site.py``. It needs Chromium or Chrome, named by ``SKDNN_BROWSER`` or
on the path. Sphinx already checks references between its sources; here are the links
that a reader can click, written by hand, by the theme or by the gallery.
"""

import functools
import os
import shutil
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import sync_playwright

SITE = Path(__file__).parent / "_build/html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDE, NARROW = 1400, 400
# Listings of the source are as wide as the source.
PAGES = sorted(
    page.relative_to(SITE).as_posix()
    for page in SITE.rglob("*.html")
    if not page.relative_to(SITE).parts[0].startswith("_")
)
MEASURE = """() => {
  // The theme lets its columns scroll, so that the window itself never does.
  const columns = document.querySelectorAll(
    "html, .bd-article-container, .bd-sidebar-primary, .bd-sidebar-secondary");
  const cut = element => {
    const box = element.tagName == "TABLE" ? element.parentElement : element;
    return element.scrollWidth > box.clientWidth + 1;
  };
  return {
    sideways: [...columns].filter(
      column => column.clientWidth && column.scrollWidth > column.clientWidth + 1).map(
      column => column.className),
    cut: [...document.querySelectorAll("article :is(pre, table)")].filter(cut).map(
      element => element.textContent.trim().slice(0, 60)),
    ids: [...document.querySelectorAll("[id]")].map(element => element.id),
    links: [...document.links].map(link => link.href).concat(
      [...document.images].map(image => image.src)),
  };
}"""


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address():
    """Serve the pages: the search reads them, which a browser refuses from files."""
    assert PAGES, f"no pages in {SITE}: build them first"
    handler = functools.partial(QuietHandler, directory=str(SITE))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    names = [os.environ.get("SKDNN_BROWSER"), *BROWSERS]
    paths = [path for name in names if name and (path := shutil.which(name))]
    assert paths, "no Chromium or Chrome found: set SKDNN_BROWSER to one"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=paths[0], args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=[WIDE, NARROW])
def width(request):
    return request.param


@pytest.fixture(scope="module")
def pages(browser, address, width):
    """Return what was measured of each page, and each request to somewhere else."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    measured, elsewhere, errors = {}, [], []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("requestfailed", lambda request: errors.append(request.url))
    page.on("response", lambda it: it.status >= 400 and errors.append(it.url))
    page.on("request", lambda request: elsewhere.append(request.url))
    for name in PAGES:
        elsewhere.clear()
        errors.clear()
        page.goto(address + name)
        measured[name] = page.evaluate(MEASURE) | {
            "elsewhere": [url for url in elsewhere if not is_own(url, address)],
            "errors": list(errors),
        }
    page.close()
    return measured


def is_own(url, address):
    return url.startswith((address, "data:", "blob:"))


def found(pages, what):
    """Return the pages on which something was found."""
    return {name: page[what] for name, page in pages.items() if page[what]}


def test_no_page_scrolls_sideways(pages):
    assert not found(pages, "sideways")


@pytest.mark.parametrize("width", [WIDE], indirect=True)  # a narrow box scrolls
def test_a_wide_window_shows_all_columns_of_code_and_tables(pages):
    assert not found(pages, "cut")


def test_pages_need_no_network_and_run_without_errors(pages):
    assert not found(pages, "elsewhere")
    assert not found(pages, "errors")


def test_links_lead_to_a_place_on_a_page_or_to_a_file(pages, address):
    lost = {
        f"{name} -> {link}"
        for name, page in pages.items()
        for link in page["links"]
        if link.startswith(address) and not leads_somewhere(link, pages)
    }
    assert not lost


def leads_somewhere(link, pages):
    parts = urlsplit(link)
    name = unquote(parts.path).lstrip("/") or "index.html"
    if name in pages and parts.fragment:
        return unquote(parts.fragment) in pages[name]["ids"]
    return (SITE / name).is_file()


@pytest.mark.parametrize(
    "words, name",
    [
        ("missing values", "real_tables.html"),
        ("categorical", "real_tables.html"),
        ("learning rate", "does_not_learn.html"),
        ("early stopping", "early_stopping.html"),
        ("class weights", "scikit_learn.html"),
        ("resume", "surviving.html"),
        ("MLPClassifier", "comparison.html"),
        ("keep_prob", "dropout.html"),
        # Codes that end warnings.
        ("lost_to_penalty", "does_not_learn.html"),
        ("scale_of_columns", "does_not_learn.html"),
    ],
)
def test_search_finds_the_page_among_the_first(browser, address, words, name):
    page = browser.new_page()
    page.goto(f"{address}search.html?q={words}")
    page.wait_for_function(
        "() => /found|did not match/.test("
        "document.querySelector('.search-summary')?.textContent || '')"
    )
    links = page.locator("#search-results ul.search > li > a")
    results = [urlsplit(link.get_attribute("href")).path for link in links.all()[:5]]
    page.close()
    assert any(result.endswith(name) for result in results), results
