"""`pytest --scout-chaos`: a marked test under faults, and the verdict."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from scout_adapters.testing.chaos.chaos_result import SCOUT, ChaosResult, Outcome, result_of
from scout_adapters.testing.chaos.verdict import verdicts
from scout_adapters.testing.chaos.verdict_page import verdict_page
from scout_adapters.testing.chaos.verdict_text import verdict_lines

if TYPE_CHECKING:
    from tests.testing.kit.conftest import KitProject

CHAIN = """
    @pytest.mark.scout_chaos(which=[1, 10, 14, 25, 34, 36, 48, 52])
    def test_chain(scout_emulator, scout_chain_model):
        scout_emulator.on().says("Blue is the sky").always()
        models = ["groq/openai/gpt-oss-120b", "google/gemini-3.5-flash"]
        model = scout_chain_model(ScoutRouterChatModel(models=models))
        assert "".join(chunk.text for chunk in model.stream("Sky?")) == "Blue is the sky"
        assert model.invoke("Sky?").text == "Blue is the sky"

    def test_other():
        assert False
"""


def test_a_chaos_run_prints_a_verdict(kit: KitProject) -> None:
    outcome = kit.run(
        CHAIN,
        "--scout-chaos",
        "--scout-chaos-beside=",
        "--scout-chaos-report=verdict.html",
        "--junitxml=junit.xml",
    )
    outcome.assert_outcomes(passed=8, skipped=1, deselected=1)
    outcome.stdout.fnmatch_lines(
        [
            "*scout chaos*",
            "test_chain.py::test_chain: 7 faults",
            "  scout-adapters  5 of 7  *",
            "  14 400 bad request: error, InvalidRequest: groq/openai/gpt-oss-120b*",
            "  52 early end that looks clean: error, StreamInterrupted: groq/*",
            "page: verdict.html",
        ]
    )
    page = (kit.pytester.path / "verdict.html").read_text()
    assert "<b>5</b> of 7 answered" in page
    assert "only minimax can fail so, not groq" in page
    properties = {
        (item.get("name"), item.get("value"))
        for item in ET.parse(kit.pytester.path / "junit.xml").iter("property")  # ours
    }
    assert ("scout_chaos_fault", "429 with a wait of 2 s") in properties
    assert ("scout_chaos_outcome", "error") in properties


def test_the_test_runs_once_without_the_option(kit: KitProject) -> None:
    kit.run(CHAIN, "--deselect=test_chain.py::test_other").assert_outcomes(passed=1, deselected=1)


def test_wrong_answers_fail_and_errors_where_an_answer_is_demanded(kit: KitProject) -> None:
    outcome = kit.run(
        """
        ROUTE = ["groq/openai/gpt-oss-120b"]

        @pytest.mark.scout_chaos(which=[1, 14, 25])
        def test_swallows(scout_emulator):
            try:
                text = ScoutRouterChatModel(models=ROUTE).invoke("Sky?").text
            except Exception:  # as users swallow it
                text = ""
            assert text

        @pytest.mark.scout_chaos(which=[1, 14, 25], must_answer=True)
        def test_must_answer(scout_emulator):
            ScoutRouterChatModel(models=ROUTE).invoke("Sky?")

        @pytest.mark.scout_chaos(which=[1, 14, 25])
        def test_may_fail(scout_emulator):
            ScoutRouterChatModel(models=ROUTE).invoke("Sky?")
        """,
        "--scout-chaos",
        "-rf",
    )
    outcome.assert_outcomes(passed=9, failed=3)
    outcome.stdout.fnmatch_lines(
        [
            "FAILED *test_swallows*01-DNS-failure*",
            "FAILED *test_swallows*14-400-bad-request*",
            "FAILED *test_must_answer*01-DNS-failure*",
        ]
    )


def test_the_same_chain_runs_over_fallbacks_of_langchain(kit: KitProject) -> None:
    chain = CHAIN.replace("google/gemini-3.5-flash", "openai/gpt-5.4-mini")
    chain = chain.replace("which=[1, 10, 14, 25, 34, 36, 48, 52]", "which=[1, 52]")
    outcome = kit.run(chain, "--scout-chaos", "--scout-chaos-beside=with_fallbacks", "--tb=short")
    outcome.assert_outcomes(passed=6, deselected=1)
    outcome.stdout.fnmatch_lines(["  scout-adapters  1 of 2  *", "  with_fallbacks  1 of 2  *"])


def a_result(number: int, outcome: Outcome, *, side: str = SCOUT, requests: int = 1) -> ChaosResult:
    return ChaosResult(
        test="test_x.py::test_x",
        side=side,
        number=number,
        fault="no fault" if number == 0 else f"<b>fault {number}</b>",
        helps="" if number == 0 else "another key",
        outcome=outcome,
        seen="" if outcome == "answered" else "Error: <script>",
        requests=requests,
        waited_s=float(number),
        cost_usd=0.001,
    )


def test_a_verdict_adds_up_what_the_runs_have_measured() -> None:
    results = [
        a_result(0, "answered", requests=2),
        a_result(10, "answered", requests=5),
        a_result(11, "wrong", requests=1),
        a_result(12, "error", requests=2),
        a_result(13, "n/a", requests=9),
        a_result(10, "answered", side="litellm", requests=3),
        a_result(0, "error", side="with_fallbacks"),
        a_result(10, "error", side="with_fallbacks"),
    ]
    (verdict,) = verdicts(results)
    ours, other, failing = verdict.sides
    assert (failing.side, failing.counted) == ("with_fallbacks", [])
    assert (ours.side, other.side) == (SCOUT, "litellm")
    assert (ours.answered, len(ours.counted), ours.silent, ours.wasted) == (1, 3, 1, 3)
    assert (ours.longest_s, ours.cost_usd) == (12.0, 0.003)
    assert [result.number for result in verdict.not_hit] == [13]
    assert [result_of(result.properties) for result in results] == results
    assert "  12 <b>fault 12</b>: error, Error: <script>" in list(verdict_lines(verdict))


def test_the_page_is_well_formed_and_escapes_what_it_shows() -> None:
    page = verdict_page(verdicts([a_result(0, "answered"), a_result(10, "crash")]))
    assert "<script" not in page
    assert "&lt;b&gt;fault 10&lt;/b&gt;" in page
    tags: list[str] = []

    class Balance(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:  # as in the class
            if tag != "meta":
                tags.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert tags.pop() == tag

    Balance().feed(page)
    assert tags == []


def test_a_test_is_not_run_under_faults_that_cannot_hit_its_request(kit: KitProject) -> None:
    outcome = kit.run(
        """
        from pathlib import Path

        @pytest.mark.parametrize("verb", ["invoke", "stream"])
        @pytest.mark.scout_chaos(which=[1, 33, 46, 48])
        def test_verbs(scout_emulator, verb):
            with Path("runs").open("a") as file:
                file.write(f"{verb} ")
            list(getattr(ScoutGroqChatModel(), verb)("Sky?"))
        """,
        "--scout-chaos",
    )
    outcome.assert_outcomes(passed=6, skipped=4)
    runs = (kit.pytester.path / "runs").read_text().split()
    assert (runs.count("invoke"), runs.count("stream")) == (2, 4)


def test_a_terminal_with_colours_has_a_table_of_rich(kit: KitProject) -> None:
    outcome = kit.run(CHAIN, "--scout-chaos", "--scout-chaos-beside=", "--color=yes")
    (row,) = (line for line in outcome.outlines if "scout-adapters" in line and "of 7" in line)
    assert row.startswith("\x1b[32m")  # green: all that can be answered is
    outcome.stdout.fnmatch_lines(["  52 early end that looks clean: error, StreamInterrupted*"])
