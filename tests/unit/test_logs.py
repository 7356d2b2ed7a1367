"""Log lines: one line each, fields that can be parsed, nothing that a value could forge."""

import io
import json
import logging
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballonet.logs import Format, Level, LineFormatter, configure


@pytest.fixture
def untouched_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, hook = root.handlers[:], root.level, threading.excepthook
    yield
    root.handlers[:], threading.excepthook = handlers, hook
    root.setLevel(level)


def line(layout: Format, message: str = "guest grown", **fields: object) -> str:
    record = logging.makeLogRecord(
        {
            "name": "ballonet.test",
            "levelno": logging.INFO,
            "levelname": "INFO",
            "msg": message,
            "created": 1764000000.25,
            "msecs": 250.0,
            **fields,
        }
    )
    return LineFormatter(layout).format(record)


HEAD = "ts=2025-11-24T16:00:00.250Z level=info logger=ballonet.test msg="


@pytest.mark.parametrize(
    ("value", "written"),
    [
        pytest.param("web-1", "web-1", id="a word"),
        pytest.param("", '""', id="nothing"),
        pytest.param("two words", '"two words"', id="two words"),
        pytest.param('a"b', '"a\\"b"', id="a quote"),
        pytest.param("a\\b", '"a\\\\b"', id="a backslash"),
        pytest.param("a=b", '"a=b"', id="an equals sign"),
        pytest.param("a\nlevel=error", '"a\\nlevel=error"', id="a new line"),
        pytest.param("\x1b[31mred", '"\\u001b[31mred"', id="a terminal sequence"),
        pytest.param("a\u202eb", '"a\\u202eb"', id="a change of direction"),
        pytest.param("\U000e0001", '"\\U000e0001"', id="an invisible character"),
        pytest.param("grün", "grün", id="letters"),
        pytest.param(None, "null", id="none"),
        pytest.param(True, "true", id="a truth"),
        pytest.param(1.23456789, "1.23457", id="a fraction"),
        pytest.param(2**40, "1099511627776", id="bytes"),
        pytest.param(["a", 1], "a,1", id="a list"),
    ],
)
def test_logfmt_quotes_what_would_break_it(value: object, written: str) -> None:
    assert line(Format.LOGFMT, guest=value) == f'{HEAD}"guest grown" guest={written}'


def test_json_is_json() -> None:
    found = json.loads(line(Format.JSON, guest='a"\n', size=5, gone=None, many=("a", 2)))

    assert found == {
        "ts": "2025-11-24T16:00:00.250Z",
        "level": "info",
        "logger": "ballonet.test",
        "msg": "guest grown",
        "guest": 'a"\n',
        "size": 5,
        "gone": None,
        "many": ["a", 2],
    }


@given(st.text(), st.text(min_size=1).filter(lambda key: key not in logging.makeLogRecord({}).__dict__))
def test_no_value_and_no_name_of_a_field_leaves_its_line(value: str, key: str) -> None:
    for layout in Format:
        written = line(layout, message=value, **{key: value})

        assert written.isprintable()


def test_an_exception_stays_on_the_line() -> None:
    error = ValueError("two\nlines")

    written = line(Format.LOGFMT, exc_info=(type(error), error, None))

    assert "\n" not in written
    assert "ValueError: two\\nlines" in written


@pytest.mark.usefixtures("untouched_logging")
def test_the_level_is_a_threshold() -> None:
    stream = io.StringIO()
    configure(Level.WARN, Format.LOGFMT, stream)

    logging.getLogger("a").info("quiet")
    logging.getLogger("a").warning("loud", extra={"guest": "x"})

    assert stream.getvalue().endswith("level=warn logger=a msg=loud guest=x\n")
    assert stream.getvalue().count("\n") == 1


@pytest.mark.usefixtures("untouched_logging")
def test_a_thread_that_dies_is_a_log_line() -> None:
    stream = io.StringIO()
    configure(Level.INFO, Format.JSON, stream)
    thread = threading.Thread(target=lambda: 1 / 0, name="doomed")

    thread.start()
    thread.join()

    found = json.loads(stream.getvalue())
    assert (found["level"], found["msg"], found["thread_name"]) == ("error", "thread died", "doomed")
    assert "ZeroDivisionError" in found["exception"]
