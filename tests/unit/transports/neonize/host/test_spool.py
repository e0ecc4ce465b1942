import sqlite3

import pytest

from engine.transports.neonize.host.spool import Spool

FRAMES = [{"content": {"text": "it’s fine"}, "lid": None}, {"content": {"text": ""}, "lid": "1"}]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "inbox.sqlite"


def test_what_was_not_taken_is_there_again_in_its_order(path):
    spool = Spool(path)
    numbers = [spool.add(frame) for frame in [*FRAMES, *FRAMES]]
    spool.taken(numbers[1])
    spool.close()

    again = Spool(path)
    assert again.waiting() == [(numbers[0], FRAMES[0]), (numbers[2], FRAMES[0]), (numbers[3], FRAMES[1])]
    again.close()


def test_numbers_are_not_given_twice_even_when_all_was_taken(path):
    spool = Spool(path)
    first = spool.add(FRAMES[0])
    spool.taken(first)
    spool.taken(first)
    spool.close()
    again = Spool(path)
    assert again.add(FRAMES[0]) > first
    again.close()


def test_another_process_sees_it_before_anything_else_happens(path):
    """As after a kill: nothing is closed."""
    spool = Spool(path)
    spool.add(FRAMES[0])
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT count(*) FROM events").fetchone() == (1,)
    other.close()
    spool.close()


def test_on_a_full_disk_it_is_kept_in_memory(path):
    spool = Spool(path)
    (pages,) = spool._file.execute("PRAGMA page_count").fetchone()
    spool._file.execute(f"PRAGMA max_page_count = {pages}")
    large = {"content": {"text": "x" * 100_000}, "lid": None}
    number = spool.add(large)
    assert number < 0
    assert spool.waiting() == [(number, large)]
    spool.taken(number)
    assert spool.waiting() == []
    spool.close()


def test_what_cannot_be_taken_off_a_full_disk_is_told_once_more(path):
    spool = Spool(path)
    number = spool.add(FRAMES[0])
    spool._file.execute("PRAGMA query_only = ON")
    spool.taken(number)
    assert spool.waiting() == [(number, FRAMES[0])]
    spool.close()


def test_what_is_kept_in_memory_has_a_number_that_no_earlier_spool_has_given(path):
    numbers = []
    for _ in range(2):
        spool = Spool(path)
        spool._file.execute("PRAGMA query_only = ON")
        numbers += [spool.add(FRAMES[0]), spool.add(FRAMES[1])]
        spool.close()
    assert len(set(numbers)) == 4
    assert max(numbers) < 0
