"""What whole and streamed answers share: errors inside a 200, texts, metadata."""

from __future__ import annotations

import re
from typing import Any

from scout_adapters._internal.json_values import Json, mapping, objects
from scout_adapters.errors import ProviderRefusal, malformed
from scout_adapters.llm.wires.openai_chat.usage import dollars
from scout_adapters.llm.wires.parsing import dump_json

# What is kept in `additional_kwargs` under its own name.
MESSAGE_LISTS = ("annotations", "executed_tools", "images", "reasoning_details")
MESSAGE_OBJECTS = ("audio", "function_call")
BODY_LISTS = ("citations", "search_results")

_BILLED = ("cost", "cost_details")

_ALARMS = frozenset({"error", "base_resp", "x_groq"})
_WORDS_OF_A_REFUSAL = ("detail", "message", "msg", "code", "errors", "status_msg")

# Ollama counts its answers from chatcmpl-0 to chatcmpl-999 and begins again; as ids of messages
# they would overwrite each other in a LangGraph state.
_REPEATING_ID = re.compile(r"chatcmpl-\d{1,3}")


def raise_if_refused(body: Json) -> None:
    """Raise `ProviderRefusal` with the whole body if it is an error. Cheap for a good event."""
    if not body.get("choices"):
        _raise_if_it_reads_like_an_error(body)
    elif _ALARMS.isdisjoint(body):
        return
    if body.get("error") or mapping(body.get("x_groq")).get("error"):
        raise ProviderRefusal(body)
    # https://platform.minimax.io/docs/api-reference/errorcode
    if mapping(body.get("base_resp")).get("status_code") not in (None, 0, "0", ""):
        raise ProviderRefusal(body)


def _raise_if_it_reads_like_an_error(body: Json) -> None:
    told = any(body.get(word) for word in _WORDS_OF_A_REFUSAL)
    if told or body.get("object") == "error" or body.get("type") == "error":
        raise ProviderRefusal(body)


def raise_if_choice_failed(choice: Json) -> None:
    """Raise for OpenRouter's way to fail late: an error inside the choice.

    https://openrouter.ai/docs/api-reference/errors
    """
    if choice.get("error"):
        raise ProviderRefusal({"error": choice["error"]})
    if choice.get("finish_reason") == "error":
        message = "the provider stopped with finish_reason 'error' and gave no reason"
        raise ProviderRefusal({"error": {"message": message}})


def text_field(holder: Json, name: str) -> str:
    """Return a text that may be null or missing; anything else is malformed."""
    value = holder.get(name)
    if value is None or isinstance(value, str):
        return value or ""
    raise malformed(f"expected {name!r} to be text, found {type(value).__name__}")


def content_of(content: Any) -> tuple[str, str, list[Json]]:
    """Return text, thoughts, and the parts that are neither, of an answer's `content`.

    Mistral lists chunks (https://docs.mistral.ai/capabilities/reasoning); Cloudflare sends the
    object that a JSON schema asked for.
    """
    if content is None or isinstance(content, str):
        return content or "", "", []
    if isinstance(content, dict):
        return dump_json(content), "", []
    if not isinstance(content, list):
        raise malformed(f"expected 'content' to be text, found {type(content).__name__}")
    text, thoughts, others = "", "", []
    for chunk in content:
        if isinstance(chunk, str):
            text += chunk
        elif not isinstance(chunk, dict):
            raise malformed(f"expected 'content' to list chunks, found {type(chunk).__name__}")
        elif chunk.get("type") == "text":
            text += text_field(chunk, "text")
        elif chunk.get("type") == "thinking":
            thoughts += _thinking(chunk.get("thinking"))
        else:
            others.append(chunk)
    return text, thoughts, others


def _thinking(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "".join(text_field(chunk, "text") for chunk in objects(value))


def reasoning_of(message: Json) -> str:
    """Return the thoughts once, under whichever name they came; some providers send two.

    MiniMax promises them in `reasoning_details` only, and OpenRouter repeats them there:
    https://platform.minimax.io/docs/api-reference/text-openai-api
    """
    text = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(text, str) and text:
        return text
    if text:
        raise malformed(f"expected 'reasoning' to be text, found {type(text).__name__}")
    details = message.get("reasoning_details")
    if not details:
        return ""
    return "".join(text_field(detail, "text") for detail in objects(details))


def non_empty(thing: Any) -> Json:
    """Return an object, unless it is one of those that are sent with nothing in them."""
    return thing if isinstance(thing, dict) and any(thing.values()) else {}


def message_id(body_id: Any) -> str | None:
    """Return the id that a message may carry; None where there is none, or not a unique one."""
    usable = isinstance(body_id, str) and body_id and not _REPEATING_ID.fullmatch(body_id)
    return body_id if usable else None


def first_metadata(body: Json, maker: str) -> Json:
    """Say who made the message: the metadata that the first chunk of a stream carries."""
    known = {"model_name": body.get("model"), "id": body.get("id")}
    return _texts(known) | {"model_provider": maker}


def last_metadata(body: Json, usage: Json, finish_reason: str, logprobs: Any) -> Json:
    """Say how it ended: the metadata that the last chunk of a stream carries."""
    known = {
        "finish_reason": finish_reason,
        "system_fingerprint": body.get("system_fingerprint"),
        "service_tier": body.get("service_tier"),
        "upstream": body.get("provider"),
    }
    metadata = _texts(known)
    if logprobs is not None:
        metadata["logprobs"] = logprobs
    if usage:
        metadata["token_usage"] = usage  # as it came, where ChatOpenAI and ChatGroq put it
        # ChatOpenRouter shows these two beside it.
        metadata |= {name: usage[name] for name in _BILLED if usage.get(name) is not None}
    if (cost := dollars(body, usage)) is not None:
        metadata["provider_cost_usd"] = cost
    return metadata


def _texts(known: Json) -> Json:
    return {name: value for name, value in known.items() if value and isinstance(value, str)}
