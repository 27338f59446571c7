"""The audit log: every attempt and its cost, append-only, one JSON object per line.

Safe for many threads and processes: every row is one `write` to a file opened for appending.
Rows survive `kill -9`. They contain keys as fingerprints, and no prompts. Each row contains the
hash of the row before it (`chain`), so that `verify` finds rows that were edited, moved or removed.
"""

from scout_adapters.audit.log import AuditLog as AuditLog
from scout_adapters.audit.process_log import get_audit as get_audit
from scout_adapters.audit.reader import read_rows as read_rows
from scout_adapters.errors import AuditError as AuditError
