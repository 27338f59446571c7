"""A route in a file that changes while it is used: runs offline, on the emulator."""

import os
import tempfile
import time
from pathlib import Path

from scout_adapters import ScoutRouterChatModel
from scout_adapters.testing import Emulator

ROUTE = """
models:
  - model: groq/openai/gpt-oss-120b
    api_key: env:KEY_OF_GROQ
    base_url: {groq}
  - model: openai/gpt-4.1-mini
    api_key: env:KEY_OF_OPENAI
    base_url: {openai}
options: {{temperature: 0, max_tokens: 50}}
budgets:
  - {{limit_usd: "1.00", per: day}}
"""

os.environ.update(KEY_OF_GROQ="gsk-example", KEY_OF_OPENAI="sk-example")
emulator = Emulator()
with emulator.serve(), tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "route.yaml")
    text = ROUTE.format(groq=emulator.url("groq"), openai=emulator.url("openai"))
    path.write_text(text)
    model = ScoutRouterChatModel.from_file(path, watch=0.05)
    print(model.invoke("Who answers?").response_metadata["model_name"])

    # Operations puts the other model first; the program goes on.
    new = "model: groq/llama-3.1-8b\n    order: 2"
    path.write_text(text.replace("model: groq/openai/gpt-oss-120b", new))
    while model.candidates[0] != "groq/llama-3.1-8b":
        time.sleep(0.05)
    print(model.invoke("And now?").response_metadata["model_name"])
