"""What a WhatsApp message says: its words, what it carries in words, and which message it answers."""

from dataclasses import dataclass
from typing import Any

from engine.transports.neonize.host.library import content

_SILENT = {
    "albumMessage",  # announces pictures, which come by themselves
    "encReactionMessage",
    "keepInChatMessage",
    "messageContextInfo",
    "pinInChatMessage",
    "pollUpdateMessage",
    "protocolMessage",
    "reactionMessage",
    "senderKeyDistributionMessage",
}
_TEXTS = {
    "buttonsResponseMessage": "selectedDisplayText",
    "documentMessage": "caption",
    "extendedTextMessage": "text",
    "imageMessage": "caption",
    "listResponseMessage": "title",
    "templateButtonReplyMessage": "selectedDisplayText",
    "videoMessage": "caption",
}
_CARRIED = {
    "contactMessage": "contact card",
    "contactsArrayMessage": "contact cards",
    "eventMessage": "event",
    "groupInviteMessage": "invitation to a group",
    "imageMessage": "photo",
    "liveLocationMessage": "live location",
    "locationMessage": "location",
    "lottieStickerMessage": "sticker",
    "orderMessage": "order",
    "productMessage": "product",
    "stickerMessage": "sticker",
}
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Said:
    text: str
    attached: str
    quotes: str | None


def read(message: Any) -> Said | None:
    """Nothing for what nobody has said: reactions, votes, and the protocol's own messages.

    The library has taken off what messages that vanish, are shown once or are edited are wrapped in.
    """
    if _is_edit(message):
        said = read(message.protocolMessage.editedMessage)
        return said and Said(said.text, f"edited {said.attached or 'message'}", said.quotes)
    field = next((field for field, _ in message.ListFields() if field.name not in _SILENT), None)
    if field is None:
        return None
    if field.name == "conversation":
        return Said(message.conversation, "", None)
    part = getattr(message, field.name)
    text = _text(field.name, part)
    attached = _attached(field.name, part)
    if not text and not attached and field.name not in _TEXTS:
        attached = "something that cannot be shown here"
    return Said(text, attached, _quoted(part))


def _is_edit(message: Any) -> bool:
    protocol = message.protocolMessage
    return bool(protocol.type == content.ProtocolMessage.MESSAGE_EDIT and protocol.HasField("editedMessage"))


def _text(kind: str, part: Any) -> str:
    if kind == "interactiveResponseMessage":
        return str(part.body.text)
    return str(getattr(part, _TEXTS[kind])) if kind in _TEXTS else ""


def _attached(kind: str, part: Any) -> str:
    match kind:
        case "audioMessage":
            return f"{'voice message' if part.PTT else 'audio'}{_length(part.seconds)}"
        case "videoMessage":
            return "GIF" if part.gifPlayback else f"video{_length(part.seconds)}"
        case "ptvMessage":
            return f"video message{_length(part.seconds)}"
        case "documentMessage":
            return f"file{_named(part.fileName or part.title)}"
        case "contactMessage":
            return f"contact card{_named(part.displayName)}"
        case "locationMessage":
            return f"location{_named(part.name)}"
    if kind.startswith("pollCreationMessage"):
        return f"poll{_named(part.name)}"
    return _CARRIED.get(kind, "")


def _length(seconds: int) -> str:
    if not seconds:
        return ""
    minutes, seconds = divmod(seconds, 60)
    return f" of {minutes} min {seconds} s" if minutes else f" of {seconds} s"


def _named(name: str) -> str:
    name = " ".join(name.split())
    return f" “{name[:LONGEST_NAME]}”" if name else ""


def _quoted(part: Any) -> str | None:
    if "contextInfo" not in part.DESCRIPTOR.fields_by_name:
        return None
    return part.contextInfo.stanzaID or None
