"""Azure OpenAI in Microsoft Foundry, over Chat Completions and the Responses API.

https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import SplitResult, quote

from scout_adapters.llm.auth.azure_tokens import azure_token
from scout_adapters.llm.providers import openai
from scout_adapters.llm.types import (
    BearerAuth,
    HeaderAuth,
    KeyChain,
    PromptCaching,
    RateLimitHeaders,
)
from scout_adapters.llm.wires import openai_responses

DATED = re.compile(r"api-version=\d{4}-\d\d-\d\d")
RESPONSES = openai_responses.WIRE.endpoint("", stream=False)

TOKENS = ("azure_ad_token_provider", "azure_ad_async_token_provider", "azure_ad_token")
"""Options of `AzureChatOpenAI` with a token of Entra ID, or a function that returns one."""

UNUSED = ("model_version", "openai_api_type", "validate_base_url")
"""Options of `AzureChatOpenAI` that change nothing here."""


def adapt_options(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Convert options of `AzureChatOpenAI`, where `model` is the model behind the deployment."""
    adapted = {name: value for name, value in options.items() if name not in UNUSED}
    names = [adapted.pop(name, None) for name in ("azure_deployment", "deployment_name")]
    if deployment := next(filter(None, names), None):
        model = str(adapted.pop("model", None) or adapted.pop("model_name", None) or "")
        prefix, slash, name = model.rpartition("/")
        if name and name != deployment:
            adapted.setdefault("base_model", name)
        adapted["model"] = f"{prefix}{slash}{deployment}"
    tokens = [adapted.pop(name, None) for name in TOKENS]
    if token := next(filter(None, tokens), None):
        adapted |= {"api_key": token, "auth": adapted.get("auth") or BearerAuth()}
    return adapted


def locate(address: SplitResult, endpoint: str, model: str) -> SplitResult:
    """Return the URL of a call: below `/openai/v1`, or of a deployment with an `api-version`.

    The Responses API has no path of a deployment.
    """
    path = address.path
    if path.endswith(endpoint):
        return address
    dated = DATED.search(address.query)
    if "/openai" not in path:
        path += "/openai" if dated else "/openai/v1"
    if path.endswith("/openai/v1"):
        return address._replace(path=path + endpoint, query="" if dated else address.query)
    if endpoint == RESPONSES:
        path = path.partition("/deployments/")[0]
    elif "/deployments/" not in path:
        path += f"/deployments/{quote(model, safe='')}"
    return address._replace(path=path + endpoint)


SECOND = replace(
    openai.SECOND,
    # A deployment may have any name: models that do not reason refuse encrypted reasoning.
    dialect=openai_responses.ResponsesDialect(
        not_reasoning=re.compile(rf"(?!{openai.REASONING.pattern})")
    ),
)

SPEC = replace(
    openai.SPEC,
    name="azure",
    docs="https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle",
    base_url="https://{resource}.openai.azure.com?api-version={api_version}",
    variables=("AZURE_OPENAI", "AZURE"),
    key_variables=("AZURE_OPENAI_AD_TOKEN",),
    key_chain=KeyChain(azure_token(), ("AZURE_FEDERATED_TOKEN_FILE",)),
    address_variables=("AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_BASE_URL", "AZURE_API_BASE"),
    placeholders={
        "resource": ("AZURE_OPENAI_RESOURCE", "AZURE_RESOURCE_NAME"),
        "api_version": ("OPENAI_API_VERSION", "AZURE_API_VERSION"),
    },
    locate=locate,
    adapt_options=adapt_options,
    auth=HeaderAuth("api-key"),
    default_model="",
    models=(),
    header_options={},
    model_provider="openai",
    answers_name_model=True,
    second=SECOND,
    profiles_of=("openai",),
    account="",
    # Models of other makers answer `prompt_cache_key` with a 400: vectorize-io/hindsight#3518.
    prompt_caching=PromptCaching(),
    limits=(
        RateLimitHeaders(counts="requests", remaining="x-ratelimit-remaining-requests", window=60),
        RateLimitHeaders(counts="tokens", remaining="x-ratelimit-remaining-tokens", window=60),
    ),
    quirks=(
        "The model is the name of a deployment; `base_model=` names the model behind it.",
        "Without `api_version=` the v1 API is used, with it the paths of deployments.",
        "A key is sent as `api-key`, a token of Entra ID as a bearer token.",
    ),
)
