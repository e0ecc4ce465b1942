"""What we rely on in the neonize that is installed, and no documentation promises. Read it before a new version is taken.

Each check says which file would go wrong. What only shows in a conversation with a server has tests of its own, in
`device_host/`: that a lost acknowledgement is given up by stopping, that a frame is sent again under its id, that a
receipt of type `server-error` makes the library fall silent, in which units its times are.
"""

import asyncio
import inspect
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.transports.neonize.session_store import KEPT, LEFT_OUT
from tests.library import load_library
from tests.processes import clean_environment, free_port

HOST = "engine/transports/neonize/host"
ERRORS = {
    f"{HOST}/refusals.py": [
        "server returned error",
        "no LID found for",
        "failed to get user info",
        "failed to get LID for PN",
        "failed to get device list",
        "failed to fetch LID mappings",
        "failed to marshal message",
        "failed to send message node",
        "websocket not connected",
        "client is nil",
        "the store doesn't contain",
        "websocket disconnected before",
        "timed out waiting for message send response",
    ],
    f"{HOST}/states.py": [
        "failed to verify server cert",
        "noise handshake failed",
        "timed out waiting for handshake response",
        "expected handshake response status code",
        "failed to upgrade database",
        "unsupported proxy scheme",
    ],
    "engine/transports/neonize/child.py": ["NEONIZE_BOT_TAG"],
}


@pytest.fixture(scope="module")
def library() -> Any:
    """In a test's process nothing is ever connected with it."""
    return load_library()


def changed(what: str, file: str) -> str:
    return f"neonize has changed: {what}. {file} relies on it: measure again, mend it, and then this check."


def child(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """What becomes of a process that does this with the library."""
    return subprocess.run(
        [sys.executable, "-c", _PRELUDE + code, *map(str, arguments)],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


_PRELUDE = """
import asyncio, os, sys, time
from engine.transports.neonize.host.library import NewAClient, ProxySettings, address
def run(work):
    asyncio.run(work)
    print("survived", flush=True)
    os._exit(0)
"""


def test_its_version_is_the_one_that_was_measured(library: Any) -> None:
    assert library.version == "0.5.2", changed("its version", "everything below " + HOST)


@pytest.mark.parametrize("file", ERRORS)
def test_its_errors_say_the_words_that_we_look_for(library: Any, file: str) -> None:
    import neonize

    (binary,) = Path(neonize.__file__).parent.glob("neonize-*.so")
    content = binary.read_bytes()
    gone = [words for words in ERRORS[file] if words.encode() not in content]
    assert not gone, changed(f"{gone} are no longer among its words", file)


def test_a_send_takes_neither_an_id_nor_a_timeout(library: Any) -> None:
    parameters = set(inspect.signature(library.NewAClient.send_message).parameters)
    known = {"self", "to", "message", "link_preview", "ghost_mentions", "mentions_are_lids", "add_msg_secret"}
    assert parameters == known, changed(f"send_message takes {parameters ^ known} (good news?)", f"{HOST}/line.py")


def test_is_connected_is_a_coroutine_and_so_always_true(library: Any) -> None:
    client = library.NewAClient("canary", jid=library.address("1", device=1))
    client._stop_finalizer.detach()
    client._NewAClient__client = SimpleNamespace(IsConnected=_asked)
    asking = client.is_connected
    assert inspect.iscoroutine(asking), changed("is_connected needs no await", "FACTS and whoever reads them")
    asking.close()


async def _asked(_: bytes) -> bool:
    return False


def test_its_kinds_of_events_have_these_numbers(library: Any) -> None:
    from neonize.events import EVENT_TO_INT

    from engine.transports.neonize.host.client import KINDS

    numbers = {kind.__name__: EVENT_TO_INT.get(kind) for kind in KINDS}
    assert numbers == {
        "Connected": 3,
        "KeepAliveTimeout": 4,
        "KeepAliveRestored": 5,
        "LoggedOut": 6,
        "StreamReplaced": 7,
        "TemporaryBan": 8,
        "ConnectFailure": 9,
        "ClientOutdated": 10,
        "Disconnected": 12,
        "Message": 17,
        "Receipt": 18,
    }, changed("the numbers of its events", f"{HOST}/client.py")


def test_a_handler_runs_on_the_calling_thread_and_is_the_only_one_of_its_kind(library: Any) -> None:
    """The spool is written before the callback returns; what the handler returns is awaited in the loop."""
    client = library.NewAClient("canary", jid=library.address("1", device=1))
    client._stop_finalizer.detach()
    ran: list[str] = []

    async def later() -> None:
        ran.append(f"loop {threading.current_thread().name}")

    def handler(name: str) -> Callable[[Any, Any], Coroutine[Any, Any, None]]:
        def heard(_: Any, __: Any) -> Coroutine[Any, Any, None]:
            ran.append(f"{name} {threading.current_thread().name}")
            return later()

        return heard

    async def main() -> None:
        import ctypes

        from neonize.aioze import events

        events.event_global_loop = asyncio.get_running_loop()
        client.event(library.events.ConnectedEv)(handler("first"))
        client.event(library.events.ConnectedEv)(handler("second"))
        content = library.events.ConnectedEv(status=True).SerializeToString()
        buffer = ctypes.create_string_buffer(content)
        with ThreadPoolExecutor(1, "library") as pool:
            address = ctypes.addressof(buffer)
            await asyncio.wrap_future(pool.submit(client.event.execute, 0, address, len(content), 3))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    asyncio.run(main())
    assert ran == ["second library_0", "loop MainThread"], changed("how handlers are called", f"{HOST}/line.py")


async def test_its_calls_occupy_threads_of_the_default_executor(library: Any) -> None:
    from neonize.aioze.client import GoCode, async_gocode

    del async_gocode
    called = await GoCode.execute_sync_function(lambda: threading.current_thread().name)()
    assert called.startswith("asyncio_"), changed("which threads it uses", f"{HOST}/__main__.py")


def test_an_object_that_goes_would_stop_its_client(library: Any) -> None:
    client = library.NewAClient("canary", jid=library.address("1", device=1), uuid="another")
    assert client._stop_finalizer.alive, changed("its finalizer", f"{HOST}/client.py")
    client._stop_finalizer.detach()
    assert client.uuid == b"1", changed("by what it knows its clients", f"{HOST}/client.py")


def test_events_that_lack_a_field_cannot_be_passed_on(library: Any) -> None:
    field = library.protocol.Receipt.DESCRIPTOR.fields_by_name["Type"]
    assert field.is_required, changed(
        "receipts of kinds that it does not know no longer make it fall silent", f"{HOST}/connection.py"
    )


def test_a_store_has_the_tables_and_columns_that_we_read(store_template: Path) -> None:
    with closing(sqlite3.connect(store_template)) as store:
        tables = {name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        store.execute("SELECT jid, lid FROM whatsmeow_device").fetchall()
        store.execute("SELECT lid, pn FROM whatsmeow_lid_map").fetchall()
        (mode,) = store.execute("PRAGMA journal_mode").fetchone()
    odd = tables ^ {*KEPT, *LEFT_OUT}
    assert not odd, changed(f"the tables {odd} of its store", "engine/transports/neonize/session_store.py")
    assert mode == "delete", changed("how it journals", "engine/transports/neonize/session_store.py")


def test_a_device_that_is_not_in_the_store_ends_the_process(store_template: Path) -> None:
    end = child(
        """
async def work():
    client = NewAClient(sys.argv[1], jid=address("1", device=1))
    await asyncio.gather(await client.connect(), return_exceptions=True)
run(work())
""",
        store_template,
    )
    assert "survived" not in end.stdout, changed("an unknown device is an error", f"{HOST}/stored_device.py")
    assert "nil pointer" in end.stderr
    assert end.returncode in (2, -signal.SIGABRT, 128 + signal.SIGABRT)


def test_to_ask_a_client_that_is_not_connected_ends_the_process(store_template: Path) -> None:
    end = child(
        """
async def work():
    await NewAClient(sys.argv[1], jid=address("1", device=1)).get_me()
run(work())
""",
        store_template,
    )
    assert "survived" not in end.stdout, changed("get_me before a connect is an error", f"{HOST}/client.py")


def test_without_a_network_a_connect_ends_at_once_with_an_error(store_template: Path) -> None:
    end = child(
        """
async def work():
    client = NewAClient(sys.argv[1], uuid="canary")
    began = time.perf_counter()
    task = await client.connect(ProxySettings(f"http://127.0.0.1:{sys.argv[2]}"))
    (error,) = await asyncio.gather(task, return_exceptions=True)
    print(time.perf_counter() - began, str(error))
run(work())
""",
        store_template,
        free_port(),
    )
    seconds, _, error = end.stdout.splitlines()[0].partition(" ")
    assert float(seconds) < 5, changed("a connect that fails takes long", f"{HOST}/connection.py")
    assert "connection refused" in error, changed(f"it says {error!r}", f"{HOST}/states.py")
    assert error.startswith("failed to dial"), changed(f"it says {error!r}", f"{HOST}/states.py")


def test_each_connect_leaves_the_store_open(store_template: Path, tmp_path: Path) -> None:
    end = child(
        """
async def work():
    for _ in range(5):
        client = NewAClient(sys.argv[1], uuid="canary")
        task = await client.connect(ProxySettings(f"http://127.0.0.1:{sys.argv[2]}"))
        await asyncio.gather(task, return_exceptions=True)
        await client.stop()
    links = [os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd")]
    print(sum(os.path.realpath(link) == os.path.realpath(sys.argv[1]) for link in links))
run(work())
""",
        store_template,
        free_port(),
    )
    left_open = int(re.findall(r"^\d+$", end.stdout, re.MULTILINE)[0])
    assert left_open >= 5, changed("it closes its stores now (good news)", f"{HOST}/way.py")
