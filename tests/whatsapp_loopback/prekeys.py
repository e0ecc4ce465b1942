"""The keys that people leave at the server so that others can begin to write to them (namespace `encrypt`)."""

from collections.abc import Callable

from tests.whatsapp_loopback.accounts import Account, Registration
from tests.whatsapp_loopback.nodes import Node, NotANodeError
from tests.whatsapp_loopback.numbers import phone_of
from tests.whatsapp_loopback.peers import Peer
from tests.whatsapp_loopback.x3dh import Bundle

_CURVE_25519 = b"\x05"
_ENOUGH = 100
"""With fewer than 5 left here, the library makes 812 and uploads them before it says Connected."""


def answer(
    account: Account, question: Node, peer: Callable[[str], Peer], *, claim_enough: bool
) -> tuple[Node, ...]:
    if question.child("count"):
        left = _ENOUGH if claim_enough else len(account.device.prekeys) if account.device else 0
        return (Node("count", {"value": str(left)}),)
    if keys := question.child("key"):
        wanted = [user.jid("jid") for user in keys.children("user")]
        return (
            Node(
                "list",
                content=tuple(
                    Node("user", {"jid": jid}, bundle_nodes(peer(phone_of(jid)).bundle())) for jid in wanted
                ),
            ),
        )
    if question.child("list"):
        _take_over(account, question)
    return ()


def _take_over(account: Account, upload: Node) -> None:
    """The device replaces what it left here, and adds one-time keys."""
    if account.device is None:
        raise NotANodeError("prekeys of a device that is not linked")
    skey = upload.child("skey")
    if skey is None:
        raise NotANodeError("an upload of prekeys without a signed one")
    account.device.registration = Registration(
        registration_id=int.from_bytes(upload.data("registration"), "big"),
        identity_key=upload.data("identity"),
        signed_prekey_id=int.from_bytes(skey.data("id"), "big"),
        signed_prekey=skey.data("value"),
        signed_prekey_signature=skey.data("signature"),
    )
    for key in upload.child("list").children("key"):  # type: ignore[union-attr]  # asked for above
        account.device.prekeys[int.from_bytes(key.data("id"), "big")] = key.data("value")


def bundle_in(receipt: Node) -> Bundle | None:
    """The keys that a device sends along when it asks for a message a second time."""
    keys = receipt.child("keys")
    if keys is None:
        return None
    with_one_time = keys.child("key") is not None
    return Bundle(
        registration_id=int.from_bytes(receipt.data("registration"), "big"),
        identity_key=keys.data("identity"),
        signed_prekey_id=int.from_bytes(keys.data("skey", "id"), "big"),
        signed_prekey=keys.data("skey", "value"),
        signed_prekey_signature=keys.data("skey", "signature"),
        prekey_id=int.from_bytes(keys.data("key", "id"), "big") if with_one_time else None,
        prekey=keys.data("key", "value") if with_one_time else None,
    )


def bundle_nodes(bundle: Bundle) -> tuple[Node, ...]:
    signed = (
        _number("id", bundle.signed_prekey_id, 3),
        Node("value", content=bundle.signed_prekey),
        Node("signature", content=bundle.signed_prekey_signature),
    )
    content = [
        _number("registration", bundle.registration_id, 4),
        Node("type", content=_CURVE_25519),
        Node("identity", content=bundle.identity_key),
        Node("skey", content=signed),
    ]
    if bundle.prekey_id is not None and bundle.prekey is not None:
        one_time = (_number("id", bundle.prekey_id, 3), Node("value", content=bundle.prekey))
        content.append(Node("key", content=one_time))
    return tuple(content)


def _number(tag: str, number: int, length: int) -> Node:
    return Node(tag, content=number.to_bytes(length, "big"))
