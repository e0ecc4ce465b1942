"""The one way in which benches compare: every case once a round, so that what the machine does hits all alike."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Rounds:
    """What each case has measured, round by round."""

    values: Mapping[str, list[float]]

    def median(self, case: str) -> float:
        return median(self.values[case])

    def ratio(self, case: str, to: str) -> float:
        """The median of the ratios within one round: a slow minute of the machine cancels out."""
        return median(one / other for one, other in zip(self.values[case], self.values[to], strict=True))


async def interleaved(cases: Mapping[str, Callable[[], Awaitable[float]]], rounds: int) -> Rounds:
    """Run every case once a round; a case returns what it has measured. Every other round goes backwards."""
    values: dict[str, list[float]] = {case: [] for case in cases}
    for number in range(rounds):
        for case in cases if number % 2 == 0 else reversed(cases):
            values[case].append(await cases[case]())
    return Rounds(values)
