"""kill -9 in the middle of a run: at most the messages in flight are lost sight of, and none goes out twice."""

import time
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.chat import ALERTS_GROUP, Operator
from tests.e2e.harness import Product, wait_until

DEVICES = ("Sales-1", "Sales-2", "Sales-3")
PEOPLE = 90


def set_going(product: Product) -> Operator:
    operator = Operator(product)
    operator.claim()
    product.post("/sandbox/groups/-1001/bot", member=True)
    for name in DEVICES:
        operator.add_device(name, "1-2")
    people = operator.import_people(PEOPLE, series=3)
    operator.create_sequence("Crash", "Day 1 on joining\nOne\nDay 2 09:00\nTwo", DEVICES)
    operator.open_sequence("Crash", "Drafts")
    operator.add_people(people)
    operator.press("Start")
    return operator


def finish(product: Product) -> None:
    """Let both days go by."""
    open_messages = "SELECT count(*) FROM broadcast_messages WHERE status IN ('pending', 'processing')"
    for _ in range(2):
        wait_until(lambda: product.sql(open_messages)[0][0] == 0, "the queue is empty", 90)
        if product.get("/sandbox/clock")["next_due"]:
            product.post("/sandbox/clock", jump_to="next_due")
            wait_until(lambda: product.sql(open_messages)[0][0] > 0, "Day 2 is due", 20)


def assert_nothing_twice_and_nothing_missing(product: Product, kills: int) -> None:
    sends = Counter((line.phone, line.body) for line in product.ledger())
    assert max(sends.values()) == 1
    statuses = {
        row["status"]: row["count"]
        for row in product.sql("SELECT status, count(*) FROM broadcast_messages GROUP BY status")
    }
    unknown = statuses.pop("unknown", 0)
    assert unknown <= kills * len(DEVICES)
    assert statuses == {"sent": 2 * PEOPLE - unknown}
    assert 2 * PEOPLE - unknown <= len(sends) <= 2 * PEOPLE
    if unknown:
        Operator(product, chat_id=ALERTS_GROUP).see("Not sure it arrived")


def test_a_killed_product_goes_on_where_it_was(home: Path):
    with Product(home, CLOCK_START="2026-01-05T10:00:00+08:00", CLOCK_SPEED="60") as product:
        operator = set_going(product)
        product.post(
            "/sandbox/fault", device=1, fault="latency", milliseconds=400
        )  # so that something is in flight
        wait_until(lambda: len(product.ledger()) > 30, "a third is sent")
        menu = operator.menu()
        product.kill9()
        product.wait_until_nothing_is_left()
        product.start()
        operator.press("Refresh", message=menu)
        operator.see("Crash", "sent")
        finish(product)
        assert_nothing_twice_and_nothing_missing(product, kills=1)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_product_that_is_killed_again_and_again(home: Path):
    with Product(home / "again", CLOCK_START="2026-01-05T10:00:00+08:00", CLOCK_SPEED="60") as product:
        set_going(product)
        for device in (1, 2, 3):
            product.post("/sandbox/fault", device=device, fault="latency", milliseconds=300)
        for kill in range(8):
            time.sleep(0.7 + 0.37 * kill)  # another moment each time
            product.kill9()
            product.start()
        finish(product)
        assert_nothing_twice_and_nothing_missing(product, kills=8)
