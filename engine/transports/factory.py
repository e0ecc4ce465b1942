"""Makes the transport of a device, by the kind that is configured for it."""

from types import TracebackType
from typing import Self

from engine.devices.ownership import OwnedDevice
from engine.errors import StartError
from engine.settings import Settings
from engine.transports.contract import Transport
from engine.transports.neonize.linker import NeonizeLinker
from engine.transports.simulator.link import SimulatorLink
from engine.transports.simulator.network import SimulatedNetwork
from engine.transports.simulator.server import SimulatorServer
from engine.transports.simulator.transport import SimulatorTransport
from models.enums import TransportKind


class Transports:
    """What the transports of one process share: the link to the simulated network, and here that network itself.

    `network` is the one that this process serves; None when it is elsewhere (SIMULATOR_URL) or off. `linker`: None
    where there is no real WhatsApp.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.network: SimulatedNetwork | None = None
        self.linker = (
            NeonizeLinker(settings.home, proxy=settings.whatsapp_proxy) if settings.real_whatsapp else None
        )
        self._server: SimulatorServer | None = None
        self._link: SimulatorLink | None = None

    async def __aenter__(self) -> Self:
        if self._settings.simulated_phones:
            url = self._settings.simulator_url or await self._serve_network()
            self._link = SimulatorLink(url)
            await self._link.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._link is not None:
            await self._link.close()
        if self._server is not None:
            await self._server.close()
        if self.network is not None:
            self.network.close()

    def of(self, device: OwnedDevice) -> Transport:
        """Raises StartError for a kind that this process cannot serve."""
        if device.transport is TransportKind.SIMULATOR and self._link is not None:
            return SimulatorTransport(self._link, device.id, device.name)
        raise StartError(f"{device.name} needs the transport “{device.transport}”, which is not available here.")

    async def _serve_network(self) -> str:
        self.network = SimulatedNetwork(
            self._settings.home / "phones.sqlite", ledger=self._settings.simulator_ledger
        )
        self._server = SimulatorServer(self.network)
        await self._server.start()
        return self._server.url
