"""Where the deeds are done: the product's use cases, its engines, and the record beside them."""

from dataclasses import dataclass

from engine.actor import Actor
from tests.integration.engine.world import World
from tests.simulation.quarter.fleet import Fleet
from tests.simulation.quarter.record import Record, Team


@dataclass
class Stage:
    world: World
    fleet: Fleet
    record: Record
    actors: dict[int, Actor]  # by team: who operates it

    def actor(self, team: Team) -> Actor:
        return self.actors[team.id]
