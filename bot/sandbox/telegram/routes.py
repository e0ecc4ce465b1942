"""HTTP: the Bot API itself, and the `/sandbox` routes by which people act in the chats."""

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, HTTPException, Query, Request, UploadFile, status
from fastapi.responses import FileResponse, JSONResponse, Response
from pydantic import BaseModel, model_validator
from starlette.datastructures import UploadFile as FormFile

from bot.sandbox.telegram.errors import BotApiError, bad_request, not_found, too_large
from bot.sandbox.telegram.media import MAX_UPLOAD, Upload
from bot.sandbox.telegram.methods.call import Call
from bot.sandbox.telegram.server import BotApiServer
from bot.sandbox.telegram.state import MediaKind
from bot.sandbox.telegram.views import ChatView, MessageView, PressView

_FORM_OVERHEAD = 1024 * 1024
_DOWNLOADED_ONLY = {MediaKind.DOCUMENT}


class NewMessage(BaseModel):
    chat_id: int
    text: str
    user_id: int | None = None
    reply_to_message_id: int | None = None


class Edit(BaseModel):
    chat_id: int
    message_id: int
    text: str


class ButtonPress(BaseModel):
    """Name the button by its label (`button`) or by its callback data (`data`)."""

    chat_id: int
    message_id: int
    button: str | None = None
    data: str | None = None
    user_id: int | None = None

    @model_validator(mode="after")
    def _names_a_button(self) -> "ButtonPress":
        if self.button is None and self.data is None:
            raise ValueError("name the button by its label (button) or its callback data (data)")
        return self


class Membership(BaseModel):
    member: bool
    user_id: int | None = None


def telegram_routes(server: BotApiServer) -> APIRouter:
    router = APIRouter(tags=["Telegram chats"])
    _add_bot_api(router, server)
    _add_people(router, server)
    return router


def _add_bot_api(router: APIRouter, server: BotApiServer) -> None:
    @router.api_route("/bot{token}/{method}", methods=["GET", "POST"], include_in_schema=False)
    async def bot_api(token: str, method: str, request: Request) -> JSONResponse:
        try:
            server.check_token(token)
            call = await _read_call(request)
            result = await _until_gone(request, server.call(token, method, call))
        except BotApiError as error:
            return _error_response(error)
        return JSONResponse({"ok": True, "result": result})

    @router.get("/file/bot{token}/{file_path:path}", include_in_schema=False)
    async def download(token: str, file_path: str) -> Response:
        try:
            server.check_token(token)
            found = server.file_at(file_path)
            if found is None:
                raise not_found()
        except BotApiError as error:
            return _error_response(error)
        return FileResponse(found[1], media_type="application/octet-stream")


def _add_people(router: APIRouter, server: BotApiServer) -> None:
    @router.get("/sandbox/chats")
    async def chats() -> list[ChatView]:
        return server.chats()

    @router.get("/sandbox/chats/{chat_id}/messages")
    async def messages(chat_id: int, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[MessageView]:
        """The newest messages, oldest first."""
        return server.messages(chat_id, limit)

    @router.delete("/sandbox/chats/{chat_id}/messages/{message_id}", status_code=status.HTTP_204_NO_CONTENT)
    async def delete(chat_id: int, message_id: int) -> None:
        await server.delete(chat_id, message_id)

    @router.post("/sandbox/message")
    async def post_message(body: NewMessage) -> MessageView:
        """Write as a person. Any user id will do: whoever is new is created and called "User <id>"."""
        return await server.post_text(body.chat_id, body.text, body.user_id, body.reply_to_message_id)

    @router.post("/sandbox/upload")
    async def upload(
        *,
        chat_id: Annotated[int, Form()],
        file: Annotated[UploadFile, File()],
        caption: Annotated[str, Form()] = "",
        kind: Annotated[Literal["document", "photo", "video", "audio"], Form(alias="as")] = "document",
        user_id: Annotated[int | None, Form()] = None,
        reply_to_message_id: Annotated[int | None, Form()] = None,
    ) -> MessageView:
        """Send a file, 50 MB at most; bots can fetch those up to 20 MB."""
        content = await _read_upload(file)
        return await server.upload(
            chat_id, content, MediaKind(kind), caption, user_id, reply_to_message_id=reply_to_message_id
        )

    @router.post("/sandbox/edit")
    async def edit(body: Edit) -> MessageView:
        return await server.edit(body.chat_id, body.message_id, body.text)

    @router.post("/sandbox/press")
    async def press(body: ButtonPress) -> PressView:
        """Press an inline button; waits for the bot's answer, 10 s at most."""
        return await server.press(
            body.chat_id, body.message_id, button=body.button, data=body.data, user_id=body.user_id
        )

    @router.post("/sandbox/groups/{chat_id}/bot")
    async def set_membership(chat_id: int, body: Membership) -> ChatView:
        """Add the bot to a group, or remove it."""
        return await server.set_membership(chat_id, member=body.member, user_id=body.user_id)

    @router.get("/sandbox/files/{file_id}", response_class=FileResponse)
    async def file(file_id: str) -> FileResponse:
        stored, path = server.file(file_id)
        return FileResponse(
            path,
            media_type=stored.mime_type,
            filename=stored.file_name,
            # A document may be HTML or SVG: shown in place it would run with the page's rights.
            content_disposition_type="attachment" if stored.kind in _DOWNLOADED_ONLY else "inline",
            headers={"X-Content-Type-Options": "nosniff"},
        )


async def _read_call(request: Request) -> Call:
    """Parameters come in the query, as JSON, as a form, or as a form with files."""
    if int(request.headers.get("content-length", 0)) > MAX_UPLOAD + _FORM_OVERHEAD:
        raise too_large()
    parameters: dict[str, Any] = dict(request.query_params)
    uploads: dict[str, Upload] = {}
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            parameters |= await request.json()
        except (ValueError, TypeError):
            raise bad_request("can't parse JSON object") from None
    else:
        try:
            async with request.form() as form:
                for name, value in form.multi_items():
                    if isinstance(value, FormFile):
                        uploads[name] = await _read_upload(value)
                    else:
                        parameters[name] = value
        except HTTPException as error:
            raise bad_request(str(error.detail)) from None
    return Call(parameters, uploads)


async def _read_upload(file: FormFile) -> Upload:
    return Upload(file.filename or "file", await file.read(), file.content_type or "")


async def _until_gone(request: Request, answering: Coroutine[Any, Any, Any]) -> Any:
    """Stop when the bot hangs up: the poll of a stopped bot must not keep this server from stopping."""
    answer = asyncio.create_task(answering)
    gone = asyncio.create_task(_hung_up(request))
    try:
        await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            raise bad_request("the bot hung up")
        return answer.result()
    finally:
        answer.cancel()
        gone.cancel()
        await asyncio.gather(answer, gone, return_exceptions=True)


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _error_response(error: BotApiError) -> JSONResponse:
    body: dict[str, Any] = {"ok": False, "error_code": error.code, "description": error.description}
    headers = {}
    if error.retry_after is not None:
        body["parameters"] = {"retry_after": error.retry_after}
        headers["Retry-After"] = str(error.retry_after)
    return JSONResponse(body, status_code=error.code, headers=headers)
