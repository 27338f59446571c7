"""Options and schemas of users beyond LangChain's suite, and their fields in requests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, Field
from pydantic.v1 import BaseModel as OldModel
from pydantic.v1 import Field as OldField
from typing_extensions import TypedDict

from scout_adapters.testing import Emulator
from tests.chat_models.models import ROUTE

JOKE = "Tell me a joke about cats. Return the result as JSON with 'setup' and 'punchline' keys."


class Joke(BaseModel):
    """A joke to tell a user."""

    setup: str = Field(description="The question that sets the joke up")
    punchline: str = Field(description="The answer")


class OldJoke(OldModel):
    """A joke to tell a user."""

    setup: str = OldField(description="The question that sets the joke up")
    punchline: str = OldField(description="The answer")


class TypedJoke(TypedDict):
    """A joke to tell a user."""

    setup: str
    punchline: str


class Place(BaseModel):
    """Where something is."""

    city: str
    country: str | None = None


class Trip(BaseModel):
    """A trip, with everything that strict schemas trip over."""

    start: Place = Field(description="Where it begins")
    stops: list[Place]
    days: int = 3
    note: str | None = None


JOKES: dict[str, Any] = {
    "pydantic": Joke,
    "pydantic v1": OldJoke,
    "TypedDict": TypedJoke,
    "JSON schema": Joke.model_json_schema(),
}


def providers_of(name: str) -> tuple[str, ...]:
    """List the providers that a model may call, in order."""
    return ROUTE if name == "router" else (name,)


def another(name: str) -> str:
    """Return a provider that the model of that name never calls."""
    return "openrouter" if name == "openai" else "openai"


def fail(emulator: Emulator, name: str, fault: Any, times: int = 1) -> None:
    """Make all providers fail that the model of that name may call."""
    for provider in providers_of(name):
        emulator.script(provider, [fault] * times)


def sent_schema(provider: str, body: dict[str, Any]) -> Any:
    """Find the answer's schema where the provider's API documents it."""
    match provider:
        case "anthropic":
            return body["output_config"]["format"]["schema"]
        case "google":
            return body["generationConfig"]["responseJsonSchema"]
        case _:
            return body["response_format"]["json_schema"]["schema"]


def sent_tools(provider: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the schemas of the tools in a request by tool name."""
    match provider:
        case "anthropic":
            return {tool["name"]: tool["input_schema"] for tool in body.get("tools", ())}
        case "google":
            declared = [d for t in body.get("tools", ()) for d in t["functionDeclarations"]]
            return {each["name"]: each.get("parametersJsonSchema") for each in declared}
        case _:
            functions = [tool["function"] for tool in body.get("tools", ())]
            return {each["name"]: each.get("parameters") for each in functions}


def sent_option(provider: str, body: dict[str, Any], option: str) -> Any:
    """Find an option under the provider's own name for it."""
    names = {"anthropic": "stop_sequences", "google": "stopSequences"}
    if option == "stop":
        option = names.get(provider, "stop")
    if option == "max_tokens" and provider in {"openai", "minimax"}:
        option = "max_completion_tokens"
    if provider == "google":
        option = {"max_tokens": "maxOutputTokens"}.get(option, option)
        return body.get("generationConfig", {}).get(option)
    return body.get(option)


def objects_in(schema: Any) -> Iterable[dict[str, Any]]:
    """Yield every schema of an object with properties."""
    if isinstance(schema, list):
        for each in schema:
            yield from objects_in(each)
    elif isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield schema
        for each in schema.values():
            yield from objects_in(each)
