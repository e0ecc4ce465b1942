"""Three proofs, each one JSON object a run; exit code 1 if the product broke a promise.

`python -m tests.simulation chaos --seed N` breaks a whole installation at random and audits what comes of it.
`python -m tests.simulation quarter --seed N` lets a simulated quarter pass, and audits every day of it.
`python -m tests.simulation kills --seed N` kills engines while they import, launch and send, and audits all of it.
The same seed plans the same.
"""

import argparse
import asyncio
import json
import signal
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import structlog
from sqlalchemy.engine import make_url

from engine.database import Database
from tests.simulation import chaos
from tests.simulation.kills import story as kills
from tests.simulation.plan import SHORT, SPEED, Size, plan, short_plan
from tests.simulation.postgres import OwnPostgres
from tests.simulation.quarter import story
from tests.simulation.quarter.plan import MONTH, QUARTER
from tests.simulation.quarter.plan import plan as plan_quarter


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    proofs = parser.add_subparsers(required=True)
    _add_chaos(proofs.add_parser("chaos"))
    _add_kills(proofs.add_parser("kills"))
    _add_quarter(proofs.add_parser("quarter"))
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # no process is left behind
    result: chaos.Result | kills.Result | story.Result = asyncio.run(chosen.run(chosen))
    print(json.dumps(asdict(result), default=str), flush=True)
    return 1 if result.violations else 0


def _add_chaos(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_run_chaos)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--engines", type=int, default=3)
    parser.add_argument("--devices", type=int, default=300)
    parser.add_argument("--messages", type=int, default=30_000)
    parser.add_argument("--seconds", type=float, default=120, help="how long things go wrong")
    parser.add_argument("--rate", type=float, default=200, help="messages a second, of all devices together")
    parser.add_argument("--short", action="store_true", help="the plan and the size of the test")
    parser.add_argument(
        "--keep", action="store_true", help="leave the logs, the ledger and the data where they are"
    )


def _add_kills(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_run_kills)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--keep", action="store_true", help="leave the logs and the data where they are")


def _add_quarter(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_run_quarter)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--month", action="store_true", help="the month of the test")


async def _run_chaos(chosen: argparse.Namespace) -> chaos.Result:
    size = SHORT if chosen.short else _size(chosen)
    faults = short_plan(chosen.seed) if chosen.short else plan(chosen.seed, size)
    return await chaos.run(chosen.seed, size, faults, keep=chosen.keep)


async def _run_kills(chosen: argparse.Namespace) -> kills.Result:
    return await kills.run(chosen.seed, chosen.kills, keep=chosen.keep)


async def _run_quarter(chosen: argparse.Namespace) -> story.Result:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))  # the failures are our own deeds
    with tempfile.TemporaryDirectory(prefix="dripdesk-quarter-") as home:
        postgres = OwnPostgres(Path(home) / "postgres")
        try:
            await postgres.start()
            database = Database(make_url(postgres.url()).set(drivername="postgresql+asyncpg"), pool_size=5)
            await database.migrate()
            length = MONTH if chosen.month else QUARTER
            result = await story.tell(database, plan_quarter(chosen.seed, length))
            await database.close()
        finally:
            await postgres.stop()
    return result


def _size(chosen: argparse.Namespace) -> Size:
    pause = max(4.5, chosen.devices / chosen.rate * SPEED)  # between two messages of one device, on average
    return Size(
        engines=chosen.engines,
        devices=chosen.devices,
        messages=chosen.messages,
        seconds=chosen.seconds,
        min_delay=pause * 2 / 3,
        max_delay=pause * 4 / 3,
    )


if __name__ == "__main__":
    sys.exit(main())
