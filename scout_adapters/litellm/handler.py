"""A custom provider of LiteLLM whose models are those of this package, and routes by name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import chain
from typing import Any

from langchain_core.language_models import BaseChatModel
from litellm import CustomLLM
from litellm.types.utils import EmbeddingResponse, ModelResponse, ModelResponseStream

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters.chat_models.providers import init_scout_model
from scout_adapters.embeddings.scout_embeddings import ScoutEmbeddings
from scout_adapters.errors import ScoutError
from scout_adapters.litellm.litellm_errors import raise_as_litellm
from scout_adapters.litellm.litellm_responses import (
    StreamedResponse,
    embedding_response,
    filled_response,
    texts_of,
)
from scout_adapters.litellm.received_messages import langchain_messages

MAX_MODELS = 256
"""Models that are remembered by name, key and address; callers may name any number."""

NOT_PASSED = frozenset({"stream", "stream_options", "user", "max_retries", "num_retries"})
"""Parameters of LiteLLM that are not options of a call here: LiteLLM itself retries."""


class ScoutLiteLLM(CustomLLM):
    """Answers LiteLLM's calls with models and routes of this package.

        handler = ScoutLiteLLM(routes={"fast": ScoutRouterChatModel.from_file("route.yaml")})
        litellm.custom_provider_map = [{"provider": "scout", "custom_handler": handler}]

    `scout/fast` is the route of that name; any other name is a model, such as
    `scout/groq/openai/gpt-oss-120b`, with LiteLLM's `api_key` and `api_base` if the call has them.
    `options` are those of these models. Errors are LiteLLM's classes by kind, so that its retries,
    cooldowns and fallbacks work; the cost is ours.
    """

    def __init__(self, routes: Mapping[str, BaseChatModel] | None = None, **options: Any) -> None:
        super().__init__()
        self._routes = dict(routes or {})
        self._options = options
        self._models: BoundedDict[tuple[str, str, str], BaseChatModel] = BoundedDict(MAX_MODELS)

    def completion(self, model: str, messages: list[Any], **kwargs: Any) -> ModelResponse:
        """Answer a call."""
        chat, options = self._model_of(model, kwargs), _options(kwargs)
        try:
            answer = chat.invoke(langchain_messages(messages), **options)
        except ScoutError as error:
            raise_as_litellm(error, model)
        return filled_response(kwargs["model_response"], answer)

    async def acompletion(self, model: str, messages: list[Any], **kwargs: Any) -> ModelResponse:
        """Twin of `completion`."""
        chat, options = self._model_of(model, kwargs), _options(kwargs)
        try:
            answer = await chat.ainvoke(langchain_messages(messages), **options)
        except ScoutError as error:
            raise_as_litellm(error, model)
        return filled_response(kwargs["model_response"], answer)

    def streaming(
        self, model: str, messages: list[Any], **kwargs: Any
    ) -> Iterator[ModelResponseStream]:
        """Answer a call in chunks; what fails before the first one is raised here."""
        chunks = self._chunks(model, messages, kwargs)
        first = next(chunks, None)
        return iter(()) if first is None else chain((first,), chunks)

    def _chunks(
        self, model: str, messages: list[Any], arguments: Mapping[str, Any]
    ) -> Iterator[ModelResponseStream]:
        chat, options = self._model_of(model, arguments), _options(arguments)
        stream = StreamedResponse(model)
        try:
            for chunk in chat.stream(langchain_messages(messages), **options):
                yield from stream.read(chunk)
        except ScoutError as error:
            raise_as_litellm(error, model)
        yield from stream.end()

    async def astreaming(
        self, model: str, messages: list[Any], **kwargs: Any
    ) -> AsyncIterator[ModelResponseStream]:
        """Twin of `streaming`; LiteLLM begins it with the first chunk, and marks what fails."""
        chat, options = self._model_of(model, kwargs), _options(kwargs)
        stream = StreamedResponse(model)
        try:
            async for chunk in chat.astream(langchain_messages(messages), **options):
                for response in stream.read(chunk):
                    yield response
        except ScoutError as error:
            raise_as_litellm(error, model)
        for response in stream.end():
            yield response

    def embedding(self, model: str, input: list[Any], **kwargs: Any) -> EmbeddingResponse:
        """Return the vectors of texts."""
        try:
            vectors = self._embeddings_of(model, kwargs).embed_documents(texts_of(input))
        except ScoutError as error:
            raise_as_litellm(error, model)
        return embedding_response(kwargs["model_response"], model, vectors)

    async def aembedding(self, model: str, input: list[Any], **kwargs: Any) -> EmbeddingResponse:
        """Twin of `embedding`."""
        try:
            embeddings = self._embeddings_of(model, kwargs)
            vectors = await embeddings.aembed_documents(texts_of(input))
        except ScoutError as error:
            raise_as_litellm(error, model)
        return embedding_response(kwargs["model_response"], model, vectors)

    def _embeddings_of(self, model: str, arguments: Mapping[str, Any]) -> ScoutEmbeddings:
        given = {"api_key": arguments.get("api_key"), "base_url": arguments.get("api_base")}
        options = dict(arguments.get("optional_params") or {})
        options.pop("encoding_format", None)  # vectors are lists here, whatever is sent
        own = {name: value for name, value in given.items() if value}
        return ScoutEmbeddings(model=model, **{**own, **options})

    def _model_of(self, name: str, arguments: Mapping[str, Any]) -> BaseChatModel:
        """Return the route or the model of a name, with the key and address of the call."""
        if name in self._routes:
            return self._routes[name]
        given = {"api_key": arguments.get("api_key"), "base_url": arguments.get("api_base")}
        place = name, str(given["api_key"] or ""), str(given["base_url"] or "")
        if known := self._models.get(place):
            return known
        own = {option: value for option, value in given.items() if value}
        try:
            model: BaseChatModel = init_scout_model(name, **{**self._options, **own})
        except ScoutError as error:
            raise_as_litellm(error, name)
        self._models.put(place, model)
        return model


def _options(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a call, with LiteLLM's timeout."""
    given = dict(arguments.get("optional_params") or {})
    extra = given.pop("extra_body", None) or {}
    options = {name: value for name, value in given.items() if name not in NOT_PASSED}
    if extra:
        options["model_kwargs"] = dict(extra)
    if isinstance(timeout := arguments.get("timeout"), int | float):
        options["timeout"] = float(timeout)
    return options
