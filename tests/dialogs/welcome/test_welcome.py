from datetime import time

import pytest

from bot.access import CLAIM
from engine.workspaces import Workspaces
from models import Workspace


@pytest.fixture
async def first(stranger_chat, container):
    """Somebody who has just claimed the installation."""
    token = await (await container.get(Workspaces)).new_claim()
    await stranger_chat.say(f"/start {CLAIM}{token}")
    return stranger_chat


@pytest.fixture
async def place(database, container, first):
    """What is saved now: country, time zone, quiet hours."""

    async def read():
        actor = await (await container.get(Workspaces)).actor_for(first.user.id)
        async with database.transaction() as session:
            saved = await session.get_one(Workspace, actor.workspace_id)
        return saved.country, saved.time_zone, saved.quiet_start, saved.quiet_end

    return read


async def test_three_taps_lead_home(first, place):
    assert "1 of 3" in first.text
    assert first.buttons[0] == "🇲🇾 Malaysia"
    await first.press("🇮🇩 Indonesia")
    assert "2 of 3" in first.text
    await first.press("Makassar · now 10:00")
    assert "3 of 3" in first.text
    await first.press("21:00–08:00")

    assert await place() == ("ID", "Asia/Makassar", time(21), time(8))
    assert "⚙️ Settings" in first.buttons


async def test_each_answer_is_saved_at_once(first, place):
    await first.press("🇹🇭 Thailand")
    assert await place() == ("TH", "Asia/Bangkok", None, None)


async def test_a_country_with_one_time_is_one_tap(first):
    await first.press("🇸🇬 Singapore")
    assert first.buttons[:-2] == ["Singapore · now 10:00"]


async def test_a_country_that_keeps_its_zone_does_not_lose_it(first, place):
    await first.press("🇲🇾 Malaysia")
    await first.press("Kuching · now 10:00")
    await first.press("‹ Back")
    await first.press("‹ Back")
    await first.press("🇲🇾 Malaysia")
    assert (await place())[1] == "Asia/Kuching"


async def test_everything_can_be_typed(first, place):
    await first.say("vietnam")
    await first.say("ho chi minh")
    await first.say("21:30-8am")
    assert await place() == ("VN", "Asia/Ho_Chi_Minh", time(21, 30), time(8))
    assert "⚙️ Settings" in first.buttons


async def test_what_is_not_understood_is_asked_again(first, place):
    await first.say("Atlantis")
    assert "no country “Atlantis”" in first.answer
    await first.press("🇸🇬 Singapore")
    await first.say("<b>")
    assert "No time zone is named after “<b>”" in first.answer
    await first.press("Singapore · now 10:00")
    await first.say("late")
    assert "21:30-8am" in first.answer
    assert "3 of 3" in first.text
    await first.press("No quiet hours")
    assert await place() == ("SG", "Asia/Singapore", None, None)


async def test_a_stranger_without_the_link_gets_nothing(stranger_chat, telegram):
    await stranger_chat.say("/start")
    await stranger_chat.drop("customers.csv", b"Phone\n0123456789\n")
    assert telegram.messages == {}
