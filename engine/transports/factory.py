"""Makes the transport of a device, by the kind that is configured for it."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from engine.database import Database
from engine.devices.ownership import OwnedDevice
from engine.devices.session_keys import SessionKeys
from engine.devices.sessions import Sessions
from engine.errors import StartError
from engine.settings import Settings
from engine.transports.contract import Linker, Transport
from engine.transports.neonize.hosts import Hosts
from engine.transports.neonize.linker import ERRAND_COMMAND, NeonizeLinker
from engine.transports.neonize.number_store import NumberStore
from engine.transports.neonize.policy import HOST_COMMAND
from engine.transports.simulator.link import SimulatorLink
from engine.transports.simulator.network import SimulatedNetwork
from engine.transports.simulator.server import SimulatorServer
from engine.transports.simulator.transport import SimulatorTransport
from models.enums import TransportKind


class Transports:
    """What the transports of one process share: the link to the simulated network, and here that network itself.

    `network` is the one that this process serves; None when it is elsewhere (SIMULATOR_URL) or off. `hosts` have
    the lines of real devices, `linker` pairs and unlinks them; None when real WhatsApp is off. No setting changes
    the commands of their processes: tests give others.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        host_command: Sequence[str] = HOST_COMMAND,
        errand_command: Sequence[str] = ERRAND_COMMAND,
    ) -> None:
        self._settings = settings
        self._database = database
        self.hosts: Hosts | None = None
        self.network: SimulatedNetwork | None = None
        self.linker: Linker | None = None
        self._host_command = host_command
        self._errand_command = errand_command
        self._server: SimulatorServer | None = None
        self._link: SimulatorLink | None = None

    async def __aenter__(self) -> Self:
        if self._settings.simulated_phones:
            url = self._settings.simulator_url or await self._serve_network()
            self._link = SimulatorLink(url)
            await self._link.start()
        if self._settings.real_whatsapp:
            self.hosts = await self._open_hosts().__aenter__()
            self.linker = NeonizeLinker(
                self._settings.home, proxy=self._settings.whatsapp_proxy, command=self._errand_command
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.hosts is not None:
            await self.hosts.__aexit__(kind, error, trace)
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
        if device.transport is TransportKind.NEONIZE and self.hosts is not None:
            return self.hosts.line(device)
        raise StartError(f"{device.name} needs the transport “{device.transport}”, which is not available here.")

    def _open_hosts(self) -> Hosts:
        """No process is started before a device needs one."""
        settings = self._settings
        keys = SessionKeys(settings.session_key.get_secret_value())
        return Hosts(
            Sessions(self._database, keys, settings.home),
            NumberStore(self._database),
            proxy=settings.whatsapp_proxy,
            devices_per_host=settings.devices_per_host,
            command=self._host_command,
        )

    async def _serve_network(self) -> str:
        self.network = SimulatedNetwork(
            self._settings.home / "phones.sqlite", ledger=self._settings.simulator_ledger
        )
        self._server = SimulatorServer(self.network)
        await self._server.start()
        return self._server.url
