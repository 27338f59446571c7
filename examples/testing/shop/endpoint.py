"""An endpoint that streams answers: `uvicorn shop.endpoint:app`."""

from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from scout_adapters import ScoutRouterChatModel

app = FastAPI()
model = ScoutRouterChatModel(models=["groq/openai/gpt-oss-120b", "anthropic/claude-haiku-4-5"])


async def pieces(question: str) -> AsyncIterator[str]:
    """Yield the answer in pieces."""
    async for chunk in model.astream(question):
        yield chunk.text


@app.get("/answer")
async def answer(question: str) -> StreamingResponse:
    """Stream an answer."""
    return StreamingResponse(pieces(question), media_type="text/plain; charset=utf-8")
