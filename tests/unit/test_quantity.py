"""Text quantities and bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballonet.errors import ConfigError
from ballonet.quantity import (
    GIB,
    KIB,
    LARGEST,
    MIB,
    TIB,
    Amount,
    format_size,
    parse_amount,
    parse_size,
)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("4096", 4096),
        ("4096B", 4096),
        ("1Ki", KIB),
        ("1KiB", KIB),
        ("512Mi", 512 * MIB),
        ("512MiB", 512 * MIB),
        ("2Gi", 2 * GIB),
        ("2GiB", 2 * GIB),
        ("1Ti", TIB),
        ("1Pi", 1024 * TIB),
        ("1k", 1000),
        ("1K", 1000),
        ("1M", 10**6),
        ("1MB", 10**6),
        ("1G", 10**9),
        ("1T", 10**12),
        ("1P", 10**15),
        ("1gib", GIB),
        ("1.5Gi", GIB + 512 * MIB),
        ("0.1Ki", 102),
        ("  2 Gi\n", 2 * GIB),
        (str(LARGEST), LARGEST),
    ],
)
def test_a_size_is_read_in_every_usual_spelling(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("Gi", id="no-number"),
        pytest.param("-1Gi", id="negative"),
        pytest.param("+1Gi", id="plus"),
        pytest.param("1e3", id="exponent"),
        pytest.param("1,5Gi", id="comma"),
        pytest.param(".5Gi", id="no-leading-digit"),
        pytest.param("1Xi", id="unknown-unit"),
        pytest.param("1iB", id="half-a-unit"),
        pytest.param("1bb", id="two-bytes"),
        pytest.param("1 G i", id="spaces-inside"),
        pytest.param("1Gi 2Gi", id="two-sizes"),
        pytest.param("٣Gi", id="digits-of-another-script"),
        pytest.param("0x10", id="hexadecimal"),
        pytest.param("nan", id="nan"),
        pytest.param("inf", id="inf"),
        pytest.param("25%", id="percentage"),
    ],
)
def test_what_is_no_size_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a size: write for example 512Mi, 2Gi or 2GiB"):
        parse_size(text)


def test_a_lone_m_is_refused_because_kubernetes_means_a_thousandth() -> None:
    with pytest.raises(ConfigError, match="'512m' is not a size"):
        parse_size("512m")


@pytest.mark.parametrize("text", [str(LARGEST + 1), "8192Pi", "9999999999999999999Pi"])
def test_a_size_beyond_63_bits_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is too large: the largest size is 9223372036854775807 bytes"):
        parse_size(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0"),
        (1023, "1023"),
        (KIB, "1Ki"),
        (1536, "1.5Ki"),
        (512 * MIB, "512Mi"),
        (GIB - 1, "1024Mi"),
        (GIB, "1Gi"),
        (GIB + 512 * MIB, "1.5Gi"),
        (3 * TIB, "3Ti"),
        (-2 * GIB, "-2Gi"),
    ],
)
def test_a_size_is_shown_in_its_largest_unit(size: int, text: str) -> None:
    assert format_size(size) == text


@given(st.integers(0, LARGEST // 2))
def test_what_is_shown_can_be_read_again_and_is_close(size: int) -> None:
    assert abs(parse_size(format_size(size)) - size) <= size * 0.05


@given(st.text() | st.from_regex(r"\s?\d{1,20}(\.\d{1,10})?\s?[kKmMgGtTpPiIbB%]{0,4}", fullmatch=True))
def test_any_text_is_an_amount_or_refused(text: str) -> None:
    try:
        amount = parse_amount(text)
    except ConfigError:
        return
    assert 0 <= amount.of(GIB) <= LARGEST


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("25%", Amount(percent=25)),
        ("0%", Amount(percent=0)),
        ("100%", Amount(percent=100)),
        ("2.5 %", Amount(percent=2.5)),
        ("640Mi", Amount(size=640 * MIB)),
        ("0", Amount(size=0)),
    ],
)
def test_an_amount_is_a_size_or_a_percentage(text: str, amount: Amount) -> None:
    assert parse_amount(text) == amount


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("101%", "'101%' is above 100%"),
        ("100.000001%", "is above 100%"),
        ("-5%", "is not a percentage: write for example 25%"),
        ("%", "is not a percentage"),
        ("25%%", "is not a percentage"),
        ("lots", "'lots' is not a size"),
    ],
)
def test_what_is_no_amount_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        parse_amount(text)


@pytest.mark.parametrize(
    ("amount", "whole", "size"),
    [
        (Amount(size=MIB), 16 * GIB, MIB),
        (Amount(size=0), 16 * GIB, 0),
        (Amount(percent=25), 16 * GIB, 4 * GIB),
        (Amount(percent=0), 16 * GIB, 0),
        (Amount(percent=100), GIB + 1, GIB + 1),
        (Amount(percent=33), 100, 33),
    ],
)
def test_a_percentage_is_of_the_whole_and_a_size_is_not(amount: Amount, whole: int, size: int) -> None:
    assert amount.of(whole) == size


@pytest.mark.parametrize(
    ("amount", "text"),
    [(Amount(percent=2.5), "2.5%"), (Amount(percent=0), "0%"), (Amount(size=512 * MIB), "512Mi")],
)
def test_an_amount_is_shown_as_it_was_written(amount: Amount, text: str) -> None:
    assert str(amount) == text
