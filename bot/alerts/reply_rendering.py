"""What a reply, and what became of an answer to it, look like in the chat. Pure."""

from html import escape

from aiogram.filters.callback_data import CallbackData

from bot.alerts.rendering import Rendered
from bot.dialogs.devices.wording import state_words
from bot.dialogs.formatting import counted
from engine.contacts.answering import Answered, Unanswered
from engine.contacts.replies import Reply
from models.enums import MessageStatus

# A message has at most 4096 UTF-16 units; where every character is an emoji (2 units) these still fit.
LONGEST_WORDS = 1500
LONGEST_LINE = 100
LONGEST_NAME = 64

MEANWHILE = {"opted_out": "they have opted out meanwhile", "deleted": "they were deleted meanwhile"}


class OpenContact(CallbackData, prefix="who"):
    """Open somebody's card in the presser's own chat."""

    contact_id: int


class OpenReplies(CallbackData, prefix="replies"):
    """Open the replies that wait, in the presser's own chat."""


def render_reply(reply: Reply) -> Rendered:
    """As HTML. Answering this message answers the person."""
    number = f" · {reply.phone}" if reply.phone and reply.name else ""
    lines = [f"💬 <b>{_line(reply.who, LONGEST_NAME)}</b>{number} · {_line(reply.device, LONGEST_NAME)}"]
    if reply.attached:
        lines.append(f"📎 <i>{_line(reply.attached, LONGEST_LINE)}</i>")
    if reply.body:
        lines.append(_cut(reply.body, LONGEST_WORDS))
    if first_line := reply.answers.strip().partition("\n")[0]:
        lines += ["", f"↩︎ to “{_line(first_line, LONGEST_LINE)}”"]
    if reply.contact_id is None:
        lines += ["", f"<i>Answer on the phone of {_line(reply.device, LONGEST_NAME)}.</i>"]
        return Rendered("\n".join(lines), ())
    lines += ["", "<i>Reply to this message to answer.</i>"]
    return Rendered("\n".join(lines), (("👤 Open contact", OpenContact(contact_id=reply.contact_id)),))


def render_many(count: int) -> Rendered:
    html = f"💬 <b>{counted(count, 'more reply', 'more replies')}</b>\nOpen Replies to read and answer them."
    return Rendered(html, (("💬 Open replies", OpenReplies()),))


def answered_words(answered: Answered) -> str:
    """Tell an operator, as plain text, that the answer is on its way, or what it waits for."""
    if not answered.waits:
        return f"✓ goes out from {answered.device}"
    if answered.paused:
        return f"⏳ {answered.device} is paused: it goes out when sending goes on"
    return f"⏳ {answered.device}: {state_words(answered.state)}. It goes out when the device is back"


def unanswered_words(end: Unanswered) -> str:
    """As HTML."""
    person = _line(end.person, LONGEST_NAME)
    why = MEANWHILE.get(end.code) or end.reason.rstrip(".") or "no reason was given"
    reason = _line(why, 4 * LONGEST_LINE)
    if end.outcome is MessageStatus.UNKNOWN:
        return f"❔ Not sure that it reached {person}: {reason}. Decide at Home → Not sure."
    return f"✗ Not sent to {person}: {reason}."


def _line(words: str, longest: int) -> str:
    return _cut(" ".join(words.split()), longest)


def _cut(words: str, longest: int) -> str:
    return escape(words if len(words) <= longest else f"{words[: longest - 1]}…", quote=False)
