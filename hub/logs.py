"""Log lines: as text or one JSON object a line, with secrets masked."""

import json
import logging
from datetime import UTC, datetime

from hub.secrets import mask_secrets


class MaskSecrets(logging.Filter):
    """Replaces what looks like a credential in the finished line."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = mask_secrets(record.getMessage()), None
        return True


class JSONFormatter(logging.Formatter):
    """`{"time": …, "level": …, "logger": …, "message": …, "exception": …}`."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = mask_secrets(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)
