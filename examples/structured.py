"""An answer in the form of a pydantic class, from whichever provider is up.

Set GROQ_API_KEY and GOOGLE_API_KEY, or one of them.
"""

from pydantic import BaseModel, Field

from scout_adapters import ScoutRouterChatModel


class Joke(BaseModel):
    """A joke."""

    setup: str = Field(description="the question")
    punchline: str = Field(description="the answer that makes one laugh")


model = ScoutRouterChatModel(
    models=["groq/openai/gpt-oss-120b", "google/gemini-3.5-flash"], strategy="cheapest"
)
print(model.with_structured_output(Joke).invoke("Tell me a joke about cats."))
