"""When engines are killed: a pure function of the seed."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random

A_ROUND = 5  # kills; a round is one file that is imported and one campaign to some of its people


class Phase(StrEnum):
    IMPORT = "import"
    LAUNCH = "launch"  # while its messages are made
    RUN = "run"


# From the beginning of the phase, in machine seconds: longer than most of it takes, so that its end is met as well.
_WITHIN = {Phase.IMPORT: 4.0, Phase.LAUNCH: 0.6, Phase.RUN: 15.0}
_WEIGHTS = {Phase.IMPORT: 2, Phase.LAUNCH: 1, Phase.RUN: 2}


@dataclass(frozen=True, slots=True)
class Kill:
    """An engine, counted from 0, so many machine seconds after its phase began."""

    phase: Phase
    after: float
    engine: int


@dataclass(frozen=True, slots=True)
class Round:
    number: int
    kills: tuple[Kill, ...]

    def of(self, phase: Phase) -> list[Kill]:
        return sorted((kill for kill in self.kills if kill.phase is phase), key=lambda kill: kill.after)


def plan(seed: int, kills: int, engines: int) -> list[Round]:
    """Every round has each phase at least once."""
    random = Random(seed)
    rounds = []
    for number in range(-(-kills // A_ROUND)):
        left = min(A_ROUND, kills - number * A_ROUND)
        phases = [*Phase, *random.choices(list(_WEIGHTS), list(_WEIGHTS.values()), k=A_ROUND)][:left]
        rounds.append(
            Round(
                number,
                tuple(
                    Kill(phase, random.uniform(0, _WITHIN[phase]), random.randrange(engines)) for phase in phases
                ),
            )
        )
    return rounds
