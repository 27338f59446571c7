"""An endpoint of FastAPI that streams an answer, and says in its last line why one broke off.

Runs offline, without a server: `uvicorn examples.streaming_endpoint:app` serves it. Needs fastapi.
"""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from scout_adapters import ScoutRouterChatModel
from scout_adapters.errors import ScoutError, StreamInterrupted
from scout_adapters.testing import CutMidStream, Emulator, Overloaded

emulator = Emulator(down={"groq": Overloaded()})
fake = {"api_key": "any-key", "transport": emulator.transport()}
model = ScoutRouterChatModel(
    models=[
        {"model": name, **fake} for name in ("groq/openai/gpt-oss-120b", "openai/gpt-4.1-mini")
    ],
    max_retries=0,
    deadline=60,
)
app = FastAPI()


async def lines(question: str, user: str) -> AsyncIterator[str]:
    """Yield a JSON object per line: text, and at the end what answered or what went wrong."""
    try:
        async for chunk in model.astream(question, {"metadata": {"user_id": user}}):
            yield json.dumps({"text": chunk.text}) + "\n"
            if chunk.chunk_position == "last":
                scout = chunk.response_metadata["scout"]
                yield json.dumps({"by": scout["provider"], "usd": scout["cost_usd"]}) + "\n"
    except StreamInterrupted:  # the client keeps the text that it has
        yield json.dumps({"error": "the answer broke off"}) + "\n"
    except ScoutError as error:  # its message contains no key
        yield json.dumps({"error": str(error).splitlines()[0]}) + "\n"


@app.get("/answer")
async def answer(question: str, user: str = "") -> StreamingResponse:
    return StreamingResponse(lines(question, user), media_type="application/x-ndjson")


async def main() -> None:
    """Call the endpoint as a client does, in this process."""
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app")
    async with client:
        print((await client.get("/answer", params={"question": "What is a stream?"})).text)
        emulator.script("openai", [CutMidStream(after=5)])
        print((await client.get("/answer", params={"question": "And now?"})).text)


if __name__ == "__main__":
    asyncio.run(main())
