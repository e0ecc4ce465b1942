"""What a reply looks like in the chat, at its longest and with what people write in it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.alerts.reply_rendering import answered_words, render_reply, unanswered_words
from bot.sandbox.telegram.formatting import MAX_TEXT, parse_html, utf16_length
from engine.contacts.answering import Answered, AskedIn, Unanswered
from engine.contacts.replies import Reply
from models.enums import DeviceState, MessageStatus

REPLY = Reply(
    1, 7, "Ann", "+60120000001", "Sales 1", "How much?", "", "", datetime(2026, 1, 5, tzinfo=UTC), is_open=True
)
FAILED = Unanswered(AskedIn(-1, 2), "Ann", "Sales 1", MessageStatus.FAILED, "x", "no such number.")


def shown(reply: Reply) -> str:
    return parse_html(render_reply(reply).html).text


def test_the_longest_of_everything_fits() -> None:
    emoji = "🙂" * 5000
    reply = replace(REPLY, name=emoji, device=emoji, body=emoji, attached=emoji, answers=emoji)
    assert utf16_length(shown(reply)) <= MAX_TEXT
    assert utf16_length(parse_html(unanswered_words(replace(FAILED, person=emoji, reason=emoji))).text) <= MAX_TEXT


def test_markup_that_people_write_stays_words() -> None:
    reply = replace(REPLY, name="<b>Ann", body="a <i> & b", attached="<photo>", answers="<u>\nmore")
    assert shown(reply) == (
        "💬 <b>Ann · +60120000001 · Sales 1\n📎 <photo>\na <i> & b\n\n↩︎ to “<u>”\n\n"
        "Reply to this message to answer."
    )


def test_who_has_no_name_is_called_by_number_once() -> None:
    assert shown(replace(REPLY, name="")).startswith("💬 +60120000001 · Sales 1\n")


@pytest.mark.parametrize(
    ("state", "paused", "words"),
    [
        (DeviceState.ONLINE, False, "✓ goes out from Sales 1"),
        (DeviceState.REACHOUT_LIMITED, False, "✓ goes out from Sales 1"),
        (DeviceState.ONLINE, True, "⏳ Sales 1 is paused: it goes out when sending goes on"),
        (
            DeviceState.PHONE_OFFLINE, False,
            "⏳ Sales 1: the phone is offline. It goes out when the device is back",
        ),
    ],
)  # fmt: skip
def test_an_answer_is_confirmed_with_what_it_waits_for(state: DeviceState, paused: bool, words: str) -> None:
    assert answered_words(Answered(1, "Sales 1", state, paused)) == words


def test_what_did_not_arrive_is_told_with_its_reason() -> None:
    unsure = replace(FAILED, outcome=MessageStatus.UNKNOWN, reason="the line broke")
    out = replace(FAILED, outcome=MessageStatus.CANCELLED, code="opted_out", reason="")
    assert unanswered_words(FAILED) == "✗ Not sent to Ann: no such number."
    assert unanswered_words(unsure).startswith("❔ Not sure that it reached Ann: the line broke.")
    assert unanswered_words(out) == "✗ Not sent to Ann: they have opted out meanwhile."
