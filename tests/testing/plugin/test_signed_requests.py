"""Requests that AWS keys sign: recorded of the emulator, replayed later and with other keys."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import botocore.auth

if TYPE_CHECKING:
    import pytest

    from tests.testing.plugin.conftest import Project

CHAIN = """
    import pytest
    from scout_adapters import ScoutBedrockChatModel
    from scout_adapters.auth import AwsCredentials

    @pytest.mark.scout_cassette
    async def test_signed():
        model = ScoutBedrockChatModel(
            model="global.anthropic.claude-haiku-4-5-20251001-v1:0",
            region="us-east-1",
            aws_access_key_id="ASIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            aws_session_token="IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJHMEUCIQDx",
        )
        assert "emulator" in model.invoke("Hello").text
        assert "emulator" in (await model.ainvoke("Hello")).text
        assert "emulator" in "".join(chunk.text for chunk in model.stream("Hello"))
"""
SECRETS = ("ASIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI", "IQoJb3JpZ2lu", "AWS4-HMAC-SHA256")
LATER = datetime(2031, 1, 2, tzinfo=UTC)


def test_signed_requests_replay_at_another_time_with_other_keys(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write(CHAIN, chain=False)
    project.record().assert_outcomes(passed=1)
    text = project.cassette("test_signed").read_text()
    assert not [secret for secret in SECRETS if secret in text]
    assert not re.search(r"(?i)signature|x-amz-(date|security-token)|\b[0-9a-f]{64}\b", text)
    other = CHAIN.replace("us-east-1", "eu-west-1").replace("7EXAMPLE", "8EXAMPLE")
    other = other.replace("wJalrXUtnFEMI", "another").replace("IQoJb3JpZ2lu", "other")
    project.write(other, chain=False)
    signed_at: list[datetime] = []
    monkeypatch.setattr(
        botocore.auth, "get_current_datetime", lambda: signed_at.append(LATER) or LATER
    )
    project.run().assert_outcomes(passed=1)
    assert len(signed_at) == 3
