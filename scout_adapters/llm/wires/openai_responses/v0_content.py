"""Content of `output_version="v0"`: ChatOpenAI's form before version 1 of langchain-openai.

Content consists of text; reasoning, refusals and calls of the provider's own tools are in
`additional_kwargs`, and the id of a message is that of its text. Of several items of reasoning,
only one fits: a whole answer has the last, a stream merges them.
https://python.langchain.com/docs/integrations/chat/openai
"""

from __future__ import annotations

from langchain_core.messages import AIMessage, AIMessageChunk

from scout_adapters._internal.json_values import Json

TOOL_OUTPUTS = frozenset(
    {
        "web_search_call",
        "file_search_call",
        "computer_call",
        "code_interpreter_call",
        "mcp_call",
        "mcp_list_tools",
        "mcp_approval_request",
        "image_generation_call",
        "tool_search_call",
        "tool_search_output",
        "apply_patch_call",
        "apply_patch_call_output",
    }
)
"""Types of items that stand in `tool_outputs`; others stay in the content, as in ChatOpenAI."""

RESPONSE = "resp_"
"""How OpenAI's ids of responses begin."""

CALL_IDS = "__openai_function_call_ids__"
"""langchain-openai's name for the ids of the items of function calls, by the id of the call."""

PHASES = "message_phases"
"""Field of `response_metadata`: phases of a stream's messages, by the index of their text.

ChatOpenAI keeps them in whole answers only; the API needs them back.
https://openrouter.ai/docs/cookbook/evaluate-and-optimize/model-migrations/gpt-5-4
"""


class V0Content:
    """Converts whole answers, or the chunks of one stream in order, to content of version v0."""

    def __init__(self) -> None:
        self._reasoned = False
        self._encrypted = False

    def convert(self, message: AIMessage) -> AIMessage:
        """Return a copy of a message, or of a chunk, with content of version v0."""
        if not isinstance(message.content, list):
            return message
        chunk = isinstance(message, AIMessageChunk)
        kwargs: Json = {**message.additional_kwargs}
        phases: Json = {}
        left_out = ("id", "phase") if chunk else ("id",)
        content: list[str | Json] = []
        message_id = message.id
        for block in message.content:
            if isinstance(block, dict) and block.get("type") == "text":
                message_id = self._id_of(message, block) or message_id
                if chunk and "phase" in block:
                    phases[str(block["index"])] = block["phase"]
                content.append({name: block[name] for name in block if name not in left_out})
            elif not isinstance(block, dict) or not self._move(block, kwargs, chunk=chunk):
                content.append(block)
            elif chunk and block.get("type") == "refusal":
                message_id = self._id_of(message, block) or message_id
        if message_id is not None and message_id.startswith(RESPONSE):
            message_id = None
        changed: Json = {"content": content, "additional_kwargs": kwargs, "id": message_id}
        if phases:
            changed["response_metadata"] = message.response_metadata | {PHASES: phases}
        return message.model_copy(update=changed)

    @staticmethod
    def _id_of(message: AIMessage, block: Json) -> str | None:
        """Return the id of a text; in a stream, that of the response wins unless it is OpenAI's."""
        own = message.id is not None and not message.id.startswith(RESPONSE)
        return None if own and isinstance(message, AIMessageChunk) else block.get("id")

    def _move(self, block: Json, kwargs: Json, *, chunk: bool) -> bool:
        """Put a block into the additional fields; return False for one that stays."""
        kind = block.get("type")
        if kind == "reasoning" and chunk:
            piece = self._piece_of_reasoning(block)
            kwargs["reasoning"] = _merged(kwargs.get("reasoning"), piece)
        elif kind == "reasoning":
            kwargs["reasoning"] = block
        elif kind in TOOL_OUTPUTS:
            kwargs["tool_outputs"] = [*kwargs.get("tool_outputs", ()), block]
        elif kind == "function_call":
            ids = kwargs.setdefault(CALL_IDS, {})
            if block.get("call_id") and block.get("id"):
                ids[block["call_id"]] = block["id"]
        elif kind == "refusal":
            if block.get("refusal"):
                kwargs["refusal"] = block["refusal"]
        else:
            return False
        return True

    def _piece_of_reasoning(self, block: Json) -> Json:
        """Return a piece so that those of a stream merge into one item.

        Only the first has the id and the type: LangChain joins texts with the same name. Of several
        encrypted texts the first is kept, because the provider refuses joined ones.
        """
        left_out = {"index"}
        if self._reasoned:
            left_out |= {"id", "type"}
        if self._encrypted:
            left_out |= {"encrypted_content"}
        self._reasoned = True
        self._encrypted = self._encrypted or bool(block.get("encrypted_content"))
        return {name: block[name] for name in block if name not in left_out}


def _merged(first: Json | None, second: Json) -> Json:
    """Merge two pieces of one chunk as LangChain merges those of two chunks."""
    if first is None:
        return second
    pieces = [
        AIMessageChunk(content="", additional_kwargs={"reasoning": each})
        for each in (first, second)
    ]
    merged: Json = (pieces[0] + pieces[1]).additional_kwargs["reasoning"]
    return merged
