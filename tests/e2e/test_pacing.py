"""The pauses of each device and the local times of each day, as the phones saw them."""

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

from tests.e2e.chat import Operator
from tests.e2e.harness import LedgerLine, Product, wait_until

HERE = ZoneInfo("Asia/Kuala_Lumpur")
DEVICES = ("Slow-1", "Slow-2", "Slow-3")

# The pause is counted from the outcome of the last message, so a gap is the drawn delay, plus the way to the phone
# and back, plus the claim: machine time, which the clock multiplies. 150 ms of it are 9 s at ×60. A quiet machine
# needs 30 ms; one that runs other tests beside it stalls now and then.
USUAL_OVERHEAD = 60 * 0.15
STALLED_OVERHEAD = 60 * 0.5


def test_at_60_times_the_gaps_of_each_device_are_within_its_delays(product: Product, operator: Operator) -> None:
    people = operator.import_people(60, series=1)
    for name in DEVICES:
        operator.add_device(name, "5-15")
    product.run_clock(60)
    operator.run_sequence("Paced", "Day 1 09:00\nPaced", DEVICES, people)
    product.jump_to_next_due()
    wait_until(lambda: len(product.ledger()) == 60, "every phone has its message", 60)

    gaps = [gap for device in _by_device(product.ledger()).values() for gap in _gaps(device)]
    assert len(gaps) >= 60 - len(DEVICES)
    assert min(gaps) >= 5
    assert median(gaps) <= 15 + USUAL_OVERHEAD
    late = [gap for gap in gaps if gap > 15 + STALLED_OVERHEAD]
    assert len(late) <= len(gaps) // 10


def test_delays_changed_by_plain_sql_hold_from_the_next_message(product: Product, operator: Operator) -> None:
    people = operator.import_people(20, series=2)
    product.run_clock(60)
    operator.run_sequence("Slowed", "Day 1 09:00\nSlowed", [DEVICES[0]], people)
    product.jump_to_next_due()

    def received() -> list[LedgerLine]:
        return [line for line in product.ledger() if line.body == "Slowed"]

    wait_until(lambda: len(received()) >= 5, "some messages at the old pace")
    product.sql(
        "UPDATE user_devices SET min_delay_seconds = 40, max_delay_seconds = 60 WHERE name = $1", DEVICES[0]
    )
    known = len(received())
    wait_until(lambda: len(received()) >= known + 6, "some messages at the new pace", 30)

    # The pause that was running keeps its length; the message after it may have been claimed at the very moment.
    before, after = _gaps(received()[: known + 1]), _gaps(received()[known + 1 :])
    assert median(before) <= 15 + USUAL_OVERHEAD
    assert min(after) >= 40


def test_days_come_at_the_set_local_time_and_skip_the_weekend_only_if_asked(
    product: Product, operator: Operator
) -> None:
    product.run_clock(60)
    plan = "Day 1 09:00\n{day} one\nDay 2 09:00\n{day} two"
    friday, saturday, monday = _next_friday(product)
    product.jump_to(friday + timedelta(hours=8))
    daily, rested = operator.import_people(3, series=3), operator.import_people(3, series=4)
    operator.run_sequence("Every day", plan.replace("{day}", "daily"), [DEVICES[1]], daily)
    operator.run_sequence(
        "Working days", plan.replace("{day}", "rested"), [DEVICES[2]], rested, skip_weekends=True
    )
    product.run_clock(1440)  # a day a minute: each morning takes seconds
    for day in (friday, saturday, monday):
        product.jump_to(day + timedelta(hours=8, minutes=30))
        product.let_pass(timedelta(hours=1))

    assert _days(product, "daily one") == {friday}
    assert _days(product, "daily two") == {saturday}
    assert _days(product, "rested one") == {friday}
    assert _days(product, "rested two") == {monday}


def _days(product: Product, body: str) -> set[datetime]:
    """The local days on which three phones received it, each in the first minutes after nine o'clock."""
    lines = [line for line in product.ledger() if line.body == body]
    assert len({line.phone for line in lines}) == len(lines) == 3
    days = set()
    for line in lines:
        local = line.business_at.astimezone(HERE)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        # Three messages with their pauses and their ways there, at 24 minutes a second.
        assert timedelta(hours=9) <= local - midnight <= timedelta(hours=9, minutes=20)
        days.add(midnight)
    return days


def _next_friday(product: Product) -> tuple[datetime, datetime, datetime]:
    """The midnights of a Friday, the Saturday and the Monday after it."""
    today = product.now().astimezone(HERE).replace(hour=0, minute=0, second=0, microsecond=0)
    friday = today + timedelta(days=(4 - today.weekday()) % 7 or 7)
    return friday, friday + timedelta(days=1), friday + timedelta(days=3)


def _by_device(lines: list[LedgerLine]) -> dict[int, list[LedgerLine]]:
    devices = defaultdict(list)
    for line in lines:
        devices[line.device].append(line)
    return devices


def _gaps(lines: list[LedgerLine]) -> list[float]:
    """Business seconds between the starts of two sends."""
    return [(after.business_at - before.business_at).total_seconds() for before, after in pairwise(lines)]
