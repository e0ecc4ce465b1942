"""Why? and Delays & caps, clicked."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text, update

from engine.devices.limits import DeviceLimits
from engine.devices.registry import Devices
from engine.workspaces import Workspaces
from models import UserDevice
from models.enums import DeviceState, Role
from tests.dialogs.devices.test_devices import queue_message, set_device


@pytest.fixture
async def devices(container) -> Devices:
    return await container.get(Devices)


@pytest.fixture
async def limits(container) -> DeviceLimits:
    return await container.get(DeviceLimits)


@pytest.fixture
async def card(chat, devices, owner, database):
    """The owner's chat at the card of “Sales-1”, which is online and which a living engine works."""
    await devices.add_simulated(owner, "Sales-1")
    async with database.transaction() as session:
        engine = await session.scalar(text("INSERT INTO engines (host, pid) VALUES ('here', 1) RETURNING id"))
        await session.execute(update(UserDevice).values(owner=engine, state=DeviceState.ONLINE))
    await chat.press("📱 Devices")
    await chat.press("🟢 Sales-1 · online")
    return chat


async def only(devices, owner):
    [device] = await devices.list(owner)
    return await devices.card(owner, device.id)


async def test_a_paused_device_says_who_and_is_resumed_there(card):
    await card.press("⏸ Pause")
    await card.press("Why?")
    assert card.text.startswith("Sales-1 · why is it not sending?\n\nPaused by Owner of Acme, since today 10:00.")
    assert card.buttons == ["▶️ Resume", "⟳ Refresh", "‹ Back", "⌂ Home"]
    await card.press("▶️ Resume")
    assert "Nobody waits for this device." in card.text
    assert "· resumed by Owner of Acme\n" in card.text
    assert "▶️ Resume" not in card.buttons
    await card.press("‹ Back")
    assert "⏸ Pause" in card.buttons


async def test_the_newest_point_comes_first_and_there_are_ten(card, devices, limits, owner):
    device = await only(devices, owner)
    for shortest in range(12):
        await limits.set_delays(owner, device.id, shortest, 60)
    await card.press("Why?")
    points = [line for line in card.text.splitlines() if " · set: delays" in line]
    assert len(points) == 10
    assert points[0].startswith("today ")
    assert points[0].endswith(" · set: delays 11 to 60 s by Owner of Acme")


async def test_a_banned_device_says_until_when_and_is_restarted_there(card, devices):
    until = datetime.now(UTC) + timedelta(hours=30)
    await set_device(devices, state=DeviceState.TEMP_BANNED, last_error="<too> many", state_until=until)
    await card.press("Why?")
    assert "Banned for now, until " in card.text
    assert "<Too> many." not in card.text
    assert "<too> many." in card.text
    assert "Restart" in card.buttons
    await card.press("Restart")
    assert "No engine has taken it up" in card.text
    assert "· restart asked for by Owner of Acme" in card.text


async def test_everything_stopped_comes_before_all_else(card, container, owner):
    workspaces = await container.get(Workspaces)
    await card.press("⏸ Pause")
    await workspaces.stop_everything(owner)
    await card.press("Why?")
    assert "Everything was stopped by Owner of Acme, since today 10:00." in card.text


async def test_a_cap_that_is_reached_leads_to_the_caps(card, devices, limits, owner, clock):
    device = await only(devices, owner)
    await limits.set_daily_cap(owner, device.id, 120)
    today = clock.now().date()
    await set_device(devices, day=today, day_count=120)
    await card.press("Why?")
    assert "Daily cap reached: 120 of 120, again tomorrow 00:00." in card.text
    await card.press("⏱ Delays & caps")
    await card.press("A day")
    await card.press("200")
    assert "a day: 200" in card.text
    await card.press("‹ Back")
    assert "Today: 120 of 200 · 120 sent" in card.text


async def test_the_next_message_and_the_delay(card, devices, owner, clock):
    await queue_message(devices, owner, clock.now() + timedelta(hours=23))
    await card.press("Why?")
    assert "Nothing is due. Next message tomorrow 09:00." in card.text
    clock.advance(timedelta(hours=23))
    await set_device(devices, next_send_at=clock.now() + timedelta(seconds=12))
    await card.press("⟳ Refresh")
    assert "next in 12 s." in card.text
    assert "⏱ Delays & caps" in card.buttons


async def test_hourly_cap_is_tapped_and_taken_away(card, devices, owner):
    await card.press("⏱ Delays & caps")
    await card.press("An hour")
    await card.press("30")
    assert (await only(devices, owner)).pace.hourly_cap == 30
    assert "An hour: 30 · a day: No cap" in card.text
    await card.press("‹ Back")
    assert "At most 30 an hour" in card.text
    await card.press("⏱ Delays & caps")
    await card.press("An hour")
    await card.press("No cap")
    assert (await only(devices, owner)).pace.hourly_cap is None


async def test_caps_are_typed_and_what_makes_no_sense_is_asked_for_again(card, devices, owner):
    await card.press("⏱ Delays & caps")
    await card.press("A day")
    for typed, answer in (("many", "such as 120"), ("0", "from 1 to 100,000"), ("100001", "pause the device")):
        await card.say(typed)
        assert answer in card.answer
    assert (await only(devices, owner)).pace.daily_cap is None
    await card.say("1,200 a day")
    assert (await only(devices, owner)).pace.daily_cap == 1200


class TestWarmUp:
    @pytest.fixture
    async def pace(self, card):
        await card.press("⏱ Delays & caps")
        return card

    async def test_it_needs_a_daily_cap(self, pace):
        await pace.press("Warm-up")
        await pace.press("20 over 14")
        assert "Set the daily cap first" in pace.toast.text

    async def test_it_rises_from_today_to_the_daily_cap(self, pace, devices, limits, owner, clock):
        device = await only(devices, owner)
        await limits.set_daily_cap(owner, device.id, 120)
        await pace.press("Warm-up")
        for typed, answer in (
            ("slowly", "such as 20 over 14"),
            ("0 over 10", "from 1 to 100,000"),
            ("20 over 900", "from 1 to 365 days"),
            ("500 over 10", "500 is above it"),
        ):
            await pace.say(typed)
            assert answer in pace.answer
        await pace.say("20 over 10")
        assert "Warm-up: from 20 to 120 a day, day 1 of 10: 20 today" in pace.text
        clock.advance(timedelta(days=5))
        await pace.press("‹ Back")
        assert "Warm-up: from 20 to 120 a day, day 6 of 10: 70 today" in pace.text
        assert "Today: 0 of 70 · 0 sent" in pace.text

    async def test_to_change_it_does_not_begin_it_again(self, pace, devices, limits, owner, clock):
        device = await only(devices, owner)
        await limits.set_daily_cap(owner, device.id, 120)
        await limits.set_ramp(owner, device.id, 20, 10)
        clock.advance(timedelta(days=5))
        await limits.set_ramp(owner, device.id, 20, 20)
        assert (await only(devices, owner)).cap_today == 45
        await limits.end_ramp(owner, device.id)
        assert (await only(devices, owner)).cap_today == 120
        await limits.set_ramp(owner, device.id, 20, 20)
        assert (await only(devices, owner)).cap_today == 20

    async def test_the_daily_cap_stays_above_its_beginning(self, pace, devices, limits, owner):
        device = await only(devices, owner)
        await limits.set_daily_cap(owner, device.id, 120)
        await limits.set_ramp(owner, device.id, 20, 10)
        await pace.press("A day")
        await pace.say("10")
        assert "begins with 20 a day, which is more than 10" in pace.answer
        await pace.say("off")
        assert "Turn the warm-up off first" in pace.answer
        await pace.press("‹ Back")
        await pace.press("Warm-up")
        await pace.press("Off")
        assert "Warm-up: off" in pace.text


async def test_a_viewer_sees_why_and_mends_nothing(card, newcomer, devices, owner):
    await card.press("⏸ Pause")
    viewer = await newcomer(Role.VIEWER)
    await viewer.press("📱 Devices")
    await viewer.press("⏸ Sales-1 · paused")
    await viewer.press("Why?")
    assert "Paused by Owner of Acme" in viewer.text
    await viewer.press("▶️ Resume")
    assert "you are a viewer" in viewer.toast.text
    await viewer.press("‹ Back")
    await viewer.press("⏱ Delays & caps")
    for window, value in (("An hour", "30"), ("A day", "200"), ("Warm-up", "Off")):
        await viewer.press(window)
        await viewer.press(value)
        assert "you are a viewer" in viewer.toast.text
        await viewer.press("‹ Back")
    assert (await only(devices, owner)).pace.hourly_cap is None
