"""Settings of LangChain's standard suite for a provider, and its small files."""

from __future__ import annotations

import base64
import wave
from io import BytesIO
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from scout_adapters.chat_models.base import ScoutChatModel

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mP4z8CAFTEMLQkAKP8/wc53yE8AAAAA"
    "SUVORK5CYII="
)
"""A red square of eight by eight."""

LONG = "You are a careful clerk. " + "Paragraph by paragraph, you weigh every word. " * 140
"""A prompt of more than 1,024 tokens, the least that prompt caches take."""


def wav() -> bytes:
    """Return a tenth of a second of silence."""
    file = BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(1600))
    return file.getvalue()


def pdf() -> bytes:
    """Return a page that says "Dummy PDF file"."""
    page = b"BT /F1 24 Tf 20 100 Td (Dummy PDF file) Tj ET"
    fonts = b"<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources %s>>" % fonts,
        b"<</Length %d>>stream\n%s\nendstream" % (len(page), page),
    ]
    file, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj%s endobj\n" % (number, one)
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    table = b"xref\n0 5\n0000000000 65535 f \n" + rows + b"trailer<</Size 5/Root 1 0 R>>\n"
    return file + table + b"startxref\n%d\n%%%%EOF\n" % len(file)


def download(url: str, **_: Any) -> SimpleNamespace:
    """Stand in for `httpx.get`, where the suite fetches its pictures from the web."""
    makers = {"png": lambda: PNG, "pdf": pdf, "wav": wav}
    return SimpleNamespace(content=makers[url.rpartition(".")[2]]())


class ModelSuite:
    """The chat model of one provider; a test class puts LangChain's suite behind it."""

    model_class: ClassVar[type[ScoutChatModel]]
    model_name: ClassVar[str]
    other_model: ClassVar[str]
    """For the tests that override the model."""

    able: ClassVar[dict[str, str]] = {}
    """Tests, and kinds of tokens, that need another model, such as one with audio input."""

    address: ClassVar[dict[str, Any]] = {}
    """The values of the placeholders in the provider's address."""

    network: ClassVar[dict[str, Any]] = {"api_key": "nobodys"}
    """The source of answers; set for each test by the fixture of that name."""

    @pytest.fixture(autouse=True)
    def _set(self, request: pytest.FixtureRequest, network: dict[str, Any]) -> None:
        self.network = network  # type: ignore[misc]  # a property there
        self.asked = self.able.get(request.node.originalname, self.model_name)

    @property
    def chat_model_class(self) -> type[ScoutChatModel]:
        return self.model_class

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": self.asked, **self.address, **self.network}

    @property
    def model_override_value(self) -> str:
        return self.other_model


class Unit(ModelSuite):
    """What the suite's unit tests need besides."""

    @property
    def init_from_env_params(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        # Keys are read when they are first needed, and never become an attribute.
        name = f"{self.model_class.provider.upper()}_API_KEY"  # type: ignore[attr-defined]  # set by subclasses
        arguments = {"model": self.model_name, **self.address}
        return {name: "from-the-environment"}, arguments, {"api_key": None}


class Integration(ModelSuite):
    """What the suite's integration tests need besides."""

    enable_vcr_tests = True
    supports_anthropic_inputs = True
    """History crosses providers, so every chat model reads Anthropic's blocks."""

    details: ClassVar[tuple[str, ...]] = ()
    """The kinds of tokens that this provider counts apart."""

    @property
    def supported_usage_metadata_details(self) -> dict[str, list[str]]:
        return {"invoke": list(self.details), "stream": list(self.details)}

    def probe(self, kind: str, messages: Any, *, stream: bool, **options: Any) -> AIMessage:
        able = {"model": self.able[kind]} if kind in self.able else {}
        chat = self.model_class(**self.chat_model_params, **options)
        if not stream:
            return chat.invoke(messages, **able)
        whole = None
        for chunk in chat.stream(messages, **able):
            whole = chunk if whole is None else whole + chunk
        assert whole is not None
        return whole

    def invoke_with_audio_input(self, *, stream: bool = False) -> AIMessage:
        sound = base64.b64encode(wav()).decode()
        block = {"type": "audio", "base64": sound, "mime_type": "audio/wav"}
        messages = [HumanMessage([{"type": "text", "text": "What do you hear?"}, block])]
        return self.probe("test_audio_inputs", messages, stream=stream)

    def invoke_with_reasoning_output(self, *, stream: bool = False) -> AIMessage:
        prompt = "How many r in strawberry?"
        return self.probe("reasoning", prompt, stream=stream, reasoning_effort="low")

    def invoke_with_cache_creation_input(self, *, stream: bool = False) -> AIMessage:
        return self.probe("cache", cached(stream=stream), stream=stream)

    def invoke_with_cache_read_input(self, *, stream: bool = False) -> AIMessage:
        self.probe("cache", cached(stream=stream), stream=stream)
        return self.probe("cache", cached(stream=stream), stream=stream)


def cached(*, stream: bool) -> list[Any]:
    """Return a conversation to cache; whole answers and streams cache for themselves."""
    prompt = f"{LONG}{'Speak' if stream else 'Write'} plainly."
    block = {"type": "text", "text": prompt, "cache_control": {"type": "ephemeral"}}
    return [SystemMessage([block]), HumanMessage("Hello")]
