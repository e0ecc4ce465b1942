"""What others have built, each in the fastest configuration that someone who knows it would choose.

    async with peers.opened("pgqueuer", database) as peer:
        await peer.enqueue(100_000)  # not timed; empties the queue first
        seconds = await peer.drain()  # claim, run and complete them all

Each has a database of its own (`peer_<name>`) on the server of `database`, with the server's settings. Each works
in one process, as the product does. All jobs do nothing. `drain` raises when anything was left or run twice.

A module a peer, each with `opened(dsn)`; the settings are its constants, with what was tried beside them.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

import asyncpg

from engine.database import Database
from tests.bench.peers.peer import Peer, PeerMissingError, WakingPeer, all_ran

DRAINING = ("procrastinate", "pgqueuer", "graphile_worker", "pgmq")
WAKING = ("procrastinate", "pgqueuer")

__all__ = ["DRAINING", "WAKING", "Peer", "PeerMissingError", "WakingPeer", "all_ran", "dsn", "opened"]


@asynccontextmanager
async def opened(name: str, database: Database) -> AsyncIterator[WakingPeer]:
    """A peer on the server of `database`, in a new database of its own. Only those in WAKING can `wake`."""
    try:
        module = import_module(f"tests.bench.peers.{name}")
    except ModuleNotFoundError as missing:
        raise PeerMissingError(f"{name}: {missing}; install the bench extra: pip install -e .[bench]") from missing
    own = f"peer_{name}"
    server = await asyncpg.connect(dsn(database))
    try:
        await server.execute(f"DROP DATABASE IF EXISTS {own} WITH (FORCE)")
        await server.execute(f"CREATE DATABASE {own}")
        async with module.opened(dsn(database, own)) as peer:
            yield peer
        await server.execute(f"DROP DATABASE {own} WITH (FORCE)")
    finally:
        await server.close()


def dsn(database: Database, name: str | None = None) -> str:
    """The address of `database`, or of another one on its server, as drivers want it."""
    url = database.url.set(drivername="postgresql", database=name or database.url.database)
    return url.render_as_string(hide_password=False)
