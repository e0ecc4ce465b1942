"""What the alerts group is told, and what people do there: one message a problem, edited until it is over."""

import pytest

from tests.e2e.chat import ALERTS_GROUP, Message, Operator
from tests.e2e.harness import Product, wait_until

BANNED, REFUSED, AWAY, HUNG = "Banned", "Refused", "Away", "Hung"
HANG_NOTICED_WITHIN = 75.0  # machine seconds: 30 in flight, health every 30, and the post


@pytest.fixture(scope="module")
def numbers(product: Product, operator: Operator) -> dict[str, int]:
    """The devices by name. The one that hangs has its message on the way from here on."""
    product.post(f"/sandbox/groups/{ALERTS_GROUP}/bot", member=True)
    for name in (HUNG, BANNED, REFUSED, AWAY):
        operator.add_device(name, "5-15")
    numbers = {device["name"]: device["device"] for device in product.get("/sandbox/devices")}
    _switch(product, numbers[HUNG], "hang")
    product.run_clock(60)
    people = operator.import_people(3, series=1)
    operator.run_sequence("Hanging", "Day 1 on joining\nHanging", [HUNG], people)
    wait_until(lambda: _statuses(product, HUNG) == {"processing": 1, "pending": 2}, "a message hangs")
    return numbers


@pytest.fixture(scope="module")
def group(product: Product, numbers: dict[str, int]) -> Operator:
    alerts = Operator(product, ALERTS_GROUP)
    alerts.see("will be posted here")
    return alerts


def test_a_banned_device_is_one_alert_that_resolves_in_place(
    product: Product, operator: Operator, group: Operator, numbers: dict[str, int]
) -> None:
    _switch(product, numbers[BANNED], "ban")
    alert = group.see("Device down", BANNED)
    _switch(product, numbers[BANNED], "ban", on=False)
    operator.home()
    operator.press("Devices")
    operator.press(BANNED)
    operator.see(BANNED, "Queue:")
    operator.press("Restart")
    assert group.see("Resolved", BANNED, "online again")["message_id"] == alert["message_id"]
    assert _told(group, BANNED) == 1


def test_a_refused_message_is_told_and_acknowledged_by_a_button(
    product: Product, operator: Operator, group: Operator, numbers: dict[str, int]
) -> None:
    _switch(product, numbers[REFUSED], "reject", permanent=True, code="not_allowed")
    people = operator.import_people(2, series=2)
    operator.run_sequence("Refused ones", "Day 1 on joining\nRefused", [REFUSED], people)
    wait_until(lambda: _statuses(product, REFUSED) == {"failed": 2}, "both have failed")
    alert = group.see("Not sent", "×2", REFUSED, "refused the message")
    operator.home()
    operator.press("Alerts")
    operator.see("Open alerts", REFUSED)
    assert group.press("Acknowledge", message=alert) == "Seen by you."
    seen = group.see("Not sent", "Seen by Aisyah")
    assert seen["message_id"] == alert["message_id"]
    assert seen["buttons"] == []


def test_a_device_that_is_away_for_a_while_says_so_and_comes_back(
    product: Product, group: Operator, numbers: dict[str, int]
) -> None:
    _switch(product, numbers[AWAY], "offline")
    alert = group.see(
        "Device down", AWAY, "no network", within=20
    )  # told after 10 s: hiccups are nobody's business
    _switch(product, numbers[AWAY], "offline", on=False)
    assert group.see("Resolved", AWAY)["message_id"] == alert["message_id"]


def test_a_hung_worker_is_restarted_and_its_message_is_not_sent_again(
    product: Product, group: Operator, numbers: dict[str, int]
) -> None:
    group.see("Worker restarted", HUNG, within=HANG_NOTICED_WITHIN)
    _switch(product, numbers[HUNG], "hang", on=False)
    group.see("Outcome unknown", HUNG)
    wait_until(lambda: _statuses(product, HUNG) == {"unknown": 1, "sent": 2}, "the others are sent", 40)
    assert group.see("Worker restarted", HUNG, "Resolved", "sending again")
    assert len([line for line in product.ledger() if line.body == "Hanging"]) == 2


def _switch(product: Product, device: int, fault: str, *, on: bool = True, **settings: object) -> None:
    product.post("/sandbox/fault", device=device, fault=fault, on=on, **settings)


def _statuses(product: Product, device: str) -> dict[str, int]:
    rows = product.sql(
        "SELECT m.status, count(*) FROM broadcast_messages m JOIN user_devices d ON d.id = m.device_id "
        "WHERE d.name = $1 GROUP BY 1",
        device,
    )
    return {row["status"]: row["count"] for row in rows}


def _told(group: Operator, device: str) -> int:
    messages: list[Message] = group.said_by_bot()
    return sum(device in message["text"] for message in messages)
