"""A real device, from the menu to its first message: the product, its helpers and the real library, and our own server."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.chat import Operator
from tests.e2e.harness import Product, wait_until
from tests.e2e.real_whatsapp import LINKED_WITHIN, RealProduct, WhatsApp, loopback_whatsapp

PHONE = "60123456789"
OWN = "60198765432"  # where tests go


@pytest.fixture(scope="module")
def whatsapp() -> Iterator[WhatsApp]:
    with loopback_whatsapp() as whatsapp:
        yield whatsapp


@pytest.fixture(scope="module")
def product(home: Path, whatsapp: WhatsApp) -> Iterator[Product]:
    with RealProduct(home, whatsapp.controls) as running:
        yield running


@pytest.fixture(scope="module")
def connected(operator: Operator, product: Product, whatsapp: WhatsApp) -> Operator:
    """The owner, once the first number is paired by a code and online."""
    operator.home()
    operator.press("Add your first device")
    operator.see("What should it be called?")
    operator.say("Front desk")
    operator.press("Code on this phone")
    operator.see("which number?")
    operator.say("012-345 6789")
    shown = operator.see("Type this code on the phone", within=LINKED_WITHIN)
    code = re.search(r"^[A-Z0-9]{4}-[A-Z0-9]{4}$", shown["text"], re.MULTILINE)
    assert code, shown["text"]
    assert f"<pre>{code[0]}</pre>" in shown["html"]
    whatsapp.do(whatsapp.controls.enter_code(PHONE, code[0]))
    operator.see("+60 12-345 6789 is connected", within=LINKED_WITHIN)
    return operator


def test_a_number_is_paired_by_a_code_and_a_test_arrives(
    connected: Operator, product: Product, whatsapp: WhatsApp
) -> None:
    connected.press("Over a year")
    connected.press("Use this pace")
    connected.press("Test to me")
    connected.see("Which WhatsApp number is your own?")
    connected.say(f"+{OWN}")
    connected.see(f"1 message to +{OWN}")
    [accepted] = whatsapp.do(whatsapp.controls.until_accepted(1, account=PHONE, recipient=OWN))
    assert accepted.sent.text == "Hello, this is Front desk. I can send."
    assert product.sql("SELECT state, phone, transport FROM user_devices") == [("online", f"+{PHONE}", "neonize")]
    stored = product.sql("SELECT content FROM device_sessions")[0]["content"]
    assert b"SQLite format" not in stored


def test_a_picture_stands_in_the_chat_only_while_it_can_be_scanned(connected: Operator, product: Product) -> None:
    connected.home()
    connected.press("Devices")
    connected.press("+ Add")
    connected.see("What should it be called?")
    connected.say("Second")
    connected.press("QR code")
    shown = connected.see("Point it at this picture", within=LINKED_WITHIN)
    assert shown["media"]["mime_type"] == "image/png"
    below = connected.see("Point it at this picture", after=connected.say("Where do I find that?"))
    assert [message["message_id"] for message in connected.messages() if message["media"]] == [below["message_id"]]
    connected.press("Stop pairing")
    connected.see("Stopped: nothing was paired", within=20)
    assert not [message for message in connected.messages() if message["media"]]
    assert product.sql("SELECT name FROM user_devices") == [("Front desk",)]
    wait_until(lambda: not errands(product), "the helper has ended")


def errands(product: Product) -> list[str]:
    return [command for command in product.leftovers() if "errand" in command]


def test_logged_out_the_phone_does_not_list_it_any_more(
    connected: Operator, product: Product, whatsapp: WhatsApp
) -> None:
    connected.home()
    connected.press("Devices")
    connected.press("Front desk")
    connected.press("Log out")
    connected.see("out of WhatsApp?")
    connected.press("Log out")
    connected.see("✅ Logged out", within=LINKED_WITHIN)
    assert whatsapp.do(whatsapp.controls.account(PHONE)).jid is None
    assert product.sql("SELECT state FROM user_devices") == [("unpaired",)]
    assert product.sql("SELECT * FROM device_sessions") == []
    assert product.sql("SELECT text FROM alerts WHERE status <> 'resolved'") == []
