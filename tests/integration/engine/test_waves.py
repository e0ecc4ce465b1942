"""So many a day: who joins when, what a preview says of it, and what a draft's start does to it."""

import asyncio
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from engine.errors import InvalidInputError
from engine.sequences import joining
from engine.sequences.enrolment import Who
from models.enums import SequenceStatus
from tests.integration.engine.meeting import let_them_meet
from tests.integration.engine.world import World, at

EVERYONE = Who(everyone=True)
PLAN = "SELECT joined_at, next_due_at, count(*) FROM sequence_contacts GROUP BY 1, 2 ORDER BY 1"


async def empty(world: World, **columns: object) -> int:
    """A sequence at 11, on workdays, that nobody is in."""
    device = await world.device()
    return await world.sequence([device], (1, 11, "one"), (2, 11, "two"), skip_weekends=True, **columns)


async def test_so_many_a_day_join_on_the_days_on_which_it_sends(world: World) -> None:
    world.clock.set(at(8, 10))  # a Thursday
    sequence = await empty(world)
    await world.contacts(7)
    report = await world.enrolments.join(world.actor, sequence, EVERYONE, per_day=3)
    assert (report.joined, report.last_on) == (7, date(2026, 1, 12))
    assert await world.rows(PLAN) == [
        (at(8, 10), at(8, 11), 3),
        (at(9, 10), at(9, 11), 3),
        (at(12, 10), at(12, 11), 1),
    ]


async def test_each_wave_gets_its_messages_from_its_own_day_on(world: World) -> None:
    sequence = await empty(world)
    await world.contacts(2)
    await world.enrolments.join(world.actor, sequence, EVERYONE, per_day=1)
    engine = await world.engine()
    sent = {}
    for day in range(5, 9):
        await world.move_to(at(day, 11))
        sent[day] = await engine.send_all(1)
    assert sent == {5: ["one"], 6: ["two", "one"], 7: ["two"], 8: []}


async def test_a_preview_says_what_joining_does_and_changes_nothing(world: World) -> None:
    sequence = await empty(world)
    await world.contacts(5)
    await world.contacts(2, consent=None)
    await world.enrolments.join_contacts(world.actor, sequence, [1])
    preview = await world.enrolments.preview(world.actor, sequence, EVERYONE, paces=[1, 3])
    assert await world.one("SELECT count(*) FROM sequence_contacts") == 1
    report = await world.enrolments.join(world.actor, sequence, EVERYONE, per_day=3)
    assert preview.joining == report.joined == 4
    assert preview.refusals == report.refusals
    assert preview.refused == {"already_in_it": 1, "no_consent": 2}
    assert preview.paces == {1: date(2026, 1, 8), 3: report.last_on}


async def test_who_was_left_out_can_be_told_after_joining_as_well(world: World) -> None:
    sequence = await empty(world)
    await world.contacts(3)
    await world.contacts(1, consent=None)
    report = await world.enrolments.join(world.actor, sequence, EVERYONE)
    now = await world.enrolments.preview(world.actor, sequence, EVERYONE)
    assert now.refused == {"already_in_it": 3, "no_consent": 1}
    then = await world.enrolments.preview(world.actor, sequence, EVERYONE, before_run=report.first_run)
    assert then.refusals == report.refusals


async def test_more_people_day_by_day_come_after_those_who_still_wait(world: World) -> None:
    sequence = await empty(world)
    first = await world.contacts(4)
    await world.enrolments.join(world.actor, sequence, Who(contact_ids=first), per_day=2)  # Mon 5, Tue 6
    more = Who(contact_ids=await world.contacts(3))
    preview = await world.enrolments.preview(world.actor, sequence, more, paces=[2])
    assert (preview.behind, preview.paces) == (date(2026, 1, 6), {2: date(2026, 1, 8)})
    report = await world.enrolments.join(world.actor, sequence, more, per_day=2)
    assert report.last_on == date(2026, 1, 8)
    assert [(row[1], row[2]) for row in await world.rows(PLAN)] == [
        (at(5, 11), 2), (at(6, 11), 2), (at(7, 11), 2), (at(8, 11), 1),
    ]  # fmt: skip


@pytest.mark.parametrize(("day", "behind", "last"), [(6, date(2026, 1, 6), 8), (7, None, 8)])
async def test_the_day_of_the_last_wave_takes_in_no_more_and_the_day_after_it_does(
    world: World, day: int, behind: date | None, last: int
) -> None:
    sequence = await empty(world)
    await world.enrolments.join(world.actor, sequence, Who(contact_ids=await world.contacts(2)), per_day=1)
    world.clock.set(at(day, 10, 30))
    more = Who(contact_ids=await world.contacts(2))
    preview = await world.enrolments.preview(world.actor, sequence, more, paces=[1])
    assert (preview.behind, preview.paces) == (behind, {1: date(2026, 1, last)})


async def test_two_who_plan_waves_at_the_same_moment_do_not_double_a_day(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_them_meet(world, monkeypatch, joining, "waves_of")
    sequence = await empty(world)
    crowds = [Who(contact_ids=await world.contacts(4)) for _ in range(2)]
    await asyncio.gather(*(world.enrolments.join(world.actor, sequence, who, per_day=2) for who in crowds))
    assert [count for *_, count in await world.rows(PLAN)] == [2, 2, 2, 2]


async def test_a_drafts_waves_keep_their_distance_from_the_day_it_starts(world: World) -> None:
    sequence = await empty(world, status=SequenceStatus.DRAFT)
    await world.enrolments.join(world.actor, sequence, Who(contact_ids=await world.contacts(2)), per_day=1)
    await world.enrolments.join(world.actor, sequence, Who(contact_ids=await world.contacts(2)), per_day=1)
    world.clock.set(at(9, 12))  # a Friday
    await world.control.start(world.actor, sequence)
    assert await world.rows(PLAN) == [
        (at(9, 12), at(12, 11), 1),
        (at(12, 12), at(13, 11), 1),
        (at(13, 12), at(14, 11), 1),
        (at(14, 12), at(15, 11), 1),
    ]


async def test_so_many_a_day_twice_on_one_day_are_two_days(world: World) -> None:
    sequence = await empty(world)
    for _ in range(2):
        crowd = Who(contact_ids=await world.contacts(2))
        await world.enrolments.join(world.actor, sequence, crowd, per_day=2)
    assert await world.rows("SELECT anchor_date, count(*) FROM sequence_contacts GROUP BY 1 ORDER BY 1") == [
        (at(5, 0).date(), 2),
        (at(6, 0).date(), 2),
    ]


async def test_more_than_a_year_is_too_long(world: World) -> None:
    sequence = await empty(world)
    await world.contacts(367)
    preview = await world.enrolments.preview(world.actor, sequence, EVERYONE, paces=[1, 2])
    assert list(preview.paces) == [2]
    with pytest.raises(InvalidInputError, match="At 1 a day it would take more than a year"):
        await world.enrolments.join(world.actor, sequence, EVERYONE, per_day=1)
    with pytest.raises(InvalidInputError, match="At least one person a day"):
        await world.enrolments.join(world.actor, sequence, EVERYONE, per_day=0)
    assert await world.one("SELECT count(*) FROM sequence_contacts") == 0


class TestZones:
    async def joined_zones(self, world: World, sequence: int) -> list[str]:
        await world.enrolments.join(world.actor, sequence, EVERYONE)
        return [
            zone for (zone,) in await world.rows("SELECT time_zone FROM sequence_contacts ORDER BY contact_id, id")
        ]

    async def test_the_contacts_own_or_what_their_number_tells_or_else_the_sequences(self, world: World) -> None:
        sequence = await empty(world, use_contact_time_zone=True)
        await world.contacts(1, time_zone="Europe/Berlin")
        await world.contacts(1, phone="+81312345678")
        await world.contacts(1, phone="+61412345678")  # an Australian mobile: five time zones
        assert await self.joined_zones(world, sequence) == ["Europe/Berlin", "Asia/Tokyo", "Asia/Kuala_Lumpur"]
        dues = [due.astimezone(UTC_9) for (due,) in await world.rows("SELECT next_due_at FROM sequence_contacts")]
        assert datetime(2026, 1, 6, 11, tzinfo=UTC_9) in dues  # 10:00 in Kuala Lumpur is 11:00 there

    async def test_unless_they_count_it_is_the_sequences(self, world: World) -> None:
        sequence = await empty(world)
        await world.contacts(1, time_zone="Europe/Berlin")
        assert await self.joined_zones(world, sequence) == ["Asia/Kuala_Lumpur"]

    async def test_a_zone_set_later_counts_for_the_next_run(self, world: World) -> None:
        first, device = await empty(world, use_contact_time_zone=True), 1
        (contact,) = await world.contacts(1)
        await self.joined_zones(world, first)
        await world.book.set_time_zone(world.actor, contact, "berlin")
        second = await world.sequence([device], (1, 11, "x"), name="Second", use_contact_time_zone=True)
        assert await self.joined_zones(world, second) == ["Asia/Kuching", "Europe/Berlin"]
        await world.book.set_time_zone(world.actor, contact, None)
        assert await world.one("SELECT time_zone FROM contacts") is None
        with pytest.raises(InvalidInputError, match="No time zone is named after “Atlantis”"):
            await world.book.set_time_zone(world.actor, contact, "Atlantis")


UTC_9 = ZoneInfo("Asia/Tokyo")
