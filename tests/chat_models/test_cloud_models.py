"""The chat models of the clouds on the emulator: addresses, keys, tokens, signatures, failover."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

from scout_adapters import (
    ScoutAzureOpenAIChatModel,
    ScoutBedrockChatModel,
    ScoutRouterChatModel,
    ScoutVertexChatModel,
    init_scout_model,
)
from scout_adapters.auth import AwsCredentials, Token
from scout_adapters.errors import NoKeyError, ProviderError
from scout_adapters.testing import Emulator

CLAUDE = "global.anthropic.claude-haiku-4-5-20251001-v1:0"
OSS = "openai.gpt-oss-120b-1:0"
GEMINI = "gemini-3.5-flash"
PAIR = AwsCredentials(access_key="AKIDEXAMPLE", secret_key="secret", session_token="session")


def jwt(expires_at: float) -> str:
    parts = ({"alg": "none"}, {"exp": expires_at})
    coded = [base64.urlsafe_b64encode(orjson.dumps(part)).decode().rstrip("=") for part in parts]
    return ".".join((*coded, "c2ln"))


@pytest.fixture
def emulator() -> Emulator:
    return Emulator()


@pytest.mark.parametrize("model", [CLAUDE, OSS])
def test_bedrock_signs_requests_with_credentials(model: str) -> None:
    emulator = Emulator(keys={"bedrock": {"AKIDEXAMPLE:secret": None}})
    signed = ScoutBedrockChatModel(
        model=model, region="us-east-1", api_key=lambda: PAIR, transport=emulator.transport()
    )
    assert signed.invoke("Hello").text
    assert "".join(chunk.text for chunk in signed.stream("Hello"))
    first, second = emulator.requests("bedrock")
    assert {first.key, second.key} == {"AKIDEXAMPLE:secret"}
    assert first.headers["x-amz-security-token"] == "session"


def test_bedrock_takes_keys_and_region_as_the_partner_package_names_them() -> None:
    emulator = Emulator(keys={"bedrock": {"AKIDEXAMPLE:secret": None}})
    model = ScoutBedrockChatModel(
        model=CLAUDE,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        region_name="eu-central-1",
        transport=emulator.transport(),
    )
    assert model.invoke("Hello").text
    assert "eu-central-1/bedrock" in emulator.requests("bedrock")[0].headers["authorization"]
    assert "secret'" not in repr(model)
    assert "AKIDEXAMPLE" not in repr(model)


def test_a_signature_for_bedrock_mantle_is_of_its_own_service(emulator: Emulator) -> None:
    model = ScoutBedrockChatModel(
        model="anthropic.claude-opus-5",
        base_url="https://bedrock-mantle.eu-west-1.api.aws",
        api_key=lambda: PAIR,
        transport=emulator.transport(),
    )
    assert model.invoke("Hello").text
    scope = emulator.requests("bedrock")[0].headers["authorization"]
    assert "/eu-west-1/bedrock-mantle/aws4_request" in scope


class GoogleCredentials:
    """Credentials as google-auth makes them."""

    def __init__(self) -> None:
        self.token = "ya29.adc"
        self.expiry = None
        self.valid = True


def test_vertex_takes_credentials_of_google_auth(emulator: Emulator) -> None:
    model = ScoutVertexChatModel(
        model=GEMINI,
        vertex_project="p",
        vertex_location="us-central1",
        credentials=GoogleCredentials(),
        transport=emulator.transport(),
    )
    assert model.invoke("Hello").text
    (exchange,) = emulator.requests("vertex")
    assert (exchange.key, "us-central1" in exchange.path) == ("ya29.adc", True)


def test_a_region_at_its_limit_spills_to_the_next_region() -> None:
    paths: list[str] = []
    emulator = Emulator()
    transport = emulator.transport()

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.host)
        if request.url.host.startswith("us-central1"):
            text = "Resource exhausted. Please try again later."
            error = {"code": 429, "message": text, "status": "RESOURCE_EXHAUSTED"}
            return httpx.Response(429, json={"error": error})
        return transport.answer(request)

    model = ScoutVertexChatModel(
        model=GEMINI,
        api_keys=[
            {"api_key": "ya29.t", "project": "p", "location": "us-central1"},
            {"api_key": "ya29.t", "project": "p", "location": "europe-west1"},
        ],
        transport=httpx.MockTransport(answer),
    )
    assert model.invoke("Hello").text
    assert [host.partition("-aiplatform")[0] for host in paths] == ["us-central1", "europe-west1"]


def test_keys_come_from_aws_s_own_chain_where_variables_set_it_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    emulator = Emulator(keys={"bedrock": {"AKIDEXAMPLE:secret": None}})
    name = f"bedrock/{CLAUDE}"
    options = {"region": "us-east-1", "transport": emulator.transport()}
    with pytest.raises(NoKeyError):
        init_scout_model(name, **options).invoke("Hello")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert init_scout_model(name, **options).invoke("Hello").text
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "bearer-key")
    with pytest.raises(ProviderError):
        init_scout_model(name, region="eu-west-1", transport=emulator.transport()).invoke("Hello")
    assert emulator.requests("bedrock")[-1].key == "bearer-key"


def test_bedrock_refuses_a_signature_of_another_secret() -> None:
    emulator = Emulator(keys={"bedrock": {"AKIDEXAMPLE:another": None}})
    signed = ScoutBedrockChatModel(
        model=CLAUDE, region="us-east-1", api_key=lambda: PAIR, transport=emulator.transport()
    )
    with pytest.raises(Exception, match="security token") as caught:
        signed.invoke("Hello")
    assert "secret" not in str(caught.value).replace("security", "")


def test_a_token_that_the_cloud_calls_expired_is_asked_for_again_in_the_same_call(
    emulator: Emulator,
) -> None:
    tokens: Iterator[str] = iter((jwt(time.time() - 60), jwt(time.time() + 3600)))
    model = ScoutAzureOpenAIChatModel(
        model="gpt",
        resource="r",
        azure_ad_token_provider=lambda: next(tokens),
        transport=emulator.transport(),
    )
    assert model.invoke("Hello").text
    assert [exchange.status for exchange in emulator.requests("azure")] == [401, 200]


def test_credentials_that_aws_calls_expired_are_asked_for_again_in_the_same_call() -> None:
    emulator = Emulator(keys={"bedrock": {"AKIDEXAMPLE:secret": None}})
    transport, statuses = emulator.transport(), list[int]()
    pairs = iter((AwsCredentials(access_key="ASIAOLD", secret_key="old"), PAIR))

    def answer(request: httpx.Request) -> httpx.Response:
        response = transport.answer(request)
        if "ASIAOLD" in request.headers["authorization"]:
            text = "The security token included in the request is expired"
            named = {"x-amzn-errortype": "ExpiredTokenException"}
            response = httpx.Response(403, json={"message": text}, headers=named)
        statuses.append(response.status_code)
        return response

    model = ScoutBedrockChatModel(
        model=CLAUDE,
        region="us-east-1",
        api_key=lambda: next(pairs),
        transport=httpx.MockTransport(answer),
    )
    assert model.invoke("Hello").text
    assert statuses == [403, 200]


def test_vertex_takes_tokens_with_their_expiry(emulator: Emulator) -> None:
    model = ScoutVertexChatModel(
        model=GEMINI,
        project="p",
        api_key=lambda: Token("ya29.fresh", time.time() + 3600),
        transport=emulator.transport(),
    )
    assert model.invoke("Hello").text
    assert emulator.requests("vertex")[0].key == "ya29.fresh"


def test_a_refusal_of_the_model_goes_to_the_next_candidate() -> None:
    text = (
        "Invocation of model ID anthropic.claude-haiku-4-5 with on-demand throughput isn\u2019t "
        "supported. Retry your request with the ID or ARN of an inference profile that contains "
        "this model."
    )
    refused = httpx.MockTransport(
        lambda _: httpx.Response(
            400, json={"message": text}, headers={"x-amzn-errortype": "ValidationException:"}
        )
    )
    emulator = Emulator()
    router = ScoutRouterChatModel(
        models=[
            {
                "model": "bedrock/anthropic.claude-haiku-4-5",
                "region": "us-east-1",
                "api_key": "k",
                "transport": refused,
            },
            {
                "model": "vertex_ai/claude-haiku-4-5",
                "project": "p",
                "api_key": "ya29.t",
                "transport": emulator.transport(),
            },
        ]
    )
    scout = router.invoke("Hello").response_metadata["scout"]
    outcomes = [attempt["outcome"] for attempt in scout["attempts"]]
    assert [name for name in outcomes if name != "skipped"] == ["model_not_found", "ok"]
    assert scout["provider"] == "vertex"


def test_a_region_without_the_responses_api_is_called_over_chat_completions() -> None:
    emulator, paths = Emulator(), list[str]()
    transport = emulator.transport()

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        if request.url.path.endswith("/responses"):
            message = "Azure OpenAI Responses API is not enabled in this region."
            body = {"error": {"code": "BadRequest", "message": message}}
            return httpx.Response(400, json=body)
        return transport.answer(request)

    model = ScoutAzureOpenAIChatModel(
        model="prod",
        base_model="gpt-5.4-pro",
        resource="without-responses",
        api_key="k",
        transport=httpx.MockTransport(answer),
    )
    assert model.invoke("Hello").text
    assert [path.rpartition("/v1")[2] for path in paths] == ["/responses", "/chat/completions"]


@pytest.mark.parametrize(("base_model", "encrypted"), [(None, False), ("gpt-5.4", True)])
def test_encrypted_reasoning_is_requested_of_deployments_that_are_known_to_reason(
    base_model: str | None, encrypted: bool, emulator: Emulator
) -> None:
    model = ScoutAzureOpenAIChatModel(
        model="prod",
        base_model=base_model,
        resource="r",
        api_key="k",
        use_responses_api=True,
        transport=emulator.transport(),
    )
    assert model.invoke("Hello").text
    assert ("include" in emulator.requests("azure")[0].body) is encrypted


def test_a_deployment_without_its_model_costs_nothing_known(emulator: Emulator) -> None:
    model = ScoutAzureOpenAIChatModel(
        model="prod-7", resource="r", api_key="k", transport=emulator.transport()
    )
    assert model.invoke("Hello").response_metadata["scout"]["cost_usd"] is None


def test_base_model_gives_a_deployment_its_profile() -> None:
    model = ScoutAzureOpenAIChatModel(model="prod", base_model="gpt-4.1", resource="r", api_key="k")
    assert model.profile
    assert model.profile["max_input_tokens"] == 1_047_576
    assert init_scout_model("azure/prod", resource="r", api_key="k").profile is None


def test_ids_of_calls_go_to_vertex_for_new_models_only(emulator: Emulator) -> None:
    call = {"name": "f", "args": {}, "id": "call_1"}
    messages: list[Any] = [
        ("user", "Call f."),
        {"role": "assistant", "content": "", "tool_calls": [{**call, "type": "tool_call"}]},
        {"role": "tool", "content": "done", "tool_call_id": "call_1"},
    ]
    for name in ("gemini-2.5-flash", GEMINI):
        ScoutVertexChatModel(
            model=name, project="p", api_key="ya29.t", transport=emulator.transport()
        ).invoke(messages)
    old, new = (exchange.body["contents"] for exchange in emulator.requests("vertex"))
    assert "id" not in old[1]["parts"][0]["functionCall"]
    assert new[1]["parts"][0]["functionCall"]["id"] == "call_1"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("azure_anthropic/prod", True),
        (f"bedrock/{CLAUDE}", True),
        (f"bedrock/{OSS}", False),
        ("vertex/claude-haiku-4-5", True),
        (f"vertex/{GEMINI}", False),
    ],
)
def test_langchain_s_middleware_keeps_cache_markers_for_claude(name: str, kept: bool) -> None:
    assert (init_scout_model(name, api_key="k")._llm_type == "anthropic-chat") is kept
