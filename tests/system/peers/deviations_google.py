"""Where our message is meant to differ from ChatGoogleGenerativeAI's."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from tests.system.peers.comparison import Difference
from tests.system.peers.deviations import (
    Deviation,
    anywhere,
    has,
    official_only,
    ours_only,
    repeats,
)
from tests.system.peers.records import Record

URL_SAFE = str.maketrans("-_", "+/")


def parts(record: Record) -> Iterator[dict[str, Any]]:
    """Go through the parts of all events."""
    for each in anywhere(record.bodies, "parts"):
        yield from each or ()


def _streams_arguments(record: Record) -> bool:
    return record.streamed and (has("partialArgs")(record) or has("willContinue")(record))


def _makes_up_an_id(record: Record) -> bool:
    calls = (part["functionCall"] for part in parts(record) if "functionCall" in part)
    unnamed = any(not call.get("id") for call in calls) and not _streams_arguments(record)
    return unnamed or has("executableCode")(record)


def _breaks_lines_before_more(record: Record) -> bool:
    texts = list(parts(record))
    return not record.streamed and any(
        (part.get("text") or "").endswith("\n") for part in texts[:-1] if not part.get("thought")
    )


def _ends_twice(record: Record) -> bool:
    return record.streamed and len(list(anywhere(record.bodies, "finishReason"))) > 1


def _signs_url_safely(record: Record) -> bool:
    return any(set("-_") & set(each) for each in anywhere(record.bodies, "thoughtSignature"))


def _signs_a_part_of_its_own(record: Record) -> bool:
    signed = (part for part in parts(record) if part.get("thoughtSignature"))
    return record.streamed and any(not part.get("text") for part in signed if "text" in part)


def _thinks_between_words(record: Record) -> bool:
    thoughts = [bool(part.get("thought")) for part in parts(record) if part.get("text")]
    return record.streamed and (False, True) in pairwise(thoughts)


def _runs_silent_code(record: Record) -> bool:
    ran = (part["codeExecutionResult"] for part in parts(record) if "codeExecutionResult" in part)
    return any(not result.get("output") for result in ran)


def _joined(difference: Difference) -> bool:
    return "".join(difference.ours) == "".join(difference.official)


def _but_for_line_breaks(difference: Difference) -> bool:
    ours, official = ("".join(each) for each in (difference.ours, difference.official))
    return ours.replace("\n", "") == official.replace("\n", "") and ours.count("\n") > 0


def _same_bytes(difference: Difference) -> bool:
    ours = [each.translate(URL_SAFE).rstrip("=") for each in difference.ours]
    return ours == [each.rstrip("=") for each in difference.official]


def _refuses_the_key(record: Record) -> bool:
    return "API_KEY_INVALID" in record.text or "unregistered callers" in record.text


def _counts_the_answer_alone(record: Record) -> bool:
    answer = has("candidatesTokenCount")(record) or has("thoughtsTokenCount")(record)
    return answer and not has("promptTokenCount")(record)


def _forgets_a_count(record: Record) -> bool:
    counts = list(anywhere(record.bodies, "usageMetadata"))
    name = "candidatesTokenCount"
    return any(name in each for each in counts) and name not in counts[-1]


GOOGLE = [
    Deviation(
        "google",
        "a prompt that is counted in the total alone",
        frozenset({"usage.input_tokens"}),
        _counts_the_answer_alone,
        "The prompt is what the total has beyond the answer; the official package counts no token "
        "of it, which would cost nothing.",
        ours_only,
    ),
    Deviation(
        "google",
        "a count that the last event leaves out",
        frozenset({"usage.total_tokens"}),
        _forgets_a_count,
        "The total of the last event lacks the tokens of the answer, which an earlier one counted; "
        "ours is the sum of what was counted.",
        lambda difference: difference.ours > difference.official,
    ),
    Deviation(
        "google",
        "paragraphs of a whole answer",
        frozenset({"text", "texts"}),
        _breaks_lines_before_more,
        "The model parts paragraphs there; ChatGoogleGenerativeAI takes every part's last line "
        "breaks off, though not those of streams, and glues sentences together.",
        _but_for_line_breaks,
    ),
    Deviation(
        "google",
        "an end that is told twice",
        frozenset({"metadata.finish_reason", "metadata.model_name"}),
        _ends_twice,
        "With tools of Google's own every step ends with STOP; the official chunks join them to "
        "`STOPSTOP`, which no reader knows.",
        repeats,
    ),
    Deviation(
        "google",
        "arguments that come bit by bit",
        frozenset({"tool_calls", "blocks.tool_call", "call_ids"}),
        _streams_arguments,
        "One call whose arguments are streamed as partialArgs is one call; the official package "
        "does not read them and makes a call without a name of every event. "
        "https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling",
    ),
    Deviation(
        "google",
        "ids that are made up",
        frozenset({"call_ids"}),
        _makes_up_an_id,
        "Where Google leaves them out both make them up, and ours are the same whenever the same "
        "answer is read; those of code and its result, which Google names, the other passes over.",
        lambda difference: len(difference.ours) >= len(difference.official),
    ),
    Deviation(
        "google",
        "calls are not kept twice",
        frozenset({"kwargs.function_call"}),
        has("functionCall"),
        "OpenAI's field of 2023 has room for the last call only; `tool_calls` has them all.",
        official_only,
    ),
    Deviation(
        "google",
        "signatures as they came",
        frozenset({"signatures", "kwargs.__gemini_function_call_thought_signatures__"}),
        _signs_url_safely,
        "They are to be sent back unchanged; the official package spells the same bytes anew. "
        "https://ai.google.dev/gemini-api/docs/thought-signatures",
        _same_bytes,
    ),
    Deviation(
        "google",
        "a signature on a part of its own",
        frozenset({"texts"}),
        lambda record: _signs_a_part_of_its_own(record) and not _thinks_between_words(record),
        "A part with a signature is not to be merged with one without; the words are the same. "
        "https://ai.google.dev/gemini-api/docs/thought-signatures",
        _joined,
    ),
    Deviation(
        "google",
        "thoughts between words",
        frozenset({"blocks", "texts", "reasonings"}),
        _thinks_between_words,
        "The order in which the model thought and spoke is kept; the words are the same.",
        lambda difference: difference.field == "blocks" or _joined(difference),
    ),
    Deviation(
        "google",
        "code that prints nothing",
        frozenset({"blocks", "blocks.server_tool_result"}),
        _runs_silent_code,
        "Code that ran without output did run; without the result the call looks unanswered.",
        lambda difference: len(difference.ours) > len(difference.official),
    ),
    Deviation(
        "google",
        "tokens of sound",
        frozenset({"usage.input_token_details.audio", "usage.output_token_details.audio"}),
        has("modality"),
        "They have a price of their own, and LangChain a place for them.",
        ours_only,
    ),
    Deviation(
        "google",
        "a key that is refused",
        frozenset({"error"}),
        _refuses_the_key,
        "The body says that the key is at fault, which Google answers with 400 or 403.",
        lambda difference: difference.ours == "ModelAuthenticationError",
    ),
]
