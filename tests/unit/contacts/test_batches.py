"""A file is read in batches: as often as wanted, from any place on, in bounded memory."""

import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contacts.reading import open_contacts
from engine.contacts.tables import MAX_BYTES
from engine.errors import InvalidInputError
from tests.unit.contacts.workbooks import workbook

ROWS = [
    ["Name", "Phone"],
    ["Siti", "0123456789"],
    [],
    ["René", "0198765432"],
    ["Siti", "012-345 6789"],
    ["Bob", "1"],
]
TEXT = "\n".join(map(",".join, ROWS)).encode()
WORKBOOK = workbook({"Leads": ROWS})


@pytest.mark.parametrize("data", [TEXT, WORKBOOK], ids=["text", "workbook"])
def test_batches_tell_how_far_they_are(data):
    with open_contacts(data, "a", "MY") as file:
        batches = list(file.batches(2))
        assert [batch.rows_done for batch in batches] == [2, 4, 6]
        assert [len(batch.contacts) for batch in batches] == [1, 1, 0]
        assert [batch.blank_rows for batch in batches] == [0, 1, 0]
        assert [row.reason for row in batches[2].rejected] == [
            "same number as row 2",
            "too short for a phone number",
        ]
        assert file.rows == 6


@pytest.mark.parametrize("data", [TEXT, WORKBOOK], ids=["text", "workbook"])
@settings(max_examples=20, deadline=None)
@given(size=st.integers(1, 7), after=st.integers(0, 7))
def test_reading_on_behind_a_place_gives_what_is_left_and_knows_the_numbers_before_it(data, size, after):
    with open_contacts(data, "a", "MY") as file:
        [whole] = file.batches(100)
        rest = list(file.batches(size, after))
        assert [one for batch in rest for one in batch.contacts] == [
            one for one in whole.contacts if one.row > after
        ]
        assert [one for batch in rest for one in batch.rejected] == [
            one for one in whole.rejected if one.row > after
        ]
        assert [batch.rows_done for batch in rest[-1:]] == ([6] if after < 6 else [])


@pytest.mark.parametrize("data", [TEXT, WORKBOOK], ids=["text", "workbook"])
def test_two_readings_at_once_do_not_disturb_each_other(data):
    with open_contacts(data, "a", "MY") as file:
        pairs = list(zip(file.batches(1), file.batches(1), strict=True))
    assert all(one == other for one, other in pairs)


def _peak_of_reading(data: bytes) -> int:
    """Bytes that it takes at most, beside the file itself."""
    tracemalloc.start()
    try:
        with suppress(InvalidInputError), open_contacts(data, "a.csv", "MY") as file:
            for _batch in file.batches(1000):
                pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_rows():
    def rows(count: int) -> bytes:
        note = "x" * 400
        lines = "".join(f"Siti Nurhaliza,012{number:07},{note}\n" for number in range(count))
        return f"Name,Phone,Note\n{lines}".encode()

    numbers_met = 10_000 * 300  # bytes: what the numbers of the rows that are more may take
    assert _peak_of_reading(rows(12_000)) < _peak_of_reading(rows(2000)) + numbers_met


def _largest(start: bytes, repeated: bytes) -> bytes:
    return start + repeated * ((MAX_BYTES - len(start)) // len(repeated))


@pytest.mark.parametrize(
    "data",
    [
        _largest(b"Phone\n0123456789\n", b"ab,"),  # seven million cells, each of which takes 50 bytes
        _largest(b"Phone,Note\n0123456789,", b"x"),
        _largest(b"Phone,Note\n0123456789,", b'"'),
        _largest(b"Phone,Note\n0123456789,x\n", b'"a,'),
        _largest(b"Phone\n0123456789\n", "é😀,".encode()),
        _largest(b"Phone\n", b"\n"),
    ],
    ids=["one line of cells", "one long cell", "quotes", "open quotes", "wide characters", "blank lines"],
)
def test_memory_is_bounded_whatever_the_text(data):
    assert _peak_of_reading(data) < 250 * 1024 * 1024
