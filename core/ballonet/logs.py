"""Log lines with fields, as logfmt or JSON, on the standard library's logging.

Every module logs through ``logging.getLogger(__name__)``, a constant message and its values in ``extra``::

    log.info("guest grown", extra={"guest": guest.name, "from": 512, "to": 1024})

so that a line can be searched for its message and its fields can be parsed. Values are untrusted (guest
names, error texts of libvirt): no value can start a new line, a new field, or steer a terminal.
"""

import json
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Final, TextIO

_PLAIN: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_BREAKS_LOGFMT: Final = frozenset(' ="\\')


class Level(StrEnum):
    """``--log.level``, in the words of Prometheus programs."""

    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


class Format(StrEnum):
    """``--log.format``."""

    LOGFMT = "logfmt"
    JSON = "json"


_LEVELS: Final = {
    Level.DEBUG: logging.DEBUG,
    Level.INFO: logging.INFO,
    Level.WARN: logging.WARNING,
    Level.ERROR: logging.ERROR,
}
_NAMES: Final = {number: level.value for level, number in _LEVELS.items()} | {logging.CRITICAL: "error"}


def configure(
    level: Level = Level.INFO, layout: Format = Format.LOGFMT, stream: TextIO | None = None
) -> None:
    """Send all logging of this process to ``stream`` (standard error), one line per record.

    A thread that dies of an exception is logged as well, where Python would print a traceback.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(LineFormatter(layout))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LEVELS[level])
    threading.excepthook = _log_dead_thread


def _log_dead_thread(death: threading.ExceptHookArgs) -> None:
    if death.exc_value is not None:
        name = death.thread.name if death.thread else "?"
        logging.getLogger(__name__).error(
            "thread died", exc_info=death.exc_value, extra={"thread_name": name}
        )


class LineFormatter(logging.Formatter):
    """Turns a record and its ``extra`` into one line of logfmt or JSON."""

    def __init__(self, layout: Format) -> None:
        super().__init__()
        self._write = _WRITERS[layout]

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return self._write(dict(self._fields(record)))

    def _fields(self, record: logging.LogRecord) -> Iterator[tuple[str, object]]:
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        yield "ts", f"{seconds}.{int(record.msecs):03d}Z"
        yield "level", _NAMES.get(record.levelno, record.levelname.lower())
        yield "logger", record.name
        yield "msg", record.getMessage()
        yield from ((key, value) for key, value in record.__dict__.items() if key not in _PLAIN)
        if record.exc_info:
            yield "exception", self.formatException(record.exc_info)


def _logfmt(fields: dict[str, object]) -> str:
    return " ".join(f"{_key(key)}={_quoted(_plain(value))}" for key, value in fields.items())


def _json(fields: dict[str, object]) -> str:
    """Return JSON in ASCII, which no terminal or parser can misread."""
    return json.dumps(fields, default=_plain)


_WRITERS: Final[dict[Format, Callable[[dict[str, object]], str]]] = {
    Format.LOGFMT: _logfmt,
    Format.JSON: _json,
}


def _plain(value: object) -> str:
    """Return a value as logfmt writes it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.6g}"
        case list() | tuple() | set() | frozenset():
            return ",".join(_plain(item) for item in value)
        case _:
            return str(value)


def _key(key: str) -> str:
    return "".join(letter if letter.isprintable() and letter not in _BREAKS_LOGFMT else "_" for letter in key)


def _quoted(text: str) -> str:
    """Return the text so that it stays one value on one line; bare where that is already so."""
    if text.isprintable() and not _BREAKS_LOGFMT.intersection(text):
        return text or '""'
    escaped = (letter if letter.isprintable() and letter not in '"\\' else _escape(letter) for letter in text)
    return f'"{"".join(escaped)}"'


def _escape(letter: str) -> str:
    """Return a character as Go's strconv.Quote does, which logfmt parsers undo."""
    short = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(letter)
    if short:
        return short
    return f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"
