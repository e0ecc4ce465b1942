"""What is sent, in WhatsApp's own form. Nothing is added to what the operator wrote: no link previews."""

from dataclasses import dataclass
from typing import Any

from engine.transports.forms import Frame
from engine.transports.neonize.host.library import MediaType, MessageKey, content
from engine.transports.neonize.host.uploads import Upload
from models.enums import ContentKind

MEDIA_TYPES = {
    ContentKind.IMAGE: MediaType.MediaImage,
    ContentKind.VIDEO: MediaType.MediaVideo,
    ContentKind.AUDIO: MediaType.MediaAudio,
    ContentKind.DOCUMENT: MediaType.MediaDocument,
}
VOICE_TYPE = "audio/ogg; codecs=opus"  # without the codec phones do not play it


@dataclass(frozen=True, slots=True)
class File:
    sha256: str
    mime_type: str
    file_name: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    phone: str  # E.164
    kind: ContentKind
    body: str
    file: File | None


def read_outgoing(frame: Frame) -> Outgoing:
    file = File(**frame["media"]) if frame["media"] else None
    return Outgoing(frame["phone"], ContentKind(frame["kind"]), frame["body"], file)


def text(body: str) -> Any:
    return content.Message(conversation=body)


def media(message: Outgoing, file: File, upload: Upload) -> Any:
    handle, facts = upload.handle, upload.facts
    common = {
        "URL": handle.url,
        "directPath": handle.DirectPath,
        "mediaKey": handle.MediaKey,
        "fileSHA256": handle.FileSHA256,
        "fileEncSHA256": handle.FileEncSHA256,
        "fileLength": handle.FileLength,
        "mimetype": file.mime_type,
    }
    caption = {"caption": message.body} if message.body else {}
    seen = {"width": facts.width, "height": facts.height, "JPEGThumbnail": facts.thumbnail}
    seen = {name: value for name, value in seen.items() if value}
    match message.kind:
        case ContentKind.IMAGE:
            return content.Message(imageMessage=content.ImageMessage(**common, **caption, **seen))
        case ContentKind.VIDEO:
            video = content.VideoMessage(**common, **caption, **seen, seconds=facts.seconds)
            return content.Message(videoMessage=video)
        case ContentKind.AUDIO:
            if facts.is_voice:
                common["mimetype"] = VOICE_TYPE
            audio = content.AudioMessage(**common, seconds=facts.seconds, PTT=facts.is_voice)
            return content.Message(audioMessage=audio)
    named = {"title": file.file_name, "fileName": file.file_name}
    document = content.Message(documentMessage=content.DocumentMessage(**common, **caption, **named))
    if not message.body:
        return document
    return content.Message(documentWithCaptionMessage=content.FutureProofMessage(message=document))


def revocation(phone: str, message_id: str) -> Any:
    """The library's own would ask who we are, which ends the process when the line is just being closed."""
    key = MessageKey(fromMe=True, ID=message_id, remoteJID=f"{phone.removeprefix('+')}@s.whatsapp.net")
    return content.Message(protocolMessage=content.ProtocolMessage(type=content.ProtocolMessage.REVOKE, key=key))
