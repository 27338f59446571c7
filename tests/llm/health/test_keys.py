"""One key: its fingerprint, form, source, and the models that share its health."""

from __future__ import annotations

import copy
import pickle

import pytest

from scout_adapters import ScoutGroqChatModel, ScoutRouterChatModel
from scout_adapters.errors import ConfigurationError, InvalidKey
from scout_adapters.llm.health.key_state import KeyState
from scout_adapters.llm.health.key_texts import clean_key, clean_keys, env_keys, fingerprint
from scout_adapters.llm.health.shared_states import shared_state
from scout_adapters.llm.providers import registry
from scout_adapters.llm.providers.client import ProviderClient
from tests.llm.health.pools import NOW, pool


def test_a_state_shows_its_fingerprint_and_not_its_key() -> None:
    state = KeyState("gsk_SECRETSECRET")
    assert "SECRET" not in repr(state)
    assert fingerprint("gsk_SECRETSECRET") in repr(state)


def test_a_lease_does_not_show_its_key() -> None:
    assert "SECRET" not in repr(pool("gsk_SECRETSECRET").lease(None, NOW))


@pytest.mark.parametrize("leave", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_key_does_not_leave_its_process(leave: object) -> None:
    with pytest.raises(TypeError, match="cannot be copied or pickled"):
        leave(KeyState("gsk_SECRET"))


def test_a_fingerprint_holds_no_part_of_the_key_and_never_changes() -> None:
    assert fingerprint("gsk_abc") == fingerprint("gsk_abc")
    assert fingerprint("gsk_abc") != fingerprint("gsk_abd")
    assert len(fingerprint("k")) == 8
    assert fingerprint("sk-test") == "736a6cd0"


@pytest.mark.parametrize(
    "raw", ["sk-SECRET\nX: y", "sk-SEC RET", "sk-SECRÉT", "\ufeffsk-SECRET", "   "]
)
def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(raw: str) -> None:
    with pytest.raises(InvalidKey) as caught:
        clean_key(raw, source="GROQ_API_KEY")
    assert "GROQ_API_KEY" in str(caught.value)
    assert "SEC" not in str(caught.value) + repr(caught.value)


def test_blanks_between_commas_and_repeated_keys_are_dropped_in_order() -> None:
    assert clean_keys([" b ", "", "a", "  ", "b", "a\n"], source="x") == ("b", "a")


LISTS = [
    '"a"',
    "'a'",
    " 'a' ",
    '"a,b"',
    "a;b",
    "'a'; 'b'",
    '"a", "b"',
    "a\nb",
    "os.environ/OTHER",
    "os.environ/OTHER,b",
]


@pytest.mark.parametrize("text", LISTS)
@pytest.mark.parametrize("where", ["variable", "model", "models", "entry", "client"])
def test_quotes_lists_and_names_of_variables_are_understood(
    where: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER", "a")
    monkeypatch.setenv("GROQ_API_KEYS", text)
    states = {
        "variable": lambda: registry.get("groq").keys,
        "model": lambda: ScoutGroqChatModel(model="m", api_key=text).client.keys,
        "models": lambda: ScoutGroqChatModel(model="m", api_keys=text).client.keys,
        "entry": lambda: (
            ScoutRouterChatModel(models=[{"model": "groq/m", "api_key": text}])
            ._route()
            .candidates[0]
            .endpoint.pool.states
        ),
        "client": lambda: registry.client("groq", api_keys=[text]).keys,
    }[where]()
    assert [state.key for state in states] == (["a", "b"] if "b" in text else ["a"])


@pytest.mark.parametrize(
    "text",
    [
        *("os.environ/NOT_SET", "${GROQ_KEY}", "$GROQ_KEY", "<your-key>", '["a", "b"]', "{{k}}"),
        *("GROQ_API_KEY=a", "a,HF_TOKEN=b", "file:", "env:", "sk-...", "***"),
        *('{"GROQ_API_KEY": "a"}', '{"user":"a","key":"b"}'),
    ],
)
def test_a_placeholder_is_refused_as_a_key(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEYS", text)
    with pytest.raises(InvalidKey, match="GROQ_API_KEYS"):
        _ = registry.get("groq").keys
    with pytest.raises(InvalidKey, match="api_key="):
        ScoutGroqChatModel(model="m", api_key=text).invoke("hi")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"G_API_KEYS": "a,b", "G_API_KEY": "c"}, ("a", "b")),
        ({"G_API_KEYS": " , ,", "G_API_KEY": "c"}, ("c",)),
        ({"G_API_KEY": "c,d"}, ("c", "d")),
        ({"H_API_KEYS": "h", "G_API_KEY": "c"}, ("h",)),
        ({"H_API_KEY": "h"}, ("h",)),
        ({}, ()),
    ],
)
def test_the_plural_variable_wins_over_the_single_one(
    environment: dict[str, str], expected: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert env_keys(("G_API_KEYS", "H_API_KEYS", "G_API_KEY", "H_API_KEY")) == expected


def test_google_takes_keys_from_gemini_api_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEYS", "g1,g2")
    assert [state.key for state in registry.get("google").keys] == ["g1", "g2"]


def test_the_environment_is_read_when_needed_and_again_while_there_is_no_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = ProviderClient(spec=registry.spec("groq"))
    assert client.get_working_key() is None
    monkeypatch.setenv("GROQ_API_KEY", "late")
    assert client.get_working_key() == "late"
    monkeypatch.setenv("GROQ_API_KEY", "later")
    assert client.get_working_key() == "late"


def test_all_models_that_use_a_key_at_an_address_share_its_health() -> None:
    first, other = shared_state("groq", "u", "k"), shared_state("groq", "u", "k")
    assert first is other
    assert shared_state("groq", "elsewhere", "k") is not first


def test_the_guides_by_hand_booking_leads_to_a_rest_and_out_of_it() -> None:
    client = ProviderClient(spec=registry.spec("groq"), api_keys=("a", "b"))
    for _ in range(3):
        client.record_key_failure("a")
    assert client.get_working_key() == "b"
    client.record_key_failure("b", permanent=True)
    assert client.get_working_key() is None
    client.record_key_success("a")
    assert client.get_working_key() == "a"
    client.record_key_failure("a", permanent=True)
    client.record_key_success("b")
    assert client.get_working_key() == "b"


def test_a_client_resets_a_key_by_itself_or_by_its_fingerprint() -> None:
    client = ProviderClient(spec=registry.spec("groq"), api_keys=("a", "b"))
    for name in ("a", client.keys[0].id):
        client.record_key_failure("a", permanent=True)
        client.reset_key(name)
        assert client.keys[0].is_healthy()
    with pytest.raises(ConfigurationError, match="no key"):
        client.reset_key("c")


def test_a_provider_with_every_key_refused_is_not_available(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "a")
    assert registry.available("groq")
    registry.get("groq").record_key_failure("a", permanent=True)
    assert not registry.available("groq")
    assert not registry.available("nobody")
