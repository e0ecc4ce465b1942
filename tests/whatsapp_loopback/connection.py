"""One connection of a device: handshake, login, and then stanza after stanza."""

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tests.whatsapp_loopback import iq, nodes, prekeys, usync
from tests.whatsapp_loopback.accounts import Account, Registration
from tests.whatsapp_loopback.behaviour import Answer, Handshake, LoginFailure, OnMessage, StreamError
from tests.whatsapp_loopback.frames import ClosedError, Frames
from tests.whatsapp_loopback.identity import STATIC, certificate
from tests.whatsapp_loopback.ledger import Accepted
from tests.whatsapp_loopback.messages import ReceiptKind
from tests.whatsapp_loopback.nodes import SERVER, Attribute, Node
from tests.whatsapp_loopback.noise import FrameCipher, Responder
from tests.whatsapp_loopback.pairing import CODES_SECONDS, Waiting
from tests.whatsapp_loopback.protobuf import Fields

if TYPE_CHECKING:
    from tests.whatsapp_loopback.network import Network

log = logging.getLogger("whatsapp_loopback")
_FAREWELL_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Login:
    """What the handshake's payload says (ClientPayload in the library)."""

    phone: str | None
    device: int
    registration: Registration | None

    @classmethod
    def read(cls, payload: bytes) -> "Login":
        fields = Fields(payload)
        username, registration = fields.integer(1), fields.message(19)
        return cls(
            phone=None if username is None else str(username),
            device=fields.integer(18) or 0,
            registration=None if registration is None else _registration(registration),
        )


def _registration(fields: Fields) -> Registration:
    return Registration(
        registration_id=int.from_bytes(fields.required(1), "big"),
        identity_key=fields.required(3),
        signed_prekey_id=int.from_bytes(fields.required(4), "big"),
        signed_prekey=fields.required(5),
        signed_prekey_signature=fields.required(6),
    )


def _is_linked(account: Account, number: int, noise_key: bytes) -> bool:
    device = account.device
    return device is not None and (device.number, device.noise_key) == (number, noise_key)


class Connection:
    def __init__(self, frames: Frames, network: "Network") -> None:
        self.noise_key = b""
        self.account: Account | None = None
        self.waiting: Waiting | None = None
        self._frames = frames
        self._network = network
        self._incoming: FrameCipher
        self._outgoing: FrameCipher
        self._asked: dict[str, asyncio.Future[Node]] = {}

    async def send(self, node: Node) -> None:
        """A device that has gone meanwhile gets nothing, and nobody minds: see outbox.py."""
        try:
            await self._frames.write(self._outgoing.encrypt(nodes.encode(node)))
        except ClosedError:
            log.debug("nobody is there for <%s>", node.tag)

    async def ask(self, node: Node, seconds: float) -> Node:
        """For a question of the server's, the device's answer. Raises ConnectionError if it goes away instead."""
        answer: asyncio.Future[Node] = asyncio.get_running_loop().create_future()
        self._asked[node.text("id")] = answer
        await self.send(node)
        async with asyncio.timeout(seconds):
            return await answer

    async def farewell(self, last_word: Node) -> None:
        """Hangs up when the device has heard why.

        What comes right before the end of the connection the library may never look at. It works through stanzas in
        their order: when it has acknowledged another one, it knows.
        """
        await self.send(last_word)
        with suppress(TimeoutError, ConnectionError):
            await self.ask(
                Node("notification", {"from": SERVER, "type": "psa", "id": "farewell"}), _FAREWELL_SECONDS
            )
        await self.close()

    async def close(self) -> None:
        await self._frames.close()

    def reset(self) -> None:
        self._frames.reset()

    async def run(self) -> None:
        """Until either side ends it: with ClosedError, or what the device did wrong."""
        try:
            async with asyncio.timeout(None) as patience:
                login = await self._shake_hands()
                await self._let_in(login)
                if self.waiting:
                    patience.reschedule(asyncio.get_running_loop().time() + CODES_SECONDS)
                while True:
                    stanza = nodes.decode(self._incoming.decrypt(await self._frames.read()))
                    if not (self.account and self.account.frozen):
                        await self._take(stanza)
        except TimeoutError:
            await self.close()
        finally:
            self._leave()

    async def _shake_hands(self) -> Login:
        responder = Responder(STATIC, certificate())
        greeting = responder.hello(await self._frames.read())
        match self._network.handshake:
            case Handshake.PLAIN:
                await self._frames.write(greeting)
            case Handshake.GARBAGE:
                await self._frames.write(b"\xff" * len(greeting))
        greeted = responder.finish(await self._frames.read())
        self.noise_key = greeted.client_key
        self._incoming, self._outgoing = greeted.incoming, greeted.outgoing
        return Login.read(greeted.payload)

    async def _let_in(self, login: Login) -> None:
        account = None if login.phone is None else self._network.accounts.get(login.phone)
        if failure := self._network.refusal(account):
            self._fail(failure)
        elif login.registration:
            self.waiting = await self._network.pairings.offer(self, login.registration)
            self._network.changed()
        elif account and _is_linked(account, login.device, self.noise_key):
            await self._log_in(account)
        else:
            self._fail(LoginFailure(401))

    def _fail(self, failure: LoginFailure) -> None:
        given = {"reason": failure.reason, "code": failure.code, "expire": failure.expire, "location": "loopback"}
        told = {name: str(value) for name, value in given.items() if value is not None}
        self._network.start(partial(self.farewell, Node("failure", told)))

    async def _log_in(self, account: Account) -> None:
        if account.link:
            await account.end(StreamError.REPLACED)
        self.account = account
        await self.send(Node("success", {"t": str(int(time.time())), "lid": account.lid, "location": "loopback"}))
        account.link = self
        account.logins += 1
        await account.hand_over(self)
        self._network.changed()

    def _leave(self) -> None:
        if self.waiting:
            self._network.pairings.gone(self.waiting)
        if self.account and self.account.link is self:
            self.account.link = None
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the device hung up"))
                answer.exception()
        self._network.changed()

    async def _take(self, stanza: Node) -> None:
        match stanza.tag:
            case "iq" if stanza.text("type") in ("get", "set"):
                await self._answer(stanza)
            case "iq" | "ack" if asked := self._asked.pop(stanza.text("id"), None):
                if not asked.done():
                    asked.set_result(stanza)
            case "message" if self.account:
                await self._take_message(self.account, stanza)
            case "ack" if self.account:
                self.account.outbox.acknowledged(stanza.text("class"), stanza.text("id"))
                self._network.changed()
            case "receipt" if self.account:
                self.account.outbox.acknowledged("message", stanza.text("id"))
                self._network.received(self.account, stanza)
                await self._acknowledge(stanza)
                if stanza.text("type") == "retry":
                    await self._network.messages.send_again(self.account, stanza)
            case _:
                log.debug("nothing to do for <%s>", stanza.tag)

    async def _answer(self, question: Node) -> None:
        try:
            content = await self._answer_to(question)
        except iq.RefusedError as error:
            await self.send(iq.refusal(question, error))
        else:
            await self.send(iq.result(question, *content))
        self._network.changed()

    async def _answer_to(self, question: Node) -> tuple[Node, ...]:
        """Nothing is enough of an answer to most questions: the library asks for much that no test is about."""
        network = self._network
        match question.text("xmlns"):
            case "md" if self.waiting and (hello := question.child("link_code_companion_reg")):
                if hello.text("stage") == "companion_hello":
                    return (network.pairings.ask_for_code(self.waiting, question),)
                network.pairings.finish_code(self.waiting, question)
            case "md" if self.account and question.child("remove-companion-device"):
                self.account.device = None
                self.account.outbox.clear()
            case "encrypt" if self.account:
                return prekeys.answer(self.account, question, network.peer, claim_enough=network.spares_prekeys)
            case "usync":
                return usync.answer(question, network.numbers)
            case "w:m" if self.account:
                return (network.media.media_conn(self.account),)
        return ()

    async def _take_message(self, account: Account, message: Node) -> None:
        account.tries += 1
        rule = self._network.messages.rule(account)
        accepted = self._network.messages.accept(account, message) if rule.answer.accepts else None
        self._network.changed()
        if rule.delay:
            self._network.start(partial(self._after_message, account, message, rule, accepted), rule.delay)
        else:
            await self._after_message(account, message, rule, accepted)

    async def _after_message(
        self, account: Account, message: Node, rule: OnMessage, accepted: Accepted | None
    ) -> None:
        if rule.answer in (Answer.CLOSE_AFTER, Answer.CLOSE_BEFORE):
            self.reset()
        elif rule.answer in (Answer.ACK, Answer.REFUSE):
            await self._acknowledge(message, rule.error)
        if accepted and accepted.sent.plaintext is None:
            await self._network.messages.ask_again(account, message)
        elif accepted and self._network.delivers(account):
            to = message.jid("to")
            await self._network.messages.report(account, message.text("id"), to, ReceiptKind.DELIVERED)

    async def _acknowledge(self, stanza: Node, error: int | None = None) -> None:
        attributes: dict[str, Attribute] = {
            "class": stanza.tag,
            "id": stanza.text("id"),
            "from": stanza.attributes.get("to", SERVER),
            "t": str(int(time.time())),
        }
        if error:
            attributes["error"] = str(error)
        await self.send(Node("ack", attributes))
