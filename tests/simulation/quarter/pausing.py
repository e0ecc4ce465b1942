"""Operators stop things and let them go on, and set the pace of devices."""

from collections.abc import Sequence as Several
from dataclasses import dataclass
from datetime import datetime
from random import Random

from tests.simulation.quarter.deeds import Cast, Deed, OfDevice, OfSequence, OfTeam, later
from tests.simulation.quarter.stage import Stage


@dataclass(frozen=True, slots=True)
class PauseSequence(OfSequence):
    @classmethod
    def draw(cls, random: Random, at: datetime, cast: Cast) -> Several[Deed]:
        which = random.randrange(cast.sequences)
        return [cls(at, which), ResumeSequence(later(random, at, (0.2, 30)), which)]

    async def do(self, stage: Stage) -> None:
        sequence = self.sequence(stage)
        await stage.world.control.pause(stage.actor(sequence.team), sequence.id)
        sequence.paused = True


@dataclass(frozen=True, slots=True)
class ResumeSequence(OfSequence):
    async def do(self, stage: Stage) -> None:
        sequence = self.sequence(stage)
        await stage.world.control.start(stage.actor(sequence.team), sequence.id)
        sequence.paused, sequence.held_at = False, self.at
        stage.fleet.wake()


@dataclass(frozen=True, slots=True)
class StopEverything(OfTeam):
    @classmethod
    def draw(cls, random: Random, at: datetime, cast: Cast) -> Several[Deed]:
        which = random.randrange(cast.teams)
        return [cls(at, which), ResumeEverything(later(random, at, (0.1, 16)), which)]

    async def do(self, stage: Stage) -> None:
        team = self.team(stage)
        await stage.world.workspaces.stop_everything(stage.actor(team))
        team.stopped = True


@dataclass(frozen=True, slots=True)
class ResumeEverything(OfTeam):
    async def do(self, stage: Stage) -> None:
        team = self.team(stage)
        await stage.world.workspaces.resume_everything(stage.actor(team))
        team.stopped, team.held_at = False, self.at
        stage.fleet.wake()


@dataclass(frozen=True, slots=True)
class PauseDevice(OfDevice):
    @classmethod
    def draw(cls, random: Random, at: datetime, cast: Cast) -> Several[Deed]:
        which = random.randrange(cast.devices)
        return [cls(at, which), ResumeDevice(later(random, at, (0.1, 40)), which)]

    async def do(self, stage: Stage) -> None:
        device = self.device(stage)
        await stage.world.devices.pause(stage.actor(device.team), device.id)
        device.paused = True


@dataclass(frozen=True, slots=True)
class ResumeDevice(OfDevice):
    async def do(self, stage: Stage) -> None:
        device = self.device(stage)
        await stage.world.devices.resume(stage.actor(device.team), device.id)
        device.paused, device.held_at = False, self.at
        stage.fleet.wake()


@dataclass(frozen=True, slots=True)
class SetPace(OfDevice):
    shortest: float
    longest: float
    hourly: int | None
    daily: int | None

    @classmethod
    def draw(cls, random: Random, at: datetime, cast: Cast) -> Several[Deed]:
        shortest = random.uniform(60, 1200)
        longest = shortest * random.uniform(1, 2)
        hourly, daily = random.choice([None, None, None, 1]), random.choice([None, None, 10, 30])
        return [cls(at, random.randrange(cast.devices), shortest, longest, hourly, daily)]

    async def do(self, stage: Stage) -> None:
        device = self.device(stage)
        actor = stage.actor(device.team)
        await stage.world.limits.set_delays(actor, device.id, self.shortest, self.longest)
        await stage.world.limits.set_hourly_cap(actor, device.id, self.hourly)
        await stage.world.limits.set_daily_cap(actor, device.id, self.daily)
        device.min_delay, device.hourly_cap, device.daily_cap = self.shortest, self.hourly, self.daily
        device.held_at = self.at
        stage.fleet.wake()
