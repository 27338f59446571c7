"""Google's Gemini, documented at https://ai.google.dev/api/generate-content."""

import re

from scout_adapters.llm.types import PromptCaching, ProviderSpec
from scout_adapters.llm.wires.gemini import WIRE

SPEC = ProviderSpec(
    name="google",
    docs="https://ai.google.dev/api/generate-content",
    wire=WIRE,
    base_url="https://generativelanguage.googleapis.com",
    variables=("GOOGLE", "GEMINI"),
    # GOOGLE_GEMINI_BASE_URL is the official SDK's: https://github.com/googleapis/python-genai
    address_variables=("GOOGLE_GEMINI_BASE_URL", "GEMINI_BASE_URL", "GEMINI_API_BASE"),
    default_model="gemini-3.5-flash",
    models=("gemini-", "gemma-"),
    model_provider="google_genai",
    # Since Gemini 3: https://ai.google.dev/gemini-api/docs/structured-output
    schema_beside_tools=re.compile(r"(?!(models/)?gemini-[12][.-])"),
    prompt_caching=PromptCaching(),
    quirks=(
        "The key is sent in a header, never in the URL.",
        "An invalid key is a 400; the body of a 429 has the time to wait.",
        "Daily quotas and quotas per minute are distinguished.",
    ),
)
