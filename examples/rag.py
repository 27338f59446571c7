"""Answer from your own notes, as a pydantic object with its sources; runs offline.

The embeddings have two keys, the chat model two providers; one handler counts both.
"""

from langchain_core.prompts import ChatPromptTemplate
from langchain_core.vectorstores import InMemoryVectorStore
from pydantic import BaseModel, Field

from scout_adapters import ScoutCostCallbackHandler, ScoutEmbeddings, ScoutRouterChatModel
from scout_adapters.testing import Emulator, Overloaded

NOTES = [
    "A budget holds what a request may cost before it is sent.",
    "A key at its limit rests as long as the provider states.",
    "A stream fails over until its first content.",
]


class Answer(BaseModel):
    """An answer from the notes."""

    text: str = Field(description="the answer, in one sentence")
    sources: list[int] = Field(description="numbers of the notes that it is from")


transport = Emulator(down={"groq": Overloaded()}).transport()
spent = ScoutCostCallbackHandler()
embeddings = ScoutEmbeddings(
    model="openai/text-embedding-3-small",
    api_keys=["sk-one", "sk-two"],
    transport=transport,
    callbacks=[spent],
)
model = ScoutRouterChatModel(
    models=[
        {"model": "groq/openai/gpt-oss-120b", "api_key": "gsk_x", "transport": transport},
        {"model": "openai/gpt-4.1-mini", "api_key": "sk-one", "transport": transport},
    ],
    max_retries=0,
)
store = InMemoryVectorStore(embeddings)
store.add_texts(NOTES, ids=[str(number) for number in range(len(NOTES))])
question = "When does a key rest?"
notes = "\n".join(
    f"{each.id}: {each.page_content}" for each in store.similarity_search(question, 2)
)
prompt = ChatPromptTemplate.from_template("Answer from these notes.\n{notes}\n\n{question}")
chain = prompt | model.with_structured_output(Answer)
print(chain.invoke({"notes": notes, "question": question}, {"callbacks": [spent]}))
for row in spent.rows:
    print(f"{row.provider}/{row.model}: {row.calls} calls, ${row.cost_usd or 0:.8f}")
