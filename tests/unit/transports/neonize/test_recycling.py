"""When a host makes way for a fresh one."""

import pytest

from engine.transports.neonize.policy import HostPolicy
from engine.transports.neonize.recycling import Life, next_to_retire

POLICY = HostPolicy(recycle_after=100, memory_limit=1000, shortest_life=10)


@pytest.mark.parametrize(
    ("life", "is_worn"),
    [
        (Life(1, 99, 1000, suspected=False), False),
        (Life(1, 100, 0, suspected=False), True),
        (Life(1, 10, 1001, suspected=False), True),
        (Life(1, 9, 1001, suspected=False), False),
        (Life(1, 500, 5000, suspected=True), False),
    ],
)
def test_an_old_host_or_a_large_one_is_worn_unless_it_is_under_suspicion(life, is_worn):
    assert next_to_retire([life], POLICY) == (1 if is_worn else None)


def test_the_one_most_in_need_goes_first():
    lives = [Life(1, 200, 0, suspected=False), Life(2, 20, 2000, suspected=False), Life(3, 30, 0, suspected=False)]
    assert next_to_retire(lives, POLICY) == 2
    assert next_to_retire(lives[::2], POLICY) == 1
    assert next_to_retire([], POLICY) is None
