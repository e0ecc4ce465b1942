"""The short proof: five kills. The long one: `python -m tests.simulation kills --seed N`."""

import os

import pytest

from tests.simulation.kills.story import run


@pytest.mark.timeout(400)  # a minute on a quiet machine
async def test_wherever_an_engine_is_killed_nobody_is_doubled_and_nobody_is_missing() -> None:
    seed = int(os.environ["QUARTER_SEED"])
    print(f"QUARTER_SEED={seed}")
    result = await run(seed, 5)
    assert result.violations == [], f"QUARTER_SEED={seed}"
    assert result.messages > 1000
