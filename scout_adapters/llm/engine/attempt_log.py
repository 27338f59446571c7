"""Log lines about attempts: each outcome at DEBUG, each failover at INFO."""

from __future__ import annotations

from logging import DEBUG

from scout_adapters._internal.logs import logger_of
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.engine.record import AttemptRecord

logger = logger_of(__name__)


def log_attempt(record: AttemptRecord) -> None:
    """Log the outcome of an attempt; it names the key by its fingerprint."""
    if logger.isEnabledFor(DEBUG):
        logger.debug("attempt %d: %s", record.number, record.line())


def log_failover(before: Candidate, candidate: Candidate) -> None:
    """Log that a call goes on to another candidate."""
    if before is not candidate:
        logger.info("%s gave no answer: trying %s", before, candidate)
