"""One authority in place of the 150 of certifi: each client of an official package reads them all.

A module whose clients reach nothing but `http://` takes the fixture. The packages make several
clients for each model, and each client takes 30 ms of the processor for its certificates.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.paths import TESTS

AUTHORITY = TESTS / "system/faults/certificates/ca.pem"


@pytest.fixture(scope="module", autouse=True)
def one_authority() -> Iterator[None]:
    """Have clients that are made in this module read one certificate."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(AUTHORITY))
        yield
