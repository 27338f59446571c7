"""What Gemini's models refuse on generateContent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scout_adapters.testing.model.chat_request import objects
from scout_adapters.testing.protocols.gemini import contents, declared, either, parts_of
from scout_adapters.testing.unsupported.body_features import always
from scout_adapters.testing.unsupported.unsupported_row import UnsupportedRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scout_adapters.testing.http_messages import Json
    from scout_adapters.testing.unsupported.unsupported_row import Feature


def _config(body: Json, name: str) -> object:
    return either(either(body, "generationConfig"), name)


def text_answer(body: Json) -> Iterator[Json]:
    """Yield one place if no other modality than text is requested."""
    modalities = _config(body, "responseModalities") or ["TEXT"]
    if modalities == ["TEXT"]:
        yield {}


def json_mode(body: Json) -> Iterator[Json]:
    """Yield one place if JSON is requested."""
    if _config(body, "responseMimeType") == "application/json":
        yield {}


def logprobs(body: Json) -> Iterator[Json]:
    """Yield one place if log probabilities are requested."""
    if _config(body, "responseLogprobs"):
        yield {}


def functions(body: Json) -> Iterator[Json]:
    """Yield one place if a body declares functions."""
    if any(True for _ in declared(body)):
        yield {}


def system(body: Json) -> Iterator[Json]:
    """Yield one place if a body has a system instruction."""
    if either(body, "systemInstruction"):
        yield {}


def thinking(body: Json) -> Iterator[Json]:
    """Yield one place if a body configures thinking."""
    if _config(body, "thinkingConfig"):
        yield {}


def media(*kinds: str) -> Feature:
    """Return a feature: inline data of these kinds, such as `image`."""

    def find(body: Json) -> Iterator[Json]:
        for content in contents(body):
            for part in objects(parts_of(content)):
                data = either(part, "inlineData") or either(part, "fileData")
                if str(either(data, "mimeType")).startswith(kinds):
                    yield {}

    return find


GEMINI_UNSUPPORTED = (
    UnsupportedRow(
        feature=always,
        models=r"(models/)?(gemini-(live|exp-|2\.5-flash-preview-04)|palm|text-bison)",
        condition="model_missing",
        source="recorded",
    ),
    UnsupportedRow(
        feature=text_answer,
        models=r".*-tts",
        message="The requested combination of response modalities (TEXT) is not supported by the "
        "model. models/{model} accepts the following combination of response modalities:\n"
        "* AUDIO\n",
        source="recorded",
    ),
    UnsupportedRow(
        feature=json_mode,
        models=r".*(-image|-tts)|gemma-3-",
        message="JSON mode is not enabled for models/{model}",
        source="recorded",
    ),
    UnsupportedRow(
        feature=logprobs,
        models=r"gemini-((flash|flash-lite|pro)-latest|3)",
        message="Logprobs is not enabled for this model",
        source="recorded",
    ),
    UnsupportedRow(
        feature=functions,
        models=r"gemma-3|.*-tts|.*-image",
        message="Function calling is not enabled for models/{model}",
        source="reported",
    ),
    UnsupportedRow(
        feature=system,
        models=r"gemma-3|.*-tts",
        message="Developer instruction is not enabled for models/{model}",
        source="reported",
    ),
    UnsupportedRow(
        feature=thinking,
        models=r"gemma-3",
        message="Thinking is not enabled for this model",
        source="none",
    ),
    UnsupportedRow(
        feature=media("audio/", "video/"),
        models=r"gemma-3|.*-tts",
        message="Audio input modality is not enabled for models/{model}",
        source="reported",
    ),
)

STREAMED_UNSUPPORTED = (
    UnsupportedRow(
        feature=logprobs,
        message="LogProbs is not supported in streaming mode",
        source="recorded",
    ),
)
"""Refused of streams only."""
