"""The demo's code: LangChain chains on the emulator, past dead keys and a dead provider."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import BaseMessage, HumanMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import tool
from pydantic import BaseModel, Field
from rich.console import Console
from rich.rule import Rule
from typing_extensions import override

from scout_adapters.audit import AuditLog
from scout_adapters.callbacks import ScoutAuditCallbackHandler, ScoutCostCallbackHandler
from scout_adapters.chat_models.router import ScoutRouterChatModel
from scout_adapters.chat_models.run_observer import EVENT
from scout_adapters.cli.console import print_line, print_text
from scout_adapters.cli.tables import Cell, TableData, print_table
from scout_adapters.errors import NoKeyError
from scout_adapters.llm.health.key_texts import fingerprint
from scout_adapters.llm.providers import registry
from scout_adapters.testing import Emulator, RateLimited, Revoked

MODELS = {
    "mistral": "mistral-small-latest",
    "groq": "openai/gpt-oss-120b",
    "anthropic": "claude-haiku-4-5",
    "google": "gemini-3.5-flash",
}
KEYS: Mapping[str, Mapping[str, Any]] = {
    "mistral": {"mistral-demo-one": None, "mistral-demo-two": None},
    "groq": {
        "groq-demo-revoked": Revoked(),
        "groq-demo-limited": RateLimited(seconds=2.0),
        "groq-demo-good": None,
    },
    "anthropic": {"anthropic-demo-revoked": Revoked(), "anthropic-demo-good": None},
    "google": {"google-demo-good": None},
}


class Joke(BaseModel):
    """A joke."""

    setup: str = Field(description="the question")
    punchline: str = Field(description="the answer that makes one laugh")


@tool
def get_weather(city: str) -> str:
    """Return the weather in a city."""
    return f"It is 21 °C and sunny in {city}."


class AttemptRecorder(BaseCallbackHandler):
    """Collects the attempts of a run, which every LangChain handler receives as custom events."""

    def __init__(self) -> None:
        self.rows: list[Mapping[str, Any]] = []

    @override
    def on_custom_event(self, name: str, data: Any, **kwargs: Any) -> None:
        """Append an attempt to `rows`."""
        if name == EVENT:
            self.rows.append(data)


def run(console: Console, *, live: bool = False, audit_path: str | Path) -> None:
    """Run the demo on the emulator; with `live`, on the real providers with your keys."""
    attempts, costs = AttemptRecorder(), ScoutCostCallbackHandler()
    audit = ScoutAuditCallbackHandler(AuditLog(audit_path))
    config = RunnableConfig(callbacks=[attempts, costs, audit])
    with ExitStack() as stack:
        emulator = None if live else stack.enter_context(_emulator(console))
        model = _live_model() if emulator is None else _model(emulator)
        print_line(("One model over", "bold"), f" {', '.join(model.candidates)}", to=console)
        _stream(console, model, config)
        _call_a_tool(console, model, config)
        _structure(console, model, config)
        _batch(console, model, config)
        print_table(attempts_table(attempts.rows), console)
        print_table(costs_table(costs), console)
        if emulator is not None:
            _print_requests(console, emulator)
    print_line(f"Audit log: {Path(audit_path).resolve()}", to=console)


@contextmanager
def _emulator(console: Console) -> Iterator[Emulator]:
    console.print(
        "The emulator plays the providers on this machine: mistral is down, groq has one revoked "
        "key, one limited for 2 s and a good one, anthropic one revoked and one good.\n"
        "No network, no keys of yours.\n"
    )
    emulator = Emulator(keys=KEYS, down={"mistral"})
    with emulator.serve():
        yield emulator


def _model(emulator: Emulator) -> ScoutRouterChatModel:
    return ScoutRouterChatModel(
        models=[
            {
                "model": f"{provider}/{model}",
                "api_keys": list(KEYS[provider]),
                "base_url": emulator.url(provider),
            }
            for provider, model in MODELS.items()
        ]
    )


def _live_model() -> ScoutRouterChatModel:
    keyed = [spec for spec in registry.specs() if not spec.keyless and registry.get(spec.name).keys]
    if not keyed:
        raise NoKeyError("no provider has a key: set GROQ_API_KEY, ANTHROPIC_API_KEY, … first")
    return ScoutRouterChatModel(models=[f"{spec.name}/{spec.default_model}" for spec in keyed])


def _stream(console: Console, model: ScoutRouterChatModel, config: RunnableConfig) -> None:
    _print_heading(console, "A streamed chain: prompt | model | parser")
    prompt = ChatPromptTemplate.from_messages(
        [("system", "You answer in one sentence."), ("human", "{question}")]
    )
    chain = prompt | model | StrOutputParser()
    for text in chain.stream({"question": "Why does one key not last for ever?"}, config):
        print_text(text, end="", to=console)
    print_line(to=console)


def _call_a_tool(console: Console, model: ScoutRouterChatModel, config: RunnableConfig) -> None:
    _print_heading(console, "A tool call")
    with_tools = model.bind_tools([get_weather])
    messages: list[BaseMessage] = [HumanMessage("What is the weather in Paris? Use the tool.")]
    answer = with_tools.invoke(messages, config)
    messages.append(answer)
    for call in answer.tool_calls:
        result: ToolMessage = get_weather.invoke(call)
        print_text(f"{call['name']}({call['args']}) → {result.text}", to=console)
        messages.append(result)
    print_text(with_tools.invoke(messages, config).text, to=console)


def _structure(console: Console, model: ScoutRouterChatModel, config: RunnableConfig) -> None:
    _print_heading(console, "A structured output")
    joke = model.with_structured_output(Joke).invoke("Tell me a joke about cats.", config)
    print_text(repr(joke), to=console)


def _batch(console: Console, model: ScoutRouterChatModel, config: RunnableConfig) -> None:
    _print_heading(console, "A batch of three")
    questions = ["What is a route?", "What is a key?", "What is a circuit?"]
    for answer in model.batch(list(questions), config):
        print_text(f"• {answer.text}", to=console)


def _print_heading(console: Console, title: str) -> None:
    console.print()
    console.print(Rule(title), width=min(console.width, 80))


def attempts_table(rows: Sequence[Mapping[str, Any]]) -> TableData:
    """Make a table of the attempts, one per row, in the order in which they were made."""
    headings = ("model", "key", "outcome", "waited", "took", "why")
    return TableData(headings, list(map(_attempt, rows)), title="\nAttempts")


def _attempt(row: Mapping[str, Any]) -> Sequence[Cell]:
    good = row["outcome"] == "ok"
    return (
        f"{row['provider']}/{row['model']}",
        row.get("key_id", ""),
        (row["outcome"], "green" if good else "red"),
        _seconds(row.get("waited_s")),
        _seconds(row.get("latency_s")),
        "" if good else str(row.get("reason", ""))[:48],
    )


def costs_table(costs: ScoutCostCallbackHandler) -> TableData:
    """Make a table of what each model cost."""
    numbers = ("calls", "tokens in", "tokens out", "US$")
    rows: list[Sequence[Cell]] = []
    for row in costs.rows:
        price = "unknown" if row.unpriced else f"{row.cost:.8f}"
        cells = (row.calls, row.input_tokens, row.output_tokens, price)
        rows.append((f"{row.provider}/{row.model}", row.key_id or "", *map(str, cells)))
    rows.append(("total", "", str(costs.calls), "", "", f"{costs.total_cost:.8f}"))
    return TableData(("model", "key", *numbers), rows, numbers, title="\nCost by model")


def _print_requests(console: Console, emulator: Emulator) -> None:
    """Print the requests that arrived, from the emulator's log, not from our counters."""
    counts = Counter((e.provider, fingerprint(e.key), e.status) for e in emulator.log)
    rows = [
        (provider, key, str(status), str(requests))
        for (provider, key, status), requests in sorted(counts.items())
    ]
    headings = ("provider", "key", "status", "requests")
    print_table(TableData(headings, rows, title="\nWhat the emulator saw"), console)


def _seconds(value: float | None) -> str:
    return "" if not value else f"{value:.3f} s"
