"""YAML of strangers is read as plain values with their lines, or refused in one line."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scout_adapters.errors import ConfigurationError
from scout_adapters.route_files.yaml_text import MAX_CHARS, parse_yaml

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: !!python/object/apply:os.system [ls]\n", "line 2: the tag"),
        ("a: !custom 1\n", "line 1: the tag !custom is not accepted"),
        ("a: 1\nb: 2\na: 3\n", "line 3: the key 'a' stands twice"),
        ("a: [1\nb: 2\n", "this is no YAML"),
        ("a: &x [*x]\n", "line 1: an alias contains itself"),
        ("a: 1\n? [1]\n: 2\n", "line 2: a key must be a text"),
        (BOMB, "aliases included"),
        ("x" * (MAX_CHARS + 1), "characters"),
        ("a: 2026-13-45\n", "line 1: a value that its type does not allow"),
        ("a: \x00\n", "this is no YAML"),
        ("a: !!binary aGVsbG8=\n", "is not accepted"),
        ("[" * 3000 + "]" * 3000, "nested too deeply"),
        ("".join(f"{' ' * depth}a:\n" for depth in range(600)), "nested too deeply"),
    ],
)
def test_what_is_no_plain_value_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message.replace("(", r"\(")) as refusal:
        parse_yaml(text, "route.yaml")
    assert str(refusal.value).startswith("route.yaml")
    assert "\n" not in str(refusal.value)


def test_errors_do_not_repeat_the_text_around_them() -> None:
    with pytest.raises(ConfigurationError) as refusal:
        parse_yaml("api_key: sk-secret: [\n", "route.yaml")
    assert "secret" not in str(refusal.value)


def test_each_value_has_its_line() -> None:
    parsed = parse_yaml("a:\n  - b: 1\n  - c: 2\nd: {e: 3}\n", "x")
    assert parsed.value == {"a": [{"b": 1}, {"c": 2}], "d": {"e": 3}}
    assert parsed.line(("a", 1, "c")) == 3
    assert parsed.line(("d", "e")) == 4
    assert parsed.line(("a", 1, "missing")) == 3


def test_merge_keys_work_as_in_yaml() -> None:
    parsed = parse_yaml("base: &b {x: 1, y: 2}\nown:\n  <<: *b\n  y: 3\n", "x")
    assert parsed.value["own"] == {"x": 1, "y": 3}


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ConfigurationError):
        parse_yaml(text, "x")
