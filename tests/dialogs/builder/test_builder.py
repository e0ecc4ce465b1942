import pytest
from aiogram.types import MessageEntity

from bot.dialogs.formatting import to_telegram_html, to_whatsapp
from engine.devices.registry import Devices
from models.enums import SequenceStatus

PLAN = """Day 1 09:00
Hi {{ name }}, welcome!
Day 2
Here is the price list.
D4 2.30pm
Shall we call you?"""


async def test_a_whole_sequence_is_one_paste(builder, steps):
    await builder.say(PLAN)
    assert await steps() == [
        ("Day 1 09:00", "Hi {{ name }}, welcome!"),
        ("Day 2 09:00", "Here is the price list."),
        ("Day 4 14:30", "Shall we call you?"),
    ]
    assert "joined today: Tue 6 Jan, Wed 7, Fri 9" in builder.text


async def test_text_without_a_header_is_the_next_day(builder, steps):
    await builder.say(PLAN)
    assert "Added as" not in builder.text  # it said so itself
    await builder.say("And now?")
    assert (await steps())[-1] == ("Day 5 09:00", "And now?")
    assert "✓ Added as Day 5 09:00." in builder.text
    await builder.press("4. Day 5 09:00")
    await builder.press("‹ Back")
    assert "Added as" not in builder.text


async def test_a_paste_that_telegram_cut_is_joined(builder, steps):
    first = "Day 1 09:00\n" + "a" * 3900
    await builder.say(first)
    await builder.say("the rest\nDay 2\nShort.")
    assert await steps() == [("Day 1 09:00", "a" * 3900 + "\nthe rest"), ("Day 2 09:00", "Short.")]
    assert "Added as" not in builder.text


async def test_two_messages_at_one_time_are_refused_and_none_is_added(builder, steps):
    await builder.say("Day 1 9am\nOne\nDay 1 09:00\nTwo")
    assert "Two messages would go out at the same time on Day 1." in builder.answer
    assert await steps() == []


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Hi {{ nme }}", "there is no variable “nme”"),
        ("Hi {{", "cannot be read"),
        ("Hi {% for x in y %}", "cannot be read"),
        ("Day 3", "Day 3 has no text"),
    ],
)
async def test_a_text_that_could_never_be_sent_is_answered(builder, steps, text, answer):
    await builder.say(text)
    assert answer in builder.answer
    assert await steps() == []


async def test_html_in_a_text_is_text(builder, steps):
    await builder.say("Price < 5 <b>now</b> & then")
    assert await steps() == [("Day 1 09:00", "Price < 5 <b>now</b> & then")]
    assert "Price < 5 <b>now</b> & then" in builder.text


async def test_a_message_by_buttons(builder, steps):
    await builder.press("+ Add by buttons")
    await builder.press("Day 1")
    await builder.press("Right after joining")
    assert "Day 1, right after joining" in builder.text
    await builder.say("Thanks for joining!")
    await builder.press("+ Add by buttons")
    await builder.say("3")
    await builder.say("2.30pm")
    await builder.say("Day three")
    assert await steps() == [("Day 1 on joining", "Thanks for joining!"), ("Day 3 14:30", "Day three")]


async def test_a_file_carries_its_day_in_the_caption(builder, telegram, catalogue, owner, sequence_id):
    await builder.drop("prices.pdf", b"%PDF-1.7 prices", caption="Day 2 10:00\nOur prices")
    [step] = (await catalogue.card(owner, sequence_id)).steps
    assert (step.header, step.kind, step.body, step.media_name) == (
        "Day 2 10:00", "document", "Our prices", "prices.pdf",
    )  # fmt: skip
    file = await catalogue.file(owner, step.id)
    assert file is not None
    assert file.content == b"%PDF-1.7 prices"


async def test_files_are_named_as_their_receiver_would_and_leave_no_empty_line(builder, telegram):
    telegram.files["photo"] = b"jpeg"
    await builder.drop_photo(caption="Day 2 10:00")
    assert "1. Day 2 10:00  Tue 6 Jan\n🖼 photo\n\nType or paste" in builder.text
    await builder.drop("price list.pdf", b"%PDF-1.7 prices", caption="Day 3\nOur prices")
    assert "2. Day 3 09:00  Wed 7 Jan\n📎 price list.pdf\nOur prices\n\nType or paste" in builder.text
    await builder.press("2. Day 3 09:00")
    assert "\n\n📎 price list.pdf\nOur prices" in builder.text
    await builder.press("‹ Back")
    await builder.press("‹ Done")
    assert "📎 price list.pdf · Our prices" in builder.text


async def test_an_exported_file_is_named_and_a_paste_of_it_says_what_to_send(  # noqa: PLR0917
    builder, telegram, steps, catalogue, editor, owner, sequence_id
):
    telegram.files["photo"] = b"jpeg"
    await builder.drop_photo(caption="Day 2 10:00\nOur studio")
    await builder.say("Day 3\nPrices")
    exported = await catalogue.export(owner, sequence_id)
    assert exported.splitlines()[:3] == ["Day 2 10:00", "[photo: send it with this caption]", "Our studio"]
    for step in (await catalogue.card(owner, sequence_id)).steps:
        await editor.remove_step(owner, step.id)
    await builder.say(exported)
    assert await steps() == [("Day 3 09:00", "Prices")]
    assert "⚠️ Day 2 10:00 is not in yet: text cannot carry its photo." in builder.text
    await builder.drop_photo(caption=exported.partition("\nDay 3")[0])
    assert await steps() == [("Day 2 10:00", "Our studio"), ("Day 3 09:00", "Prices")]
    assert "not in yet" not in builder.text


async def test_a_first_message_moved_to_another_day_alone_keeps_no_joining(builder, steps):
    await builder.say("Day 1 on joining\nHi")
    await builder.press("1. Day 1 on joining")
    await builder.press("🕘 Day and time")
    await builder.say("Day 1")
    await builder.press("🕘 Day and time")
    assert await steps() == [("Day 1 on joining", "Hi")]
    await builder.say("Day 2")
    assert await steps() == [("Day 2 09:00", "Hi")]


async def test_a_step_is_changed_moved_and_removed(builder, steps):
    await builder.say(PLAN)
    await builder.press("2. Day 2 09:00")
    await builder.press("✏️ Text")
    await builder.say("New prices")
    await builder.press("🕘 Day and time")
    await builder.say("whenever")
    assert "Write a time such as 14:30" in builder.answer
    await builder.say("Day 3 8pm")
    await builder.press("🕘 Day and time")
    await builder.say("Day 7")
    assert builder.text.startswith("Day 7 20:00")
    await builder.press("🕘 Day and time")
    await builder.say("Day 3")
    await builder.press("‹ Back")
    await builder.press("1. Day 1 09:00")
    await builder.press("🗑 Remove")
    await builder.press("🗑 Remove")
    assert await steps() == [("Day 3 20:00", "New prices"), ("Day 4 14:30", "Shall we call you?")]


async def test_a_preview_shows_the_message_as_its_receiver_sees_it(builder):
    await builder.say("Hi {{ name }}, *big* news")
    await builder.press("👁 Preview all")
    assert "Hi Alex Tan, big news" in builder.texts


async def test_the_export_reads_back_the_same(builder, telegram, catalogue, owner, sequence_id):
    await builder.say(PLAN)
    exported = await catalogue.export(owner, sequence_id)
    assert exported.splitlines()[:2] == ["Day 1 09:00", "Hi {{ name }}, welcome!"]


async def test_a_hundred_long_messages_still_fit_the_screen(builder):
    for day in range(1, 101):
        await builder.say(f"Day {day} 09:00\n" + "long & <text> " * 40)
    assert "… and 75 more." in builder.text
    await builder.press("‹ Done")
    assert "… and 85 more messages." in builder.text


async def test_a_five_day_sequence_is_one_paste_and_four_taps(chat, container, owner, catalogue):
    await (await container.get(Devices)).add_simulated(owner, "Sales-1")
    await chat.press("✉️ Sequences")
    taps = ["+ New", "No particular interest ›", "Send on every day", "▶️ Start"]
    await chat.press(taps[0])
    await chat.say("Welcome week")
    await chat.press(taps[1])
    await chat.press(taps[2])
    await chat.say("Day 1 on joining\nHi!\nDay 2\nTwo\nHari 3 2.30 petang\nTiga\nD4 noon\nFour\nDay 5 9am\nFive")
    await chat.press(taps[3])
    [running] = await catalogue.list(owner, SequenceStatus.ACTIVE)
    assert (running.name, running.steps) == ("Welcome week", 5)


async def test_what_is_nearly_a_header_is_told(builder, steps):
    await builder.say("Day 1 09:00\nOne\nDay 2 25:00\nTwo\nDay 400\nThree\nDay 3 is the best")
    assert "⚠️ “Day 2 25:00” looks like a header, but 25:00 is no certain time" in builder.text
    assert "⚠️ “Day 400” looks like a header, but a day is a number from 1 to 365." in builder.text
    assert "Day 3 is the best” looks" not in builder.text
    assert len(await steps()) == 1


async def test_it_starts_from_here(builder, catalogue, owner, sequence_id):
    await builder.say(PLAN)
    await builder.press("▶️ Start")
    assert "🟢 Active" in builder.text
    assert "📊 Results" in builder.buttons


@pytest.mark.parametrize(
    ("text", "entities", "expected"),
    [
        ("big news", [("bold", 0, 3)], "*big* news"),
        ("big  news", [("bold", 0, 4)], "*big*  news"),
        ("so it is", [("italic", 3, 2)], "so _it_ is"),
        ("😀 old new", [("strikethrough", 3, 3)], "😀 ~old~ new"),
        ("run code", [("code", 4, 4)], "run ```code```"),
        ("a < b & c", [("bold", 0, 1)], "*a* < b & c"),
    ],
)
def test_telegrams_formatting_becomes_whatsapps(text, entities, expected):
    assert (
        to_whatsapp(text, [MessageEntity(type=kind, offset=at, length=n) for kind, at, n in entities]) == expected
    )


def test_whatsapps_formatting_is_shown_and_the_rest_is_escaped():
    assert to_telegram_html("*big* _it_ ~old~ ```x``` <b> 2*3*4 snake_case_name") == (
        "<b>big</b> <i>it</i> <s>old</s> <code>x</code> &lt;b&gt; 2*3*4 snake_case_name"
    )
