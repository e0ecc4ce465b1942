"""People join, answer, and say STOP and START."""

from collections.abc import Sequence as Several
from dataclasses import dataclass
from datetime import datetime
from random import Random

from engine.transports.contract import Inbound
from tests.simulation.quarter.almanac import first_day
from tests.simulation.quarter.deeds import Cast, Deed, OfPerson, OfSequence
from tests.simulation.quarter.record import Person, Run
from tests.simulation.quarter.stage import Stage

RUNS = (
    "SELECT id, contact_id FROM sequence_contacts WHERE sequence_id = :id AND contact_id = ANY(:ids) ORDER BY id"
)


@dataclass(frozen=True, slots=True)
class Join(OfSequence):
    """A wave of people joins: those who were in it before, or have opted out, are refused."""

    people: tuple[int, ...]

    async def do(self, stage: Stage) -> None:
        sequence, record = self.sequence(stage), stage.record
        everybody = list(record.people.values())
        wave = [everybody[number] for number in self.people]
        there = {run.person.id for run in record.runs.values() if run.sequence is sequence}
        welcome = {person.id for person in wave if person.id not in there and not person.opted_out}
        ids = [person.id for person in wave]
        report = await stage.world.enrolments.join_contacts(stage.actor(sequence.team), sequence.id, ids)
        if report.joined != len(welcome):
            record.surprises.append(f"{self.at}: {report.joined} people joined, not {len(welcome)}")
        moments = [step.moment for step in sequence.live]
        for run_id, person_id in await stage.world.rows(RUNS, id=sequence.id, ids=sorted(welcome)):
            person = record.people[person_id]
            zone = person.zone if sequence.own_zones else sequence.zone
            anchor = first_day(self.at, zone, moments, sequence.days)
            record.runs[run_id] = Run(run_id, sequence, person, zone, self.at, anchor)


@dataclass(frozen=True, slots=True)
class Say(OfPerson):
    """By any device of the team: it need not be the one that wrote to them."""

    text: str
    device: float

    @classmethod
    def draw(cls, random: Random, at: datetime, cast: Cast) -> Several[Deed]:
        return [cls(at, random.randrange(cast.people), random.choice(cls.words()), random.random())]

    @classmethod
    def words(cls) -> Several[str]:
        return ["How much is it?", "Yes please", "Stop calling it a price list", "👍"]

    async def do(self, stage: Stage) -> None:
        person = self.person(stage)
        devices = [device for device in stage.record.devices.values() if device.team is person.team]
        device = devices[int(self.device * len(devices))]
        inbound = Inbound(f"{self.at.isoformat()}-{person.id}", person.phone, self.text)
        await stage.world.inbox.receive(device.id, inbound)
        self.understood(stage, person)

    def understood(self, stage: Stage, person: Person) -> None:
        """An answer pauses whatever they are in."""
        for run in stage.record.runs_of(person):
            run.paused = True


@dataclass(frozen=True, slots=True)
class SayStop(Say):
    @classmethod
    def words(cls) -> Several[str]:
        return ["STOP", "stop.", "Berhenti", "退订", "opt out"]

    def understood(self, stage: Stage, person: Person) -> None:
        person.opted_out = True
        for run in stage.record.runs_of(person):
            run.over = run.over or "opted out"


@dataclass(frozen=True, slots=True)
class SayStart(Say):
    """Somebody who has opted out, if there is anybody by then."""

    @classmethod
    def words(cls) -> Several[str]:
        return ["START", "start!"]

    def person(self, stage: Stage) -> Person:
        silent = [person for person in stage.record.people.values() if person.opted_out]
        return silent[self.number % len(silent)] if silent else Say.person(self, stage)

    def understood(self, stage: Stage, person: Person) -> None:
        if person.opted_out:
            person.opted_out = False
        else:  # just an answer
            Say.understood(self, stage, person)
