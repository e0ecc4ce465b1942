"""Files that a bot sends or fetches."""

from typing import Any

from bot.sandbox.telegram.errors import bad_request, too_large
from bot.sandbox.telegram.media import MAX_DOWNLOAD, MAX_PHOTO, MAX_UPLOAD, NotAPictureError, keep_file
from bot.sandbox.telegram.methods.call import Call
from bot.sandbox.telegram.shapes import file_shape
from bot.sandbox.telegram.state import File, MediaKind
from bot.sandbox.telegram.world import World

_WRONG_FILE = "wrong file identifier/HTTP URL specified"


async def get_file(world: World, call: Call) -> Any:
    file = world.store.file(call.text("file_id"))
    if file is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if file.size > MAX_DOWNLOAD:
        raise bad_request("file is too big")
    return file_shape(file)


async def media_file(world: World, call: Call, kind: MediaKind, field: str) -> File:
    """The file that a parameter means: an upload under its name, an upload it refers to, or a file id."""
    value = call.text(field)
    upload = call.uploads.get(value.removeprefix("attach://")) or call.uploads.get(field)
    if upload is None:
        return _known_file(world, kind, value)
    if not upload.content:
        raise bad_request("file must be non-empty")
    if len(upload.content) > MAX_UPLOAD:
        raise too_large()
    if kind is MediaKind.PHOTO and len(upload.content) > MAX_PHOTO:
        raise bad_request(
            f"file of size {len(upload.content)} bytes is too big for a photo;"
            f" the maximum size is {MAX_PHOTO} bytes"
        )
    width, height, duration = (call.integer(name) for name in ("width", "height", "duration"))
    try:
        return await keep_file(world.store, kind, upload, width=width, height=height, duration=duration)
    except NotAPictureError:
        raise bad_request("IMAGE_PROCESS_FAILED") from None


def _known_file(world: World, kind: MediaKind, file_id: str) -> File:
    if not file_id:
        raise bad_request(f"there is no {kind} in the request")
    file = world.store.file(file_id)
    if file is None:
        raise bad_request(_WRONG_FILE)
    if file.kind is not kind:
        raise bad_request(f"can't use file of type {file.kind.capitalize()} as {kind.capitalize()}")
    return file
