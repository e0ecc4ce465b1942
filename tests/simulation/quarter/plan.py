"""Who is there, and what is done when: a pure function of the seed and the length."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random

from models.enums import MissedPolicy
from tests.simulation.quarter.almanac import Moment, Quiet
from tests.simulation.quarter.deeds import Cast, Deed, Drawn
from tests.simulation.quarter.editing import AddStep, ChangeText, MoveStep, RemoveStep, SwapSteps, TurnRestDays
from tests.simulation.quarter.machines import Drop, KillEngine, RestartWorker
from tests.simulation.quarter.pausing import PauseDevice, PauseSequence, SetPace, StopEverything
from tests.simulation.quarter.people import Join, Say, SayStart, SayStop
from tests.simulation.quarter.runs import PausePerson, TakeOut

# Summer time begins and ends in some of them, at two in the morning or at midnight, by an hour or by half of one.
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Asia/Kuala_Lumpur",
)


@dataclass(frozen=True, slots=True)
class TeamPlan:
    country: str
    zone: str
    rest: frozenset[int]
    quiet: Quiet | None
    people: int
    devices: int


@dataclass(frozen=True, slots=True)
class SequencePlan:
    team: int
    policy: MissedPolicy
    late_window: int  # minutes
    skip_rest: bool
    skip_holidays: bool
    own_zones: bool
    steps: tuple[Moment, ...]


TEAMS = (
    TeamPlan("MY", "Asia/Kuala_Lumpur", frozenset({6, 7}), Quiet(time(21), time(8)), people=1300, devices=40),
    TeamPlan("DE", "Europe/Berlin", frozenset({7}), None, people=700, devices=24),
)
SEQUENCES = (
    SequencePlan(
        0, MissedPolicy.SHIFT, 720, True, True, True,
        (
            Moment(1, None, 0), Moment(1, time(18, 30)), Moment(2, time(9)), Moment(3, time(14)),
            Moment(5, time(9)), Moment(6, time(18, 30)), Moment(8, time(9)),
        ),
    ),
    SequencePlan(
        0, MissedPolicy.SKIP, 180, False, False, False,
        (
            Moment(1, time(9)), Moment(2, time(14)), Moment(3, time(9)), Moment(3, time(18, 30)),
            Moment(5, time(22, 30)), Moment(7, time(9)), Moment(8, time(14)),
        ),
    ),
    SequencePlan(
        1, MissedPolicy.SEND_NOW, 360, False, True, True,
        (
            Moment(1, None, 10), Moment(2, time(2, 30)), Moment(3, time(1, 30)), Moment(4, time(23, 30)),
            Moment(5, time(2, 30)), Moment(6, time(9)), Moment(7, time(2, 30)), Moment(8, time(14)),
        ),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Length:
    """Days. People join and everything happens for a while; then everything is resumed, and all runs come to an end,
    a few of them only in the days of `grace`. `part`: of a team's people are asked into each of its sequences.

    The beginnings are chosen so that the clocks change in both hemispheres before the end.
    """

    days: int
    joining: int
    deeds: int
    grace: int
    part: float
    beginnings: tuple[datetime, ...]


MONTH = Length(
    days=31,
    joining=16,
    deeds=20,
    grace=30,
    part=0.4,
    beginnings=(datetime(2026, 3, 16, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC)),
)
QUARTER = Length(
    days=91,
    joining=70,
    deeds=76,
    grace=30,
    part=0.9,
    beginnings=(datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 9, 14, tzinfo=UTC)),
)

# How often in a week.
OFTEN: Mapping[type[Drawn], float] = {
    AddStep: 3,
    ChangeText: 5,
    MoveStep: 4,
    RemoveStep: 2,
    SwapSteps: 2,
    TurnRestDays: 1.5,
    PauseSequence: 2.5,
    PauseDevice: 6,
    StopEverything: 1.5,
    SetPace: 6,
    Drop: 12,
    RestartWorker: 6,
    KillEngine: 3,
    Say: 60,
    SayStop: 12,
    SayStart: 8,
    PausePerson: 30,
    TakeOut: 5,
}
CAST = Cast(
    teams=len(TEAMS),
    sequences=len(SEQUENCES),
    devices=sum(team.devices for team in TEAMS),
    people=sum(team.people for team in TEAMS),
)
WAVES_A_DAY = 3


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    begins: datetime
    length: Length
    zones: Sequence[str]  # everybody's, one after the other
    deeds: Sequence[Deed]  # in the order of time

    @property
    def calm_from(self) -> datetime:
        """From here on nobody changes anything; everything has been resumed."""
        return self.begins + timedelta(days=self.length.deeds)

    @property
    def ends(self) -> datetime:
        """By now all runs must be over."""
        return self.begins + timedelta(days=self.length.days + self.length.grace)


def plan(seed: int, length: Length) -> Plan:
    random = Random(seed)
    begins = random.choice(length.beginnings)
    zones = [random.choice(ZONES) for _ in range(CAST.people)]
    deeds = [*_waves(random, begins, length)]
    last = begins + timedelta(days=length.deeds)
    for kind, often in OFTEN.items():
        for _ in range(round(often * length.deeds / 7)):
            deeds += kind.draw(random, _sometime(random, begins, length.deeds), CAST)
    in_time = [deed if deed.at < last else _brought_forward(deed, last) for deed in deeds]
    return Plan(seed, begins, length, zones, sorted(in_time, key=lambda deed: deed.at))


def _waves(random: Random, begins: datetime, length: Length) -> Sequence[Deed]:
    """Everybody is asked at most once into a sequence; most waves are at the hour, some at any time."""
    waves: list[Deed] = []
    first = 0
    for team_number, team in enumerate(TEAMS):
        for number, sequence in enumerate(SEQUENCES):
            if sequence.team != team_number:
                continue
            chosen = [person for person in range(first, first + team.people) if random.random() < length.part]
            random.shuffle(chosen)
            count = length.joining * WAVES_A_DAY // len(SEQUENCES)
            for wave in range(count):
                at = _sometime(random, begins, length.joining)
                if random.random() < 0.5:
                    at = at.replace(minute=0, second=0)
                waves.append(Join(at, number, tuple(chosen[wave::count])))
        first += team.people
    return waves


def _sometime(random: Random, begins: datetime, days: int) -> datetime:
    """Never at the very instant at which something is sent, so that it is clear which came first."""
    return begins + timedelta(minutes=random.randrange(days * 24 * 60), seconds=random.choice([7, 23, 41]))


def _brought_forward(deed: Deed, last: datetime) -> Deed:
    return type(deed)(last, *(getattr(deed, name) for name in deed.__dataclass_fields__ if name != "at"))
