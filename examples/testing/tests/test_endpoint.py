"""The streaming endpoint, called as a client calls it, in this process."""

import httpx
import pytest
from shop.endpoint import app


@pytest.mark.scout_cassette
async def test_the_endpoint_streams_the_answer():
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        response = await client.get("/answer", params={"question": "Do gift cards end?"})
    assert response.status_code == 200
    assert "Do gift cards end?" in response.text
