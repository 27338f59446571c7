"""The page's text: it loads nothing, and text in the log stays text."""

from __future__ import annotations

import io
import re
import tarfile
from base64 import b64encode
from datetime import date
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import orjson
import pytest

from scout_adapters.audit import AuditLog
from scout_adapters.report import refresh_charts
from scout_adapters.report.page import (
    CHARTS,
    PARTS,
    SCRIPTS,
    PageOptions,
    as_data,
    render,
    write_page,
)
from scout_adapters.report.summary import summarise
from tests.report import seeded_log
from tests.report.output import data_in
from tests.report.recount import attempts_in, calls_in, end_of, exact_fields, reckon

EVIL = "</script><img src=x onerror=alert(1)><!--\u2028\u2029&lt;'\""
ROWS = 3000


class Reader(HTMLParser):
    """Takes a page apart as a browser does: elements with their attributes and texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.elements:
            self.texts.append((self.elements[-1][0], data))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def text_of(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag and text.strip()]


@pytest.fixture(scope="module")
def log(tmp_path_factory: Any) -> Path:
    return seeded_log.write(tmp_path_factory.mktemp("page") / "audit.jsonl", ROWS, seed=4)


def page_of(log: Path, folder: Path, **options: Any) -> str:
    page = folder / "page.html"
    size = write_page(log, page, PageOptions(**options))
    assert page.stat().st_size == size
    return page.read_text(encoding="utf-8")


def test_a_page_loads_nothing_and_names_no_address_to_load_from(log: Path, tmp_path: Path) -> None:
    read = Reader(page_of(log, tmp_path))
    tags = {tag for tag, _ in read.elements}
    assert not tags & {"img", "iframe", "object", "embed", "base", "form", "audio", "video"}
    addresses = [value for _, attributes in read.elements for value in attributes.values() if value]
    assert [value for value in addresses if "//" in value] == []
    assert [link["href"] for link in read.of("link")] == ["data:,"]
    assert all("src" not in script for script in read.of("script"))
    assert "sourceMappingURL" not in (tmp_path / "page.html").read_text()


def test_the_policy_lets_run_what_is_in_the_page_and_nothing_else(
    log: Path, tmp_path: Path
) -> None:
    page = page_of(log, tmp_path)
    policy = next(m["content"] for m in Reader(page).of("meta") if "http-equiv" in m) or ""
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    hashes = [
        f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
        for text in (*scripts, *styles)
    ]
    assert len(scripts) == len(SCRIPTS) + 1
    assert [*rules["script-src"].split(), rules["style-src"]] == hashes
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["img-src"] == "data:"
    assert " style=" not in page.split('<script type="application/json"', maxsplit=1)[0]


def test_no_script_or_style_ends_its_element_early() -> None:
    for file in (CHARTS, *PARTS.iterdir()):
        text = file.read_text(encoding="utf-8").lower()
        if file.suffix in {".js", ".css"}:
            assert not re.search("</script|</style|<!--", text), file.name
        assert "\r" not in text, file.name


def test_what_strangers_write_stays_text(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "evil.jsonl")
    fields = {"provider": EVIL, "model": EVIL, "key_id": EVIL, "tags": [EVIL], "user_id": EVIL}
    log.log("llm_attempt", run_id=EVIL, number=1, outcome=EVIL, reason=EVIL, **fields)
    log.log("llm_attempt", run_id="2", number=1, outcome="ok", cost=0.1, **fields)
    log.log(EVIL, cost=1.0)
    page = page_of(log.path, tmp_path, title=EVIL)
    plain = Reader(render("Plain", {}))
    read = Reader(page)
    assert [tag for tag, _ in read.elements] == [tag for tag, _ in plain.elements]
    assert page.count("</script>") == len(SCRIPTS) + 2
    assert "".join(read.text_of("title")) == EVIL
    assert "".join(read.text_of("h1")) == EVIL
    data = data_in(page)
    assert data["calls"]["reason"]["names"] == ["", EVIL]
    assert data["head"]["events"] == [{"name": EVIL, "rows": 1, "cost": 1.0}]


def test_data_hold_no_letter_that_markup_is_made_of() -> None:
    text = as_data({EVIL: [EVIL]})
    assert not set(text) & set("<>&\u2028\u2029")
    assert orjson.loads(text) == {EVIL: [EVIL]}


def test_the_pages_figures_are_those_of_the_rows(log: Path, tmp_path: Path) -> None:
    data, rows = data_in(page_of(log, tmp_path)), attempts_in(log)
    total = reckon(rows, [end_of(call) for call in calls_in(rows)])
    assert data["head"]["total"] == pytest.approx({k: float(v) for k, v in total.items()})
    assert data["rows"] == ROWS
    spent = sum(sum(series["values"]) for series in data["spend"])
    assert spent == pytest.approx(float(summarise(log).cost))
    tokens = sum(sum(series["values"]) for series in data["tokens"])
    assert tokens == total["input_t"] + total["output_t"]
    assert sum(map(sum, data["failures"]["counts"])) == total["failed"]
    assert sum(sum(key["counts"]) for key in data["keys"]["listed"]) == sum(
        "key_id" in row for row in rows
    )
    for what, group in data["groups"].items():
        totals = summarise(log).by(what)
        assert group["all"] == len(totals)
        for entry in group["listed"]:
            exact = exact_fields(totals[entry["name"]])
            expected = {name: float(value) for name, value in exact.items()}
            assert {name: entry[name] for name in expected} == pytest.approx(expected)


def test_the_page_lists_the_newest_calls_and_the_number_of_all(log: Path, tmp_path: Path) -> None:
    ends = [end_of(call) for call in calls_in(attempts_in(log))]
    calls = data_in(page_of(log, tmp_path, calls=50))["calls"]
    assert calls["all"] == len(ends)
    newest = sorted((row["time"] for row in ends), reverse=True)[:50]
    assert calls["time"] == [time[: len("2026-11-23T10:00:00.000")] for time in newest]
    columns = [name for name, column in calls.items() if name != "all"]
    sizes = {
        len(calls[name]["codes"] if "codes" in calls[name] else calls[name]) for name in columns
    }
    assert sizes == {50}


def test_a_page_of_ten_thousand_calls_is_small_enough_for_a_phone(tmp_path: Path) -> None:
    log = seeded_log.write(tmp_path / "audit.jsonl", 24_000)
    page = page_of(log, tmp_path)
    assert len(data_in(page)["calls"]["time"]) == 10_000
    assert len(page) < 2_000_000


def packed(folder: Path, names: list[str]) -> Path:
    archive = folder / "chart.js-9.9.9.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        for name in names:
            content = name.encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return archive


METADATA = {"name": "chart.js", "version": "9.9.9", "integrity": "sha512-x"}


def test_the_charts_library_is_taken_as_it_is_with_its_licence(tmp_path: Path) -> None:
    archive, out = packed(tmp_path, [*refresh_charts.FILES, "package/other.js"]), tmp_path / "out"
    about = refresh_charts.write(archive, METADATA, out, date(2026, 1, 2))
    again = refresh_charts.write(archive, METADATA, out, date(2026, 3, 4))
    assert about == again
    assert (about["source"], about["taken"]) == ("chart.js 9.9.9", "2026-01-02")
    assert sorted(file.name for file in out.iterdir()) == [
        "LICENSE.md",
        "about.json",
        "chart.umd.min.js",
    ]
    assert (out / CHARTS.name).read_text() == "package/dist/chart.umd.min.js"


def test_an_archive_without_the_licence_is_refused(tmp_path: Path) -> None:
    archive = packed(tmp_path, ["package/dist/chart.umd.min.js"])
    with pytest.raises(ValueError, match=r"LICENSE\.md"):
        refresh_charts.write(archive, METADATA, tmp_path / "out", date(2026, 1, 2))


def test_the_library_that_is_shipped_is_the_one_that_is_named() -> None:
    about = orjson.loads((CHARTS.parent / refresh_charts.ABOUT).read_bytes())
    name, version = about["source"].split()
    assert name == refresh_charts.PACKAGE
    assert f"Chart.js v{version}" in CHARTS.read_text(encoding="utf-8")[:200]
    assert "Permission is hereby granted" in (CHARTS.parent / "LICENSE.md").read_text()
