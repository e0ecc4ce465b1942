"""How a campaign's people are spread over its devices: so that all are through at about the same time. Pure.

It is a plan, not a promise: delays at their mean, caps by the day, and the hours of the workspace's zone. The
forecast asks the same function, so both speak of the same shares.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from math import gcd

from engine.broadcast.pacing import Pace, Tally
from engine.sequences.calendar import MINUTES_A_DAY, QuietHours

SHORTEST_DELAY = 0.1  # seconds; a send takes as long even where nobody has set a delay
HORIZON = 400  # days; whoever plans further shares as on the last of them
PRECISION = 40  # halvings of a day
GOLDEN = 0.6180339887498949


@dataclass(frozen=True, slots=True)
class Room:
    """One device. `waiting`: what it has to send before or besides; `sends`: not paused, and nothing is wrong.

    `pace`: its own, or the campaign's slower one. `tally`: as of now.
    """

    device_id: int
    pace: Pace
    tally: Tally
    waiting: int
    sends: bool = True


@dataclass(frozen=True, slots=True)
class Hours:
    """In how many seconds of today, from now on, and of every later day it may go out."""

    today: float
    a_day: float

    @classmethod
    def of(cls, now: time, *, quiet: QuietHours | None, window: QuietHours | None) -> "Hours":
        """`now` is local. What goes out at no minute of the day is planned as if at every."""
        minutes = [time(*divmod(minute, 60)) for minute in range(MINUTES_A_DAY)]
        is_open = [
            minute
            for minute in minutes
            if not (quiet is not None and quiet.contain(minute))
            and (window is None or window.start == window.end or window.contain(minute))
        ]
        open_minutes = is_open or minutes
        return cls(60.0 * sum(minute >= now for minute in open_minutes), 60.0 * len(open_minutes))


def spread(rooms: Sequence[Room], people: int, hours: Hours) -> dict[int, int]:
    """How many of `people` each device gets, by its id; together all of them. Devices must not be empty.

    What cannot send as things are gets nobody, unless none can.
    """
    sending = [room for room in rooms if room.sends] or list(rooms)
    free = _free(sending, people, hours)
    total = sum(free)
    if total <= 0:
        free, total = [1.0] * len(sending), float(len(sending))
    exact = [people * share / total for share in free]
    shares = [int(share) for share in exact]
    by_rest = sorted(range(len(sending)), key=lambda place: (shares[place] - exact[place], place))
    for place in by_rest[: people - sum(shares)]:
        shares[place] += 1
    return {room.device_id: share for room, share in zip(sending, shares, strict=True) if share}


def _free(rooms: Sequence[Room], people: int, hours: Hours) -> list[float]:
    """How much each can send beyond what waits for it, up to the moment at which that is enough for all."""
    today = rooms[0].tally.day
    sent = [-float(room.waiting) for room in rooms]
    for number in range(HORIZON):
        day = today + timedelta(days=number)
        seconds = hours.today if number == 0 else hours.a_day
        evening = [_within(room, day, seconds, sum_) for room, sum_ in zip(rooms, sent, strict=True)]
        if sum(_positive(evening)) >= people:
            return _positive(_moment(rooms, day, seconds, sent, people))
        sent = evening
    return _positive(sent)


def _moment(rooms: Sequence[Room], day: date, seconds: float, sent: Sequence[float], people: int) -> list[float]:
    """Of the day on which they are through: halve until the moment is found."""
    early, late = 0.0, seconds
    for _ in range(PRECISION):
        middle = (early + late) / 2
        if sum(_positive([_within(room, day, middle, sum_) for room, sum_ in zip(rooms, sent, strict=True)])) >= (
            people
        ):
            late = middle
        else:
            early = middle
    return [_within(room, day, late, sum_) for room, sum_ in zip(rooms, sent, strict=True)]


def _within(room: Room, day: date, seconds: float, sent: float) -> float:
    """What it has sent by so many seconds of the day, after `sent` until the day before."""
    pace = room.pace
    most = seconds / max(SHORTEST_DELAY, (pace.min_delay + pace.max_delay) / 2)
    if pace.hourly_cap is not None:
        most = min(most, pace.hourly_cap * seconds / 3600)
    cap = pace.cap_on(day)
    if cap is not None:
        most = min(most, max(0, cap - (room.tally.day_count if day == room.tally.day else 0)))
    return sent + most


def _positive(values: Sequence[float]) -> list[float]:
    return [max(0.0, value) for value in values]


@dataclass(frozen=True, slots=True)
class Dealing:
    """The shares as a rule for one person after the other, so that every stretch of people is shared alike.

    Person number n (from 0) goes to the device into whose stretch of 0 … `total` n × `step` modulo `total` falls.
    As the step shares no factor with the total, everybody of one round lands somewhere else, and each device gets
    its share exactly; being near the golden section of it, neighbours land far apart.
    """

    device_ids: tuple[int, ...]
    starts: tuple[int, ...]  # where the stretch of each device begins
    total: int
    step: int

    @classmethod
    def of(cls, shares: Mapping[int, int]) -> "Dealing":
        starts, total = [], 0
        for share in shares.values():
            starts.append(total)
            total += share
        step = max(1, round(total * GOLDEN))
        while gcd(step, total) != 1:
            step += 1
        return cls(tuple(shares), tuple(starts), total, step)
