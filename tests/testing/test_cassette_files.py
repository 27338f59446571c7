"""Files of cassettes, while several writers use one folder."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

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
