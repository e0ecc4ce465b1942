"""Before a campaign is launched: who gets it, who does not, what it says, until when, and what would be faster."""

import time as machine
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from engine.broadcast.walk import Limit
from engine.campaigns.audience import LeftOut
from engine.campaigns.catalogue import Missing
from engine.campaigns.faster import Speedup
from engine.campaigns.review import CampaignReviews, Held, Review
from engine.campaigns.trigger import CampaignTrigger
from engine.errors import ConflictError
from models.enums import CampaignStatus, ConsentState, DeviceChoice, DeviceState, LatePolicy
from tests.integration.engine.campaigning import draft, interested, launched, tick
from tests.integration.engine.driving import drive
from tests.integration.engine.world import MONDAY, World, at

MINUTE = timedelta(minutes=1)
NIGHT = "UPDATE workspaces SET quiet_start = '21:00', quiet_end = '09:00'"


@pytest.fixture
def reviews(world: World) -> CampaignReviews:
    return CampaignReviews(world.database, world.clock)


async def device(world: World, name: str = "Sales-1", delay: float = 60, **columns: Any) -> int:
    return await world.device(name, min_delay_seconds=delay, max_delay_seconds=delay, **columns)


async def reviewed(world: World, campaign: int, **how: Any) -> Review:
    return await CampaignReviews(world.database, world.clock).review(world.actor, campaign, **how)


async def test_it_counts_who_gets_it_and_who_does_not_and_why(world: World) -> None:
    sales = await device(world)
    yoga = await world.contacts(10)
    yoga += await world.contacts(2, consent=None)
    yoga += await world.contacts(3, consent=ConsentState.OPTED_OUT)
    await world.contacts(4)
    await interested(world, "Yoga", yoga)
    review = await reviewed(world, await draft(world, [sales], niche="yoga"))
    assert (review.gets, review.capped, review.missing) == (10, 0, ())
    assert review.left_out == {LeftOut.NO_CONSENT: 2, LeftOut.OPTED_OUT: 3}
    assert [(one.name, one.people) for one in review.devices] == [("Sales-1", 10)]


async def test_it_begins_when_the_time_to_undo_is_over_or_at_the_time_asked_for(world: World) -> None:
    campaign = await draft(world, [await device(world)])
    await world.contacts(11)
    review = await reviewed(world, campaign)
    assert (review.starts_at, review.first_at) == (MONDAY + MINUTE, MONDAY + MINUTE)
    assert review.last_at == MONDAY + 11 * MINUTE
    assert review.curve == ((MONDAY + MINUTE, 1), (MONDAY + 11 * MINUTE, 11))
    review = await reviewed(world, campaign, at=at(6, 15))
    assert (review.first_at, review.last_at) == (at(6, 15), at(6, 15, 10))


async def test_what_is_scheduled_is_reviewed_for_its_time(world: World) -> None:
    campaign = await draft(world, [await device(world)])
    await world.contacts(2)
    await launched(world, campaign, at=at(7, 12))
    review = await reviewed(world, campaign)
    assert (review.status, review.first_at) == (CampaignStatus.SCHEDULED, at(7, 12))


async def test_three_of_them_show_what_they_get(world: World) -> None:
    campaign = await draft(world, [await device(world)], body="Hi {{ first_name }} of {{ attributes.city }}!")
    await world.contacts(consent=None, attributes={"city": "Johor"})
    await world.contacts(name="Siti Aminah", attributes={"city": "Ipoh"})
    await world.contacts(name=" ", phone="+60123456789", attributes={"city": "Ipoh"})
    await world.contacts(5, attributes={"city": "Melaka"})
    first, second, third = (await reviewed(world, campaign)).samples
    assert (first.name, first.text, first.trouble) == ("Siti Aminah", "Hi Siti of Ipoh!", None)
    assert (second.name, second.text) == ("+60123456789", "")
    assert "first_name" in (second.trouble or "")
    assert third.text == "Hi Person of Melaka!"


async def test_who_lacks_what_the_text_needs_is_counted(world: World) -> None:
    body = "Hi {{ name }} of {{ attributes.city | default('your city') }}, {{ attributes.offer }}"
    campaign = await draft(world, [await device(world)], body=body)
    await world.contacts(3, attributes={"offer": "-20 %"})
    await world.contacts(2, attributes={"offer": " "})
    await world.contacts(name="", attributes={"offer": "-20 %"})
    await world.contacts(consent=None)
    gaps = (await reviewed(world, campaign)).gaps
    assert [(str(gap.need[0]), gap.lacking, gap.blank) for gap in gaps] == [
        ("name", 1, False),
        ("attributes.offer", 2, False),
    ]


async def test_of_whom_nothing_is_left_of_the_text_is_counted_too(world: World) -> None:
    campaign = await draft(world, [await device(world)], body="{{ attributes.offer | default('') }}")
    await world.contacts(3, attributes={"offer": "-20 %"})
    await world.contacts(2)
    (gap,) = (await reviewed(world, campaign)).gaps
    assert (gap.lacking, gap.blank) == (2, True)


async def test_who_had_something_today_gets_it_on_the_next_day(world: World) -> None:
    await world.run("UPDATE workspaces SET frequency_cap = 1")
    sales = await device(world, delay=60)
    people = await world.contacts(6)
    sequence = await world.sequence([sales], (1, 11, "Welcome"))
    await world.enrolments.join_contacts(world.actor, sequence, people[:2])
    engine = await world.engine()
    await drive(world, engine, [sales], at(5, 12))
    campaign = await draft(world, [sales])
    review = await reviewed(world, campaign)
    assert (review.gets, review.capped) == (6, 2)
    assert (review.first_at, review.last_at) == (at(5, 12, 1), at(6, 12, 2))
    assert (await reviewed(world, campaign, at=at(6, 9))).capped == 0
    await world.run("UPDATE workspaces SET frequency_cap = NULL")
    assert (await reviewed(world, campaign)).capped == 0


async def test_what_waits_on_the_device_and_what_sequences_will_send_goes_first(world: World) -> None:
    sales = await device(world)
    people = await world.contacts(20)
    welcome = await world.sequence([sales], (1, 11, "Hi"), (2, 10, "Prices"))
    await world.enrolments.join_contacts(world.actor, welcome, people[:10])
    await world.run("UPDATE workspaces SET frequency_cap = NULL")
    campaign = await draft(world, [sales])
    review = await reviewed(world, campaign, at=at(5, 10, 50))
    assert review.last_at == at(5, 11, 19), "ten minutes before eleven, then ten of the sequence, then the others"
    await world.move_to(at(5, 11))
    assert (await reviewed(world, campaign)).last_at == at(5, 11, 29), "the ten wait in the queue by now"
    assert (await reviewed(world, campaign, at=at(6, 9, 55))).last_at == at(6, 10, 24), "and have their second"
    await world.run("UPDATE sequences SET status = 'paused'")
    assert (await reviewed(world, campaign)).last_at == at(5, 11, 20)


async def test_a_campaign_that_starts_before_it_goes_first(world: World) -> None:
    sales = await device(world)
    await world.contacts(10)
    await launched(world, await draft(world, [sales], name="First"), at=at(5, 12))
    campaign = await draft(world, [sales])
    await world.run("UPDATE workspaces SET frequency_cap = NULL")
    assert (await reviewed(world, campaign, at=at(5, 12))).first_at == at(5, 12, 10)
    assert (await reviewed(world, campaign, at=at(5, 11))).last_at == at(5, 11, 9)
    trigger = CampaignTrigger(world.database, world.clock)
    world.clock.set(at(5, 11, 59))
    await tick(world, trigger)
    assert (await reviewed(world, campaign, at=at(5, 12, 5))).first_at == at(5, 12, 10), "its messages wait by now"


async def test_the_devices_get_the_shares_that_the_fan_out_then_deals(world: World) -> None:
    sales = [
        await device(world, "Quick", 10),
        await device(world, "Slow", 40),
        await device(world, "Capped", 10, daily_cap=5),
    ]
    known = await world.contacts(7, device_id=sales[1])
    await world.contacts(93)
    assert known
    campaign = await draft(world, sales)
    review = await reviewed(world, campaign)
    told = {one.device_id: one.people for one in review.devices}
    await launched(world, campaign)
    trigger = CampaignTrigger(world.database, world.clock)
    await tick(world, trigger)
    dealt = dict(await world.rows("SELECT device_id, count(*) FROM messages GROUP BY device_id"))
    assert told == dealt


async def test_known_devices_send_to_their_own_people(world: World) -> None:
    one, other = await device(world, "One"), await device(world, "Other", 120)
    await world.contacts(3, device_id=one)
    await world.contacts(2, device_id=other)
    await world.contacts(4)
    review = await reviewed(world, await draft(world, device_choice=DeviceChoice.KNOWN))
    assert {share.name: share.people for share in review.devices} == {"One": 3, "Other": 2}
    assert review.left_out == {LeftOut.NO_DEVICE: 4}


async def test_what_holds_each_device_is_told_with_its_figures(world: World) -> None:
    await world.run(NIGHT)
    capped = await device(world, "Capped", 10, daily_cap=20)
    young = await device(
        world, "Young", 10, daily_cap=100, ramp_start_cap=10, ramp_days=30, ramp_started_on=MONDAY.date()
    )
    free = await device(world, "Free", 30)
    for number, sales in enumerate((capped, young, free)):
        await world.contacts(50 + number, device_id=sales)
    review = await reviewed(world, await draft(world, device_choice=DeviceChoice.KNOWN))
    held = {share.name: share.held_by for share in review.devices}
    assert held == {
        "Capped": Held(Limit.DAILY_CAP, cap=20),
        "Young": Held(Limit.WARM_UP, cap=10, full_cap=100),
        "Free": Held(Limit.DELAYS, delays=(30, 30)),
    }
    assert review.devices[-1].name == "Free", "who is through last is in front"


async def test_devices_that_cannot_send_and_a_stop_are_told(world: World) -> None:
    paused = await device(world, "Paused", paused_at=MONDAY)
    campaign = await draft(world, [paused, await device(world, "Gone", state=DeviceState.LOGGED_OUT)])
    await world.contacts(2)
    await world.run("UPDATE workspaces SET stopped_at = now()")
    review = await reviewed(world, campaign)
    assert [(one.name, one.state, one.paused, one.people) for one in review.idle] == [
        ("Paused", DeviceState.ONLINE, True, 2),
        ("Gone", DeviceState.LOGGED_OUT, False, 0),
    ]
    assert review.stopped


async def test_what_expires_is_counted(world: World) -> None:
    campaign = await draft(world, [await device(world)], late_policy=LatePolicy.EXPIRE, late_window_minutes=30)
    await world.contacts(100)
    review = await reviewed(world, campaign)
    assert (review.expires, review.later, review.last_at) == (69, 0, review.starts_at + 30 * MINUTE)


async def test_what_it_still_needs_is_told_and_nothing_is_foreseen(world: World) -> None:
    await world.contacts(3)
    review = await reviewed(world, await draft(world, body="", audience_set=False))
    assert review.missing == (Missing.MESSAGE, Missing.AUDIENCE, Missing.DEVICES)
    assert (review.gets, review.samples, review.first_at, review.devices, review.faster) == (0, (), None, (), ())
    assert (await reviewed(world, await draft(world))).left_out == {LeftOut.NO_DEVICE: 3}


async def test_what_has_begun_is_not_reviewed_any_more(world: World) -> None:
    campaign = await draft(world, [await device(world)])
    await world.contacts(1)
    await launched(world, campaign)
    trigger = CampaignTrigger(world.database, world.clock)
    await tick(world, trigger)
    with pytest.raises(ConflictError, match="has begun"):
        await reviewed(world, campaign)


async def test_what_would_make_it_faster_is_told_with_by_how_much(world: World) -> None:
    await world.run(NIGHT)
    sales = await device(world, "Sales-1", 60, daily_cap=120)
    await world.contacts(600)
    campaign = await draft(
        world, [sales], window_start=time(9), window_end=time(11), min_delay_seconds=70, max_delay_seconds=70
    )
    review = await reviewed(world, campaign, at=at(6, 9))
    assert review.last_at is not None
    told = {one.by: one for one in review.faster}
    assert len(review.faster) <= 3
    assert told[Speedup.ONE_MORE_DEVICE].devices == ("Sales-1",)
    assert all(one.last_at == review.last_at - one.gains for one in review.faster)
    assert list(review.faster) == sorted(review.faster, key=lambda one: one.gains, reverse=True)
    await device(world, "Sales-2", 60)
    review = await reviewed(world, campaign, at=at(6, 9))
    assert review.faster[0].by is Speedup.ADD_DEVICE
    assert review.faster[0].devices == ("Sales-2",)


async def test_a_higher_cap_is_proposed_where_a_cap_holds_it(world: World) -> None:
    await world.run(NIGHT)
    sales = await device(world, "Sales-1", 60, daily_cap=120)
    await world.contacts(600, device_id=sales)
    review = await reviewed(world, await draft(world, device_choice=DeviceChoice.KNOWN), at=at(6, 9))
    (told,) = review.faster
    assert (told.by, told.devices, told.was, told.to) == (Speedup.DAILY_CAP, ("Sales-1",), 120, 200)
    assert (review.last_at, told.last_at) == (at(10, 10, 59), at(8, 12, 19))
    assert told.gains == at(10, 10, 59) - at(8, 12, 19)


async def test_a_short_campaign_needs_no_advice(world: World) -> None:
    await world.contacts(5)
    assert (await reviewed(world, await draft(world, [await device(world)]))).faster == ()


@pytest.mark.parametrize(
    ("zone", "phone", "first"),
    [
        ("Europe/London", "+60121111111", (5, 17)),
        (None, "+919812345678", (5, 11, 30)),
        (None, "+60121111111", (5, 10, 1)),
    ],
)
async def test_nights_are_those_of_their_own_zone(
    world: World, zone: str | None, phone: str, first: tuple[int, ...]
) -> None:
    await world.run(NIGHT)
    await world.contacts(time_zone=zone, phone=phone)
    assert (await reviewed(world, await draft(world, [await device(world)]))).first_at == at(*first)


async def test_a_campaign_over_days_ends_when_it_was_told(world: World) -> None:
    """Caps, a warm-up, quiet hours and a window; the claims then do it, with random delays."""
    await world.run(NIGHT)
    await world.run("UPDATE workspaces SET frequency_cap = NULL")
    pool = [
        await world.device("Old", min_delay_seconds=120, max_delay_seconds=360, daily_cap=60),
        await world.device(
            "Young", min_delay_seconds=60, max_delay_seconds=180, daily_cap=50, hourly_cap=8, ramp_start_cap=10,
            ramp_days=4, ramp_started_on=MONDAY.date(),
        ),
    ]  # fmt: skip
    await world.contacts(230)
    campaign = await draft(world, pool, window_start=time(9, 30), window_end=time(14))
    await assert_told(world, campaign, pool, more=0)


async def test_a_campaign_beside_a_sequence_ends_when_it_was_told(world: World) -> None:
    """The sequence goes first, every day; some of its people are in the campaign as well."""
    await world.run(NIGHT)
    await world.run("UPDATE workspaces SET frequency_cap = NULL")
    sales = await world.device("Sales", min_delay_seconds=60, max_delay_seconds=180, daily_cap=90)
    people = await world.contacts(170)
    steps = [(1, 11, "Hi"), (2, 10, "Prices"), (3, 10, "Shall we call?")]
    sequence = await world.sequence([sales], *steps)
    await world.enrolments.join_contacts(world.actor, sequence, people[:40])
    await assert_told(world, await draft(world, [sales]), [sales], more=40 * 3)


async def assert_told(world: World, campaign: int, pool: list[int], *, more: int) -> None:
    """Launch it, let everything go out, and hold the end against what was told, within 5 % of the duration."""
    engine = await world.engine()
    review = await reviewed(world, campaign)
    assert review.last_at is not None
    await launched(world, campaign)
    trigger = CampaignTrigger(world.database, world.clock)
    await tick(world, trigger)
    await drive(world, engine, pool, at(20, 0))
    sent = await world.one("SELECT count(*) FROM messages WHERE outcome = 'sent'")
    last: datetime = await world.one("SELECT max(sent_at) FROM messages WHERE campaign_id IS NOT NULL")
    assert sent == review.gets + more
    assert last - review.starts_at > timedelta(days=1), "it has to take some nights"
    assert abs(last - review.last_at) <= 0.05 * (last - review.starts_at)


async def test_twenty_thousand_people_are_reviewed_while_one_waits(world: World, reviews: CampaignReviews) -> None:
    pool = [await device(world, f"Sales-{number}", daily_cap=500) for number in range(10)]
    await world.run("""
        INSERT INTO contacts (workspace_id, phone, name, attributes, consent)
        SELECT w.id, '+6019' || lpad(n::text, 7, '0'), 'Person',
               CASE WHEN n % 100 = 0 THEN '{}'::jsonb ELSE '{"city": "Ipoh"}'::jsonb END, 'opted_in'
          FROM workspaces w, generate_series(1, 20000) n WHERE w.id = :id""", id=world.actor.workspace_id)  # fmt: skip
    await world.run("ANALYZE contacts")
    campaign = await draft(world, pool, body="Hi {{ name }} in {{ attributes.city }}")
    began = machine.monotonic()
    review = await reviews.review(world.actor, campaign)
    took = machine.monotonic() - began
    assert (review.gets, [gap.lacking for gap in review.gaps]) == (20000, [200])
    assert took < 3, f"{took:.2f} s"
