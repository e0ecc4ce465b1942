"""graphile-worker (npm), fetching and completing in batches; a Node process of its own does the draining.

package.json pins it, together with the Node that it asks for. npm installs both at the first use, outside of the
repository: under the user's cache directory.
"""

import asyncio
import json
import os
import shutil
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg

from tests.bench.peers.peer import PeerMissingError, all_ran

CONCURRENCY = 24  # jobs at a time; 10, 100 and 500 are slower
FETCHED = 5_000  # jobs a fetch; 500 gives 0.7 times as many a second, 20,000 gives 0.5
COMPLETE_DELAY = 0  # milliseconds that completions are gathered; 10 makes no difference

HERE = Path(__file__).parent

ADD = """
SELECT count(*) FROM graphile_worker.add_jobs(ARRAY(
       SELECT json_populate_record(NULL::graphile_worker.job_spec, '{"identifier": "count"}')
         FROM generate_series(1, $1)))
"""


class GraphileWorker:
    def __init__(self, node: Process, connection: asyncpg.Connection) -> None:
        self._node, self._connection = node, connection
        self._enqueued = 0

    async def enqueue(self, count: int) -> None:
        await self._connection.execute("TRUNCATE graphile_worker._private_jobs")
        await self._connection.execute(ADD, count)
        await self._connection.execute("VACUUM ANALYZE")
        self._enqueued = count

    async def drain(self) -> float:
        self._node.stdin.write(f"{self._enqueued}\n".encode())
        result = await answer(self._node)
        left = await self._connection.fetchval("SELECT count(*) FROM graphile_worker._private_jobs")
        all_ran(result["ran"], self._enqueued, left)
        return result["seconds"]


@asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[GraphileWorker]:
    directory = await installed()
    settings = {"dsn": dsn, "concurrency": CONCURRENCY, "fetched": FETCHED, "completeDelay": COMPLETE_DELAY}
    node = await asyncio.create_subprocess_exec(
        directory / "node_modules/.bin/node",
        directory / "worker.mjs",
        json.dumps(settings),
        stdin=PIPE,
        stdout=PIPE,
    )
    try:
        await answer(node)
        connection = await asyncpg.connect(dsn)
        yield GraphileWorker(node, connection)
        await connection.close()
    finally:
        node.stdin.close()
        await node.wait()


async def installed() -> Path:
    """Where npm has put it; by the content of package.json, so that another version is another directory."""
    if shutil.which("npm") is None:
        raise PeerMissingError("graphile_worker: npm is needed to install it (Node.js 20 or newer)")
    manifest = HERE / "package.json"
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    directory = caches / "dripdesk-bench" / f"graphile-worker-{sha256(manifest.read_bytes()).hexdigest()[:12]}"
    directory.mkdir(parents=True, exist_ok=True)
    if not (directory / "node_modules").exists():
        shutil.copy(manifest, directory)
        quietly = ("--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error")
        npm = await asyncio.create_subprocess_exec("npm", "install", *quietly, cwd=directory)
        if await npm.wait() != 0:
            shutil.rmtree(directory / "node_modules", ignore_errors=True)
            raise PeerMissingError("graphile_worker: npm could not install it, see above")
    shutil.copy(HERE / "worker.mjs", directory)
    return directory


async def answer(node: Process) -> dict[str, Any]:
    line = await node.stdout.readline()
    if not line:
        raise AssertionError("graphile-worker has ended; what it said is above")
    return json.loads(line)
