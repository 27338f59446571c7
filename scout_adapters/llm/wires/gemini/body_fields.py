"""Names of the fields of a body, and of its `generationConfig` and `thinkingConfig`."""

from __future__ import annotations

from scout_adapters.llm.wires.gemini.spelling import snake_name

CONFIG = frozenset(
    {
        "audioTimestamp",
        "audioTranscriptionConfig",
        "candidateCount",
        "enableAffectiveDialog",
        "enableEnhancedCivicAnswers",
        "frequencyPenalty",
        "imageConfig",
        "maxOutputTokens",
        "mediaResolution",
        "modelSelectionConfig",
        "presencePenalty",
        "responseJsonSchema",
        "responseMimeType",
        "responseModalities",
        "responseSchema",
        "routingConfig",
        "seed",
        "speechConfig",
        "stopSequences",
        "temperature",
        "topK",
        "topP",
        "translationConfig",
    }
)
"""Fields of `generationConfig`; every other extra field is a field of the body.
https://ai.google.dev/api/generate-content#GenerationConfig"""

THINKING = frozenset({"includeThoughts", "thinkingBudget", "thinkingLevel"})

_FIELDS = (CONFIG | THINKING) | {
    "cachedContent",
    "generationConfig",
    "labels",
    "logprobs",
    "n",
    "responseLogprobs",
    "safetySettings",
    "serviceTier",
    "store",
    "systemInstruction",
    "thinkingConfig",
    "toolConfig",
    "topLogprobs",
}
BODY_FIELDS = frozenset(_FIELDS) | {snake_name(name) for name in _FIELDS}
"""In Google's spelling and in Python's. https://ai.google.dev/api/generate-content"""
