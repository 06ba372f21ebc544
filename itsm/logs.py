"""Log lines that cannot be forged."""

import logging


class OneLineFormatter(logging.Formatter):
    """Escapes line breaks in messages, so that a visitor's text cannot pretend to be a log line of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (the library's name)
        """Return the record as one line; a traceback still follows on lines of its own."""
        record.message = record.message.replace("\r", "\\r").replace("\n", "\\n")
        return super().formatMessage(record)
