"""`with_structured_output`: answers as objects, by JSON schema, a tool call or JSON mode."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

from langchain_core.exceptions import ModelError, OutputParserException
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import (
    BaseOutputParser,
    JsonOutputParser,
    PydanticOutputParser,
)
from langchain_core.output_parsers.openai_tools import (
    JsonOutputKeyToolsParser,
    PydanticToolsParser,
)
from langchain_core.outputs import ChatGeneration, Generation
from langchain_core.runnables import AddableDict, Runnable, RunnableConfig
from langchain_core.utils.pydantic import is_basemodel_subclass
from pydantic import BaseModel
from typing_extensions import override

from scout_adapters.chat_models.schemas import is_open, normalize_tool, response_format, titled
from scout_adapters.errors import ConfigurationError

StructuredAnswer = dict[str, Any] | BaseModel
TRUNCATED = frozenset({"length", "max_tokens", "model_context_window_exceeded"})
"""Finish reasons of an answer that reached its token limit."""

PARSING_ERRORS = (ValueError, ModelError)
"""What parsers raise: LangChain's and pydantic's errors; `ModelError` in newer versions."""


def structured_output(  # noqa: PLR0913  # the choices of `with_structured_output`
    model: BaseChatModel,
    schema: dict[str, Any] | type,
    *,
    method: str | None,
    takes_schemas: Callable[..., bool],
    include_raw: bool,
    strict: bool | None,
    options: Mapping[str, Any],
) -> Runnable[LanguageModelInput, StructuredAnswer]:
    """Return the model with a bound schema, followed by the parser for it.

    `takes_schemas(is_open=...)` returns whether the model accepts a JSON schema.

    Raises: `ConfigurationError` for an unknown `method`, or a type that is no class of an object.
    """
    schema = titled(schema)
    if method is None:
        takes_it = takes_schemas() and takes_schemas(is_open=is_open(schema))
        method = "json_schema" if takes_it else "function_calling"
    if method not in METHODS:
        raise ConfigurationError(f"method={method!r} is none of {', '.join(METHODS)}")
    bind, parser_of = METHODS[method]
    bound = bind(model, schema, strict, options)
    return bound | AnswerParser(parser_of(schema), include_raw=include_raw)


def _bind_tool(
    model: BaseChatModel, schema: Any, strict: bool | None, options: Mapping[str, Any]
) -> Runnable[LanguageModelInput, AIMessage]:
    strictness: dict[str, Any] = {} if strict is None else {"strict": strict}
    return model.bind_tools(
        [schema],
        tool_choice="any",
        **{"parallel_tool_calls": False, **strictness, **options},
        **_trace_options(schema, "function_calling", **strictness),
    )


def _bind_schema(
    model: BaseChatModel, schema: Any, strict: bool | None, options: Mapping[str, Any]
) -> Runnable[LanguageModelInput, AIMessage]:
    strictness: dict[str, Any] = {} if strict is None else {"strict": strict}
    return model.bind(
        response_format=response_format(schema, strict),
        **options,
        **_trace_options(schema, "json_schema", **strictness),
    )


def _bind_json_mode(
    model: BaseChatModel,
    schema: Any,
    _strict: bool | None,  # JSON mode sends no schema, so there is nothing to enforce
    options: Mapping[str, Any],
) -> Runnable[LanguageModelInput, AIMessage]:
    return model.bind(
        response_format={"type": "json_object"}, **_trace_options(schema, "json_mode"), **options
    )


def _trace_options(schema: Any, method: str, **more: Any) -> dict[str, Any]:
    """Return the option from which LangSmith reads schema and method; never sent to a provider."""
    return {"ls_structured_output_format": {"kwargs": {"method": method, **more}, "schema": schema}}


def _is_pydantic(schema: Any) -> bool:
    return isinstance(schema, type) and is_basemodel_subclass(schema)


def _tool_parser(schema: Any) -> BaseOutputParser[Any]:
    name = normalize_tool(schema)["function"]["name"]
    if not _is_pydantic(schema):
        return JsonOutputKeyToolsParser(key_name=name, first_tool_only=True)
    if name == schema.__name__:
        return PydanticToolsParser(tools=[schema], first_tool_only=True)
    return RenamedToolParser(key_name=name, first_tool_only=True, schema_class=schema)


class RenamedToolParser(JsonOutputKeyToolsParser):
    """Parses a call of a tool that has another name than its class: `Box_int_` for `Box[int]`."""

    schema_class: Any

    @override
    def parse_result(self, result: list[Generation], *, partial: bool = False) -> Any:
        arguments = super().parse_result(result, partial=partial)
        if arguments is None:
            return None
        read = getattr(self.schema_class, "model_validate", None) or self.schema_class.parse_obj
        return read(arguments)


def _json_parser(schema: Any) -> BaseOutputParser[Any]:
    if _is_pydantic(schema):
        return PydanticOutputParser(pydantic_object=schema)
    return JsonOutputParser()


Bind = Callable[
    [BaseChatModel, Any, bool | None, Mapping[str, Any]], Runnable[LanguageModelInput, AIMessage]
]
METHODS: Mapping[str, tuple[Bind, Callable[[Any], BaseOutputParser[Any]]]] = {
    "json_schema": (_bind_schema, _json_parser),
    "function_calling": (_bind_tool, _tool_parser),
    "json_mode": (_bind_json_mode, _json_parser),
}


class AnswerParser(Runnable[AIMessage, Any]):
    """Parses an answer into an object; of a stream, each growing part and the whole at its end.

    LangChain's parsers complete truncated JSON, and do not validate the end of a stream. This one
    raises for an answer that was truncated or does not fit.
    """

    def __init__(self, parser: BaseOutputParser[Any], *, include_raw: bool) -> None:
        self.name = type(parser).__name__
        self.parser = parser
        self.include_raw = include_raw

    @property
    @override
    def OutputType(self) -> Any:
        return dict[str, Any] if self.include_raw else self.parser.OutputType

    @override
    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        return self._call_with_config(self._read, input, config, run_type="parser")

    @override
    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        return await self._acall_with_config(self._aread, input, config, run_type="parser")

    @override
    def transform(
        self, input: Iterator[Any], config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[Any]:
        return self._transform_stream_with_config(
            input, self._read_stream, config, run_type="parser"
        )

    @override
    def atransform(
        self, input: AsyncIterator[Any], config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[Any]:
        return self._atransform_stream_with_config(
            input, self._aread_stream, config, run_type="parser"
        )

    def _read_stream(self, chunks: Iterator[AIMessage]) -> Iterator[Any]:
        answer = StreamedObject(self)
        for chunk in chunks:
            yield from answer.add(chunk)
        yield from answer.end()

    async def _aread_stream(self, chunks: AsyncIterator[AIMessage]) -> AsyncIterator[Any]:
        answer = StreamedObject(self)
        async for chunk in chunks:
            for part in answer.add(chunk):
                yield part
        for part in answer.end():
            yield part

    async def _aread(self, message: AIMessage) -> Any:
        return self._read(message)

    def _read(self, message: AIMessage) -> Any:
        if not self.include_raw:
            return self.parse(message)
        return {"raw": message, **self.outcome(message)}

    def outcome(self, message: AIMessage) -> dict[str, Any]:
        """Return `parsed` and `parsing_error` of an answer; one of them is None."""
        try:
            return {"parsed": self.parse(message), "parsing_error": None}
        except PARSING_ERRORS as error:
            return {"parsed": None, "parsing_error": error}

    def parse_partial(self, message: AIMessage) -> Any:
        """Return the object in an unfinished answer, with the fields so far; None if none yet."""
        try:
            return self.parser.parse_result([ChatGeneration(message=message)], partial=True)
        except PARSING_ERRORS:
            return None

    def parse(self, message: AIMessage) -> Any:
        """Return the object of a whole answer.

        Raises: `OutputParserException` if the answer was truncated or does not fit.
        """
        if _is_truncated(message):
            raise OutputParserException("the answer was cut off: it reached its token limit")
        try:
            parsed = self.parser.parse_result([ChatGeneration(message=message)])
        except OutputParserException as error:
            if refusal := message.additional_kwargs.get("refusal"):
                raise OutputParserException(f"the model refused: {refusal}") from error
            raise
        except ValueError as error:  # pydantic's: the call's arguments do not fit the class
            raise OutputParserException(
                f"the arguments of the call do not fit: {error}", llm_output=message.text
            ) from error
        if parsed is None:
            raise OutputParserException(_no_object(message), llm_output=message.text)
        return parsed


class StreamedObject:
    """The object of a streamed answer, parsed from the chunks so far."""

    def __init__(self, parser: AnswerParser) -> None:
        self._parser = parser
        self._message: Any = None
        self._last: Any = None
        """The object that was yielded last."""

    def add(self, chunk: Any) -> Iterator[Any]:
        """Add a chunk; yield it with `include_raw`, and the object if the chunk has changed it."""
        self._message = chunk if self._message is None else self._message + chunk
        raw = self._parser.include_raw
        if raw:
            yield AddableDict(raw=chunk)
        parsed = self._parser.parse_partial(self._message)
        if parsed is not None and parsed != self._last:
            self._last = parsed
            yield AddableDict(parsed=parsed) if raw else parsed

    def end(self) -> Iterator[Any]:
        """Yield the object of the whole answer, or with `include_raw` its outcome.

        Raises: without `include_raw`, what `AnswerParser.parse` raises.
        """
        if self._message is None:
            return
        if self._parser.include_raw:
            yield AddableDict(self._parser.outcome(self._message))
        elif (parsed := self._parser.parse(self._message)) != self._last:
            yield parsed


def _no_object(message: AIMessage) -> str:
    """Return why an answer has no object, if its parser raised no error."""
    if refusal := message.additional_kwargs.get("refusal"):
        return f"the model refused: {refusal}"
    if broken := message.invalid_tool_calls:
        return f"the arguments of the call of {broken[0]['name']} are not a valid JSON object"
    if message.tool_calls:
        return f"the model called {message.tool_calls[0]['name']}, which is not the schema's tool"
    return "the model answered with text instead of a call of the tool that has the schema"


def _is_truncated(message: AIMessage) -> bool:
    """Return whether the answer ended at its token limit."""
    metadata = message.response_metadata
    reason = metadata.get("finish_reason") or metadata.get("stop_reason")
    return str(reason).lower() in TRUNCATED
