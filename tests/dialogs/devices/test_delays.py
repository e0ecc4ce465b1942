import pytest

from bot.dialogs.devices.delays import read_delays, write_delays
from engine.errors import InvalidInputError


@pytest.mark.parametrize("text", ["5-15", "5 15", " 5 - 15 ", "5 to 15 s", "5–15", "5s-15s", "5.0-15 seconds"])
def test_delays_are_read_as_people_write_them(text):
    assert read_delays(text) == (5, 15)


def test_a_decimal_comma_is_a_point():
    assert read_delays("0,5-1,5") == (0.5, 1.5)


@pytest.mark.parametrize("text", ["", "5", "515", "fast", "-5-15", "5-15-30", "5-15 min", "1" * 4000])
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(InvalidInputError, match="such as 5-15"):
        read_delays(text)


def test_what_is_written_is_read_back_the_same():
    assert read_delays(write_delays(2.5, 30)) == (2.5, 30)
