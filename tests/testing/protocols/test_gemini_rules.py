"""What Gemini's API refuses in a request."""

from __future__ import annotations

from typing import Any

import pytest


def turn(role: str, *parts: Any) -> dict[str, Any]:
    return {"role": role, "parts": list(parts)}


ASK = turn("user", {"text": "Hi"})

CALL = {"functionCall": {"name": "f", "args": {}}}

REPLY = {"functionResponse": {"name": "f", "response": {"output": "ok"}}}

GEMINI = [
    ({"contents": []}, "contents is not specified"),
    ({"contents": [turn("assistant", {"text": "x"})]}, "Please use a valid role: user, model."),
    ({"contents": [turn("user")]}, "contents.parts must not be empty"),
    (
        {
            "contents": [
                ASK,
                turn("model", CALL),
                turn("user", {"functionResponse": {"response": {}}}),
            ]
        },
        "contents[2].parts[0].function_response.name: Name cannot be empty.",
    ),
    (
        {"contents": [ASK, turn("model", CALL, CALL), turn("user", REPLY)]},
        "number of function response parts is equal to the number of function call parts",
    ),
    (
        {"contents": [ASK, turn("model", CALL, CALL), turn("user", REPLY), turn("user", REPLY)]},
        "number of function response parts is equal to the number of function call parts",
    ),
    (
        {"contents": [ASK, turn("user", REPLY)]},
        "function response turn comes immediately after a function call turn",
    ),
    (
        {"contents": [ASK, turn("model", {"text": "x"}), turn("model", CALL), turn("user", REPLY)]},
        "function call turn comes immediately after a user turn or after a function response turn",
    ),
    (
        {
            "tools": [
                {
                    "functionDeclarations": [
                        {"name": "f", "parameters": {"additionalProperties": False}}
                    ]
                }
            ]
        },
        "Unknown name \"additionalProperties\" at 'tools[0].function_declarations[0].parameters'",
    ),
    (
        {"generationConfig": {"responseSchema": {"anyOf": [{"items": {"const": 1}}]}}},
        "Unknown name \"const\" at 'generation_config.response_schema.any_of[0].items'",
    ),
    (
        {"generationConfig": {"responseSchema": {"properties": {"a": {"$ref": "#"}}}}},
        "Unknown name \"$ref\" at 'generation_config.response_schema.properties[0].value'",
    ),
    (
        {
            "generationConfig": {"responseMimeType": "application/json"},
            "tools": [{"functionDeclarations": [{"name": "f"}]}],
        },
        "Function calling with a response mime type: 'application/json' is unsupported",
    ),
]


@pytest.mark.parametrize(("body", "text"), GEMINI)
def test_gemini_refuses(client: Any, body: Any, text: str) -> None:
    answer = client.gemini(**body)
    assert answer.status_code == 400
    assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert text in answer.json()["error"]["message"]


def test_gemini_3_requires_the_signature_of_the_current_step(client: Any, weather: Any) -> None:
    def answer(**signed: str) -> Any:
        contents = [ASK, turn("model", {**CALL, **signed}), turn("user", REPLY)]
        return client.gemini(model="gemini-3-pro", contents=contents)

    signature = client.gemini(
        model="gemini-3-pro", contents=[turn("user", {"text": "call f"})], tools=[FUNCTION]
    ).json()["candidates"][0]["content"]["parts"][0]["thoughtSignature"]
    assert "missing a thought_signature" in answer().json()["error"]["message"]
    forged = answer(thoughtSignature="forged")
    assert forged.json()["error"]["message"] == "Corrupted thought signature."
    assert answer(thoughtSignature=signature).status_code == 200
    assert answer(thoughtSignature=signature.replace("+", "-").replace("/", "_")).status_code == 200
    assert answer(thoughtSignature="skip_thought_signature_validator").status_code == 200


FUNCTION = {"functionDeclarations": [{"name": "f"}]}


def test_gemini_3_forgets_the_signatures_of_earlier_questions(client: Any) -> None:
    contents = [ASK, turn("model", CALL), turn("user", REPLY), turn("model", {"text": "x"}), ASK]
    assert client.gemini(model="gemini-3-pro", contents=contents).status_code == 200
    assert client.gemini(model="gemini-2.5-pro", contents=contents).status_code == 200


@pytest.mark.parametrize("model", ["../x", "a%2fb", "gemini:x"])
def test_a_model_s_name_cannot_leave_its_place_in_gemini_s_path(client: Any, model: str) -> None:
    assert client.gemini(model=model).status_code == 404


def test_a_model_s_name_with_a_blank_is_refused_as_recorded(client: Any) -> None:
    answer = client.gemini(model="gemini x")
    assert answer.status_code == 400
    assert "unexpected model name format" in answer.json()["error"]["message"]
