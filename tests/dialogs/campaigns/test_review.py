"""What is shown before a campaign is launched."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from bot.dialogs.campaign_review import wording
from engine.broadcast.hours import Window
from engine.broadcast.templating import Variable
from engine.broadcast.walk import Limit
from engine.campaigns.audience import LeftOut
from engine.campaigns.catalogue import Missing
from engine.campaigns.faster import Faster, Speedup
from engine.campaigns.review import DeviceShare, Gap, Held, Review
from engine.devices.idle import Idle
from models.enums import CampaignStatus, DeviceState

NOW = datetime(2026, 1, 5, 2, tzinfo=UTC)  # 10:00 in Kuala Lumpur
HOUR = timedelta(hours=1)
PLAIN = Review(
    campaign_id=1, name="Sunday", status=CampaignStatus.DRAFT, revision=1, time_zone="Asia/Kuala_Lumpur", now=NOW,
    missing=(), starts_at=NOW, gets=4999, left_out={}, capped=0, samples=(), gaps=(), first_at=NOW,
    last_at=NOW + 20 * HOUR, expires=0, later=0, curve=(), devices=(), idle=(), stopped=False, faster=(),
)  # fmt: skip


def test_who_gets_it_who_does_not_and_who_only_tomorrow():
    left_out = {LeftOut.OPTED_OUT: 12, LeftOut.NO_CONSENT: 3}
    assert wording.who(replace(PLAIN, left_out=left_out, capped=40)) == [
        "👥 <b>4,999 people get it.</b>",
        "Left out: 12 opted out, 3 without permission.",
        "40 of them had something from you today: those get it tomorrow.",
    ]
    assert wording.who(replace(PLAIN, gets=1)) == ["👥 <b>1 person gets it.</b>"]


def test_the_first_and_the_last_in_words():
    assert wording.times(PLAIN) == ["🕘 The first now, the last tomorrow 06:00, over about 20 hours"]
    short = replace(PLAIN, first_at=NOW + HOUR, last_at=NOW + HOUR)
    assert wording.times(short) == ["🕘 All of them today 11:00"]
    assert wording.times(replace(PLAIN, first_at=None, last_at=None)) == []


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (Held(Limit.DELAYS, delays=(5, 15)), " (5–15 s apart)"),
        (Held(Limit.DELAYS, delays=(0, 0)), ""),
        (Held(Limit.CAMPAIGN_DELAYS, delays=(20, 60)), " (20–60 s apart, as you set)"),
        (Held(Limit.HOURLY_CAP, cap=30), " (at most 30 an hour)"),
        (Held(Limit.DAILY_CAP, cap=1200), " (at most 1,200 a day)"),
        (Held(Limit.WARM_UP, cap=20, full_cap=200), " (warm-up: 20 on the first day, up to 200)"),
        (Held(Limit.HOURS), " (quiet hours and its own hours)"),
        (Held(Limit.ENOUGH), " (its people had something today)"),
        (Held(Limit.OTHERS, others=1), " (1 other message goes first)"),
        (Held(Limit.OTHERS, others=700), " (700 other messages go first)"),
    ],
)
def test_what_limits_a_device(held, told):
    share = DeviceShare(1, "Sales-1", 2500, NOW + 20 * HOUR, held)
    assert wording.devices(replace(PLAIN, devices=(share,))) == [f"📱 Sales-1: 2,500 until tomorrow 06:00{told}"]


def test_of_many_devices_the_slowest_are_told():
    shares = tuple(DeviceShare(n, f"Sales-{n}", 10, None, Held(Limit.DELAYS)) for n in range(1, 8))
    told = wording.devices(replace(PLAIN, devices=shares))
    assert told[0] == "📱 Sales-1: 10"
    assert told[-1] == "📱 3 more devices: 30"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"by": Speedup.ADD_DEVICE, "devices": ("Sales-3",)}, "With Sales-3 as well: done today 20:00, 10 hours earlier"),
        (
            {"by": Speedup.ONE_MORE_DEVICE, "devices": ("Sales-1",)},
            "With one more device like Sales-1: done today 20:00, 10 hours earlier",
        ),
        (
            {"by": Speedup.DAILY_CAP, "devices": ("Sales-1", "Sales-2"), "was": 400, "to": 600, "more": 3},
            "With 600 a day instead of 400 on Sales-1, Sales-2: done today 20:00, 10 hours earlier and 3 more people get it",
        ),
        (
            {"by": Speedup.HOURLY_CAP, "devices": ("Sales-1",), "was": 30, "to": 50, "gains": timedelta(), "more": 1},
            "With 50 an hour instead of 30 on Sales-1: done today 20:00, 1 more person gets it",
        ),
        (
            {"by": Speedup.WINDOW, "window": Window(time(8), time(22))},
            "From 08:00 to 22:00 instead of its own hours: done today 20:00, 10 hours earlier",
        ),
        ({"by": Speedup.OWN_DELAYS}, "At the devices' own pace: done today 20:00, 10 hours earlier"),
    ],
)  # fmt: skip
def test_what_would_make_it_faster(change, told):
    one = Faster(**{"last_at": NOW + 10 * HOUR, "gains": 10 * HOUR, **change})
    assert wording.faster(replace(PLAIN, faster=(one,))) == [told]


def test_what_to_look_at_before():
    troubled = replace(
        PLAIN,
        missing=(Missing.DEVICES,),
        stopped=True,
        expires=7,
        later=1,
        gaps=(Gap((Variable("name"),), 12), Gap((Variable("attributes", "city"),), 1, blank=True)),
        idle=(Idle("Sales-2", DeviceState.LOGGED_OUT, paused=False, people=120),),
    )
    assert wording.problems(troubled) == [
        "Still needed: the devices.",
        "Everything is stopped: nothing goes out until you resume at Home.",
        "7 people will not get it in time, and then not at all (Pace and hours).",
        "1 person will not get it within a year: no device has room for them.",
        "12 of 4,999 people have no {{ name }}, so it fails for them. Add a default: {{ name | default('there') }}",
        "1 of 4,999 people has no {{ attributes.city }}, so nothing would be left of the text. Add a default: {{ attributes.city | default('your city') }}",
        "Sales-2 cannot send now (logged out); 120 people wait for it.",
    ]
    assert wording.problems(PLAIN) == []


@pytest.fixture
def review(chat, drafted):
    """Opens the review of a draft that goes out now; the owner's chat there."""

    async def open_review(body: str = "Hi {{ name }}", **audience):
        await drafted(body=body, **audience)
        await chat.press("📣 Campaigns")
        await chat.press("Drafts (1)")
        await chat.press("📝 Sunday")
        await chat.press("🚀 Review & launch")
        await chat.press("Now")
        return chat

    return open_review


async def test_everything_is_on_one_screen(review, world):
    await world.contacts(2, consent=None)
    await world.contacts(1, name="")
    chat = await review("Hi {{ name }}, *come*")
    assert "Sunday · review\n\n👥 8 people get it.\nLeft out: 2 without permission." in chat.text
    assert "🕘 All of them now" in chat.text
    assert "📱 Sales-1:" in chat.text
    assert "1 of 8 people has no {{ name }}, so it fails for them." in chat.text
    assert "To Person 1:\nHi Person 1, come" in chat.text
    assert chat.text.count("To Person") == 3


async def test_the_first_ten_can_go_first(review, world, card, trigger):
    await world.contacts(10)
    chat = await review()
    await chat.press("🔟 First 10, then ask me")
    assert "🔟 It stops after the first 10 and asks" in chat.text
    assert (await card()).first_ones == 10


async def test_few_people_are_not_divided(review):
    assert "🔟 First 10, then ask me" not in (await review()).buttons


async def test_where_nobody_would_get_it_there_is_no_launch(review, world, people):
    await world.run("UPDATE contacts SET consent = NULL")
    chat = await review()
    assert "0 people get it." in chat.text
    assert "🚀 Launch · now" not in chat.buttons


async def test_another_time_is_one_step_back(review):
    chat = await review()
    await chat.press("‹ Back")
    await chat.press("Tomorrow 09:00")
    assert "🕘 All of them tomorrow 09:00" in chat.text
    await chat.press("🚀 Launch · tomorrow 09:00")
    assert "Starts tomorrow 09:00. Nothing goes out before." in chat.text


async def test_a_time_that_has_passed_meanwhile_is_told(review, clock, card):
    chat = await review()
    await chat.press("‹ Back")
    await chat.say("10:05")
    clock.advance(timedelta(minutes=10))
    await chat.press("🚀 Launch · today 10:05")
    assert chat.toast.text == "That time is in the past. Choose one that is to come."
    assert (await card()).status is CampaignStatus.DRAFT


async def test_what_somebody_else_has_launched_meanwhile_is_told(review, world):
    chat = await review()
    await world.run("UPDATE campaigns SET status = 'running', scheduled_at = now() - interval '1 hour'")
    await chat.press("⟳ Look again")
    assert chat.toast.text == "This campaign has begun; its card shows how far it is."


async def test_a_template_that_some_lack_shows_the_trouble_in_their_sample(review, world, people):
    await world.run("UPDATE contacts SET name = ''")
    chat = await review()
    assert "⚠️ {{ name }} has no value for this contact" in chat.text


async def test_the_chart_comes_above_the_menu(review, telegram):
    chat = await review()
    await chat.press("📈 Chart")
    assert telegram.sent_files["campaign.png"].startswith(b"\x89PNG")
    *_, photo, menu = telegram.messages.values()
    assert photo.photo
    assert menu.reply_markup is not None


async def test_a_test_goes_to_my_own_phone_and_to_nobody_else(review, world, card, send):
    chat = await review("Hi {{ name }}, *come*")
    await chat.press("🧪 Test to me")
    assert "Which WhatsApp number is your own?" in chat.text
    await chat.say("+60123456789")
    assert "🧪 1 message to +60123456789" in chat.text
    assert [text.startswith("Hi ") and text.endswith(", *come*") for text in await send()] == [True]
    await chat.press("⟳ Refresh")
    assert "✓ Sent." in chat.text
    await chat.press("‹ Back")
    assert "🚀 Launch · now" in chat.buttons
    assert (await card()).progress.planned == 0


async def test_a_test_that_cannot_be_sent_now_says_why(review, world):
    chat = await review()
    await world.run("UPDATE user_devices SET paused_at = now()")
    await chat.press("🧪 Test to me")
    await chat.say("+60123456789")
    assert "Nothing was sent" in chat.text
    assert "paused" in chat.text
