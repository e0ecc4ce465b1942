"""What is shown before a sequence starts or goes on."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from bot.dialogs.launch import wording
from engine.devices.idle import Idle
from engine.sequences.control import SequenceControl
from engine.sequences.editor import SequenceEditor
from engine.sequences.enrolment import Enrolments, Who
from engine.sequences.forecast import Forecast, Overload
from engine.sequences.launch import Review
from models import Contact, UserDevice
from models.enums import ConsentState, DeviceState, SequenceStatus, TransportKind
from tests.dialogs.harness import messages

NOW = datetime(2026, 1, 5, 2, tzinfo=UTC)  # 10:00 in Kuala Lumpur
NOTHING = Forecast(
    go_out=0, from_at=None, until_at=None, moved={}, skipped={}, keep=0, barred=0, next_at=None, ends_at=None,
    overload=None,
)  # fmt: skip


def review(*, forecast=NOTHING, **facts) -> Review:
    facts = {"status": SequenceStatus.PAUSED, "people": 400, "stay_paused": 0, "idle": (), **facts}
    return Review(
        sequence_id=1, name="Welcome", time_zone="Asia/Kuala_Lumpur", forecast=forecast, now=NOW,
        **{"on_their_way": 0, "once_more": 0, "stopped": False, **facts},
    )  # fmt: skip


def forecast(**facts) -> Forecast:
    return Forecast(**{field: facts.get(field, getattr(NOTHING, field)) for field in NOTHING.__slots__})


def test_a_resume_tells_who_moves_what_is_skipped_and_what_goes_out():
    foreseen = forecast(
        moved={1: 1, 2: 312}, skipped={"missed": 9}, go_out=41, from_at=NOW, until_at=NOW + timedelta(minutes=25),
        keep=3,
    )  # fmt: skip
    assert wording.consequences(review(forecast=foreseen, stay_paused=5, on_their_way=1, once_more=1)) == [
        "1 moves by a day",
        "312 move by two days",
        "9 skipped: too late",
        "41 go out now, over about 25 minutes",
        "0 twice: what was sent, or may have arrived, is not sent again",
        "3 keep their date",
        "5 stay paused, each on their own",
        "1 being sent at this moment",
        "1 once more, as you have asked under “Not sure”",
    ]


def test_reasons_are_counted_when_there_are_several():
    foreseen = forecast(skipped={"missed": 7, "no_consent": 2})
    assert wording.consequences(review(forecast=foreseen))[0] == "9 skipped: 7 too late, 2 without permission"


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        (0, 1, "41 go out now"),
        (0, 64, "41 go out now, over about 60 minutes"),
        (0, 200, "41 go out now, over about 3 hours"),
        (600, 620, "41 go out today 20:00, over about 20 minutes"),
        (0, 60 * 24 * 3, "41 go out now, over about 3 days"),
    ],
)
def test_how_long_the_devices_take(first, last, told):
    start, end = (NOW + timedelta(minutes=minutes) for minutes in (first, last))
    assert told in wording.consequences(review(forecast=forecast(go_out=41, from_at=start, until_at=end)))


def test_the_first_message_and_the_end():
    foreseen = forecast(next_at=NOW + timedelta(days=1), ends_at=datetime(2026, 2, 12, 1, tzinfo=UTC))
    told = ["First message: tomorrow 10:00", "The last one goes out about Thu 12 Feb."]
    assert wording.times(review(forecast=foreseen)) == told


def test_problems_say_what_to_look_at():
    foreseen = forecast(barred=2, overload=Overload(datetime(2026, 1, 6, tzinfo=UTC).date(), 3000, 1400))
    idle = (
        Idle("Sales-1", DeviceState.LOGGED_OUT, paused=False, people=120),
        Idle("Sales-2", DeviceState.ONLINE, paused=True, people=1),
        Idle("Spare", DeviceState.PARKED, paused=False, people=0),
    )
    assert wording.problems(review(forecast=foreseen, idle=idle, stopped=True)) == [
        "Everything is stopped: nothing goes out until you resume at Home.",
        "Sales-1 cannot send now (logged out); 120 people wait for it.",
        "Sales-2 is paused; 1 person waits for it.",
        "2 people may not be written to: no permission, or opted out.",
        "Tue 6 Jan: 3,000 are due, and the devices get through about 1,400. The other 1,600 are late by then.",
    ]


@pytest.fixture
async def paused(container, owner, database, clock) -> int:
    """Three people in it since Monday, when it was paused; now it is Wednesday at 14:00."""
    async with database.transaction() as session:
        device = UserDevice(
            workspace_id=owner.workspace_id, name="Sales-1", transport=TransportKind.SIMULATOR,
            state=DeviceState.ONLINE,
        )  # fmt: skip
        people = [
            Contact(workspace_id=owner.workspace_id, phone=f"+6012000000{n}", consent=ConsentState.OPTED_IN)
            for n in range(3)
        ]
        session.add_all([device, *people])
    editor, control = await container.get(SequenceEditor), await container.get(SequenceControl)
    sequence = await editor.create(owner, name="Welcome", device_ids=[device.id], niche=None, skip_weekends=False)
    await editor.add_steps(owner, sequence, messages("Day 1 11:00\nHi\nDay 3 09:00\nPrices"))
    await control.start(owner, sequence)
    await (await container.get(Enrolments)).join(owner, sequence, Who(everyone=True))
    await control.pause(owner, sequence)
    clock.advance(timedelta(days=2, hours=4))
    return sequence


async def test_resume_shows_what_it_does_and_then_does_it(chat, paused, database, clock):
    await chat.press("✉️ Sequences")
    await chat.press("Paused")
    await chat.press("Welcome · 3")
    await chat.press("▶️ Resume")
    assert chat.text == (
        "Resume “Welcome”?\n\n"
        "3 move by three days\n"
        "0 go out now\n"
        "0 twice: what was sent, or may have arrived, is not sent again\n\n"
        "First message: tomorrow 11:00\n"
        "The last one goes out about Sat 10 Jan."
    )
    assert chat.buttons == ["▶️ Resume", "⟳ Look again", "‹ Back", "⌂ Home"]
    await chat.press("‹ Back")
    assert "⏸ Paused" in chat.text
    async with database.transaction() as session:
        await session.execute(text("UPDATE sequences SET missed_policy = 'send_now'"))
    await chat.press("▶️ Resume")
    assert "3 go out now" in chat.text
    await chat.press("▶️ Resume")
    assert "🟢 Active" in chat.text


async def test_a_draft_without_people_says_so(chat, container, owner, paused):
    editor = await container.get(SequenceEditor)
    draft = await editor.create(owner, name="Empty", device_ids=[1], niche=None, skip_weekends=False)
    await editor.add_steps(owner, draft, messages("Day 1 11:00\nHi"))
    await chat.press("✉️ Sequences")
    await chat.press("Drafts")
    await chat.press("Empty · 0")
    await chat.press("▶️ Start")
    assert chat.text == "Start “Empty”?\n\nNobody is in it yet. Who joins later begins at once."
    await chat.press("▶️ Start")
    assert chat.toast.text == "Started with 0 people."


async def test_who_lacks_what_a_message_needs_is_told(chat, container, owner, paused):
    await (await container.get(SequenceEditor)).add_steps(
        owner, paused, messages("Day 4 09:00\nHi {{ attributes.city }}")
    )
    await chat.press("✉️ Sequences")
    await chat.press("Paused")
    await chat.press("Welcome · 3")
    await chat.press("▶️ Resume")
    assert "\n\n⚠️ Day 4 09:00 needs {{ attributes.city }}: 3 of 3 people have none." in chat.text


async def test_started_meanwhile_by_somebody_else(chat, container, owner, paused):
    await chat.press("✉️ Sequences")
    await chat.press("Paused")
    await chat.press("Welcome · 3")
    await chat.press("▶️ Resume")
    await (await container.get(SequenceControl)).start(owner, paused)
    await chat.press("⟳ Look again")
    assert "It is running already." in chat.text
    assert "▶️ Resume" not in chat.buttons
