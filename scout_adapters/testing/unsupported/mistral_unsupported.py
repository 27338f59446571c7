"""What Mistral's models refuse."""

from __future__ import annotations

from scout_adapters.testing.unsupported.body_features import data_of, field, parts, tools_except
from scout_adapters.testing.unsupported.unsupported_row import UnsupportedRow

_ARGUMENTS = "invalid_request_invalid_args"
_CODE = "3051"
_TOOL = ["body", "tools", "list[Tool]", "{at}"]
_WRONG_TYPE = {
    "type": "enum",
    "loc": [*_TOOL, "type"],
    "msg": "Input should be 'function'",
    "input": "{kind}",
    "ctx": {"expected": "'function'"},
}
_NO_FUNCTION = {
    "type": "missing",
    "loc": [*_TOOL, "function"],
    "msg": "Field required",
    "input": "{tool}",
}
_NO_TEXT = {
    "type": "string_type",
    "loc": ["body", "tools", "list[str]", "{at}"],
    "msg": "Input should be a valid string",
    "input": "{tool}",
}


def _refusal(message: str, kind: str = _ARGUMENTS, code: str = _CODE) -> dict[str, str | None]:
    """Return an error body of 2026, which repeats no status."""
    return {"object": "error", "message": message, "type": kind, "param": None, "code": code}


MISTRAL_UNSUPPORTED = (
    UnsupportedRow(
        feature=tools_except("function"),
        status=422,
        body={"detail": [_WRONG_TYPE, _NO_FUNCTION, _NO_TEXT]},
        source="recorded",
    ),
    UnsupportedRow(
        feature=parts("input_audio"),
        models=r"(?!voxtral)(\w*stral)",
        body=_refusal("Audio input is not enabled for this model"),
        source="recorded",
    ),
    UnsupportedRow(
        feature=data_of("input_audio", "//F", "//k"),
        models=r"voxtral",
        body=_refusal(
            "Failed to load audio file. Verify that the given file is valid mp3 or wav.",
            "invalid_request_audio",
            "3291",
        ),
        source="recorded",
    ),
    UnsupportedRow(
        feature=parts("image_url"),
        models=r"voxtral|mistral-vibe|codestral|devstral|open-mistral|open-mixtral|mistral-tiny",
        body=_refusal("Image input is not enabled for this model"),
        source="recorded",
    ),
    UnsupportedRow(
        feature=field("logprobs"),
        models=r"\w*stral",
        message="Logprobs are not enabled for this model",
        kind=_ARGUMENTS,
        code=_CODE,
        source="recorded",
    ),
)
