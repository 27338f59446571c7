"""The page as a browser shows it: drawn, searched, sorted, by keyboard, on a phone, on paper."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from scout_adapters.audit import AuditLog
from scout_adapters.report.page import PageOptions, write_page
from tests.report import seeded_log
from tests.report.browser import ARTEFACTS, Scheme, opened, tab
from tests.report.output import data_in
from tests.report.test_page import EVIL

ROWS = 3000
CHARTS = {"seeded": 5, "tiny": 4, "empty": 0}
"""Nothing has failed in the tiny log."""

TABLES = 4
"""Tables without a chart: keys, failed requests by key, sums, calls."""

DRAWN = """() => [...document.querySelectorAll("canvas")].map((canvas) => {
  const { width, height } = canvas;
  const dots = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  const colours = new Set(new Uint32Array(dots.buffer));
  const { datasets } = Chart.getChart(canvas).data;
  const sizes = datasets.map(({ data }) => data.reduce((sum, one) => sum + one, 0));
  const large = datasets.filter((_, at) => sizes[at] > Math.max(...sizes) / 2);
  const plain = large.map(({ borderColor, backgroundColor, type }) =>
    type === "line" ? borderColor : backgroundColor).filter((one) => typeof one === "string");
  const seen = (hex) => colours.has(
    (0xff000000 | parseInt(hex.slice(1).match(/../g).reverse().join(""), 16)) >>> 0);
  return { plain: plain.length, missing: plain.filter((one) => !seen(one)) };
})"""
"""Of each chart, how many large series have a plain colour, and which of these is not seen."""

NAMELESS = """() => [
  ...document.querySelectorAll("a, button, input, select, canvas, [role]")
].filter((one) => !(one.labels && one.labels.length) && !one.getAttribute("aria-label")
    && !one.textContent.trim()).map((one) => one.outerHTML)"""

HEADINGS = (
    """() => [...document.querySelectorAll("h1, h2, h3, h4")].map((one) => +one.tagName[1])"""
)

FAINT = """() => {
  const shine = (rgb) => rgb.map((part) => part / 255).map(
    (part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  ).reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const rgba = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const found = rgba(getComputedStyle(at).backgroundColor);
      if (found.length < 4 || found[3] === 1) return found.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !one.getClientRects().length || one.matches("script, :disabled, option")) continue;
    const [a, b] = [rgba(getComputedStyle(one).color).slice(0, 3), behind(one)].map(shine);
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faint.push(one.textContent.slice(0, 40) + " " + contrast.toFixed(2));
  }
  return faint;
}"""

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def started() -> Iterator[Any]:
    with tab() as page:
        yield page


def evil(path: Path) -> Path:
    """Write a log with hostile text and one normal row."""
    log = AuditLog(path)
    fields = {"provider": EVIL, "model": EVIL, "key_id": EVIL, "tags": [EVIL], "user_id": EVIL}
    log.log("llm_attempt", run_id=EVIL, number=1, outcome=EVIL, reason=EVIL, **fields)
    log.log("llm_attempt", run_id="2", number=1, outcome="ok", cost=0.1, latency_s=1.0, **fields)
    log.log(EVIL, cost=1.0)
    log.close()
    return path


@pytest.fixture(scope="module")
def pages(tmp_path_factory: Any) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    logs = {
        "seeded": seeded_log.write(folder / "seeded.jsonl", ROWS, seed=8),
        "tiny": seeded_log.write(folder / "tiny.jsonl", 7, seed=8),
        "empty": folder / "empty.jsonl",
        "evil": evil(folder / "evil.jsonl"),
    }
    logs["empty"].touch()
    for name, log in logs.items():
        write_page(
            log, folder / f"{name}.html", PageOptions(title=EVIL if name == "evil" else name)
        )
    return {name: folder / f"{name}.html" for name in logs}


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [
        ("seeded", 390, "light"),
        ("seeded", 390, "dark"),
        ("seeded", 1440, "light"),
        ("seeded", 1440, "dark"),
        ("tiny", 390, "light"),
        ("tiny", 1440, "dark"),
        ("empty", 390, "dark"),
        ("empty", 1440, "light"),
    ],
)
def test_a_page_is_drawn_without_complaint_network_or_sideways_scrolling(
    name: str, width: int, scheme: Scheme, started: Any, pages: dict[str, Path]
) -> None:
    with opened(started, pages[name], width, scheme) as page:
        drawn = page.all(DRAWN)
        assert len(drawn) == CHARTS[name]
        assert [chart["missing"] for chart in drawn] == [[]] * len(drawn)
        assert all(chart["plain"] for chart in drawn)
        assert page.all(OVERFLOW) == 0
        assert page.all(FAINT) == []
        ARTEFACTS.mkdir(exist_ok=True)
        shot = ARTEFACTS / f"report-{name}-{width}-{scheme}.png"
        page.page.screenshot(path=shot, full_page=True)
        assert page.complaints == []
        assert page.requests == [pages[name].as_uri()]


def test_everything_has_a_name_a_place_and_an_order(started: Any, pages: dict[str, Path]) -> None:
    with opened(started, pages["seeded"]) as page:
        for details in page.page.locator("details:not(.attempts) summary").all():
            details.click()
        page.until(page.page.locator("table"), CHARTS["seeded"] + TABLES)
        assert page.all(NAMELESS) == []
        levels = page.all(HEADINGS)
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
        for landmark in ("header", "main", "footer", "nav[aria-label]", "section[aria-labelledby]"):
            assert page.page.locator(landmark).count() > 0
        assert page.page.locator("table > caption").count() == CHARTS["seeded"] + TABLES
        assert page.page.locator("canvas[role=img][aria-label]").count() == CHARTS["seeded"]
        assert page.complaints == []


@pytest.mark.parametrize("width", [390, 1300, 1920])
def test_a_call_opens_into_its_attempts_and_no_text_is_cut(
    width: int, started: Any, pages: dict[str, Path]
) -> None:
    data = data_in(pages["seeded"].read_text())
    calls, count = data["calls"], data["attempts"]["count"]
    call = max(range(len(count)), key=count.__getitem__)
    with opened(started, pages["seeded"], width) as page:
        page.page.get_by_label("Search", exact=True).fill(calls["run"][call])
        page.until(page.page.locator(".calls tr.call"), 1)
        page.page.locator(".calls .attempts summary").press("Enter")
        page.until(page.page.locator(".calls .attempts tbody tr"), count[call])
        assert page.texts(".calls .attempts caption") == ["Attempts of the call in order"]
        clipped = "(all) => all.filter((one) => one.scrollWidth > one.clientWidth).length"
        for cell in (".calls tr.call td", ".calls .more > td", "#calls > .scroll"):
            assert page.page.locator(cell).evaluate_all(clipped) == 0
        assert page.all(NAMELESS) == []
        assert page.all(FAINT) == []
        assert page.all(OVERFLOW) == 0
        assert page.complaints == []


def test_a_chart_has_a_caption_and_a_table(started: Any, pages: dict[str, Path]) -> None:
    with opened(started, pages["seeded"]) as page:
        caption = page.texts("#spend figcaption")[0]
        assert page.page.locator("#spend canvas").get_attribute("aria-label") == caption
        assert "in all; most in a day" in caption
        page.page.locator("#spend summary").click()
        page.until(page.page.locator("#spend table"), 1)
        cells = page.texts("#spend tbody tr:first-child > *")
        assert cells[0] == "2026-11-26"
        assert all(cell.startswith("$") for cell in cells[1:])


def test_a_search_finds_and_the_filters_narrow(started: Any, pages: dict[str, Path]) -> None:
    calls = data_in(pages["seeded"].read_text())["calls"]
    with opened(started, pages["seeded"]) as page:
        rows, search = (
            page.page.locator(".calls tr.call"),
            page.page.get_by_label("Search", exact=True),
        )
        search.fill(calls["run"][7].upper()[:18])
        page.until(rows, 1)
        assert page.texts(".calls tr.more .run") == [calls["run"][7]]
        search.fill("no such call anywhere")
        page.until(rows, 0)
        assert "0 of" in page.texts(".said")[0]
        search.fill("groq rate_limit")
        page.until(rows.first, 1)
        pairs = zip(page.texts(".calls tr.call"), page.texts(".calls tr.more"), strict=True)
        assert all("groq" in row and "rate_limit" in row for row in map("".join, pairs))
        search.fill("")
        page.page.get_by_label("Outcome").select_option("cancelled")
        outcomes = calls["outcome"]
        cancelled = outcomes["codes"].count(outcomes["names"].index("cancelled"))
        page.until(page.page.locator(".said", has_text=f"{cancelled} of "), 1)
        assert page.page.locator(".calls .good").count() == 0


def test_a_column_is_sorted_by_the_keyboard_and_announced(
    started: Any, pages: dict[str, Path]
) -> None:
    calls = data_in(pages["seeded"].read_text())["calls"]
    with opened(started, pages["seeded"]) as page:
        head = page.page.get_by_role("columnheader", name="lasted")
        assert head.get_attribute("aria-sort") == "none"
        for way, best in (("descending", max), ("ascending", min)):
            head.get_by_role("button").press("Enter")
            assert head.get_attribute("aria-sort") == way
            longest = best(seconds for seconds in calls["lasted"] if seconds is not None)
            run = calls["run"][calls["lasted"].index(longest)]
            assert page.texts(".calls tbody tr:nth-child(2) .run") == [run]
        page.page.get_by_role("button", name="Last", exact=True).press("Space")
        assert page.page.get_by_role("button", name="Next", exact=True).is_disabled()


def test_the_first_stop_of_the_keyboard_leads_past_the_head(
    started: Any, pages: dict[str, Path]
) -> None:
    with opened(started, pages["tiny"]) as page:
        page.page.keyboard.press("Tab")
        focus = "getComputedStyle(document.activeElement)"
        assert page.all("document.activeElement.className") == "skip"
        assert page.all(f"[{focus}.outlineStyle, parseFloat({focus}.outlineWidth)]") == ["solid", 3]
        page.page.keyboard.press("Enter")
        assert page.all("document.activeElement.id") == "main"


def test_the_button_changes_the_theme_and_the_charts_with_it(
    started: Any, pages: dict[str, Path]
) -> None:
    with opened(started, pages["tiny"]) as page:
        button = page.page.locator("#theme")
        back = "getComputedStyle(document.body).backgroundColor"
        ticks = "Chart.getChart(document.querySelector('canvas')).options.scales.x.ticks.color"
        light = page.all(f"[{back}, {ticks}]")
        button.click()
        assert (
            page.all(f"[{back}, {ticks}]") == light
        )  # chosen explicitly, and as the system's setting
        button.click()
        dark = page.all(f"[{back}, {ticks}]")
        assert button.inner_text() == "Theme: dark"
        assert dark[0] != light[0]
        assert dark[1] != light[1]
        assert page.all(FAINT) == []


def test_a_legend_hides_and_shows_a_series(started: Any, pages: dict[str, Path]) -> None:
    with opened(started, pages["tiny"]) as page:
        button = page.page.locator("#spend .legend button").first
        shown = "Chart.getChart(document.querySelector('#spend canvas')).isDatasetVisible(0)"
        for pressed in ("false", "true"):
            button.press("Enter")
            assert button.get_attribute("aria-pressed") == pressed
            assert page.all(shown) == (pressed == "true")


def test_on_paper_there_is_no_control_and_nothing_is_cut(
    started: Any, pages: dict[str, Path]
) -> None:
    with opened(started, pages["seeded"], 800, "dark") as page:
        page.all("window.dispatchEvent(new Event('beforeprint'))")
        page.page.emulate_media(media="print")
        assert page.all("document.documentElement.dataset.theme") == "light"
        for hidden in ("#theme", ".controls", ".pages", ".skip"):
            assert not page.page.locator(hidden).is_visible()
        assert page.all(OVERFLOW) == 0
        page.all("window.dispatchEvent(new Event('afterprint'))")
        assert page.all("document.documentElement.dataset.theme") == "auto"


def test_what_strangers_wrote_is_shown_and_not_run(started: Any, pages: dict[str, Path]) -> None:
    with opened(started, pages["evil"]) as page:
        for details in page.page.locator("details summary").all():
            details.click()
        for by in ("provider", "key", "tag", "user"):
            page.page.locator(f"#groups button[value={by}]").click()
            assert "</script><img" in page.texts("#groups tbody th")[0]
        assert "</script><img" in page.texts(".calls tbody")[0]
        assert page.page.locator("img").count() == 0
        assert page.complaints == []
        assert page.requests == [pages["evil"].as_uri()]
        assert page.all(OVERFLOW) == 0


def test_nothing_moves_where_reduced_motion_is_set(started: Any, pages: dict[str, Path]) -> None:
    with opened(started, pages["tiny"], motion="reduce") as page:
        assert page.all("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
        assert (
            page.all("Chart.getChart(document.querySelector('canvas')).options.animation") is False
        )
