"""Names that LiteLLM and LangChain have for providers, and our name.

https://docs.litellm.ai/docs/providers and
https://reference.langchain.com/python/langchain/models/#langchain.chat_models.init_chat_model

Names that are equal to ours, or to the `model_provider` of a card, are not listed. A name of a
provider that is not registered has no effect. Names of another address of the same company are not
listed either, because its keys differ: `qwen_ai_platform` and `bigmodel` are in China, `meta_llama`
was Meta's Llama API, which has ended.
"""

from __future__ import annotations

from collections.abc import Mapping

OTHER_NAMES: Mapping[str, str] = {
    # LiteLLM
    "ai_gateway": "vercel",
    "aiohttp_openai": "openai",
    "azure-anthropic": "azure_anthropic",
    "azure_ai": "azure",
    "bedrock_mantle": "bedrock",
    "codestral": "mistral",
    "custom_openai": "openai_compatible",
    "dashscope": "alibaba",
    "databricks_ai": "databricks",
    "docker_model_runner": "openai_compatible",
    "fireworks_ai": "fireworks",
    "gemini": "google",
    "hosted_vllm": "openai_compatible",
    "kimi": "moonshot",
    "lemonade": "openai_compatible",
    "litellm_proxy": "openai_compatible",
    "llamafile": "openai_compatible",
    "lm_studio": "openai_compatible",
    "moonshotai": "moonshot",
    "nvidia_nim": "nvidia",
    "ollama_chat": "ollama",
    "openai_like": "openai_compatible",
    "qwen": "alibaba",
    "qwencloud": "alibaba",
    "together_ai": "together",
    "veniceai": "venice",
    "vercel_ai_gateway": "vercel",
    "vertex_ai": "vertex",
    "vertex_ai_beta": "vertex",
    "vllm": "openai_compatible",
    "workers_ai": "cloudflare",
    "xinference": "openai_compatible",
    "z_ai": "zai",
    # LangChain
    "anthropic_bedrock": "bedrock",
    "azure_openai": "azure",
    "bedrock_converse": "bedrock",
    "bedrock_mantle_anthropic": "bedrock",
    "bedrock_mantle_openai": "bedrock",
    "google_anthropic_vertex": "vertex",
    "google_vertexai": "vertex",
}
