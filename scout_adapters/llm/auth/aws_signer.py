"""Signatures of AWS (SigV4), by botocore; bearer keys of Bedrock are sent as they are."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.auth.packages import load
from scout_adapters.llm.types import AwsCredentials, Credential
from scout_adapters.llm.types.authentication import text_of

REGION = re.compile(r"[.-]([a-z]{2,3}(?:-[a-z]+){1,3}-\d)\.")
"""Matches the region in a host, such as `bedrock-runtime.eu-west-1.amazonaws.com`."""

CONTENT_TYPE = "application/json"
"""The content type of all requests, which the signature covers."""


_is_signing: ContextVar[bool] = ContextVar("scout_aws_signing", default=False)


@cache
def _silence_botocore() -> None:
    """Keep the session token, which is in what is signed, out of botocore's debug log."""
    logging.getLogger("botocore.auth").addFilter(lambda _record: not _is_signing.get())


def _add_signature(signer: Any, request: Any) -> None:
    _silence_botocore()
    signing = _is_signing.set(True)
    try:
        signer.add_auth(request)
    finally:
        _is_signing.reset(signing)


@dataclass(frozen=True, slots=True)
class AwsAuth:
    """Signs requests with `AwsCredentials`; sends any other key as `Authorization: Bearer`.

    auth = AwsAuth("bedrock")
    auth.headers(AwsCredentials(access_key="AKIA...", secret_key="..."), "POST", url, {}, body)
    """

    service: str = ""
    """The service that is signed for; empty: `bedrock`, or `bedrock-mantle` at its own hosts."""

    region: str = ""
    """The region that is signed for; empty: the one in the host's name."""

    def headers(
        self,
        key: str | Credential,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Mapping[str, str]:
        if not isinstance(key, AwsCredentials):
            text = text_of(key)
            return {"Authorization": f"Bearer {text}"} if text else {}
        region, service = self.region or _region_of(url), self.service or _service_of(url)
        signed = {"Content-Type": CONTENT_TYPE, **headers}
        request = load("botocore.awsrequest", extra="aws").AWSRequest(
            method=method, url=url, data=body, headers=signed
        )
        pair = (key.access_key, key.secret_key, key.session_token)
        credentials = load("botocore.credentials", extra="aws").Credentials(*pair)
        signer = load("botocore.auth", extra="aws").SigV4Auth(credentials, service, region)
        _add_signature(signer, request)
        return {name: value for name, value in request.headers.items() if name not in signed}


def _service_of(url: str) -> str:
    host = urlsplit(url).hostname or ""
    return "bedrock-mantle" if host.startswith("bedrock-mantle.") else "bedrock"


def _region_of(url: str) -> str:
    host = urlsplit(url).hostname or ""
    if match := REGION.search(host):
        return match[1]
    raise ConfigurationError(
        f"the host {host} names no AWS region: pass auth=AwsAuth(region=...) to sign for one"
    )
