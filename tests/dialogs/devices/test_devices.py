from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from engine.devices.registry import Devices
from engine.settings import Settings
from models import Contact, Message, UserDevice
from models.enums import DeviceState, Lane, Role
from tests.dialogs.harness import TOKEN


@pytest.fixture
async def devices(container) -> Devices:
    return await container.get(Devices)


@pytest.fixture
async def card(chat, devices, owner):
    """The owner's chat at the card of the device “Sales-1”, which is online."""
    await devices.add_simulated(owner, "Sales-1")
    await set_device(devices, state=DeviceState.ONLINE)
    await chat.press("📱 Devices")
    await chat.press("🟢 Sales-1 · online")
    return chat


async def set_device(devices: Devices, **values) -> None:
    async with devices._database.transaction() as session:
        await session.execute(update(UserDevice).values(values))


async def delays(devices: Devices, owner) -> tuple[float, float]:
    [device] = await devices.list(owner)
    card = await devices.card(owner, device.id)
    return card.min_delay, card.max_delay


async def test_without_devices_the_screen_says_what_to_do(chat):
    await chat.press("📱 Devices")
    assert "No device yet" in chat.text
    assert chat.buttons == ["+ Add a simulated device", "⟳ Refresh", "‹ Back", "⌂ Home"]


async def test_a_device_is_added_with_the_suggested_name(chat):
    await chat.press("📱 Devices")
    await chat.press("+ Add a simulated device")
    await chat.press("“Sales-1”")
    assert chat.text.startswith("Sales-1 · simulated")
    assert "🟡 connecting…" in chat.text
    assert "Delay between messages: 10–30 s" in chat.text
    await chat.press("‹ Back")
    assert chat.buttons[0] == "🟡 Sales-1 · connecting…"
    await chat.press("+ Add a simulated device")
    assert "“Sales-2”" in chat.buttons


async def test_five_quick_presses_add_one_device(chat, devices, owner):
    await chat.press("📱 Devices")
    await chat.press("+ Add a simulated device")
    await chat.press_times("“Sales-1”", 5)
    assert [device.name for device in await devices.list(owner)] == ["Sales-1"]


async def test_a_device_is_called_as_typed_and_html_is_text(chat):
    await chat.press("📱 Devices")
    await chat.press("+ Add a simulated device")
    await chat.say("<b>Bold</b> & {{ co }}")
    assert chat.text.startswith("<b>Bold</b> & {{ co }} · simulated")


async def test_a_name_that_is_taken_or_endless_is_asked_for_again(chat, devices, owner):
    await devices.add_simulated(owner, "Sales-1")
    await chat.press("📱 Devices")
    await chat.press("+ Add a simulated device")
    await chat.say("sales-1")
    assert "already a device called" in chat.answer
    await chat.say("x" * 4000)
    assert "4,000 characters" in chat.answer
    await chat.say("Sales-9")
    assert chat.text.startswith("Sales-9")


async def test_from_another_menu_adding_leads_back_there(chat):
    await chat.press("✉️ Sequences")
    await chat.press("+ New")
    await chat.say("Welcome week")
    await chat.press("+ Add a device")
    await chat.press("“Sales-1”")
    assert "✓ Sales-1" in chat.buttons  # the only one
    assert "Welcome week" in chat.text


async def test_the_card_tells_the_state_and_its_reason(card, devices, clock):
    await set_device(devices, state=DeviceState.TEMP_BANNED, last_error="<too> many messages")
    await card.press("⟳ Refresh")
    assert "🔴 banned for now" in card.text
    assert "Why: <too> many messages" in card.text
    assert "Next send: nothing planned" in card.text


async def test_the_card_of_a_real_device_tells_how_much_memory_it_takes(card, devices, owner):
    assert "Host:" not in card.text
    [device] = await devices.list(owner)
    others = list(range(1000, 1033))
    host = """
    WITH engine AS (INSERT INTO engines (host, pid) VALUES ('here', 1) RETURNING id)
    INSERT INTO device_hosts (engine_id, number, pid, devices, memory_bytes, crashes, started_at)
    SELECT id, 1, 2, CAST(:devices AS bigint[]), 71400000, 0, now() FROM engine
    """
    async with devices._database.transaction() as session:
        await session.rows(host, {"devices": [device.id, *others]})
    await card.press("⟳ Refresh")
    assert "Host: 34 devices · 2.1 MB each" in card.text


async def test_pause_and_resume(card, devices, owner):
    await card.press("⏸ Pause")
    assert card.toast.text.startswith("Paused")
    assert "Paused by your team" in card.text
    assert [device.paused for device in await devices.list(owner)] == [True]
    await card.press("▶️ Resume")
    assert "Paused by your team" not in card.text
    assert [device.paused for device in await devices.list(owner)] == [False]


async def test_five_quick_presses_on_pause_are_one_pause(card, devices, owner):
    await card.press_times("⏸ Pause", 5)
    assert [device.paused for device in await devices.list(owner)] == [True]
    await card.press_times("▶️ Resume", 5)
    assert [device.paused for device in await devices.list(owner)] == [False]
    assert "▶️ Resume" not in card.buttons


async def test_delays_are_typed(card, devices, owner):
    await card.press("⏱ Delays & caps")
    await card.say("5 15")
    assert await delays(devices, owner) == (5, 15)
    assert "Delay between messages: 5–15 s" in card.text


async def test_delays_are_tapped(card, devices, owner):
    await card.press("⏱ Delays & caps")
    await card.press("30–90 s")
    assert await delays(devices, owner) == (30, 90)


async def test_delays_typed_wrongly_are_asked_for_again(card, devices, owner):
    await card.press("⏱ Delays & caps")
    for text, answer in (
        ("15-5", "must not be above the longest"),
        ("fast", "such as 5-15"),
        ("5-999999", "at most a day"),
    ):
        await card.say(text)
        assert answer in card.answer
    assert await delays(devices, owner) == (10, 30)
    await card.say("5-15")
    assert await delays(devices, owner) == (5, 15)


async def test_restart_lets_the_device_connect_again(card, devices, owner):
    await set_device(devices, state=DeviceState.PARKED)
    await card.press("⟳ Refresh")
    assert "🔴 stopped, needs you" in card.text
    await card.press("Restart")
    assert "🟡 connecting…" in card.text


async def test_removing_asks_first(card, devices, owner):
    await card.press("🗑 Remove")
    await card.press("Keep it")
    await card.press("🗑 Remove")
    await card.press("🗑 Remove")
    assert "No device yet" in card.text
    assert await devices.list(owner) == []


async def test_a_device_removed_meanwhile_is_said_to_be_gone(card, devices, owner):
    [device] = await devices.list(owner)
    await devices.remove(owner, device.id)
    await card.press("⏸ Pause")
    assert card.toast.text == "This device does not exist any more."
    await card.press("‹ Back")
    assert "No device yet" in card.text


async def test_a_viewer_sees_everything_and_changes_nothing(card, newcomer, devices, owner):
    viewer = await newcomer(Role.VIEWER)
    await viewer.press("📱 Devices")
    await viewer.press("🟢 Sales-1 · online")
    for label in ("⏸ Pause", "Restart"):
        await viewer.press(label)
        assert "you are a viewer" in viewer.toast.text
        assert viewer.toast.alert
    await viewer.press("⏱ Delays & caps")
    await viewer.press("5–15 s")
    assert "you are a viewer" in viewer.toast.text
    await viewer.press("‹ Back")
    await viewer.press("🗑 Remove")
    await viewer.press("🗑 Remove")
    assert "you are a viewer" in viewer.toast.text
    [device] = await devices.list(owner)
    assert (device.state, device.paused) == (DeviceState.ONLINE, False)
    assert await delays(devices, owner) == (10, 30)


async def test_the_next_send_is_told_in_local_time(card, devices, owner, clock):
    await queue_message(devices, owner, clock.now())
    for state, later, told in (
        (DeviceState.ONLINE, timedelta(hours=3), "today 13:00"),
        (DeviceState.ONLINE, timedelta(hours=23), "tomorrow 09:00"),
        (DeviceState.PHONE_OFFLINE, timedelta(hours=3), "when it can send again"),
        (DeviceState.ONLINE, timedelta(0), "now"),
    ):
        await set_device(devices, state=state, next_send_at=clock.now() + later)
        await card.press("⟳ Refresh")
        assert f"Queue: 1 message\nNext send: {told}\n" in card.text


async def test_what_is_due_later_is_not_sent_now(card, devices, owner, clock):
    await queue_message(devices, owner, clock.now() + timedelta(hours=3))
    await set_device(devices, state=DeviceState.ONLINE, next_send_at=clock.now())
    await card.press("⟳ Refresh")
    assert "Next send: today 13:00\n" in card.text


async def queue_message(devices, owner, due_at) -> None:
    async with devices._database.transaction() as session:
        contact = Contact(workspace_id=owner.workspace_id, phone="+60100000001")
        session.add(contact)
        await session.flush()
        session.add(
            Message(
                workspace_id=owner.workspace_id,
                lane=Lane.TEST,
                contact_id=contact.id,
                device_id=await session.scalar(select(UserDevice.id)),
                due_at=due_at,
            )
        )


class TestWithoutSimulatedPhones:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(_env_file=None, telegram_bot_token=SecretStr(TOKEN))

    async def test_the_screen_is_honest_about_pairing(self, chat):
        await chat.press("📱 Devices")
        await chat.press("+ Add a device")
        assert "SIMULATOR=on" in chat.text
        assert chat.buttons == ["‹ Back", "⌂ Home"]

    async def test_a_name_typed_there_adds_nothing(self, chat, devices, owner):
        await chat.press("📱 Devices")
        await chat.press("+ Add a device")
        await chat.say("Sales-1")
        assert "SIMULATOR=on" in chat.answer
        assert await devices.list(owner) == []
