"""`python -m tests.bench NAME`: measure, in one run, a part of the product against what one would write instead.

Prints one JSON object a line. `ratio` compares the product with the peer in the same rounds; `holds` says whether
it reaches the bar. Absolute figures depend on the machine, ratios much less.
"""

import asyncio
import json
import logging
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import structlog
from sqlalchemy.engine import make_url

from engine.database import Database
from engine.embedded import EmbeddedPostgres
from tests.bench import depth, fanout, fleet, forecast, full, hosts, imports, queue, scale, tick, wake
from tests.bench.figures import Figure
from tests.bench.peers import PeerMissingError

BENCHES: dict[str, Callable[[Database], AsyncIterator[Figure]]] = {
    "depth": depth.measure,
    "fanout": fanout.measure,
    "fleet": fleet.measure,
    "hosts": hosts.measure,
    "import": imports.measure,
    "forecast": forecast.measure,
    "queue": queue.measure,
    "queue-full": full.measure,
    "scale": scale.measure,
    "snapshot": depth.measure_snapshot,
    "tick": tick.measure,
    "wal": queue.measure_wal,
    "wake": wake.measure,
}


@asynccontextmanager
async def new_database() -> AsyncIterator[Database]:
    """A migrated database on a server of its own, with the settings it would have in production."""
    home = Path(tempfile.mkdtemp(prefix="dripdesk-bench-"))
    embedded = EmbeddedPostgres(home)
    try:
        database = Database(make_url(embedded.start()).set(drivername="postgresql+asyncpg"))
        await database.migrate()
        yield database
        await database.close()
    finally:
        embedded.release()
        shutil.rmtree(home, ignore_errors=True)  # the keeper may just be looking for its locks


async def main(name: str) -> None:
    async with new_database() as database:
        try:
            async for figure in BENCHES[name](database):
                print(json.dumps(asdict(figure)), flush=True)
        except PeerMissingError as missing:
            sys.exit(str(missing))


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in BENCHES:
        sys.exit(f"usage: python -m tests.bench {{{'|'.join(BENCHES)}}}")
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    structlog.configure(  # stdout is for the figures
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    asyncio.run(main(sys.argv[1]))
