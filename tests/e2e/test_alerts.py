"""The alerts group: one message a problem, edited as it changes, with a button that works."""

from pathlib import Path

import pytest

from tests.e2e.chat import ALERTS_GROUP, Message, Operator
from tests.e2e.harness import Product, wait_until


@pytest.fixture(scope="module")
def product(home: Path):
    with Product(home, CLOCK_START="2026-01-05T10:00:00+08:00", CLOCK_SPEED="60") as product:
        yield product


@pytest.fixture(scope="module")
def operator(product: Product) -> Operator:
    """The owner; four devices have plenty to send, and Sales-1 has begun to hang."""
    operator = Operator(product)
    operator.claim()
    product.post("/sandbox/groups/-1001/bot", member=True)
    devices = [f"Sales-{number}" for number in range(1, 5)]
    for name in devices:
        operator.add_device(name, "20-40")
    people = operator.import_people(100, series=5)
    operator.run_sequence("Alerts", "Day 1 on joining\nHi", devices, people)
    break_device(product, 1, "hang")  # found within a minute: the first to break, the last to be looked at
    return operator


@pytest.fixture
def group(product: Product) -> Operator:
    return Operator(product, chat_id=ALERTS_GROUP)


def break_device(product: Product, device: int, fault: str, **more) -> None:
    product.post("/sandbox/fault", device=device, fault=fault, **more)


def mend_device(product: Product, device: int, fault: str) -> None:
    product.post("/sandbox/fault", device=device, fault=fault, on=False)


def same(group: Operator, alert: Message) -> str:
    return next(one["text"] for one in group.messages() if one["message_id"] == alert["message_id"])


def test_a_banned_device_is_told_at_once_and_a_restart_resolves_the_same_message(product, operator, group):
    break_device(product, 2, "ban")
    alert = group.see("Sales-2 is not sending", within=15)
    mend_device(product, 2, "ban")
    operator.home()
    operator.press("Devices")
    operator.press("Sales-2")
    operator.press("Restart")
    wait_until(lambda: "Sales-2 is online again" in same(group, alert), "the alert is resolved", 20)


def test_a_refused_message_is_told_and_acknowledged_once(product, operator, group):
    break_device(product, 3, "reject", times=1)
    alert = group.see("Sales-3 could not send", within=20)
    assert group.press("Acknowledge", message=alert) == "Seen by you."
    wait_until(lambda: "Seen by" in same(group, alert) or "Resolved" in same(group, alert), "it is seen", 10)
    [row] = product.sql("SELECT status, error_code, error FROM broadcast_messages WHERE status = 'failed'")
    assert row["error"]


def test_an_outage_is_told_after_a_while_and_its_end_too(product, operator, group):
    break_device(product, 4, "offline")
    alert = group.see("Sales-4 is not sending", within=25)
    mend_device(product, 4, "offline")
    wait_until(lambda: "Sales-4 is online again" in same(group, alert), "the alert is resolved", 20)


def test_a_hung_worker_is_restarted_and_its_message_is_not_sent_again(product, operator, group):
    alert = group.see("Sales-1 was stuck", "restarted", within=75)
    mend_device(product, 1, "hang")
    group.see("Not sure it arrived: Sales-1")
    unknown = {row["id"] for row in product.sql("SELECT id FROM broadcast_messages WHERE status = 'unknown'")}
    assert unknown
    wait_until(lambda: "Sales-1 is sending again" in same(group, alert), "it sends again", 75)
    assert not unknown & {line.ref for line in product.ledger()}
