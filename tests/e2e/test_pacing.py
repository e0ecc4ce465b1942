"""What the phones see of the clock: the gaps between the messages of one device, and the days of a sequence."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.e2e.chat import Operator
from tests.e2e.harness import LedgerLine, Product, wait_until

LOCAL = ZoneInfo("Asia/Kuala_Lumpur")
FRIDAY = "2026-01-02T08:50:00+08:00"
FRIDAY_NIGHT = "2026-01-02T23:00:00+08:00"


@contextmanager
def running(home: Path, **environment: str) -> Iterator[tuple[Product, Operator]]:
    with Product(home, **environment) as product:
        operator = Operator(product)
        operator.claim()
        yield product, operator


def gaps(lines: list[LedgerLine]) -> dict[int, list[float]]:
    """Seconds of business time between the messages of each device."""
    by_device = defaultdict(list)
    for line in lines:
        by_device[line.device].append(line.business_at)
    return {
        device: [(later - earlier).total_seconds() for earlier, later in pairwise(at)]
        for device, at in by_device.items()
    }


def test_the_gaps_of_each_device_keep_to_its_delays(home: Path):
    """At ×60 a tenth of a real second is six business seconds: that much may come on top, never below."""
    with running(home / "gaps", CLOCK_SPEED="60", CLOCK_START=FRIDAY) as (product, operator):
        for name in ("Sales-1", "Sales-2"):
            operator.add_device(name, "5-15")
        people = operator.import_people(80, series=1)
        operator.create_sequence("Pacing", "Day 1 on joining\nHi", ["Sales-1", "Sales-2"])
        operator.open_sequence("Pacing", "Drafts")
        operator.add_people(people)
        operator.press("Start")
        wait_until(lambda: len(product.ledger()) >= 50, "fifty messages", 40)
        product.sql("UPDATE user_devices SET min_delay_seconds = 60, max_delay_seconds = 90")
        changed = len(product.ledger())
        before = gaps(product.ledger())
        assert len(before) == 2
        for device_gaps in before.values():
            assert min(device_gaps) >= 5
            assert sorted(device_gaps)[len(device_gaps) // 2] <= 15 + 6
        wait_until(lambda: len(product.ledger()) >= changed + 8, "the slower messages", 30)
        later = gaps(
            product.ledger()[changed + 2 :]
        )  # the next message of each device may still be of the old pace
        assert all(gap >= 60 for device_gaps in later.values() for gap in device_gaps)


def test_day_two_comes_at_the_set_local_time_and_skips_the_weekend_when_asked(home: Path):
    with running(home / "days", CLOCK_START=FRIDAY_NIGHT) as (product, operator):
        operator.add_device("Sales-1", "1-2")
        people = operator.import_people(3, series=2)
        for name, skip in (("Plain", False), ("Rested", True)):
            plan = f"Day 1 on joining\n{name} 1\nDay 2 09:00\n{name} 2"
            operator.run_sequence(name, plan, ["Sales-1"], people, skip_weekends=skip)
        wait_until(lambda: len(product.ledger()) == 6, "Day 1 of both", 30)
        product.post("/sandbox/clock", speed=1440)
        wait_until(lambda: len(product.ledger()) >= 9, "Saturday", 60)
        product.post("/sandbox/clock", jump_to="2026-01-05T08:00:00+08:00")
        wait_until(lambda: len(product.ledger()) == 12, "Monday", 30)
    days = defaultdict(set)
    for line in product.ledger():
        local = line.business_at.astimezone(LOCAL)
        days[line.body].add(f"{local:%a}")
        if line.body.endswith("2"):
            minutes = (local.hour - 9) * 60 + local.minute
            assert 0 <= minutes <= 45, local  # at ×1440 a real second is 24 minutes
    assert days == {"Plain 1": {"Fri"}, "Rested 1": {"Fri"}, "Plain 2": {"Sat"}, "Rested 2": {"Mon"}}
