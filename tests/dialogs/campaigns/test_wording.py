"""What is said of a campaign."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from bot.dialogs.campaign_settings.wording import read_span, read_window
from bot.dialogs.campaigns import wording
from bot.dialogs.campaigns.parts import part_lines
from bot.dialogs.new_campaign.wording import LONGEST_NAME, device_label, name_for
from engine.campaigns.audience import Audience, LeftOut
from engine.campaigns.catalogue import CampaignCard, CampaignSummary, Missing, PoolDevice
from engine.campaigns.content import Content
from engine.campaigns.control import Stopped
from engine.campaigns.progress import CampaignProgress
from engine.devices.registry import DeviceSummary
from engine.errors import InvalidInputError
from models.enums import (
    CampaignPause,
    CampaignStatus,
    ContentKind,
    DeviceChoice,
    DeviceState,
    LatePolicy,
)

NOW = datetime(2026, 1, 5, 6, 3, tzinfo=UTC)  # 14:03 in Kuala Lumpur
HALFWAY = CampaignProgress(
    planned=5000, pending=4856, on_its_way=1, sent=140, delivered=120, read=70, replied=7, opted_out=2, unknown=1,
    failed={"463": 1}, skipped={"not_on_whatsapp": 1}, rate_per_hour=119.6, ends_at=NOW + timedelta(hours=40),
)  # fmt: skip


def card(**facts) -> CampaignCard:
    usual = {
        "id": 1, "name": "Sunday", "status": CampaignStatus.RUNNING, "revision": 1, "pause_reason": None,
        "paused_at": None, "paused_by": None, "content": Content(ContentKind.TEXT, "Hi *all*"), "file_name": None,
        "audience": Audience(niche="Yoga"), "audience_words": "interest Yoga, prospects",
        "device_choice": DeviceChoice.POOL, "devices": (PoolDevice(1, "Sales-1", DeviceState.ONLINE, paused=False),),
        "delays": None, "window": None, "late_policy": LatePolicy.NEXT_WINDOW, "late_window_minutes": 720,
        "first_ones": None, "scheduled_at": NOW - timedelta(hours=1), "started_at": NOW - timedelta(hours=1),
        "fanned": True, "finished_at": None, "missing": (), "left_out": {}, "progress": HALFWAY,
        "time_zone": "Asia/Kuala_Lumpur", "now": NOW,
    }  # fmt: skip
    return CampaignCard(**{**usual, **facts})


def test_a_running_one_tells_how_far_it_is_how_fast_and_until_when():
    assert wording.state_lines(card()) == [
        "░░░░░░░░░░░░ 143 of 5,000",
        "✓ 140 got it · 120 delivered (86%) · 70 read (50%) · 7 replied (5%)",
        "⏳ 4,856 not yet · 1 on its way",
        "✗ 1 failed: 1 463",
        "– 1 left out: 1 not on WhatsApp",
        "❔ 1 not sure",
        "🚫 2 opted out after it",
        "⏱ 120 an hour, through about Wed 7 Jan 06:03",
    ]


def test_while_people_are_gathered_that_is_told():
    assert "Its people are still being gathered." in wording.state_lines(card(fanned=False))


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ((), "Ready: review it, then launch it."),
        ((Missing.DEVICES,), "Still needed: the devices."),
        (tuple(Missing), "Still needed: the message, whom it is for and the devices."),
    ],
)
def test_a_draft_says_what_it_still_needs(missing, told):
    assert wording.state_lines(card(status=CampaignStatus.DRAFT, missing=missing)) == [told]


def test_after_the_launch_the_second_of_the_start_is_told_with_the_way_back():
    soon = card(status=CampaignStatus.SCHEDULED, scheduled_at=NOW + timedelta(seconds=47))
    assert wording.state_lines(soon) == ["Starts at 14:03:47. Until then you can undo it."]
    assert wording.undo_label(soon) == "↩️ Undo"
    later = card(status=CampaignStatus.SCHEDULED, scheduled_at=NOW + timedelta(hours=20))
    assert wording.state_lines(later) == ["Starts tomorrow 10:03. Nothing goes out before."]
    assert wording.undo_label(later) == "↩️ Unschedule"


def paused(reason: CampaignPause, **facts) -> CampaignCard:
    at = {"paused_at": NOW - timedelta(minutes=3), "paused_by": "Ann", **facts}
    return card(status=CampaignStatus.PAUSED, pause_reason=reason, **at)


def test_a_mistake_that_was_stopped_tells_who_has_it():
    stopped = Stopped(NOW + timedelta(seconds=7), got=143, unsure=1, not_yet=4856)
    first, *_ = wording.state_lines(paused(CampaignPause.STOPPED), stopped=stopped)
    assert first == "Stopped 14:03:07. 143 got it, 1 not sure, 4,856 did not."
    assert "not sure" not in wording.stopped_words(replace(stopped, unsure=0), card())


def test_each_pause_says_why():
    assert (
        wording.state_lines(paused(CampaignPause.BY_HAND))[0]
        == "Paused by Ann, today 14:00. Nothing is cancelled."
    )
    progress = replace(HALFWAY, planned=4866, pending=4856, sent=9, delivered=8)
    first = paused(CampaignPause.FIRST_ONES, first_ones=10, progress=progress)
    assert wording.state_lines(first)[0] == "The first 10 are through. 4,856 people wait for your word."
    unknown = replace(first, fanned=False)
    assert wording.state_lines(unknown)[0] == "The first 10 are through. The others wait for your word."


def test_the_first_ones_are_not_all_so_no_bar_is_full_after_them():
    found = CampaignProgress(planned=10, sent=10)
    first = paused(CampaignPause.FIRST_ONES, first_ones=10, fanned=False, progress=found)
    assert not any("10 of 10" in line for line in wording.state_lines(first))
    assert any("10 of 10" in line for line in wording.state_lines(replace(first, fanned=True)))


def test_cancelling_says_who_keeps_it_and_who_will_not_get_it():
    assert wording.cancel_words(card()) == "140 people got it and keep it. 4,856 people will not get it."
    one = card(fanned=False, progress=CampaignProgress(planned=1, sent=1))
    assert wording.cancel_words(one) == "1 person got it and keeps it. Everybody else will not get it."
    none = card(progress=CampaignProgress(planned=1, pending=1))
    assert wording.cancel_words(none) == "Nobody has got it. 1 person will not get it."


def test_results_are_a_funnel():
    over = replace(
        HALFWAY, pending=0, on_its_way=0, sent=4990, delivered=4000, read=2000, replied=100, cancelled=7
    )
    ended = card(status=CampaignStatus.FINISHED, finished_at=NOW, progress=over)
    assert wording.result_lines(ended) == [
        "📣 5,000 people to get it",
        "✓ 4,990 got it (99%)",
        "✓✓ 4,000 delivered (80%)",
        "👀 2,000 read (40%)",
        "💬 100 replied (2%)",
        "✗ 1 failed: 1 463",
        "– 1 left out: 1 not on WhatsApp",
        "❔ 1 not sure",
        "🚫 2 opted out after it",
        "✖️ 7 cancelled",
        "🕘 Began today 13:03, ended today 14:03",
    ]


def test_what_a_campaign_is_made_of():
    assert part_lines(card()) == ["👥 Interest Yoga, prospects", "📱 Sales-1"]
    special = card(
        device_choice=DeviceChoice.KNOWN, devices=(), delays=(20, 60), window=(time(9), time(18)),
        late_policy=LatePolicy.EXPIRE, late_window_minutes=180, first_ones=10,
    )  # fmt: skip
    assert part_lines(special) == [
        "👥 Interest Yoga, prospects",
        "📱 The device each already knows",
        "🐢 20–60 s between two messages",
        "🕘 09:00 to 18:00, every day",
        "⏰ Who has not got it 3 hours after the start does not get it any more",
        "🔟 It stops after the first 10 and asks",
    ]
    assert part_lines(card(audience_words="", devices=())) == [
        "👥 nobody chosen yet",
        "📱 no device chosen yet",
    ]


def test_every_reason_and_state_has_words():
    assert set(wording.LEFT_OUT) == set(LeftOut)
    assert set(wording.BADGES) == set(CampaignStatus)
    assert set(wording.RESUMES) == set(CampaignPause)
    assert wording.left_out_words({LeftOut.OPTED_OUT: 12, LeftOut.NO_CONSENT: 0, LeftOut.NO_DEVICE: 1}) == (
        "12 opted out, 1 without a device that can write to them"
    )


def test_few_reasons_are_told_and_the_rest_is_counted():
    many = {f"code_{number}": number for number in range(1, 8)}
    told = wording.reasons(many, {"code_7": "bad luck"})
    assert told == "7 bad luck, 6 code 6, 5 code 5, 4 code 4, 3 code 3, 3 for other reasons"


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (CampaignStatus.DRAFT, "📝 Sunday"),
        (CampaignStatus.SCHEDULED, "🗓 Sunday · tomorrow 10:03"),
        (CampaignStatus.RUNNING, "🟢 Sunday · 99%"),
        (CampaignStatus.PAUSED, "⏸ Sunday · 99%"),
        (CampaignStatus.FINISHED, "✅ Sunday · 200"),
    ],
)
def test_a_row_of_the_list(status, told):
    one = CampaignSummary(1, "Sunday", status, NOW + timedelta(hours=20), planned=200, ended=199)
    assert wording.row(one, NOW, "Asia/Kuala_Lumpur") == told


def test_the_bar_is_full_only_when_all_is_done():
    assert [wording.bar(part, 24) for part in (0, 1, 2, 23, 24)] == [
        "░░░░░░░░░░░░", "░░░░░░░░░░░░", "▓░░░░░░░░░░░", "▓▓▓▓▓▓▓▓▓▓▓░", "▓▓▓▓▓▓▓▓▓▓▓▓",
    ]  # fmt: skip
    assert wording.bar(0, 0) == "░░░░░░░░░░░░"


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("Sunday is *open*. Come!", "Sunday is open. Come!"),
        ("Hi {{ name | default('there') }}, we moved!", "We moved!"),
        ("Hello {{ name }}!\n\nNew prices", "New prices"),
        ("Hikers meet at noon", "Hikers meet at noon"),
        ("\n\n🎉🎉\nNew prices", "New prices"),
        ("X" * 80, "X" * (LONGEST_NAME - 1) + "…"),
        ("We are glad to tell you that the new studio opens", "We are glad to tell you that the new…"),
    ],
)
def test_a_campaign_is_called_by_the_first_words_of_its_message(body, name):
    assert name_for(body, ContentKind.TEXT) == name


def test_a_message_without_words_is_called_by_its_file():
    assert name_for("", ContentKind.IMAGE, "photo.jpg") == "Photo"
    assert name_for("{{ name }}", ContentKind.DOCUMENT, "Prices.pdf") == "Prices.pdf"
    assert name_for("!", ContentKind.TEXT) == "Campaign"


@pytest.mark.parametrize(
    ("state", "paused", "told"),
    [
        (DeviceState.ONLINE, False, "Sales-1"),
        (DeviceState.ONLINE, True, "⏸ Sales-1 · paused"),
        (DeviceState.LOGGED_OUT, False, "🔴 Sales-1 · logged out"),
        (DeviceState.CONNECTING, False, "🟡 Sales-1 · connecting"),
    ],
)
def test_a_device_that_cannot_send_now_says_so(state, paused, told):
    assert device_label(DeviceSummary(1, "Sales-1", state, paused, 0)) == told


@pytest.mark.parametrize("typed", ["09:00 - 18:00", "9am to 6pm", "9 pagi hingga 6 petang", "0900–1800"])
def test_hours_in_common_ways(typed):
    assert read_window(typed) == (time(9), time(18))


@pytest.mark.parametrize("typed", ["", "9", "09:00", "9am - 6pm - 7pm", "always"])
def test_what_is_no_window_is_answered_with_an_example(typed):
    with pytest.raises(InvalidInputError, match=r"09:00 - 18:00"):
        read_window(typed)


def test_how_late_is_late():
    assert [read_span(typed) for typed in ("3", "3 h", "90 min", "2 days")] == [180, 180, 90, 2880]
    with pytest.raises(InvalidInputError, match="3 h"):
        read_span("never")
