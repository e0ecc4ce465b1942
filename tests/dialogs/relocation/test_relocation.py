import pytest

from models.enums import DeviceState, Role
from tests.integration.engine.world import World

LOST = "UPDATE user_devices SET state = 'logged_out' WHERE name = 'Sales'"
WHERE = "SELECT d.name, count(*) FROM sequence_contacts e JOIN user_devices d ON d.id = e.device_id GROUP BY 1"


@pytest.fixture
async def world(database, clock, owner) -> World:
    return World(database, clock, owner)


@pytest.fixture
async def card(chat, world):
    """The owner's chat at the card of “Sales”, which is logged out; three people wait for it."""
    await world.running(people=3)
    await world.run(LOST)
    await world.relocation.run_once()
    await chat.press("📱 Devices")
    await chat.press("🔴 Sales · logged out: pair again")
    return chat


async def test_people_are_moved_after_a_question_with_numbers(card, world):
    await world.device("Other")
    await card.press("Move people")
    assert "3 people wait for it. Where shall they go?" in card.text
    await card.press("→ Other")
    assert card.text.startswith("Move 3 people from Sales to Other?")
    await card.press("Choose another")
    await card.press("→ Other")
    await card.press_times("Move them", 3)
    assert card.telegram.toasts[0].text == "3 moved."
    assert card.text.startswith("Sales")
    assert await world.rows(WHERE) == [("Other", 3)]
    await card.press("Move people")
    assert "Nobody waits for this device." in card.text
    assert [label for label in card.buttons if label.startswith("→")] == []


async def test_they_may_be_left_waiting(card, world):
    await card.press("Move people")
    assert "no other device can send now" in card.text
    await card.press("Hold: let them wait")
    assert card.toast.text == "They wait for this device."
    assert [alert[:2] for alert in await world.alerts()] == [("people_waiting", "acknowledged")]
    await card.press("Move people")
    assert "Hold: let them wait" not in card.buttons
    assert await world.rows(WHERE) == [("Sales", 3)]


async def test_a_device_that_went_down_meanwhile_takes_nobody(card, world):
    other = await world.device("Other")
    await card.press("Move people")
    await card.press("→ Other")
    await world.run("UPDATE user_devices SET state = :state WHERE id = :id", state=DeviceState.PARKED, id=other)
    await card.press("Move them")
    assert "Other cannot send now" in card.toast.text
    assert await world.rows(WHERE) == [("Sales", 3)]


async def test_removing_a_device_that_people_wait_for_points_here(card, world):
    await world.device("Other")
    await card.press("🗑 Remove")
    await card.press("🗑 Remove")
    assert "Move people" in card.toast.text
    await card.press("Keep it")
    await card.press("Move people")
    await card.press("→ Other")
    await card.press("Move them")
    await card.press("🗑 Remove")
    await card.press("🗑 Remove")
    assert [device.name for device in await world.devices.list(world.actor)] == ["Other"]


async def test_a_viewer_moves_nobody(card, newcomer, world):
    await world.device("Other")
    viewer = await newcomer(Role.VIEWER)
    await viewer.press("📱 Devices")
    await viewer.press("🔴 Sales · logged out: pair again")
    await viewer.press("Move people")
    await viewer.press("Hold: let them wait")
    assert "you are a viewer" in viewer.toast.text
    await viewer.press("→ Other")
    await viewer.press("Move them")
    assert "you are a viewer" in viewer.toast.text
    assert await world.rows(WHERE) == [("Sales", 3)]
