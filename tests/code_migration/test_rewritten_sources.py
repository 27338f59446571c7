"""Calls of other chat models in a module's source, and what stands there afterwards."""

from __future__ import annotations

import pytest

from scout_adapters.code_migration import rewrite
from scout_adapters.errors import ConfigurationError

IMPORT = "from langchain_openai import ChatOpenAI\n"
OURS = "from scout_adapters import ScoutOpenAIChatModel\n"


def rewritten(text: str) -> str:
    return rewrite(text.encode()).data.decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (IMPORT + 'm = ChatOpenAI(model="a")\n', OURS + 'm = ScoutOpenAIChatModel(model="a")\n'),
        (
            "from langchain_openai import ChatOpenAI as C, OpenAIEmbeddings\nm = C(model='a')\n",
            (
                f"{OURS}from langchain_openai import OpenAIEmbeddings\n"
                "m = ScoutOpenAIChatModel(model='a')\n"
            ),
        ),
        (
            (
                "import langchain_openai.chat_models\n"
                "m = langchain_openai.chat_models.ChatOpenAI(model='a')\n"
            ),
            f"{OURS}m = ScoutOpenAIChatModel(model='a')\n",
        ),
        (
            (
                "def f():\n    from langchain_openai import ChatOpenAI\n"
                "    return ChatOpenAI(model='a')\n"
            ),
            f"def f():\n    {OURS}    return ScoutOpenAIChatModel(model='a')\n",
        ),
        (
            (
                "from langchain_openai import (\n    ChatOpenAI,  # chats\n    OpenAI,\n)\n"
                "m = ChatOpenAI(model='a')\n"
            ),
            (
                f"{OURS}from langchain_openai import (\n    OpenAI,\n)\n"
                "m = ScoutOpenAIChatModel(model='a')\n"
            ),
        ),
        (
            f"{IMPORT}def f(m: ChatOpenAI): ...\nf(ChatOpenAI(model='a'))\n",
            f"{OURS}{IMPORT}def f(m: ChatOpenAI): ...\nf(ScoutOpenAIChatModel(model='a'))\n",
        ),
        (
            f"{IMPORT}def f(m: 'ChatOpenAI'): ...\nf(ChatOpenAI(model='a'))\n",
            f"{OURS}{IMPORT}def f(m: 'ChatOpenAI'): ...\nf(ScoutOpenAIChatModel(model='a'))\n",
        ),
        (
            (
                "from langchain_litellm import ChatLiteLLM\n"
                "m = ChatLiteLLM(model_name='a', custom_llm_provider='groq', extra_headers={})\n"
            ),
            (
                "from scout_adapters import init_scout_model\n"
                "m = init_scout_model(model='a', model_provider='groq', default_headers={})\n"
            ),
        ),
        (
            "from langchain_litellm import ChatLiteLLMRouter\nm = ChatLiteLLMRouter(router=r)\n",
            (
                "from scout_adapters import ScoutRouterChatModel\n"
                "from langchain_litellm import ChatLiteLLMRouter\n"
                "m = ScoutRouterChatModel.from_chat_litellm(ChatLiteLLMRouter(router=r))\n"
            ),
        ),
        (
            f"{IMPORT}m = ChatOpenAI(model=NAME or 'a').with_fallbacks([ChatOpenAI(model=f'b')])\n",
            (
                "from scout_adapters import ScoutRouterChatModel\n"
                "m = ScoutRouterChatModel(models=[dict(model=\"openai/\" + (NAME or 'a')), "
                "dict(model=f'openai/b')])\n"
            ),
        ),
        (
            (
                f"{IMPORT}m = ChatOpenAI(model='a', max_retries=3, seed=1).with_fallbacks(\n"
                "    [ChatOpenAI(model='b', max_retries=1)]  # one\n)\n"
            ),
            (
                "from scout_adapters import ScoutRouterChatModel\n"
                "m = ScoutRouterChatModel(models=[dict(model='openai/a', seed=1), "
                "dict(model='openai/b')], max_retries=3  # one\n)\n"
            ),
        ),
    ],
)
def test_calls_and_imports_are_rewritten(before: str, after: str) -> None:
    assert rewritten(before) == after
    assert rewritten(after) == after
    windows = before.replace("\n", "\r\n")
    assert rewritten(windows) == after.replace("\n", "\r\n")
    marked = b"\xef\xbb\xbf" + before.encode()
    assert rewrite(marked).data == b"\xef\xbb\xbf" + after.encode()


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (IMPORT + "m = ChatOpenAI(model='a', http_client=c)\n", "takes no http_client="),
        (IMPORT + "m = ChatOpenAI(model='a', temprature=1)\n", "did you mean temperature="),
        (IMPORT + "m = ChatOpenAI()\n", "no model="),
        (IMPORT + "ChatOpenAI = f(ChatOpenAI(model='a'))\n", "ChatOpenAI is bound again in line 2"),
        (
            (
                "try:\n    from langchain_openai import ChatOpenAI\nexcept ImportError:\n"
                "    ChatOpenAI = None\nm = ChatOpenAI(model='a')\n"
            ),
            "ChatOpenAI is bound again in line 4",
        ),
        (
            (
                "if x:\n    from langchain_openai import ChatOpenAI as C\nelse:\n"
                "    from langchain_groq import ChatGroq as C\nm = C(model='a')\n"
            ),
            "C is imported from langchain_groq.ChatGroq and langchain_openai.ChatOpenAI",
        ),
        (
            f"{IMPORT}ScoutOpenAIChatModel = 1\nm = ChatOpenAI(model='a')\n",
            "ScoutOpenAIChatModel is the name of something else here",
        ),
        (
            (
                "from langchain.chat_models import init_chat_model\n"
                "m = init_chat_model('ibm:granite')\n"
            ),
            "ibm is no provider of this package",
        ),
        (
            "from langchain_groq import ChatGroq\nm = ChatGroq(model='a', base_url='https://x')\n",
            "base_url=: the address here ends with /openai/v1",
        ),
    ],
)
def test_a_call_that_cannot_be_rewritten_stays_with_its_reason(text: str, note: str) -> None:
    found = rewrite(text.encode())
    (change,) = found.changes
    assert found.data == text.encode()
    assert not change.is_made
    assert note in " ".join(change.notes)


@pytest.mark.parametrize(
    "text",
    [
        "# ChatOpenAI(model='a')\nx = 'ChatOpenAI(model=1)'\n",
        "def ChatOpenAI(model): ...\nm = ChatOpenAI(model='a')\n",
        "from .langchain_openai import ChatOpenAI\nm = ChatOpenAI(model='a')\n",
        "from elsewhere import ChatOpenAI\nm = ChatOpenAI(model='a')\n",
        "from langchain_openai import *\n",
        "",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert rewrite(text.encode()).changes == ()


def test_all_other_bytes_stay() -> None:
    before = (
        "import os\n\n\nfrom langchain_openai import ChatOpenAI\n\n"
        'é = "ü"  ;  m = ChatOpenAI( model = "é" ,\n\ttemperature=0 ) # ç\n\x0cx  =  1\n'
    )
    assert rewritten(before) == before.replace(IMPORT, OURS).replace(
        "ChatOpenAI( ", "ScoutOpenAIChatModel( "
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"def f(:\n", "line 1: does not parse"),
        (b"x = '\xff'\n", "is not UTF-8"),
        ("# coding: latin-1\nx = 1\n".encode("latin-1"), "is written in iso-8859-1"),
        (b"x = 1\x00\n", "does not parse"),
        (b"(" * 5000 + b")" * 5000, "does not parse"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(data: bytes, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        rewrite(data)
