"""What happened and what it cost: an append-only log, one JSON object a line.

Safe for many threads and processes: every row is one `write` to a file opened for appending.
Rows survive `kill -9`. They name keys by fingerprint and never hold a prompt. Each names the row
before it (`chain`), so that `verify` finds what was edited, moved or taken out.
"""

from scout_adapters.audit.log import AuditLog as AuditLog
from scout_adapters.audit.process_log import get_audit as get_audit
from scout_adapters.audit.reader import read_rows as read_rows
from scout_adapters.errors import AuditError as AuditError
