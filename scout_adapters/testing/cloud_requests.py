"""What clouds check of a request besides its body: versions, authentication, signatures."""

from __future__ import annotations

import base64
import re
from datetime import datetime
from typing import TYPE_CHECKING

import orjson

from scout_adapters.testing.protocols.violation import Violation

if TYPE_CHECKING:
    from scout_adapters.testing.http_messages import Request

_JWT = re.compile(r"eyJ[\w-]+\.([\w-]+)\.[\w-]+")
_API_VERSION = re.compile(r"\d{4}-\d\d-\d\d(-preview)?|preview|latest|v1")
_SKEW = 300.0
"""Seconds by which the time of a signature may differ."""

_EXPIRED = Violation(
    "Access token is missing, invalid, audience is incorrect "
    "(https://cognitiveservices.azure.com), or have expired.",
    code="Unauthorized",
    condition="revoked",
)
_NO_PATH = Violation("Resource not found", condition="no_such_path")


def _bearer(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _has_expired(token: str, wall: float) -> bool:
    """Return whether a token is a JWT that has expired (`exp`), or that cannot be decoded."""
    if (parts := _JWT.fullmatch(token)) is None:
        return False
    padded = parts[1] + "=" * (-len(parts[1]) % 4)
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(padded))
    except ValueError:
        return True  # it has the form of a JWT, and is not one
    return float(claims.get("exp", wall + 1)) <= wall


def check_azure(request: Request, wall: float) -> Violation | None:
    """Require an api-version except below `/openai/v1`, and a token that has not expired."""
    version = request.parameter("api-version")
    if "/openai/v1/" not in request.path:
        if version is None:
            return _NO_PATH
        if not _API_VERSION.fullmatch(version):
            return Violation("API version not supported", code="BadRequest", status=400)
    token = _bearer(request)
    return _EXPIRED if token and _has_expired(token, wall) else None


def check_vertex(request: Request, wall: float) -> Violation | None:
    """Require a token for Claude, and for any call that names a project: keys have their own."""
    token, key = _bearer(request), request.headers.get("x-goog-api-key")
    if (
        key is not None
        and not token
        and ("/publishers/anthropic/" in request.path or "/projects/" in request.path)
    ):
        text = "API keys are not supported by this API. Expected OAuth2 access token or other "
        text += "authentication credentials that assert a principal. See "
        return Violation(f"{text}https://cloud.google.com/docs/authentication", condition="revoked")
    if token.startswith(("AIza", "AQ.")) or (token and _has_expired(token, wall)):
        return Violation("Request had invalid authentication credentials.", condition="revoked")
    return None


def check_bedrock(request: Request, wall: float) -> Violation | None:
    """Return why a signed request is refused: its time or its region is wrong; else None.

    `wall`: the server's time in seconds since 1970. Requests without an AWS signature are
    accepted. The signature itself is checked in `emulator/aws_signature.py`.
    """
    authorization = request.headers.get("authorization", "")
    if not authorization.startswith("AWS4-"):
        return None
    try:
        at = datetime.strptime(request.headers.get("x-amz-date", ""), "%Y%m%dT%H%M%S%z")
    except ValueError:
        return Violation("Date must be in ISO-8601 'basic format'.", condition="revoked")
    if abs(at.timestamp() - wall) > _SKEW:
        return Violation(f"Signature expired: {at} is now earlier than 5 min.", condition="revoked")
    region = re.match(r"bedrock-(?:runtime|mantle)\.([\w-]+)\.", request.host)
    if region and f"/{region[1]}/" not in authorization:
        text = f"Credential should be scoped to a valid region, not '{region[1]}'."
        return Violation(text, condition="revoked")
    return None
