"""Mistral's own models, documented at https://docs.mistral.ai/api/endpoint/chat."""

import hashlib
import re

from scout_adapters.llm.types import Json, ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE

OWN_ID = re.compile(r"[A-Za-z0-9]{9}")


def _nine(call_id: str) -> str:
    """Mistral takes ids of nine letters and digits only; its own pass unchanged."""
    return (
        call_id if OWN_ID.fullmatch(call_id) else hashlib.sha256(call_id.encode()).hexdigest()[:9]
    )


def _adjust(body: Json) -> Json:
    """Write sound and documents in Mistral's form: bare base64, and `document_url`."""
    for message in body["messages"]:
        if isinstance(message.get("content"), list):
            message["content"] = [_part(part) for part in message["content"]]
    return body


def _part(part: Json) -> Json:
    match part:
        case {"type": "input_audio", "input_audio": {"data": data}}:
            return {"type": "input_audio", "input_audio": data}
        case {"type": "file", "file": {"file_data": data}}:
            return {"type": "document_url", "document_url": data}
    return part


SPEC = ProviderSpec(
    name="mistral",
    docs="https://docs.mistral.ai/api/endpoint/chat",
    wire=WIRE,
    base_url="https://api.mistral.ai/v1",
    default_model="mistral-small-latest",
    models=("mistral-", "ministral-", "codestral-", "magistral-", "devstral-", "pixtral-"),
    model_provider="mistralai",
    tool_call_id=_nine,
    any_tool="any",
    rename={"seed": "random_seed"},
    drop=frozenset({"stream_options"}),  # 422; its streams count tokens unasked
    adjust=_adjust,
    json_schema=False,
    quirks=(
        "Tool-call ids have nine letters and digits; foreign ones are mapped.",
        "A 401 without a body may mean an empty quota instead of a bad key.",
    ),
)
