"""The test files that the documentation shows pass as they stand there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.system.docs.pages import PAGES, write_files

if TYPE_CHECKING:
    from tests.testing.kit.conftest import KitProject


def test_a_route_file_is_tested_as_the_page_shows(kit: KitProject) -> None:
    write_files(PAGES["docs/emulator.md"], kit.pytester.path)
    kit.again("test_routes.py").assert_outcomes(passed=1)
