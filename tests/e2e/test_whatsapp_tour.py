"""A real number, from the first code to what WhatsApp does to it: the pictures of docs/whatsapp.md.

TOUR_SCREENSHOTS=docs/tour renews the pictures.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e.browser import PHONE as ON_A_PHONE
from tests.e2e.browser import Tour
from tests.e2e.chat import ALERTS_GROUP, Operator
from tests.e2e.harness import Product
from tests.e2e.real_whatsapp import LINKED_WITHIN, RealProduct, WhatsApp, loopback_whatsapp
from tests.whatsapp_loopback.behaviour import OnMessage
from tests.whatsapp_loopback.contents import Content, Kind

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

NUMBER, OWN = "60123456789", "60198765432"
ANN, BEN, CAT = "60170000001", "60170000002", "60170000003"
CHECKED_WITHIN = 60.0  # devices are looked at every 30 seconds


@pytest.fixture(scope="module")
def whatsapp() -> Iterator[WhatsApp]:
    with loopback_whatsapp() as whatsapp:
        yield whatsapp


@pytest.fixture(scope="module")
def product(home: Path, whatsapp: WhatsApp) -> Iterator[Product]:
    with RealProduct(home, whatsapp.controls) as running:
        yield running


def test_a_number_is_paired_tested_answered_limited_and_logged_out(
    *, tour: Tour, page: Page, operator: Operator, product: Product, whatsapp: WhatsApp, complaints: list[str]
) -> None:
    assert "reaches real people" in page.get_by_label("Welcome").inner_text()
    page.set_viewport_size(ON_A_PHONE)
    page.get_by_test_id("welcome-dismiss").click()
    _pair(tour, operator, whatsapp)
    _test_to_me(tour, whatsapp)
    _hurry(operator)
    _show_a_picture(tour, operator)
    _answer(tour, operator, product, whatsapp)
    _reach_a_limit(tour, operator, product, whatsapp)
    _lose_it(tour, operator, product, whatsapp)
    assert complaints == []


def _pair(tour: Tour, operator: Operator, whatsapp: WhatsApp) -> None:
    operator.home()
    tour.tap("Add your first device")
    tour.sees("What should it be called?")
    tour.say("Front desk")
    tour.can_tap("Code on this phone")
    tour.photographs("22-which-way")
    tour.tap("Code on this phone")
    tour.sees("which number?")
    tour.say("012-345 6789")
    shown = operator.see("Type this code on the phone", within=LINKED_WITHIN)
    tour.sees("Type this code on the phone")
    tour.photographs("23-a-code")
    code = re.search(r"^[A-Z0-9]{4}-[A-Z0-9]{4}$", shown["text"], re.MULTILINE)
    assert code
    whatsapp.do(whatsapp.controls.enter_code(NUMBER, code[0]))
    operator.see("is connected", within=LINKED_WITHIN)
    tour.can_tap("Over a year")
    tour.photographs("24-how-old")


def _test_to_me(tour: Tour, whatsapp: WhatsApp) -> None:
    tour.tap("Over a year")
    tour.can_tap("Use this pace")
    tour.photographs("25-the-pace")
    tour.tap("Use this pace")
    tour.tap("Test to me")
    tour.sees("Which WhatsApp number is your own?")
    tour.say(f"+{OWN}")
    tour.sees("1 message to")
    [accepted] = whatsapp.do(whatsapp.controls.until_accepted(1, account=NUMBER, recipient=OWN))
    assert accepted.sent.text == "Hello, this is Front desk. I can send."
    tour.page.wait_for_timeout(1_000)
    tour.tap("Refresh")
    tour.sees("✓ Sent.")
    tour.photographs("26-test-to-me")


def _hurry(operator: Operator) -> None:
    operator.home()
    operator.press("Devices")
    operator.press("Front desk")
    operator.press("Delays")
    operator.see("After each message")
    operator.say("1-2")
    operator.see("Front desk", "Queue:", "1–2 s")


def _show_a_picture(tour: Tour, operator: Operator) -> None:
    operator.home()
    tour.tap("Devices")
    tour.tap("Add a device")
    tour.tap("Sales-1")
    tour.tap("QR code")
    operator.see("Point it at this picture", within=LINKED_WITHIN)
    tour.sees("Point it at this picture")
    tour.chat.locator("img").last.scroll_into_view_if_needed()
    tour.photographs("27-a-picture")
    tour.tap("Stop pairing")
    tour.sees("Stopped: nothing was paired")


def _answer(tour: Tour, operator: Operator, product: Product, whatsapp: WhatsApp) -> None:
    product.post(f"/sandbox/groups/{ALERTS_GROUP}/bot", member=True)
    operator.upload("people.csv", f"Name,Phone\nAnn Tan,+{ANN}\n".encode())
    operator.see("Where did these people opt in?")
    operator.press("Web form")
    operator.see("1 imported", within=20)
    operator.upload("new.csv", f"Name,Phone\nBen Lim,+{BEN}\nCat Ong,+{CAT}\n".encode())
    operator.see("new.csv", "Where did these people opt in?")
    operator.press("Web form")
    operator.see("2 imported", "new", within=20)
    question = Content(kind=Kind.TEXT, text="Are you open on Sunday?")
    whatsapp.do(whatsapp.controls.incoming(NUMBER, ANN, question))
    group = Operator(product, ALERTS_GROUP)
    post = group.see("Are you open on Sunday?", within=20)
    group.say("Yes, from 10 to 4.", reply_to=post)
    group.see("✓ goes out from Front desk")
    [answer] = whatsapp.do(whatsapp.controls.until_accepted(1, account=NUMBER, recipient=ANN, seconds=60))
    assert answer.sent.text == "Yes, from 10 to 4."
    tour.goes_to("Alerts")
    tour.sees("✓ goes out from Front desk")
    tour.photographs("28-answered")
    tour.goes_to("dripdesk")


def _reach_a_limit(tour: Tour, operator: Operator, product: Product, whatsapp: WhatsApp) -> None:
    """WhatsApp refuses the next message to somebody who never wrote to this number."""
    whatsapp.do(whatsapp.controls.on_next_messages(OnMessage.refuse(463), phone=NUMBER))
    operator.run_sequence("Welcome", "Day 1 on joining\nWelcome!", ["Front desk"], "new")
    Operator(product, ALERTS_GROUP).see("may not write to new people until", within=CHECKED_WITHIN)
    operator.home()
    tour.tap("Devices")
    tour.tap("Front desk")
    tour.sees("WhatsApp lets it write to nobody new until")
    tour.photographs("29-limited")


def _lose_it(tour: Tour, operator: Operator, product: Product, whatsapp: WhatsApp) -> None:
    """The owner of the phone removes the device there."""
    whatsapp.do(whatsapp.controls.remove_device(NUMBER))
    Operator(product, ALERTS_GROUP).see("Devices → Front desk → Re-pair", within=20)
    tour.tap("Why?")
    tour.sees("Logged out since")
    tour.photographs("30-logged-out")
    tour.tap("Re-pair")
    tour.sees("Use the same number: +60 12-345 6789")
