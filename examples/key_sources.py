"""Keys from a file, a variable, a vault and two regions: runs offline, on the emulator."""

import os
import tempfile
import time
from pathlib import Path

from scout_adapters import ScoutGroqChatModel
from scout_adapters.auth import Token
from scout_adapters.testing import Emulator, Revoked

NAME = "openai/gpt-oss-120b"
secrets = iter(["gsk_revoked", "gsk_from_the_vault"])


def vault() -> Token:
    """Return a key and its expiry, as Vault or an identity provider do; here the first is old."""
    print("the vault is read")
    return Token(next(secrets), expires_at=time.time() + 3600)


good = ["gsk_from_a_file", "gsk_from_a_variable", "gsk_from_the_vault"]
emulator = Emulator(keys={"groq": {**dict.fromkeys(good), "gsk_revoked": Revoked()}})
with emulator.serve(), tempfile.TemporaryDirectory() as folder:
    Path(folder, "groq").write_text("gsk_from_a_file\n")
    os.environ["TEAM_KEY"] = "gsk_from_a_variable"
    model = ScoutGroqChatModel(
        model=NAME,
        api_keys=[f"file:{folder}/groq", "env:TEAM_KEY", vault],
        base_url=emulator.url("groq"),
    )
    labels = {key.id: key.label.replace(folder, "/run/secrets") for key in model.client.keys}
    for _ in range(3):
        scout = model.invoke("Where does the key come from?").response_metadata["scout"]
        for attempt in scout["attempts"]:  # a refused secret is read again: same key, new secret
            print(labels[attempt["key_id"]], attempt["outcome"])

    # Two regions share a model: each has its own health, and one that fails hands over at once.
    regions = [emulator.url("groq"), emulator.url("groq").replace("127.0.0.1", "localhost")]
    regional = ScoutGroqChatModel(
        model=NAME, api_keys=[{"api_key": "gsk_from_a_file", "base_url": url} for url in regions]
    )
    for _ in regions:
        scout = regional.invoke("Where are you?").response_metadata["scout"]
        print("with key", scout["key_id"].rpartition(":")[0])
