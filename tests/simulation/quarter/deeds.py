"""What operators, people and machines do: one class a deed. The plan is a list of them.

A new deed is a class with what it does (`do`) and how it is drawn by lot (`draw`), and a line in `plan.OFTEN`. It
calls the use case, and then writes into the record what is so from now on.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence as Several
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Protocol

from tests.simulation.quarter.record import Device, Person, Sequence, Team
from tests.simulation.quarter.stage import Stage


@dataclass(frozen=True, slots=True)
class Cast:
    """How many there are of each, to choose from."""

    teams: int
    sequences: int
    devices: int
    people: int
    engines: int = 2


@dataclass(frozen=True, slots=True)
class Deed(ABC):
    at: datetime

    @abstractmethod
    async def do(self, stage: Stage) -> None:
        """Call the use case, and note in the record what is so from now on."""


class Drawn(Protocol):
    """A kind of deed that comes by lot; others are planned, or undo what did."""

    @classmethod
    def draw(cls, random: Random, at: datetime, cast: Cast) -> Several[Deed]:
        """Draw one, and what undoes it later."""
        ...


def later(random: Random, at: datetime, hours: tuple[float, float]) -> datetime:
    return at + timedelta(minutes=round(random.uniform(*hours) * 60))


@dataclass(frozen=True, slots=True)
class OfSequence(Deed):
    number: int

    def sequence(self, stage: Stage) -> Sequence:
        return stage.record.sequences[self.number]


@dataclass(frozen=True, slots=True)
class OfTeam(Deed):
    number: int

    def team(self, stage: Stage) -> Team:
        return stage.record.teams[self.number]


@dataclass(frozen=True, slots=True)
class OfDevice(Deed):
    number: int

    def device(self, stage: Stage) -> Device:
        return list(stage.record.devices.values())[self.number]


@dataclass(frozen=True, slots=True)
class OfPerson(Deed):
    number: int

    def person(self, stage: Stage) -> Person:
        return list(stage.record.people.values())[self.number]
