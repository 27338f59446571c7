"""Files of cassettes: several writers in one folder, and keys that answers repeat."""

from __future__ import annotations

import gzip
import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from vcr.request import Request as Recorded

from scout_adapters.testing.cassettes import options
from scout_adapters.testing.replay.cassette_errors import CassetteUnreadable
from scout_adapters.testing.replay.cassette_files import Stamp, read_cassette, write_cassette
from tests.testing.recorded import exchanges

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_is_whole_whoever_writes_it_and_its_folder_at_the_same_time(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"

    def write(at: int) -> None:
        write_cassette(folder / "shared.yaml", Stamp(test=str(at)), exchanges(f"by {at}", 20))
        write_cassette(folder / f"{at}.yaml", Stamp(test=str(at)), exchanges(f"by {at}", 20))
        shared = read_cassette(folder / "shared.yaml")
        bodies = {answer["body"]["string"].decode() for _, answer in shared.exchanges}
        assert (bodies, len(shared.exchanges)) == ({f"by {shared.stamp.test}"}, 20)

    with ThreadPoolExecutor(8) as executor:
        list(executor.map(write, range(16)))
    assert len(list(folder.iterdir())) == 17


BODIES = {
    "application/json; charset=utf-8": ('{"a": 1}', '{"a": }'),
    "text/event-stream": ('data: {"a": 1}\n\ndata: [DONE]\n\n', 'data: {"a": 1\n\n'),
}


@pytest.mark.parametrize("kind", BODIES)
def test_broken_json_is_readable_as_a_provider_sent_it_and_unreadable_as_an_edit(
    kind: str, tmp_path: Path
) -> None:
    good, broken = BODIES[kind]
    path = tmp_path / "one.yaml"
    pairs = exchanges(broken) + exchanges(good)
    for _, answer in pairs:
        answer["headers"] = {"Content-Type": [kind]}
    write_cassette(path, Stamp(), pairs)
    file = read_cassette(path)
    assert (len(file.exchanges), file.stamp.not_json) == (2, (1,))
    write_cassette(path, Stamp(), pairs[1:])
    path.write_text(path.read_text().replace('"a": 1', '"a": '))
    with pytest.raises(CassetteUnreadable, match=r"interaction 1 .* answer is no JSON: Expecting"):
        read_cassette(path)


OWN = "qzWmetropolisVv77kk"
"""A key without a form, which only the request's header tells."""


def in_pieces(*path: str | int) -> bytes:
    """Return a stream of which each event has three characters of a text with the key."""
    text, lines = f"Your key is {OWN}.", []
    for at in range(0, len(text), 3):
        value: Any = text[at : at + 3]
        for name in reversed(path):
            value = [value] if name == 0 else {name: value}
        lines.append(f"data: {json.dumps(value)}\n\n")
    return "".join(lines).encode()


ECHOES = {
    "openai": in_pieces("choices", 0, "delta", "content"),
    "anthropic": in_pieces("delta", "text"),
    "anthropic's calls": in_pieces("delta", "partial_json"),
    "responses": in_pieces("delta"),
    "gemini": in_pieces("candidates", 0, "content", "parts", 0, "text"),
    "utf-16": OWN.encode("utf-16-le"),
    "utf-16 with a mark": OWN.encode("utf-16"),
    "gzip without its name": gzip.compress(f'{{"key": "{OWN}"}}'.encode()),
    "escapes": b'{"key": "%b"}' % "".join(f"\\u{ord(char):04x}" for char in OWN).encode(),
    "latin-1": f"Schl\xfcssel {OWN}".encode("latin-1"),
}


@pytest.mark.parametrize("what", ECHOES)
def test_a_key_that_an_answer_repeats_in_any_form_is_not_recorded(what: str) -> None:
    hooks = options()
    request = Recorded("POST", "https://api.groq.com/x", b"{}", {"authorization": f"Bearer {OWN}"})
    hooks["before_record_request"](request)
    answer = {
        "status": {"code": 200, "message": f"OK {OWN}"},
        "headers": {},
        "body": {"string": ECHOES[what]},
    }
    recorded = hooks["before_record_response"](answer)
    body = recorded["body"]["string"]
    body = gzip.decompress(body) if what.startswith("gzip") else body
    pieces = re.findall(r'"([^"]{1,3})"[\]}]', body.decode("latin-1"))
    assert OWN not in body.decode("latin-1").replace("\0", "") + "".join(pieces)
    assert "u0071" not in body.decode("latin-1")
    assert OWN not in recorded["status"]["message"]
