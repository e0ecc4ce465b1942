"""A sequence from the paste to the resume, on the page. TOUR_SCREENSHOTS=docs/tour renews the pictures."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import Tour
from tests.e2e.harness import CONTACTS

pytestmark = pytest.mark.browser

PLAN = """\
Day 1 09:00
Hi {{ first_name | default('there') }}, welcome to the studio!
Day 2
Here is the *price list*.
Hari 3 2.30 petang
Shall we book your first class?
D5 7pm
Your first class is free until Sunday."""


def test_a_sequence_from_paste_to_resume(tour: Tour, page: Page, complaints: list[str]) -> None:
    _get_ready(tour)
    _paste(tour)
    _test_to_oneself(tour, page)
    _start(tour, page)
    _edit_in_flight(tour)
    _pause_and_resume(tour, page)
    assert complaints == []


def _get_ready(tour: Tour) -> None:
    tour.makes_it_ours()
    tour.adds_the_first_device("Front desk")
    tour.drops(CONTACTS.name, CONTACTS.read_bytes())
    tour.sees("Where did these people opt in?")
    tour.tap("Web form")
    tour.sees("228 imported")


def _paste(tour: Tour) -> None:
    """From the paste to real dates."""
    tour.tap("Home")
    tour.tap("Make your first sequence")
    tour.say("Welcome week")
    tour.tap("No particular interest")
    tour.tap("Skip them")
    tour.sees("Paste the whole plan")
    tour.say(PLAN)
    tour.sees("joined today: Mon 5")
    tour.sees("4. Day 5 19:00")
    tour.photographs("9-dates")


def _test_to_oneself(tour: Tour, page: Page) -> None:
    page.get_by_test_id("speed-60").click()
    tour.tap("Test all to me")
    tour.tap("Use +60")
    tour.sees("4 messages to")
    tour.waits_for_phones(4)
    tour.tap("Refresh")
    tour.sees("All sent")
    tour.opens_the_latest_phone()
    expect(page.get_by_test_id("phone-message")).to_have_count(4)
    page.get_by_test_id("speed-1").click()
    tour.photographs("10-test-to-me")
    tour.tap("Back")
    tour.tap("Done")


def _start(tour: Tour, page: Page) -> None:
    tour.adds_the_imported_people()
    tour.tap("Start")
    tour.sees("228 people begin.")
    tour.photographs("11-before-the-start")
    tour.tap("Start")
    tour.sees("Next message")
    page.get_by_test_id("speed-60").click()
    page.get_by_test_id("jump").click()
    tour.waits_for_phones(40)


def _edit_in_flight(tour: Tour) -> None:
    """Some have had Day 1, others wait for it: before it is saved, it is said what happens to whom."""
    tour.tap("Messages")
    tour.tap("2. Day 2 09:00")
    tour.tap("Day and time")
    tour.sees("When is it to go out?")
    tour.say("14:00")
    tour.sees("wait for it: tomorrow 09:00 → tomorrow 14:00")
    tour.photographs("12-edit-in-flight")
    tour.tap("Save")
    tour.sees("Day 2 14:00")
    tour.tap("Back")
    tour.tap("Done")


def _pause_and_resume(tour: Tour, page: Page) -> None:
    tour.tap("Pause")
    tour.is_told("Paused.")
    tour.sees("⏸ Paused")
    page.get_by_test_id("speed-1440").click()
    page.wait_for_timeout(2_000)  # machine time, in which most of an hour of business goes by
    page.get_by_test_id("speed-60").click()
    tour.tap("Resume")
    tour.sees("0 twice")
    tour.photographs("13-before-the-resume")
    tour.tap("Resume")
    tour.sees("🟢 Active")
    tour.tap("Results")
    tour.tap("Picture")
    expect(tour.chat.locator("img").last).to_be_visible()
    tour.photographs("14-results")
