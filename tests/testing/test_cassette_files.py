"""Files of cassettes, while several writers use one folder."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

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
