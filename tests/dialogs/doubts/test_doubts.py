import pytest
from sqlalchemy import text

from engine.broadcast.doubts import Doubts
from models.enums import Role
from tests.integration.engine.world import World, at


@pytest.fixture
async def world(database, clock, owner) -> World:
    return World(database, clock, owner)


@pytest.fixture
async def unsure(world):
    """Two messages of the device “Sales” may have arrived."""
    _, device = await world.running((1, 11, "*Hi* {{ name }} <3"), people=2)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    messages = [(await engine.unclear(device)).message.ref for _ in range(2)]
    return engine, device, messages


@pytest.fixture
async def menu(chat, unsure):
    """The owner's chat at the list of the team."""
    await chat.press("⟳ Refresh")
    assert "❔ 2 not sure" in chat.text
    await chat.press("❔ Not sure (2)")
    return chat


FIRST = "Person 1 · today 11:00 · *Hi* Person 1 <3"
SECOND = "Person 2 · today 11:00 · *Hi* Person 2 <3"


async def test_home_is_silent_while_nothing_is_unsure(chat):
    assert "not sure" not in chat.text
    assert not [label for label in chat.buttons if "Not sure" in label]


async def test_the_list_and_the_card_say_what_it_is_about(menu):
    assert "2 messages: the line broke" in menu.text
    assert menu.buttons[:2] == [FIRST, SECOND]
    await menu.press(FIRST)
    assert menu.text.startswith("Person 1 · +60120000001\n\ntoday 11:00 from Sales\n")
    assert "\nHi Person 1 <3\n" in menu.text
    assert "Why: the line broke" in menu.text
    await menu.press("‹ Back")
    assert "2 messages" in menu.text


@pytest.mark.parametrize(
    ("label", "status", "toast"),
    [
        ("✅ It arrived", "sent", "Counted as sent."),
        ("↻ Send again", "pending", "It goes out once more."),
        ("Leave", "unknown", "Left as it is."),
    ],
)
async def test_five_quick_presses_decide_once(menu, world, label, status, toast):
    await menu.press(FIRST)
    await menu.press_times(label, 5)
    assert await world.statuses() == [status, "unknown"]
    assert menu.telegram.toasts[0].text == toast
    assert "1 message:" in menu.text
    assert menu.buttons[0] == SECOND
    decided = "SELECT count(*) FROM audit_log WHERE action LIKE 'message.%'"
    assert await world.one(decided) == 1


async def test_when_all_is_decided_the_screen_says_so(menu):
    for label in (FIRST, SECOND):
        await menu.press(label)
        await menu.press("✅ It arrived")
    assert "None. When a line breaks" in menu.text
    await menu.press("⌂ Home")
    assert "not sure" not in menu.text


async def test_what_a_receipt_has_settled_meanwhile_is_said_to_be_settled(menu, world, unsure):
    engine, device, _ = unsure
    await menu.press(FIRST)
    await engine.receipt(device, "id-1", "+60120000001")
    await menu.press("↻ Send again")
    assert menu.toast.text == "This one is settled already."
    assert menu.buttons[0] == SECOND
    await engine.receipt(device, "id-2", "+60120000002")
    await menu.press(SECOND)
    assert menu.toast.text == "This message is not unsure any more."
    await menu.press("⟳ Refresh")
    assert await world.statuses() == ["sent", "sent"]


async def test_from_a_device_only_its_own_are_shown(chat, world, unsure):
    await world.device("Other")
    await chat.press("📱 Devices")
    await chat.press("🟢 Other · online")
    await chat.press("❔ Not sure")
    assert "None. When a line breaks" in chat.text
    await chat.press("‹ Back")
    await chat.press("‹ Back")
    await chat.press("🟢 Sales · online")
    await chat.press("❔ Not sure")
    assert "Not sure it arrived · Sales" in chat.text
    assert chat.buttons[:2] == [FIRST, SECOND]
    await chat.press("‹ Back")
    assert chat.text.startswith("Sales")


async def test_a_viewer_sees_and_decides_nothing(unsure, newcomer, world, database, owner):
    viewer = await newcomer(Role.VIEWER)
    await viewer.press("❔ Not sure (2)")
    await viewer.press(FIRST)
    for label in ("✅ It arrived", "↻ Send again", "Leave"):
        await viewer.press(label)
        assert "you are a viewer" in viewer.toast.text
    assert await world.statuses() == ["unknown", "unknown"]
    assert len(await Doubts(database, world.clock).list(owner)) == 2


async def test_a_long_message_fits_on_its_card(menu, database):
    async with database.transaction() as session:
        await session.execute(text("UPDATE messages SET body = repeat('🙂 & ', 1000), error = repeat('<x>', 900)"))
    await menu.press("⟳ Refresh")
    await menu.press(menu.buttons[0])
    assert "↻ Send again" in menu.buttons
