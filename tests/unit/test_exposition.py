"""What the fast text path writes is what prometheus_client writes, byte for byte, whatever the names."""

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from ballonet_exporter.embedding import BallonetCollector
from ballonet_exporter.exposition import NO_LABELS, Family, Kind, Labels, Reading, number, render

FAMILIES = (
    Family("ballonet_up", "One."),
    Family("ballonet_guest_memory_total_bytes", 'A back\\slash, a "quote" and a new\nline.', ("guest",)),
    Family("ballonet_guest_swap_in_bytes_total", "Bytes.", ("guest",)),
    Family("ballonet_guest_info", "Facts.", ("uuid", "guest")),
    Family("ballonet_host_memory_pressure_ratio", "Shares.", ("window", "kind")),
)

hostile_text = st.one_of(
    st.text(),
    st.text(alphabet='a"\\\n\r\t\0{}=, \u2028\u202eé𝄞'),
    st.text(alphabet=st.characters(categories=["Cs", "Cc", "Lu"])),
)
numbers = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(0, 2**64),
    st.sampled_from([True, False, 0, -0.0]),
)


@st.composite
def readings(draw: st.DrawFn) -> list[Reading]:
    found = []
    for family in draw(st.lists(st.sampled_from(FAMILIES), unique=True)):
        names = st.fixed_dictionaries(dict.fromkeys(family.labels, hostile_text))
        series = st.lists(st.tuples(names, numbers), max_size=4)
        found.append(Reading(family, tuple((Labels(**labels), value) for labels, value in draw(series))))
    return found


def registry_of(found: list[Reading]) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(BallonetCollector(lambda: found))
    return registry


@given(readings())
@settings(max_examples=400)
def test_the_text_format_is_that_of_prometheus_client(found: list[Reading]) -> None:
    assert render(found) == generate_latest(registry_of(found))


@given(readings())
@settings(max_examples=400)
def test_openmetrics_is_that_of_prometheus_client(found: list[Reading]) -> None:
    assert render(found, openmetrics=True) == generate_openmetrics(registry_of(found))  # type: ignore[no-untyped-call]


@given(hostile_text)
def test_a_parser_gets_back_the_name_that_was_written(name: str) -> None:
    labels = Labels(guest=name)
    page = [Reading(FAMILIES[1], ((labels, 1.0),))]

    for text, parse in (
        (render(page), parse_text),
        (render(page, openmetrics=True), partial(parse_openmetrics)),
    ):
        (family,) = parse(text.decode())
        (sample,) = family.samples
        assert sample.labels == labels.pairs


@given(hostile_text)
def test_no_name_adds_a_line_to_the_page(name: str) -> None:
    page = render([Reading(FAMILIES[0], ((Labels(guest=name), 1.0),))])

    assert page.count(b"\n") == 3
    assert b"\0" not in page


@pytest.mark.parametrize(
    ("value", "written"),
    [
        pytest.param(0, "0.0", id="nothing"),
        pytest.param(True, "1.0", id="a truth"),
        pytest.param(123456, "123456.0", id="six digits stay"),
        pytest.param(2**30, "1.073741824e+09", id="more become an exponent"),
        pytest.param(2**64, "1.8446744073709552e+19", id="the largest counter"),
        pytest.param(-(2**30), "-1073741824.0", id="negative ones never do, as in prometheus_client"),
        pytest.param(0.000012, "1.2e-05", id="small"),
        pytest.param(float("inf"), "+Inf", id="infinite"),
        pytest.param(float("-inf"), "-Inf", id="infinitely negative"),
        pytest.param(float("nan"), "NaN", id="not a number"),
    ],
)
def test_numbers_are_written_as_go_does(value: float, written: str) -> None:
    assert number(value) == written


@pytest.mark.parametrize(
    ("name", "kind", "base", "unit"),
    [
        pytest.param("ballonet_up", Kind.GAUGE, "ballonet_up", "", id="a plain gauge"),
        pytest.param(
            "a_swap_in_bytes_total", Kind.COUNTER, "a_swap_in_bytes", "bytes", id="a counter of bytes"
        ),
        pytest.param("a_faults_total", Kind.COUNTER, "a_faults", "", id="a counter of events"),
        pytest.param("a_guest_info", Kind.INFO, "a_guest", "", id="an info"),
        pytest.param("a_period_seconds", Kind.GAUGE, "a_period_seconds", "seconds", id="a gauge of seconds"),
    ],
)
def test_a_name_tells_type_and_unit(name: str, kind: Kind, base: str, unit: str) -> None:
    family = Family(name, "Help.")

    assert (family.kind, family.base, family.unit) == (kind, base, unit)


def test_a_family_without_series_is_not_written() -> None:
    assert render([Reading(FAMILIES[0], ())]) == b""
    assert render([Reading(FAMILIES[0], ((NO_LABELS, 1.0),))]) != b""


def test_names_that_cannot_be_encoded_stay_apart() -> None:
    names = ["a\ud800", "a\udfff", "a\0"]

    assert len({Labels(guest=name).text for name in names}) == len(names)
