"""A month on the manual clock. A quarter: `python -m tests.simulation quarter --seed N`.

Every run of the tests tells another story; its seed stands in the header, and QUARTER_SEED=N tells it again.
"""

import os

import pytest

from engine.database import Database
from tests.simulation.quarter.plan import MONTH, plan
from tests.simulation.quarter.story import tell


@pytest.mark.timeout(400)  # a minute, unless the machine has much else to do
async def test_a_month_in_which_whatever_people_do_everybody_gets_what_they_should(database: Database) -> None:
    seed = int(os.environ["QUARTER_SEED"])
    print(f"QUARTER_SEED={seed}")
    result = await tell(database, plan(seed, MONTH))
    assert result.violations == [], f"QUARTER_SEED={seed}"
    assert result.runs > 1000
    assert result.taken > 5000
    assert result.outcomes["unknown"] > 0
