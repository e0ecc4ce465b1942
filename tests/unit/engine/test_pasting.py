from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sequences.pasting import (
    FILE_WORDS,
    Header,
    StepDraft,
    read_header,
    read_plan,
    read_time,
    unclear_headers,
    write_plan,
)

NINE = time(9)


@pytest.mark.parametrize(
    ("line", "header"),
    [
        ("Day 1 09:00", Header(1, NINE, None)),
        ("day 2", Header(2, None, None)),
        ("DAY 3:", Header(3, None, None)),
        ("D4 2.30pm", Header(4, time(14, 30), None)),
        ("d4: 2:30 PM", Header(4, time(14, 30), None)),
        ("Day 5 at 9am", Header(5, NINE, None)),
        ("Day 5 — 9 a.m.", Header(5, NINE, None)),
        ("Day 6, 14h30", Header(6, time(14, 30), None)),
        ("Hari 2 9 pagi", Header(2, NINE, None)),
        ("Hari 2 pukul 2.15 petang", Header(2, time(14, 15), None)),
        ("hari 3 8 malam", Header(3, time(20), None)),
        ("Hari 3 12 malam", Header(3, time(0), None)),
        ("Day 7 12am", Header(7, time(0), None)),
        ("Day 7 12pm", Header(7, time(12), None)),
        ("Day 1 on joining", Header(1, None, 0)),
        ("Day 1 right after joining + 15 min", Header(1, None, 15)),
        ("Hari 1 bila sertai", Header(1, None, 0)),
        ("Hari 1 serta-merta selepas sertai", Header(1, None, 0)),
        ("hari 1 sebaik sahaja menyertai + 15 minit", Header(1, None, 15)),
        ("Hari ke-2 9 pagi", Header(2, NINE, None)),
        ("Hari 2 12 tengah hari", Header(2, time(12), None)),
        ("Hari 2 1.30 tengah hari", Header(2, time(13, 30), None)),
        ("Hari 2 tengah malam", Header(2, time(0), None)),
        ("Hari 2 2 petang", Header(2, time(14), None)),
        ("Day 2 noon", Header(2, time(12), None)),
        ("Day 2 at midnight", Header(2, time(0), None)),
        ("Day 2 1430", Header(2, time(14, 30), None)),
        ("Day 2 0900 hrs", Header(2, NINE, None)),
    ],
)
def test_headers_in_the_forms_people_write(line: str, header: Header) -> None:
    assert read_header(line) == header


@pytest.mark.parametrize(
    "line",
    [
        "Day 2 is the best day of all", "Days 2", "Day two", "Day 0", "Day 366", "Day 2 25:00", "Day 2 9:75",
        "Day 2 3", "Day 2 13pm", "Day 2 on joining", "Day 1 on joining + 1440 min", "Monday 2 09:00",
        "See you on Day 2", "D-day", "Day", "2", "Hari ini", "",
    ],
)  # fmt: skip
def test_ordinary_text_that_looks_like_a_header_stays_text(line: str) -> None:
    assert read_header(line) is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Day 2 25:00", "25:00 is no certain time"),
        ("Day 2 9:75", "9:75 is no certain time"),
        ("Day 2 9", "9 is no certain time; write 9:00, 9am or 9pm"),
        ("Hari 2 3 malam", "3 malam is no certain time"),
        ("Day 2 9 o'clock", "9 o'clock is no certain time"),
        ("Day 400", "from 1 to 365"),
        ("Day 0 09:00", "from 1 to 365"),
        ("Day 2 on joining", "Day 1 only"),
        ("Day 1 on joining + 1440 min", "within its 24 hours"),
        ("Day 2 14:00 Here is the price list", "stands alone on its line"),
    ],
)
def test_what_is_nearly_a_header_is_text_and_said_to_be(line: str, reason: str) -> None:
    assert read_header(line) is None
    [(shown, told)] = unclear_headers(f"Hi\n{line} \nBye")
    assert shown == line
    assert reason in told


@pytest.mark.parametrize(
    "line",
    [
        "Day 2 09:00",
        "Day 2",
        "Day 2 is the best day of all",
        "Day 1: arrival",
        "Day 2: 3 nights in Bali",
        "Days",
        "d",
    ],
)
def test_headers_and_ordinary_text_are_not_made_doubtful(line: str) -> None:
    assert unclear_headers(line) == []


@pytest.mark.parametrize("text", ["9", "24:00", "9:60", "0am", "3 malam", "9 petang", "2500", "-1:00", "9:00:00"])
def test_what_is_not_a_time(text: str) -> None:
    assert read_time(text) is None


def test_a_whole_sequence_in_one_paste() -> None:
    pasted = "Day 1 09:00\nHi {{ name }}, welcome!\n\nSee you.\nDay 2\nHere is the price list.\nD4 2.30pm\nCall?"
    assert read_plan(pasted, next_day=1) == [
        StepDraft(1, NINE, None, "Hi {{ name }}, welcome!\n\nSee you."),
        StepDraft(2, None, None, "Here is the price list."),
        StepDraft(4, time(14, 30), None, "Call?"),
    ]


def test_text_without_a_header_is_for_the_next_day() -> None:
    assert read_plan("Just this", next_day=3) == [StepDraft(3, None, None, "Just this")]
    assert read_plan("First\nDay 5\nThen", next_day=3) == [
        StepDraft(3, None, None, "First"),
        StepDraft(5, None, None, "Then"),
    ]


def test_an_empty_paste_is_no_message_and_a_bare_header_is_one_without_text() -> None:
    assert read_plan(" \n ", next_day=1) == []
    assert read_plan("Day 2 09:00", next_day=1) == [StepDraft(2, NINE, None, "")]


bodies = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=60
) | st.sampled_from(
    [
        "Day 3 09:00",
        "text\nD4 2.30pm\ntext",
        "\\Day 3",
        "\\\\D4",
        "\\ no header",
        "{{ name }}",
        "[photo: send it with this caption]",
        "\\[file: send it with this caption]\ntext",
        "Hari 2 tengah hari\nDay 2 25:00",
        "d1\n\n\\d1\n\\\\d1",
        "Day 1 on joining + 15 min",
        "\u2028Day 2\x1cD3 noon",
        "DAY 9:\n[Photo: send it with this caption]",
    ]
)
times = st.one_of(
    st.tuples(st.times().map(lambda at: at.replace(second=0, microsecond=0)), st.none()),
    st.tuples(st.none(), st.none()),
)
drafts = st.one_of(
    st.builds(
        lambda day, at, body, file: StepDraft(day, *at, body.strip(), file),
        st.integers(1, 365), times, bodies, st.sampled_from([None, *FILE_WORDS.values()]),
    ),
    st.builds(
        lambda minutes, body: StepDraft(1, None, minutes, body.strip()), st.integers(0, 1439), bodies
    ),
)  # fmt: skip


@given(st.lists(drafts, min_size=1, max_size=6))
def test_what_is_written_out_reads_back_the_same(plan: list[StepDraft]) -> None:
    assert read_plan(write_plan(plan), next_day=1) == plan
