"""The picture of when a campaign goes out."""

import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.dialogs.campaign_review.picture import draw
from engine.campaigns.review import Review
from models.enums import CampaignStatus

NOW = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
REVIEW = Review(
    campaign_id=1, name="Year-end sale", status=CampaignStatus.DRAFT, revision=1, time_zone="Asia/Kuala_Lumpur", now=NOW,
    missing=(), starts_at=NOW, gets=0, left_out={}, capped=0, samples=(), gaps=(), first_at=None, last_at=None,
    expires=0, later=0, curve=(), devices=(), idle=(), stopped=False, faster=(),
)  # fmt: skip


def with_curve(*points: tuple[timedelta, int], **columns: object) -> Review:
    curve = tuple((NOW + after, out) for after, out in points)
    return replace(REVIEW, curve=curve, first_at=curve[0][0], last_at=curve[-1][0], **columns)


@pytest.mark.parametrize(
    "review",
    [
        with_curve((timedelta(), 1)),
        with_curve((timedelta(), 1), (timedelta(seconds=7), 2)),
        with_curve((timedelta(), 1), (HOUR, 60), (12 * HOUR, 61), (13 * HOUR, 120), expires=7),
        with_curve((timedelta(), 45), (11 * HOUR, 50_000), (24 * HOUR, 50_045), (60 * HOUR, 300_000)),
        with_curve((timedelta(), 1), (366 * 24 * HOUR, 1_000_000), name="$x$ 🎉 {{ name }}" * 9),
        with_curve((timedelta(), 1), (2000 * HOUR, 10_000), time_zone="Europe/Berlin", name="🎉"),
    ],
)
def test_it_is_a_picture_for_a_phone_whatever_the_campaign(review: Review) -> None:
    png = draw(review)
    assert png is not None
    assert png.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", png[16:24])
    assert (width, height) == (768, 552)
    assert len(png) < 100_000


def test_it_tells_other_times_in_another_zone() -> None:
    here = with_curve((timedelta(), 1), (20 * HOUR, 500))
    assert draw(here) == draw(here)
    assert draw(here) != draw(replace(here, time_zone="Europe/London"))


def test_without_anything_to_send_there_is_none() -> None:
    assert draw(REVIEW) is None
