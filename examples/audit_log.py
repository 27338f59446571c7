"""Every attempt in a log that shows when it was changed: runs offline, on the emulator."""

from pathlib import Path
from tempfile import TemporaryDirectory

from scout_adapters import ScoutAuditCallbackHandler, ScoutGroqChatModel
from scout_adapters.audit import read_rows
from scout_adapters.audit.verify import verify
from scout_adapters.testing import Emulator, RateLimited

emulator = Emulator(keys={"groq": {"gsk_limited": RateLimited(60), "gsk_good": None}})
with TemporaryDirectory() as folder:
    log = Path(folder) / "audit.jsonl"
    model = ScoutGroqChatModel(api_keys=["gsk_limited", "gsk_good"], transport=emulator.transport())
    model.invoke(
        "What is an audit log?",
        {
            "callbacks": [ScoutAuditCallbackHandler(log)],
            "tags": ["team-a"],
            "metadata": {"user_id": "ada"},
        },
    )
    # An intent before each request is sent, an outcome after it; no prompt and no key.
    for row in read_rows(log):
        print(row["event"], row["key_id"], row.get("outcome", ""), row.get("user_id", ""))

    print(f"{len(verify(log).findings)} findings")
    log.write_bytes(log.read_bytes().replace(b'"user_id":"ada"', b'"user_id":"bob"'))
    for finding in verify(log).findings:
        print(f"line {finding.line}: {finding.kind}: {finding.what}")
