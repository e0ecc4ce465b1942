"""The short proof, on the real thing: every kind of fault once. The long one: `python -m tests.simulation chaos`."""

import pytest

from tests.simulation.chaos import run
from tests.simulation.plan import SHORT, short_plan


@pytest.mark.timeout(150)  # a minute on a quiet machine
async def test_whatever_breaks_nothing_is_sent_twice_and_nobody_is_forgotten() -> None:
    result = await run(1, SHORT, short_plan(1))
    assert result.violations == []
    assert result.taken > SHORT.messages * 0.9
    assert result.outcomes["sent"] > SHORT.messages * 0.9
    assert 0 < result.outcomes["unknown"] <= result.most_unknown
