"""Files on their way: what devices upload, and what they find when somebody sends them a file."""

import asyncio
import base64
import hashlib
import secrets
from dataclasses import dataclass, field

from aiohttp import web

from tests.whatsapp_loopback.accounts import Account, Accounts
from tests.whatsapp_loopback.behaviour import MediaFault
from tests.whatsapp_loopback.contents import Attachment, Kind
from tests.whatsapp_loopback.media_encryption import unwrapped, wrapped
from tests.whatsapp_loopback.nodes import Node

UPLOAD_HOST = "media.loopback.whatsapp.net"
DOWNLOAD_HOST = "mmg.whatsapp.net"
LARGEST = 256 * 1024 * 1024


@dataclass(slots=True)
class MediaStore:
    """Wrapped files by their path. Nobody but sender and recipient has the keys."""

    accounts: Accounts
    fault: MediaFault | None = None
    """For those accounts that have none of their own."""
    _files: dict[str, bytes] = field(default_factory=dict)

    def media_conn(self, account: Account) -> Node:
        """Where to upload; the token says later whose upload it is."""
        host = Node("host", {"hostname": UPLOAD_HOST})
        terms = {"auth": account.phone, "ttl": "300", "auth_ttl": "300", "max_buckets": "12"}
        return Node("media_conn", terms, (host,))

    def offer(self, kind: Kind, file: bytes, mime_type: str, file_name: str = "") -> Attachment:
        """Uploads it for a contact who is about to send it."""
        packed = wrapped(kind, file)
        path = self._store(packed.data)
        return Attachment(
            mime_type=mime_type,
            url=f"https://{DOWNLOAD_HOST}{path}",
            direct_path=path,
            key=packed.key,
            sha256=packed.sha256,
            wrapped_sha256=packed.wrapped_sha256,
            length=packed.length,
            file_name=file_name,
        )

    def opened(self, kind: Kind, attachment: Attachment) -> bytes:
        """The file as its sender had it: what a recipient sees. KeyError if it was never uploaded."""
        return unwrapped(kind, attachment.key, self._files[attachment.direct_path])

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/mms/{kind}/{token}", self._upload),
            web.get("/v/{name}", self._download),
        ]

    async def _upload(self, request: web.Request) -> web.Response:
        data = await request.read()
        account = self.accounts.get(request.query["auth"])
        account.uploads += 1
        if refused := await self._disturbed(account):
            return refused
        token = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode()
        if token.rstrip("=") != request.match_info["token"].rstrip("="):
            return web.json_response({"error": {"code": 400, "message": "checksum mismatch"}}, status=400)
        path = self._store(data)
        return web.json_response(
            {"url": f"https://{DOWNLOAD_HOST}{path}", "direct_path": path, "handle": secrets.token_hex(8)}
        )

    async def _download(self, request: web.Request) -> web.Response:
        path = request.path_qs.split("&", 1)[0]
        if refused := await self._disturbed(None):
            return refused
        data = self._files.get(path)
        return web.Response(status=404) if data is None else web.Response(body=data)

    async def _disturbed(self, account: Account | None) -> web.Response | None:
        fault = (account and account.media_fault) or self.fault
        if fault is None:
            return None
        await asyncio.sleep(fault.delay)
        return web.Response(status=fault.status) if fault.status else None

    def _store(self, data: bytes) -> str:
        path = f"/v/{secrets.token_hex(16)}?ccb=11-4"
        self._files[path] = data
        return path
