"""What a host says in which the library cannot be loaded: the reason, to everything that it is asked."""

from engine.transports.contract import StateChanged
from engine.transports.forms import Frame, state_frame
from engine.transports.neonize.host.conversation import Conversation
from models.enums import DeviceState


def words_for(error: BaseException) -> str:
    """What is missing, and what to do about it."""
    said = str(error)
    if "magic" in said:
        missing = "the library libmagic is missing (package pylibmagic)"
    elif "av" in said.split() or "'av'" in said:
        missing = "PyAV is missing (package av)"
    else:
        missing = said
    return f"neonize cannot be loaded: {missing}. Install dripdesk's requirements again."


async def explain(conversation: Conversation, trouble: str) -> None:
    conversation.post({"type": "ready", "version": "", "pid": 0, "can_send_media": False, "trouble": trouble})
    parked = state_frame(StateChanged(DeviceState.PARKED, trouble))
    async for packet in conversation.packets():
        match packet.header["type"]:
            case "end":
                break
            case "ack":
                pass
            case "configure" | "ping" | "close":
                conversation.answer(packet, {})
            case "open":
                conversation.answer(packet, {"state": parked})
            case _:
                conversation.answer(packet, _refusal(trouble))
    await conversation.end()


def _refusal(trouble: str) -> Frame:
    return {"refused": trouble}
