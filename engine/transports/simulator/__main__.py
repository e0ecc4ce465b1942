"""The simulated network as a process of its own, for several engines or a restart in the middle."""

import structlog

from engine.errors import StartError
from engine.runtime import stop_signal
from engine.settings import Settings
from engine.transports.simulator.network import SimulatedNetwork
from engine.transports.simulator.server import SimulatorServer

log = structlog.get_logger()


async def serve(settings: Settings, port: int) -> None:
    """Serve the phones on loopback until SIGTERM or Ctrl-C. Raises StartError when the port is taken."""
    stopped = stop_signal()
    settings.home.mkdir(parents=True, exist_ok=True)
    network = SimulatedNetwork(settings.home / "phones.sqlite", ledger=settings.simulator_ledger)
    server = SimulatorServer(network, port=port)
    try:
        await server.start()
        log.info("phones", url=server.url)
        await stopped.wait()
        await server.close()
    except OSError as error:
        raise StartError(f"--port: cannot listen on {server.url}: {error.strerror}; choose another") from None
    finally:
        network.close()
