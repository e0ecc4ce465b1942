"""What a file says of itself and WhatsApp wants to know: how long it is, how large, what it looks like.

PyAV brings FFmpeg's libraries in its wheel: no program has to be installed. A file that cannot be read is sent all
the same, without these: a phone shows it a little plainer.
"""

import io
import logging
from dataclasses import dataclass
from typing import Any

import av
from PIL import Image

from models.enums import ContentKind

log = logging.getLogger(__name__)

THUMBNAIL = 100  # pixels along the longer side; a phone shows it until it has the file
_QUALITY = 60
_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class MediaFacts:
    seconds: int = 0
    width: int = 0
    height: int = 0
    thumbnail: bytes = b""  # JPEG
    is_voice: bool = False
    """Opus in Ogg, which is what WhatsApp records: it is shown as a voice message."""


def facts(kind: ContentKind, content: bytes) -> MediaFacts:
    try:
        match kind:
            case ContentKind.IMAGE:
                return _image(content)
            case ContentKind.VIDEO:
                return _video(content)
            case ContentKind.AUDIO:
                return _audio(content)
    except Exception as error:  # noqa: BLE001  # files of strangers, read by large libraries
        log.warning("a file cannot be looked into (%s)", type(error).__name__)
    return MediaFacts()


def _image(content: bytes) -> MediaFacts:
    with Image.open(io.BytesIO(content)) as image:
        return MediaFacts(width=image.width, height=image.height, thumbnail=_thumbnail(image))


def _video(content: bytes) -> MediaFacts:
    with av.open(io.BytesIO(content), mode="r") as file:
        stream = file.streams.video[0]
        frame: Any = next(file.decode(stream))
        return MediaFacts(
            seconds=_seconds(file),
            width=stream.width,
            height=stream.height,
            thumbnail=_thumbnail(frame.to_image()),
        )


def _audio(content: bytes) -> MediaFacts:
    with av.open(io.BytesIO(content), mode="r") as file:
        codec = file.streams.audio[0].codec_context.name
        is_voice = file.format.name == "ogg" and codec in ("opus", "libopus")
        return MediaFacts(seconds=_seconds(file), is_voice=is_voice)


def _seconds(file: Any) -> int:
    return max(1, round((file.duration or 0) / _MICROSECONDS))


def _thumbnail(image: Any) -> bytes:
    small = image.convert("RGB")
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    written = io.BytesIO()
    small.save(written, "JPEG", quality=_QUALITY)
    return written.getvalue()
