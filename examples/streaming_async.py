"""Three streams at once, each within a deadline, and what they cost: runs offline."""

import asyncio

from scout_adapters import ScoutRouterChatModel, get_scout_cost_callback
from scout_adapters.errors import ScoutError, StreamInterrupted
from scout_adapters.testing import Emulator


async def answer(model: ScoutRouterChatModel, question: str) -> None:
    parts: list[str] = []
    try:
        async for chunk in model.astream(question):
            parts.append(chunk.text)
            if chunk.chunk_position == "last":
                scout = chunk.response_metadata["scout"]
                print(f"first token after {scout['first_token_s']:.3f} s")
    except StreamInterrupted as error:  # after the first content no other model continues it
        parts.append(f" [broken off: {error}]")
    except ScoutError as error:  # no candidate could answer
        parts.append(f"[{error}]")
    print("".join(parts))


async def main() -> None:
    emulator = Emulator()
    with emulator.serve(), get_scout_cost_callback() as costs:
        model = ScoutRouterChatModel(
            models=[
                {"model": name, "api_key": "any-key", "base_url": emulator.url(name.split("/")[0])}
                for name in ("groq/openai/gpt-oss-120b", "google/gemini-3.5-flash")
            ],
            deadline=30,  # seconds for a call with all its attempts
        )
        questions = ["What is a stream?", "What is a token?", "What is a deadline?"]
        await asyncio.gather(*(answer(model, question) for question in questions))
    print(f"{costs.calls} calls, ${costs.total_cost:.6f}")


asyncio.run(main())
