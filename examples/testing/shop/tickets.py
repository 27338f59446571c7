"""Letters of customers as tickets."""

from pydantic import BaseModel, Field

from scout_adapters import ScoutRouterChatModel

MODELS = ["groq/openai/gpt-oss-120b", "google/gemini-3.5-flash"]


class Ticket(BaseModel):
    """What a customer wants."""

    subject: str = Field(description="the subject, in three words")
    urgent: bool = Field(description="whether it cannot wait until tomorrow")


def make_ticket(letter: str) -> Ticket:
    """Read a letter."""
    model = ScoutRouterChatModel(models=MODELS).with_structured_output(Ticket)
    ticket = model.invoke(letter)
    assert isinstance(ticket, Ticket)
    return ticket
