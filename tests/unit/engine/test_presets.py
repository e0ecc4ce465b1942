"""The pace by the age of a number: the older, the faster, and always slow enough to be a person's."""

from datetime import date
from itertools import pairwise

from engine.broadcast.pacing import Pace
from engine.devices.presets import PRESETS, NumberAge

TODAY = date(2026, 1, 5)


def test_the_older_a_number_the_faster_it_may_send() -> None:
    assert list(PRESETS) == list(NumberAge)
    for younger, older in pairwise(PRESETS.values()):
        assert older.min_delay < younger.min_delay
        assert older.max_delay < younger.max_delay
        assert older.hourly_cap > younger.hourly_cap
        assert older.daily_cap > younger.daily_cap
        assert (older.ramp_days or 0) < (younger.ramp_days or 0)


def test_the_delays_leave_room_for_the_hourly_cap() -> None:
    for preset in PRESETS.values():
        assert preset.hourly_cap * (preset.min_delay + preset.max_delay) / 2 <= 3600


def test_a_warm_up_begins_today_and_below_the_daily_cap() -> None:
    for preset in PRESETS.values():
        columns = preset.columns(TODAY)
        assert (columns["ramp_started_on"] == TODAY) == bool(preset.ramp_days)
        pace = Pace(
            columns["min_delay_seconds"], columns["max_delay_seconds"], columns["hourly_cap"],
            columns["daily_cap"], columns["ramp_start_cap"], columns["ramp_days"], columns["ramp_started_on"],
        )  # fmt: skip
        first = pace.cap_on(TODAY)
        assert first == (preset.ramp_start_cap or preset.daily_cap)
