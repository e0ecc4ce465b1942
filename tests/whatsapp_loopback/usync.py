"""Who is on WhatsApp, with which devices, under which hidden identity (namespace `usync`)."""

from tests.whatsapp_loopback.nodes import Jid, Node, NotANodeError
from tests.whatsapp_loopback.numbers import Numbers, digits, lid_jid, phone_of, pn_jid


def answer(question: Node, numbers: Numbers) -> tuple[Node, ...]:
    asked = question.child("usync", "query")
    users = question.child("usync", "list")
    if asked is None or users is None:
        raise NotANodeError("usync without query and list")
    aspects = {aspect.tag for aspect in asked.children()}
    found = tuple(_user(user, aspects, numbers) for user in users.children("user"))
    return (Node("usync", {"result": "1"}, (Node("list", content=found),)),)


def _user(user: Node, aspects: set[str], numbers: Numbers) -> Node:
    contact = user.child("contact")
    if contact is not None and contact.content:
        return _number_check(contact, numbers)
    jid = user.jid("jid")
    phone = phone_of(jid)
    content: list[Node] = []
    if "devices" in aspects:
        content.append(_devices())
    if "lid" in aspects:
        content.append(Node("lid", {"val": lid_jid(phone)}))
    return Node("user", {"jid": Jid(jid.user, jid.server)}, tuple(content))


def _number_check(contact: Node, numbers: Numbers) -> Node:
    """Asked by number, which comes back as it was asked."""
    asked = contact.data()
    phone = digits(asked.decode().split("@")[0])
    kind = "in" if numbers.on_whatsapp(phone) else "out"
    answered = Node("contact", {"type": kind}, asked)
    return Node("user", {"jid": lid_jid(phone), "pn_jid": pn_jid(phone)}, (answered,))


def _devices() -> Node:
    """The phone alone: contacts have no linked devices, and the one that asks leaves itself out anyway."""
    phone_itself = Node("device", {"id": "0"})
    return Node("devices", content=(Node("device-list", {"hash": "loopback"}, (phone_itself,)),))
