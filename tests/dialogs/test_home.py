"""Home and its list of alerts."""

import pytest
from sqlalchemy import update

from engine.alerts import raise_signals
from engine.devices.registry import Devices
from engine.signals import DeviceDown, SendsFailed
from models import UserDevice
from models.enums import DeviceState


@pytest.fixture
async def device(container, owner) -> int:
    return await (await container.get(Devices)).add_simulated(owner, "Sales-1")


@pytest.fixture
def becomes(database, device):
    """Sets the state of Sales-1, with what its transport said."""

    async def become(state: DeviceState, reason: str | None = None) -> None:
        async with database.transaction() as session:
            await session.execute(
                update(UserDevice).where(UserDevice.id == device).values(state=state, last_error=reason)
            )

    return become


async def test_a_device_that_was_just_added_is_connecting(chat, device, becomes, container, owner):
    await chat.press("⟳ Refresh")
    assert "⏳ 1 device connecting: refresh in a moment" in chat.text
    await becomes(DeviceState.ONLINE)
    await chat.press("⟳ Refresh")
    assert "✅ 1 device online" in chat.text
    await (await container.get(Devices)).add_simulated(owner, "Sales-2")
    await chat.press("⟳ Refresh")
    assert "⏳ 1 device connecting, 1 online: refresh in a moment" in chat.text


@pytest.mark.parametrize(
    ("state", "reason"), [(DeviceState.CONNECTING, "no network"), (DeviceState.TEMP_BANNED, "banned")]
)
async def test_a_device_in_trouble_is_not_just_connecting(chat, device, becomes, state, reason):
    await becomes(state, reason)
    await chat.press("⟳ Refresh")
    assert "⚠️ 0 of 1 device can send" in chat.text


async def test_alerts_look_as_in_the_group_and_are_seen_by_their_numbers(chat, database, device, owner, clock):
    down = DeviceDown(owner.workspace_id, device, "Sales-1", DeviceState.TEMP_BANNED, "banned <now>")
    failed = SendsFailed(owner.workspace_id, device, "Sales-1", "463", "refused", 3)
    async with database.transaction() as session:
        await raise_signals(session, [failed], clock.now())
        await raise_signals(session, [down], clock.now())
    await chat.press("⟳ Refresh")
    await chat.press("🔔 Alerts (2)")
    assert (
        "🔴 Device down\nSales-1 is not sending: banned <now>. It comes back only when you say so: " in chat.text
    )
    assert "🟡 Not sent ×3\nNot sent from Sales-1: refused.\nsince today 10:00" in chat.text
    assert {"✓ Seen 1", "✓ Seen 2"} <= set(chat.buttons)
    number = "1" if chat.text.index("Device down") < chat.text.index("Not sent") else "2"
    await chat.press(f"✓ Seen {number}")
    assert f"{number}. 🟠 Device down" in chat.text
    assert f"✓ Seen {number}" not in chat.buttons
