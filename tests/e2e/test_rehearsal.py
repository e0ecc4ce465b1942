"""Test all to me, over HTTP: in order on one's own simulated phone, with the photo, and in no statistics."""

import base64

from tests.e2e.chat import Operator
from tests.e2e.harness import Product, wait_until

OWN = "+60123456789"  # what the sandbox offers as one's own
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_the_whole_sequence_is_on_ones_own_phone_in_a_moment(product: Product, operator: Operator) -> None:
    operator.add_device("Sales-1", "0-0")
    operator.create_sequence("Welcome", "Day 1 09:00\nHi {{ name | default('there') }}\nDay 3\nAnd?", ["Sales-1"])
    operator.upload("studio.png", PNG, "image/png", caption="Day 2\nOur studio", **{"as": "photo"})
    operator.see("Welcome", "2. Day 2 09:00", "Our studio")

    operator.press("Test all to me")
    operator.see("Which WhatsApp number is your own?")
    operator.press(f"Use {OWN}")
    operator.see(f"3 messages to {OWN}", "From Sales-1")

    wait_until(lambda: len(_received(product)) == 3, "all three on the phone", 30)
    assert _received(product) == [("text", "Hi Alex Tan"), ("image", "Our studio"), ("text", "And?")]
    assert [line.phone for line in product.ledger()] == [OWN] * 3
    operator.press("Refresh")
    operator.see("✓ All sent")

    operator.press("Back")
    operator.press("Done")
    operator.see("Welcome", "Draft", "📱")
    assert product.sql("SELECT count(*) FROM contacts WHERE NOT unlisted")[0]["count"] == 0


def _received(product: Product) -> list[tuple[str, str]]:
    messages = product.get(f"/sandbox/phones/{OWN}")["messages"]
    return [(message["kind"], message["body"]) for message in messages]
