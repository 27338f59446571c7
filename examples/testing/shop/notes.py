"""Answers from the shop's notes."""

from langchain_core.prompts import ChatPromptTemplate
from langchain_core.vectorstores import InMemoryVectorStore

from scout_adapters import ScoutEmbeddings, ScoutGroqChatModel

NOTES = [
    "Parcels leave on the day of the order, if it comes before noon.",
    "A parcel may be returned within 30 days.",
    "Gift cards do not end.",
]
PROMPT = ChatPromptTemplate.from_template("Answer from these notes.\n{notes}\n\n{question}")


def answer(question: str) -> str:
    """Answer a question from the two nearest notes."""
    store = InMemoryVectorStore(
        ScoutEmbeddings(model="openai/text-embedding-3-small", dimensions=16)
    )
    store.add_texts(NOTES)
    notes = [note.page_content for note in store.similarity_search(question, 2)]
    chain = PROMPT | ScoutGroqChatModel()
    return str(chain.invoke({"notes": "\n".join(notes), "question": question}).text)
