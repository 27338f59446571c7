"""Files of cassettes, while several writers use one folder."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from vcr.request import Request as Recorded

from scout_adapters.testing.cassette_files import Stamp, read_cassette, write_cassette

if TYPE_CHECKING:
    from pathlib import Path

    from scout_adapters.testing.secret_scrubber import Exchange


def exchanges(text: str) -> list[Exchange]:
    answer = {"status": {"code": 200}, "headers": {}, "body": {"string": text.encode()}}
    request = Recorded("POST", "https://api.groq.com/openai/v1/x", b"{}", {})
    return [(request, dict(answer)) for _ in range(20)]


def test_a_file_is_whole_whoever_writes_it_and_its_folder_at_the_same_time(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"

    def write(at: int) -> None:
        write_cassette(folder / "shared.yaml", Stamp(test=str(at)), exchanges(f"by {at}"))
        write_cassette(folder / f"{at}.yaml", Stamp(test=str(at)), exchanges(f"by {at}"))
        shared = read_cassette(folder / "shared.yaml")
        bodies = {answer["body"]["string"].decode() for _, answer in shared.exchanges}
        assert (bodies, len(shared.exchanges)) == ({f"by {shared.stamp.test}"}, 20)

    with ThreadPoolExecutor(8) as executor:
        list(executor.map(write, range(16)))
    assert len(list(folder.iterdir())) == 17
