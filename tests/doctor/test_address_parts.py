"""The doctor misses a part of an address only if no call can do without it."""

from __future__ import annotations

import pytest

from scout_adapters import registry
from scout_adapters.doctor.variables import check_addresses


@pytest.mark.parametrize(
    ("environ", "missing"),
    [
        ({"AZURE_OPENAI_API_KEY": "k"}, "has a key and no resource for its address"),
        ({"AZURE_OPENAI_API_KEY": "k", "AZURE_OPENAI_RESOURCE": "r"}, None),
        ({"AZURE_OPENAI_API_KEY": "k", "AZURE_OPENAI_ENDPOINT": "https://r.example"}, None),
        ({"VERTEX_API_KEY": "k"}, "has a key and no project for its address"),
        ({"VERTEX_API_KEY": "k", "GOOGLE_CLOUD_PROJECT": "p"}, None),
        ({"AWS_BEARER_TOKEN_BEDROCK": "k"}, "has a key and no region for its address"),
        ({"AWS_BEARER_TOKEN_BEDROCK": "k", "AWS_REGION": "eu-west-1"}, None),
    ],
)
def test_a_cloud_misses_what_its_address_needs(
    environ: dict[str, str], missing: str | None
) -> None:
    findings = [finding.what for finding in check_addresses(environ, registry)]
    assert findings == ([missing] if missing else [])
