"""AWS signatures, computed from the specification and not by any library of AWS.

https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scout_adapters.testing.http_messages import Request

_FORM = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,]+)/(\d{8})/([\w-]+)/([\w-]+)/aws4_request,\s*"
    r"SignedHeaders=([\w;-]+),\s*Signature=([0-9a-f]{64})"
)


def signed_key(request: Request, listed: Iterable[str]) -> str:
    """Return the key of a signed request, as `ACCESS_KEY:SECRET_KEY`.

    Only the access key, which no list contains, if none of the `listed` secrets makes the signature
    that was sent; "" for a request that is not signed.
    """
    form = _FORM.fullmatch(request.headers.get("authorization", ""))
    if form is None:
        return ""
    for key in listed:
        access_key, _, secret = key.partition(":")
        if access_key == form[1] and hmac.compare_digest(
            _signature(request, secret, form), form[6]
        ):
            return key
    return form[1]


def _signature(request: Request, secret: str, form: re.Match[str]) -> str:
    _, day, region, service, names, _ = form.groups()
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join(
        (
            "AWS4-HMAC-SHA256",
            request.headers.get("x-amz-date", ""),
            scope,
            hashlib.sha256(_canonical(request, names).encode()).hexdigest(),
        )
    )
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def _canonical(request: Request, names: str) -> str:
    """Return the canonical form of a request; the path is quoted once more, as all but S3 do."""
    pairs = sorted(parse_qsl(request.query, keep_blank_values=True))
    query = "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs
    )
    lines = (
        f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in names.split(";")
    )
    return "\n".join(
        (
            request.method,
            quote(request.path, safe="/-_.~"),
            query,
            *lines,
            "",
            names,
            hashlib.sha256(request.body).hexdigest(),
        )
    )
