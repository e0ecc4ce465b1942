"""Stanzas of type iq: questions with answers."""

from tests.whatsapp_loopback.nodes import SERVER, Node


class RefusedError(Exception):
    """The answer to a question is an error."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text


def result(question: Node, *content: Node) -> Node:
    return Node("iq", {"from": SERVER, "type": "result", "id": question.text("id")}, content)


def refusal(question: Node, error: RefusedError) -> Node:
    why = Node("error", {"code": str(error.code), "text": error.text})
    return Node("iq", {"from": SERVER, "type": "error", "id": question.text("id")}, (why,))
