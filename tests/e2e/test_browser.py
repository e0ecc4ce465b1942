"""The five-minute tour on the page, in a real browser. TOUR_SCREENSHOTS=docs/tour renews the README's pictures."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import DESKTOP, PHONE, Tour
from tests.e2e.harness import CONTACTS

pytestmark = pytest.mark.browser

PLAN = """\
Day 1 09:00
Hi {{ name | default('there') }}, welcome to the studio!
Day 2
Here is the *price list*. Shall we book your first class?"""


def test_the_five_minute_tour(tour: Tour, page: Page, complaints: list[str]) -> None:
    _make_it_ours(tour, page)
    _prepare(tour, page)
    _watch_pause_and_resume(tour, page)
    _break_a_device(tour, page)
    _reply_from_a_phone(tour, page)
    _on_a_small_screen(tour, page)
    _remove_a_device(tour, page)
    _load_it_again(tour, page)
    _read_the_routes(page)
    assert complaints == []


def _make_it_ours(tour: Tour, page: Page) -> None:
    expect(page.get_by_test_id("claim")).to_be_visible()
    tour.photographs("1-welcome")
    tour.makes_it_ours()
    tour.goes_to("Alerts")
    page.get_by_test_id("add-bot").click()
    tour.sees("will be posted here")
    tour.goes_to("dripdesk")


def _prepare(tour: Tour, page: Page) -> None:
    tour.adds_the_first_device("Front desk")
    tour.tap("Devices")
    tour.tap("+ Add")
    tour.sees("What should it be called?")
    tour.say("Studio")
    tour.sees("Queue: 0 messages")
    for device in ("Studio", "Front desk"):
        tour.tap("Delays")
        tour.tap("5–15")
        tour.sees("Delay between messages: 5–15 s")
        if device == "Studio":
            tour.tap("Back")
            tour.tap("Front desk")

    tour.drops(CONTACTS.name, CONTACTS.read_bytes())
    tour.sees("Where did these people opt in?")
    expect(page.get_by_text("Welcome to dripdesk")).to_have_count(0)  # it makes room
    tour.photographs("2-contacts")
    tour.tap("Web form")
    tour.sees("228 imported")

    tour.tap("Home")
    tour.tap("Make your first sequence")
    tour.sees("1 of 4")
    tour.say("Welcome week")
    for device in ("Front desk", "Studio"):
        tour.tap(device)
        tour.can_tap(f"✓ {device}")
    tour.tap("Continue")
    tour.tap("No particular interest")
    tour.tap("Send on every day")
    tour.sees("Paste the whole plan")
    tour.say(PLAN)
    tour.sees("Type or paste more")
    tour.edits_the_last_message(PLAN.replace("first class", "first *free* class"))
    tour.sees("✓ Day 2 09:00 changed by your edit.")
    tour.photographs("3-messages")
    tour.tap("Done")
    tour.adds_the_imported_people()


def _watch_pause_and_resume(tour: Tour, page: Page) -> None:
    page.get_by_test_id("speed-60").click()
    tour.tap("Start")
    tour.sees("228 people begin.")
    tour.tap("Start")
    tour.sees("Next message")
    expect(page.get_by_test_id("jump")).to_be_enabled()
    page.get_by_test_id("jump").click()
    tour.waits_for_phones(40)
    tour.opens_the_latest_phone()
    tour.tap("Refresh")
    tour.sees("queued")
    tour.photographs("4-running")
    tour.tap("Pause")
    tour.sees("Paused")
    tour.is_told("Paused.")
    tour.tap("Resume")
    tour.sees("0 twice")
    tour.tap("Resume")
    tour.sees("Active")
    tour.is_told("It goes on")


def _break_a_device(tour: Tour, page: Page) -> None:
    page.get_by_test_id("fault-1-ban").click()
    tour.goes_to("Alerts")
    tour.sees("Device down")
    tour.photographs("5-alert")
    tour.tap("Acknowledge")
    tour.sees("Seen by Aisyah")
    page.get_by_test_id("fault-1-ban").click()
    device = page.get_by_test_id("device-1")
    expect(device).to_contain_text("no connection")  # a banned device comes back only when somebody says so
    expect(device).to_contain_text("Devices → Front desk → Restart")
    tour.goes_to("dripdesk")
    tour.say("/start")
    tour.sees("1 of 2 devices can send")
    tour.tap("Devices")
    tour.tap("Front desk")
    tour.tap("Restart")
    expect(device).to_contain_text("online")
    expect(device).not_to_contain_text("Restart")
    tour.goes_to("Alerts")
    tour.sees("Resolved")


def _reply_from_a_phone(tour: Tour, page: Page) -> None:
    page.get_by_test_id("speed-1440").click()
    tour.waits_for_phones(228)
    page.get_by_test_id("jump").click()
    tour.waits_for_phones(2 * 228)
    counted = page.locator("#phone-counter").inner_text()
    tour.opens_the_latest_phone()
    page.get_by_test_id("reply-box").fill("STOP")
    page.get_by_test_id("reply-send").click()
    assert counted == "456 messages on 228 phones"  # what its owner writes is none of them; the confirmation is
    # Two days, STOP and its confirmation, which waits for the device's pause: it would be long in real time.
    expect(page.get_by_test_id("phone-message")).to_have_count(4, timeout=15_000)
    page.get_by_test_id("speed-1").click()
    tour.goes_to("dripdesk")
    tour.say("/start")
    tour.tap("Sequences")
    tour.tap("Welcome week")
    tour.tap("Results")
    tour.sees("✓ 228 sent")
    tour.photographs("6-finished")


def _remove_a_device(tour: Tour, page: Page) -> None:
    tour.say("/start")
    tour.tap("Devices")
    tour.tap("+ Add")
    tour.sees("What should it be called?")
    tour.say("Spare")
    tour.sees("Queue: 0 messages")
    expect(page.get_by_test_id("device-3")).to_contain_text("online")
    tour.tap("Remove")
    tour.sees("Remove “Spare”?")
    tour.tap("Remove")
    expect(page.get_by_test_id("device-3")).to_have_count(0)
    with page.expect_response("**/sandbox/message"):  # before the page is loaded again
        tour.say("/start")


def _load_it_again(tour: Tour, page: Page) -> None:
    """With everything that has happened."""
    page.reload()
    tour.sees("devices online")
    expect(page.locator(".device")).to_have_count(2)
    expect(page.locator("#phone-counter")).to_contain_text("457 messages on 228 phones")
    cut = "titles => titles.filter(title => title.scrollWidth > title.clientWidth).map(title => title.textContent)"
    assert page.locator(".phone-row .title").evaluate_all(cut) == []
    tour.opens_the_latest_phone()


def _on_a_small_screen(tour: Tour, page: Page) -> None:
    page.set_viewport_size(PHONE)
    box = page.get_by_test_id("composer")
    assert box.evaluate("box => box.scrollHeight - box.clientHeight <= 1 || box.offsetWidth === box.clientWidth")
    tour.photographs("7-small-chat")
    page.get_by_test_id("view-phones").click()
    expect(page.get_by_test_id("phone-message").last).to_be_visible()
    tour.photographs("8-small-phones")
    page.set_viewport_size(DESKTOP)


def _read_the_routes(page: Page) -> None:
    """They are described without a network."""
    page.goto(f"{page.url}docs")
    expect(page.get_by_text("/sandbox/clock").first).to_be_visible()
