"""Message text with `{{ name }}` in it: a sandboxed Jinja template that may look values up and nothing else.

A missing or empty variable is an error, never a blank, unless the text gives a default:
`{{ name | default("there") }}`.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, UndefinedError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.errors import InvalidInputError

LONGEST_TEXT = 4096  # characters; what WhatsApp clients show without cutting
VARIABLES = ("name", "first_name", "phone", "attributes")
_ALLOWED_FILTERS = ("default", "d", "title", "upper", "lower", "capitalize", "trim")
_ALLOWED_NODES = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem,
    nodes.Const, nodes.Filter, nodes.Keyword,
)  # fmt: skip

_environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)
_environment.filters = {name: _environment.filters[name] for name in _ALLOWED_FILTERS}
_environment.globals.clear()


class MissingVariableError(Exception):
    """The contact has no value for a variable of the text."""


class _Columns:
    """A contact's columns, and nothing else: a column may be called `items`, as a method of a dict is."""

    __slots__ = ("_values",)

    def __init__(self, attributes: Mapping[str, Any]) -> None:
        self._values = {key: value for key, value in attributes.items() if value}

    def __getitem__(self, column: str) -> Any:
        return self._values[column]


def check_template(body: str) -> None:
    """Raise InvalidInputError, in the operator's words, if the text could never be sent."""
    if "\0" in body:
        raise InvalidInputError("The text contains a character that cannot be stored; type it anew.")
    if len(body) > LONGEST_TEXT:
        raise InvalidInputError(
            f"The text has {len(body):,} characters; WhatsApp takes at most {LONGEST_TEXT:,}. Shorten it."
        )
    try:
        tree = _environment.parse(body)
    except TemplateSyntaxError as error:
        raise InvalidInputError(
            f"Line {error.lineno} has a {{{{ … }}}} that cannot be read: {error.message}. "
            "Write variables like {{ name }} or {{ attributes.city }}."
        ) from None
    columns = {id(node.node) for node in tree.find_all(nodes.Getattr)}
    columns |= {id(node.node) for node in tree.find_all(nodes.Getitem)}
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED_NODES):
            raise InvalidInputError(
                f"Line {node.lineno}: only variables such as {{{{ name }}}} are possible in a text, "
                "no calculations, conditions or loops."
            )
        if isinstance(node, nodes.Filter) and node.name not in _ALLOWED_FILTERS:
            raise InvalidInputError(
                f"Line {node.lineno}: “{node.name}” is not known; use one of {', '.join(_ALLOWED_FILTERS)}."
            )
        bare = isinstance(node, nodes.Name) and node.name == "attributes" and id(node) not in columns
        if bare or (isinstance(node, nodes.Getattr | nodes.Getitem) and not _is_attribute(node)):
            raise InvalidInputError(
                f"Line {node.lineno}: a column of the imported file is written {{{{ attributes.city }}}}."
            )
        if isinstance(node, nodes.Name) and node.name not in VARIABLES:
            raise InvalidInputError(
                f"Line {node.lineno}: there is no variable “{node.name}”. Known are name, first_name, phone, "
                f"and attributes for the other columns, for example {{{{ attributes.{node.name} }}}}."
            )


def render(body: str, *, name: str, phone: str, attributes: Mapping[str, Any]) -> str:
    """Fill the text in for one contact. Raises MissingVariableError with a message for the operator."""
    if "{" not in body:
        return body
    values: dict[str, object] = {"phone": phone, "attributes": _Columns(attributes)}
    if words := name.split():
        values["name"], values["first_name"] = name, words[0]
    try:
        return _compiled(body).render(values)
    except UndefinedError as error:
        name = str(error).removesuffix(" is undefined").rpartition(" ")[2].strip("'")
        variable = name if name in VARIABLES else f"attributes.{name}"
        raise MissingVariableError(
            f"{{{{ {variable} }}}} has no value for this contact; say what to write instead, "
            f"for example {{{{ {variable} | default('there') }}}}"
        ) from None
    except (TemplateError, TypeError, ValueError) as error:
        raise MissingVariableError(f"the text cannot be filled in ({error})") from None


def _is_attribute(node: nodes.Getattr | nodes.Getitem) -> bool:
    return isinstance(node.node, nodes.Name) and node.node.name == "attributes"


@lru_cache(maxsize=1024)
def _compiled(body: str) -> Template:
    return _environment.from_string(body)
