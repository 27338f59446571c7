"""An API of another kind: a wire converts requests and answers, and does no I/O. Runs offline."""

from collections.abc import Sequence
from typing import Any

import httpx
from langchain_core.messages import AIMessage, AIMessageChunk

from scout_adapters import ProviderSpec, init_scout_model, registry
from scout_adapters.llm.types import ChatRequest, StreamReader, Turn, Wire

Json = dict[str, Any]


class EchoReader(StreamReader):
    """Reads events like {"word": "hello "}, and {"end": true} as the last one."""

    def __init__(self) -> None:
        self.finished, self.usage = False, None

    def feed(self, event: Json | None) -> AIMessageChunk | None:
        self.finished = self.finished or bool(event and event.get("end"))
        return AIMessageChunk(event["word"]) if event and "word" in event else None

    def close(self) -> AIMessageChunk:
        return AIMessageChunk("", chunk_position="last")


class EchoWire(Wire):
    name, version = "echo", "v1"

    def endpoint(self, model: str, *, stream: bool) -> str:
        return f"/{model}/{'stream' if stream else 'answer'}"

    def auth_headers(self, key: str) -> dict[str, str]:
        return {"x-echo-key": key}

    def build_body(self, request: ChatRequest, turns: Sequence[Turn], spec: ProviderSpec) -> Json:
        return {"text": " ".join(block["text"] for turn in turns for block in turn.blocks)}

    def parse_response(self, body: Json, spec: ProviderSpec) -> AIMessage:
        return AIMessage(body["text"], usage_metadata=body["usage"])

    def reader(self, spec: ProviderSpec, body: Json | None = None) -> StreamReader:
        return EchoReader()


def serve(request: httpx.Request) -> httpx.Response:
    if request.url.path.endswith("/stream"):
        return httpx.Response(200, text='data: {"word": "hello"}\n\ndata: {"end": true}\n\n')
    usage = {"input_tokens": 3, "output_tokens": 1, "total_tokens": 4}
    return httpx.Response(200, json={"text": "hello", "usage": usage})


card = ProviderSpec(name="echo", docs="", wire=EchoWire(), base_url="https://echo.example")
registry.register(card)
model = init_scout_model("echo/one", api_key="key", transport=httpx.MockTransport(serve))
print(model.invoke("Say hello").usage_metadata)
print([chunk.text for chunk in model.stream("Say hello")])
