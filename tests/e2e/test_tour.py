"""The way of issue 2 from end to end: a file dropped into the chat becomes paced messages on phones."""

from collections import Counter
from datetime import timedelta

import pytest

from tests.e2e.chat import Operator, made_up_phone
from tests.e2e.harness import CONTACTS, Product, wait_until

TWO_DAYS = "Day 1 09:00\nHi {{ name | default('there') }}, welcome!\nDay 2\nHere is the price list."
DEVICES = ("Sales-1", "Sales-2", "Sales-3")
MANY_DELAYS = timedelta(minutes=5)
FAST = 240  # the clock of the tour: a two-hundred-message day in seconds


@pytest.fixture(scope="module")
def devices(operator: Operator) -> tuple[str, ...]:
    for name in DEVICES:
        operator.add_device(name, "5-15")
    return DEVICES


@pytest.fixture(scope="module", autouse=True)
def _fast_clock(product: Product) -> None:
    product.run_clock(FAST)


def test_a_dropped_file_becomes_two_days_of_messages(
    product: Product, operator: Operator, devices: tuple[str, ...]
) -> None:
    operator.import_file(CONTACTS)
    people = product.sql("SELECT count(*) FROM contacts")[0]["count"]
    assert people > 200

    operator.create_sequence("Welcome week", TWO_DAYS, devices)
    operator.press("Done")
    operator.see("Welcome week", "Draft")
    operator.add_people("contacts")
    assert operator.launch("Start", f"{people} people begin.") == f"Started with {people} people."

    product.jump_to_next_due()
    wait_until(lambda: len(product.ledger()) > people // 4, "a quarter of day 1 on the phones", 40)

    assert "Paused" in operator.press("Pause")
    at_pause = _when_nothing_is_on_its_way(product)
    assert at_pause < people, "the pause came too late to prove anything"
    product.let_pass(MANY_DELAYS)
    assert len(product.ledger()) == at_pause

    assert "goes on" in operator.launch("Resume", "0 twice")
    wait_until(lambda: len(product.ledger()) >= people, "all of day 1 on the phones", 60)

    product.jump_to_next_due()
    wait_until(lambda: len(product.ledger()) >= 2 * people, "all of day 2 on the phones", 60)
    product.let_pass(MANY_DELAYS)

    received = Counter((line.phone, line.body.startswith("Here is")) for line in product.ledger())
    assert len(received) == 2 * people
    assert set(received.values()) == {1}
    operator.open_sequence("Welcome week")
    operator.see("Welcome week", f"{people} finished")


def test_who_answers_stop_gets_one_confirmation_and_nothing_more(
    product: Product, operator: Operator, devices: tuple[str, ...]
) -> None:
    stopping, staying = made_up_phone(1, 0), made_up_phone(1, 1)
    operator.run_sequence("Stopping", TWO_DAYS, devices, operator.import_people(2, series=1))
    product.jump_to_next_due()
    wait_until(lambda: _received(product, stopping), "day 1 on the phone")

    for word in ("Stop!", "STOP"):
        product.post("/sandbox/reply", phone=stopping, text=word)
    wait_until(lambda: len(_received(product, stopping)) == 2, "the confirmation on the phone")
    wait_until(lambda: len(_received(product, staying)) == 1, "day 1 on the other phone")
    product.jump_to_next_due()
    wait_until(lambda: len(_received(product, staying)) == 2, "day 2 on the other phone")

    welcome, confirmation = _received(product, stopping)
    assert welcome == "Hi Person 0, welcome!"
    assert "START" in confirmation
    operator.home()
    operator.press("Contacts")
    operator.press("Opted out")
    operator.see("Opted out", stopping)


def _received(product: Product, phone: str) -> list[str]:
    return [line.body for line in product.ledger() if line.phone == phone]


def _when_nothing_is_on_its_way(product: Product) -> int:
    """How many messages the phones have, once the sends that had started before the pause are over."""
    in_flight = "SELECT 1 FROM broadcast_messages WHERE status = 'processing'"
    wait_until(lambda: not product.sql(in_flight), "no send is in flight")
    return len(product.ledger())
