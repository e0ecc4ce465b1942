"""The phones, their faults and replies over HTTP: for the sandbox page, scripts and tests."""

import hashlib
from collections.abc import Awaitable, Callable, Collection, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field, StringConstraints, model_validator

from engine.transports.simulator.devices import DeviceView
from engine.transports.simulator.faults import Fault, FaultKind, FaultRates
from engine.transports.simulator.network import NetworkError, SimulatedNetwork, UnknownDeviceError
from engine.transports.simulator.phones import Phone, PhoneMessage, PhoneSummary, Written

PhoneNumber = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{5,14}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_NO_MEDIA = "The simulated network has no such media."


class _ReadableErrors(APIRoute):
    """Says in a sentence what is wrong with a request."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_readably(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                raise HTTPException(422, "; ".join(map(_sentence, error.errors()))) from error

        return handle_readably


def _sentence(error: dict[str, Any]) -> str:
    field = ".".join(map(str, error["loc"][1:]))  # the first is "body", "query" or "path"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{field}: {message}" if field else message


class FaultSwitch(BaseModel):
    """`times`: the number of sends after which the fault goes off by itself (none: until switched off)."""

    device: int
    fault: FaultKind
    on: bool = True
    times: int | None = Field(None, ge=1)
    code: str = "rejected"
    permanent: bool = True
    milliseconds: int = Field(1000, ge=0)

    @model_validator(mode="after")
    def times_needs_sends(self) -> "FaultSwitch":
        if self.times is not None and self.fault.concerns_the_line:
            raise ValueError(f"times counts sends, and none reaches a device while {self.fault} is on")
        return self


class WhatsAppSwitch(BaseModel):
    phone: PhoneNumber
    on: bool = Field(True, description="true: the phone is NOT on WhatsApp")


class Reply(BaseModel):
    """`device`: whom the phone writes to (none: the last that wrote to it)."""

    phone: PhoneNumber
    text: str = Field("", max_length=65536)
    device: int | None = None
    attached: str = Field("", max_length=200, description="what is sent besides the text, in words: photo")
    quotes: str | None = Field(None, description="the message_id that it answers")
    lid: str | None = Field(None, description="the digits that name the person where WhatsApp hides the number")
    hides_number: bool = False
    typed_on_phone: bool = Field(False, description="by somebody with the device's own phone, to this one")

    @model_validator(mode="after")
    def says_something(self) -> "Reply":
        if not self.text and not self.attached:
            raise ValueError("text or attached: there is nothing to send")
        if self.hides_number and self.lid is None:
            raise ValueError("lid: whose number is hidden needs one")
        return self


def control_routes(
    network: SimulatedNetwork, in_service: Callable[[], Awaitable[Collection[int]]] | None = None
) -> APIRouter:
    """`in_service` tells which devices there still are; without it, all that ever connected."""
    router = APIRouter(prefix="/sandbox", tags=["phones"], route_class=_ReadableErrors)

    @router.get("/devices")
    async def devices() -> list[DeviceView]:
        known = network.devices()
        if in_service is None:
            return known
        still_there = await in_service()
        return [device for device in known if device.device in still_there]

    @router.post("/fault")
    async def fault(switch: FaultSwitch) -> DeviceView:
        fault = Fault(switch.times, switch.code, switch.permanent, switch.milliseconds) if switch.on else None
        try:
            return network.set_fault(switch.device, switch.fault, fault)
        except UnknownDeviceError as error:
            raise HTTPException(404, str(error)) from error

    @router.post("/rates")
    async def rates(rates: FaultRates) -> FaultRates:
        """Set the chances with which any send on any device meets a fault."""
        network.rates = rates
        return rates

    @router.post("/not-on-whatsapp")
    async def not_on_whatsapp(switch: WhatsAppSwitch) -> Phone:
        return network.set_on_whatsapp(switch.phone, not switch.on)

    @router.get("/phones")
    async def phones(limit: Annotated[int, Query(ge=1, le=10_000)] = 500, search: str = "") -> list[PhoneSummary]:
        """The latest first; `search` is a part of the number."""
        return network.phones(limit, search.strip())  # an unescaped + in a query arrives as a space

    @router.get("/phones/{phone}")
    async def phone(phone: PhoneNumber) -> Phone:
        """Messages oldest first."""
        return network.phone(phone)

    @router.post("/reply")
    async def reply(reply: Reply) -> PhoneMessage:
        try:
            return network.write(Written(**reply.model_dump()))
        except UnknownDeviceError as error:
            raise HTTPException(404, str(error)) from error
        except NetworkError as error:
            raise HTTPException(409, str(error)) from error

    @router.get("/media/{sha256}", response_class=Response)
    async def media(sha256: Sha256) -> Response:
        found = network.media(sha256)
        if found is None:
            raise HTTPException(404, _NO_MEDIA)
        mime_type, content = found
        # A file that someone sent must not run as a page of this origin.
        safety = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
        return Response(content, media_type=mime_type, headers=safety)

    @router.head("/media/{sha256}", include_in_schema=False)
    async def has_media(sha256: Sha256) -> None:
        if not network.has_media(sha256):
            raise HTTPException(404, _NO_MEDIA)

    @router.put("/media/{sha256}", status_code=204)
    async def add_media(sha256: Sha256, request: Request) -> None:
        content = await request.body()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise HTTPException(422, "The bytes do not have this sha256.")
        network.add_media(sha256, request.headers.get("Content-Type", "application/octet-stream"), content)

    return router
