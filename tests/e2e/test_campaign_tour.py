"""A messy Excel file becomes a campaign, and a mistake in it is stopped.

TOUR_SCREENSHOTS=docs/tour renews the pictures.
"""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import Tour
from tests.unit.contacts.workbooks import workbook

pytestmark = pytest.mark.browser

WRONG = "Hi {{ name | default('there') }}, our open day is this Sunady, 10 to 4. Cake is on us!"
RIGHT = "Hi {{ name | default('there') }}, our open day is this *Sunday*, 10 to 4. Cake is on us!"


def messy() -> bytes:
    """What a front desk keeps: a title, dates, numbers without their zero, two in a cell, and a note or two."""
    rows: list[list[str | float | None]] = [
        ["Walk-ins, kept by Mei", None, None, None],
        [None, None, None, None],
        ["No.", "Nama", "Telefon (HP)", "Minat"],
    ]
    for number in range(1, 181):
        interest = ("Yoga", "Pilates", "yoga ")[number % 3]
        rows.append([number, f"Visitor {number}", 123_400_000.0 + number, interest])
    rows += [
        [181, "Two lines", "012-777 0001 / 012-777 0002", "Yoga"],
        [182, "Rounded", "6.01E+10", "Yoga"],
        [183, "Desk phone", "03-2161 2345", "Yoga"],
        [184, "Nobody", "call later", None],
        [185, "Visitor 1 again", "+60 12-340 0001", "Yoga"],
    ]
    return workbook({"How to use": [["Please write every walk-in down."]], "Walk-ins": rows})


def test_a_messy_file_a_campaign_and_a_mistake_that_is_stopped(
    tour: Tour, page: Page, complaints: list[str]
) -> None:
    tour.makes_it_ours()
    tour.adds_the_first_device("Front desk")
    _import(tour)
    _write(tour)
    _launch(tour, page)
    _stop(tour, page)
    _mend(tour, page)
    assert complaints == []


def _import(tour: Tour) -> None:
    tour.drops("walk-ins.xlsx", messy())
    tour.sees("183 new")
    tour.photographs("15-a-messy-file")
    tour.tap("Event")
    tour.sees("183 imported")
    tour.photographs("16-imported")


def _write(tour: Tour) -> None:
    tour.tap("Campaign")
    tour.sees("Send the message")
    tour.say(WRONG)
    tour.sees("When does it go out?")
    tour.tap("Now")
    tour.sees("183 people get it")
    tour.photographs("17-before-the-launch")
    tour.tap("Chart")
    expect(tour.chat.locator("img").last).to_be_visible()


def _launch(tour: Tour, page: Page) -> None:
    tour.tap("Launch")
    tour.sees("Until then you can undo it")
    page.get_by_test_id("jump").click()
    page.get_by_test_id("speed-60").click()
    tour.waits_for_phones(8)
    tour.sees("got it")
    tour.photographs("18-running")


def _stop(tour: Tour, page: Page) -> None:
    """One tap; then what went out is deleted for those who got it."""
    tour.tap("STOP: a mistake")
    page.get_by_test_id("speed-1").click()
    tour.sees("did not.")
    expect(page.get_by_test_id("toast")).to_have_count(0)
    tour.photographs("19-stopped")
    tour.tap("Delete for those who got it")
    tour.sees("can be deleted for those who got")
    tour.tap(" now")
    tour.sees("to go")
    page.wait_for_timeout(2_000)
    tour.tap("Refresh")
    tour.sees("deleted")
    tour.tap("Back")


def _mend(tour: Tour, page: Page) -> None:
    tour.tap("Fix text and continue")
    tour.sees("Send it as it should be")
    tour.say(RIGHT)
    tour.sees("people get it like this")
    tour.photographs("20-mended")
    tour.tap("Continue with")
    page.get_by_test_id("speed-60").click()
    tour.sees("🟢 Running")
    tour.waits_for_phones(20)
    tour.opens_the_latest_phone()
    expect(page.get_by_test_id("phone-message").last).to_contain_text("Sunday")
    tour.photographs("21-it-goes-on")
