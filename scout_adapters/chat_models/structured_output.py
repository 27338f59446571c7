"""Structured output: a schema in, an object out, by JSON schema, by a tool, or by JSON mode."""

from __future__ import annotations

import re
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
from langchain_core.outputs import ChatGeneration
from langchain_core.runnables import AddableDict, Runnable, RunnableConfig
from langchain_core.utils.function_calling import convert_to_json_schema, convert_to_openai_tool
from langchain_core.utils.pydantic import is_basemodel_subclass
from pydantic import BaseModel
from typing_extensions import override

from scout_adapters.errors import ConfigurationError

StructuredAnswer = dict[str, Any] | BaseModel
NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_-]")
CUT = frozenset({"length", "max_tokens", "model_context_window_exceeded"})
"""Reasons to end that leave an answer unfinished."""

UNFIT = (ValueError, ModelError)
"""What parsers raise: LangChain's and pydantic's errors, and newer versions for a refusal."""


def structured_output(
    model: BaseChatModel,
    schema: dict[str, Any] | type,
    *,
    method: str,
    include_raw: bool,
    strict: bool | None,
    options: Mapping[str, Any],
) -> Runnable[LanguageModelInput, StructuredAnswer]:
    """Bind the schema to the model and put the fitting parser behind it."""
    if method not in METHODS:
        raise ConfigurationError(f"method={method!r} is none of {', '.join(METHODS)}")
    schema = _named(schema)
    bind, parser_of = METHODS[method]
    asked = bind(model, schema, strict, options)
    return asked | AnswerParser(parser_of(schema), include_raw=include_raw)


def _named(schema: Any) -> Any:
    """Give a JSON schema without a title one: LangChain takes its name from there."""
    if (
        not isinstance(schema, dict)
        or "properties" not in schema
        or {"title", "name"} & set(schema)
    ):
        return schema
    return {"title": "answer", **schema}


def _by_tool(
    model: BaseChatModel, schema: Any, strict: bool | None, options: Mapping[str, Any]
) -> Runnable[LanguageModelInput, AIMessage]:
    given: dict[str, Any] = {} if strict is None else {"strict": strict}
    return model.bind_tools(
        [schema],
        tool_choice="any",
        **{"parallel_tool_calls": False, **given, **options},
        **_for_traces(schema, "function_calling", **given),
    )


def _by_schema(
    model: BaseChatModel, schema: Any, strict: bool | None, options: Mapping[str, Any]
) -> Runnable[LanguageModelInput, AIMessage]:
    given: dict[str, Any] = {} if strict is None else {"strict": strict}
    # A schema in OpenAI's tool shape brings its own name; converting keeps it as the title.
    converted = convert_to_json_schema(schema, strict=strict)
    name = NOT_IN_A_NAME.sub("_", str(converted.get("title") or "answer"))[:64]
    form = {
        "type": "json_schema",
        "json_schema": {"name": name, "schema": converted, **given},
    }
    return model.bind(
        response_format=form, **options, **_for_traces(schema, "json_schema", **given)
    )


def _by_mode(
    model: BaseChatModel,
    schema: Any,
    _strict: bool | None,  # a mode without a schema has nothing to be strict about
    options: Mapping[str, Any],
) -> Runnable[LanguageModelInput, AIMessage]:
    form = {"type": "json_object"}
    return model.bind(response_format=form, **_for_traces(schema, "json_mode"), **options)


def _for_traces(schema: Any, method: str, **more: Any) -> dict[str, Any]:
    return {"ls_structured_output_format": {"kwargs": {"method": method, **more}, "schema": schema}}


def _is_pydantic(schema: Any) -> bool:
    return isinstance(schema, type) and is_basemodel_subclass(schema)


def _tool_parser(schema: Any) -> BaseOutputParser[Any]:
    if _is_pydantic(schema):
        return PydanticToolsParser(tools=[schema], first_tool_only=True)
    name = convert_to_openai_tool(schema)["function"]["name"]
    return JsonOutputKeyToolsParser(key_name=name, first_tool_only=True)


def _json_parser(schema: Any) -> BaseOutputParser[Any]:
    if _is_pydantic(schema):
        return PydanticOutputParser(pydantic_object=schema)
    return JsonOutputParser()


Bind = Callable[
    [BaseChatModel, Any, bool | None, Mapping[str, Any]], Runnable[LanguageModelInput, AIMessage]
]
METHODS: Mapping[str, tuple[Bind, Callable[[Any], BaseOutputParser[Any]]]] = {
    "json_schema": (_by_schema, _json_parser),
    "function_calling": (_by_tool, _tool_parser),
    "json_mode": (_by_mode, _json_parser),
}


class AnswerParser(Runnable[AIMessage, Any]):
    """Reads the object out of an answer: out of a stream as it grows, and for good at its end.

    LangChain's parsers mend what is cut off, and in a stream they let pass what never fitted.
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
        answer = StreamedStructure(self)
        for chunk in chunks:
            yield from answer.add(chunk)
        yield from answer.end()

    async def _aread_stream(self, chunks: AsyncIterator[AIMessage]) -> AsyncIterator[Any]:
        answer = StreamedStructure(self)
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
        """Return what stands beside a raw answer."""
        try:
            return {"parsed": self.parse(message), "parsing_error": None}
        except UNFIT as error:
            return {"parsed": None, "parsing_error": error}

    def glimpse(self, message: AIMessage) -> Any:
        """Return what can be read of an unfinished answer; None if that is nothing yet."""
        try:
            return self.parser.parse_result([ChatGeneration(message=message)], partial=True)
        except UNFIT:
            return None

    def parse(self, message: AIMessage) -> Any:
        """Return the object of a whole answer; raises what `UNFIT` names where it does not fit."""
        if _is_cut(message):
            raise OutputParserException("the answer was cut off: it reached its limit of tokens")
        try:
            return self.parser.parse_result([ChatGeneration(message=message)])
        except OutputParserException as error:
            if refusal := message.additional_kwargs.get("refusal"):
                raise OutputParserException(f"the model refused: {refusal}") from error
            raise


class StreamedStructure:
    """What has come of a streamed answer."""

    def __init__(self, parser: AnswerParser) -> None:
        self._parser = parser
        self._whole: Any = None
        self._shown: Any = None

    def add(self, chunk: Any) -> Iterator[Any]:
        """Take a chunk; yield it if it was asked for, and the object as far as it has grown."""
        self._whole = chunk if self._whole is None else self._whole + chunk
        raw = self._parser.include_raw
        if raw:
            yield AddableDict(raw=chunk)
        parsed = self._parser.glimpse(self._whole)
        if parsed is not None and parsed != self._shown:
            self._shown = parsed
            yield AddableDict(parsed=parsed) if raw else parsed

    def end(self) -> Iterator[Any]:
        """Yield what the whole answer comes to; raises if it does not fit and nobody asked."""
        if self._whole is None:
            return
        if self._parser.include_raw:
            yield AddableDict(self._parser.outcome(self._whole))
        elif (parsed := self._parser.parse(self._whole)) != self._shown:
            yield parsed


def _is_cut(message: AIMessage) -> bool:
    """Tell whether the limit of tokens ended the answer."""
    metadata = message.response_metadata
    reason = metadata.get("finish_reason") or metadata.get("stop_reason")
    return str(reason).lower() in CUT
