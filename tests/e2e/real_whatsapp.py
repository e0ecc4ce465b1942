"""The product with real WhatsApp, whose helpers take our own loopback server for WhatsApp's.

Everything but that is what an operator runs, the library included.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

from engine.devices.session_keys import new_key
from tests.e2e.harness import Product
from tests.whatsapp_loopback.process import LoopbackProcess

LINKED_WITHIN = 60.0  # a process with the library starts, on a busy machine

T = TypeVar("T")


class RealProduct(Product):
    module = "tests.whatsapp_loopback.product"

    def __init__(self, home: Path, controls: LoopbackProcess) -> None:
        super().__init__(
            home,
            WHATSAPP="on",
            SESSION_KEY=new_key(),
            WHATSAPP_PROXY=controls.proxy_url,
            SSL_CERT_FILE=str(controls.ca_file),
        )


class WhatsApp:
    """The loopback server's controls, for tests that do not await. In a thread: a browser has a loop in ours."""

    def __init__(self, loop: asyncio.AbstractEventLoop, controls: LoopbackProcess) -> None:
        self._loop = loop
        self.controls = controls

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


@contextmanager
def loopback_whatsapp() -> Iterator[WhatsApp]:
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="loopback controls")
    thread.start()
    whatsapp = WhatsApp(loop, LoopbackProcess())
    try:
        whatsapp.do(whatsapp.controls.__aenter__())
        try:
            yield whatsapp
        finally:
            whatsapp.do(whatsapp.controls.__aexit__(None, None, None))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
