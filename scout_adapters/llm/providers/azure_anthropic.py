"""Claude in Microsoft Foundry.

https://platform.claude.com/docs/en/build-with-claude/claude-in-microsoft-foundry
"""

from dataclasses import replace

from scout_adapters.llm.providers import anthropic
from scout_adapters.llm.providers.azure import adapt_options
from scout_adapters.llm.types import HeaderAuth
from scout_adapters.llm.wires.anthropic_messages import API_VERSION

SPEC = replace(
    anthropic.SPEC,
    name="azure_anthropic",
    default_model="claude-haiku-5-5",
    docs="https://platform.claude.com/docs/en/build-with-claude/claude-in-microsoft-foundry",
    base_url="https://{resource}.services.ai.azure.com/anthropic",
    variables=("ANTHROPIC_FOUNDRY", "AZURE_AI"),
    placeholders={"resource": ("ANTHROPIC_FOUNDRY_RESOURCE", "AZURE_AI_RESOURCE")},
    adapt_options=adapt_options,
    auth=HeaderAuth("x-api-key"),
    headers={"anthropic-version": API_VERSION},
    models=(),
    model_provider="anthropic",
    answers_name_model=True,
    prices="azure",
    profiles_of=("anthropic",),
    account="",
    embeddings=False,
    quirks=(
        "The model is the name of a deployment; `base_model=` names the model behind it.",
        "A key is sent as `x-api-key`, a token of Entra ID as a bearer token.",
    ),
)
