"""Power off in the middle of a run, and on again: nobody gets a message twice, and nobody is forgotten."""

import subprocess
import sys
import time

import pytest

from tests.e2e.chat import ALERTS_GROUP, Operator
from tests.e2e.harness import Product, wait_until
from tests.processes import ROOT

DEVICES = ("North", "East", "South", "West")
PEOPLE = 48
TAKEN_OVER_WITHIN = 12.0  # machine seconds after which an engine without a heartbeat counts as dead


def test_killed_in_the_middle_it_goes_on_and_sends_nothing_twice(product: Product, operator: Operator) -> None:
    group = Operator(product, ALERTS_GROUP)
    product.post(f"/sandbox/groups/{ALERTS_GROUP}/bot", member=True)
    people = operator.import_people(PEOPLE, series=1)
    for name in DEVICES:
        operator.add_device(name, "5-15")
    product.run_clock(60)
    operator.run_sequence("Crash", "Day 1 09:00\nOnce", DEVICES, people)
    product.jump_to_next_due()
    wait_until(lambda: len(product.ledger()) >= PEOPLE // 3, "a third is on the phones")
    _slow_network(product, on=True)
    wait_until(lambda: len(_in_flight(product)) == len(DEVICES), "every device has a message on its way")
    in_flight = set(_in_flight(product))
    history = operator.messages()
    product.kill9()
    product.wait_until_nothing_is_left()  # the keeper stops PostgreSQL
    at_kill = len(product.ledger())

    product.start()
    _slow_network(product, on=False)
    assert operator.messages() == history
    operator.press("Refresh", message=history[-1])
    operator.see("Crash", "Active")

    unknown = "SELECT id FROM broadcast_messages WHERE status = 'unknown'"
    wait_until(lambda: product.sql(unknown), "the messages in flight are settled", TAKEN_OVER_WITHIN + 8)
    product.wait_until_all_is_sent()
    lines = product.ledger()
    assert len(lines) > at_kill
    assert len({line.phone for line in lines}) == len({line.ref for line in lines}) == len(lines)
    assert {row["id"] for row in product.sql(unknown)} == in_flight
    sent = {row["id"] for row in product.sql("SELECT id FROM broadcast_messages WHERE status = 'sent'")}
    assert sent == {line.ref for line in lines} - in_flight
    assert len(sent | in_flight) == PEOPLE

    for name in DEVICES:
        group.see("Outcome unknown", name, "will not be sent again by itself")


@pytest.mark.long
@pytest.mark.timeout(900)
def test_killed_again_and_again_it_sends_nothing_twice(product: Product, operator: Operator) -> None:
    kills, people = 8, operator.import_people(90, series=2)
    devices = [f"{name} again" for name in DEVICES]
    for name in devices:
        operator.add_device(name, "5-15")
    product.run_clock(60)
    operator.run_sequence("Again", "Day 1 09:00\nOnce more", devices, people)
    product.jump_to_next_due()
    for kill in range(kills):
        _slow_network(product, on=True, milliseconds=500)
        wait_until(lambda: _in_flight(product), "something is on its way")
        time.sleep(0.13 * kill)  # another moment each time
        product.kill9()
        product.start()
    _slow_network(product, on=False)
    product.wait_until_all_is_sent()
    lines = [line for line in product.ledger() if line.body == "Once more"]
    assert len({line.phone for line in lines}) == len(lines)
    statuses = {
        row["status"]: row["count"]
        for row in product.sql(
            "SELECT status, count(*) FROM broadcast_messages WHERE body = 'Once more' GROUP BY status"
        )
    }
    assert statuses.get("unknown", 0) <= kills * len(devices)
    assert statuses["sent"] + statuses.get("unknown", 0) == 90
    assert statuses["sent"] <= len(lines)


@pytest.mark.long
def test_a_stop_leaves_nothing_behind_and_a_second_start_is_quick(product: Product, operator: Operator) -> None:
    chat = operator.messages()
    product.stop()
    imports = _seconds_of_bare_imports()
    assert product.start() < 2 * imports + 2  # twice: another process may have had the machine just now
    assert operator.messages() == chat
    operator.home()


def _seconds_of_bare_imports() -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import bot.app"], cwd=ROOT, check=True)
    return time.monotonic() - began


def _slow_network(product: Product, *, on: bool, milliseconds: int = 4000) -> None:
    """While it is slow a message stays on its way long enough to be killed there."""
    for device in product.get("/sandbox/devices"):
        product.post("/sandbox/fault", device=device["device"], fault="latency", on=on, milliseconds=milliseconds)


def _in_flight(product: Product) -> list[int]:
    return [row["id"] for row in product.sql("SELECT id FROM broadcast_messages WHERE status = 'processing'")]
