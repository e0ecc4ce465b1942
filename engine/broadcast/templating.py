"""Message text with `{{ name }}` in it: a sandboxed Jinja template that may look values up and nothing else.

A missing or empty variable is an error, never a blank, unless the text gives a default:
`{{ name | default("there") }}`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.errors import InvalidInputError
from models.enums import ContentKind

LONGEST_TEXT = 4096  # characters; what WhatsApp clients show without cutting
LONGEST_CAPTION = 1024
UNSTORABLE = "The text contains a character that cannot be stored; type it anew."
TOO_DEEP = "A {{ … }} in the text is nested too deeply; write it more simply."
VARIABLES = ("name", "first_name", "phone", "attributes")
_DEFAULT = ("default_value", "boolean")
_ALLOWED_FILTERS = {  # and what they may be told
    "default": _DEFAULT, "d": _DEFAULT, "title": (), "upper": (), "lower": (), "capitalize": (),
    "trim": ("chars",),
}  # fmt: skip
_ALLOWED_NODES = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem,
    nodes.Const, nodes.Filter, nodes.Keyword,
)  # fmt: skip

# One variable, a few filters and defaults. Compiling a filter of a filter of a filter … takes time that grows with
# the cube of how many there are, and a few hundred of anything end the interpreter's stack.
_DEEPEST = 16
_LARGEST_NUMBER = 10**15
_MOST_RENDERED = 4 * LONGEST_TEXT  # characters; what is longer is not even put together
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # PostgreSQL refuses them, and with them the whole claim

_environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)
_environment.filters = {name: _environment.filters[name] for name in _ALLOWED_FILTERS}
_environment.globals.clear()


@dataclass(frozen=True, slots=True)
class Variable:
    name: str  # one of VARIABLES
    column: str | None = None  # of `attributes`

    def __str__(self) -> str:
        if self.column is None:
            return self.name
        return f"attributes.{self.column}" if self.column.isidentifier() else f"attributes[{self.column!r}]"

    @property
    def with_default(self) -> str:
        """How to write it so that nobody can lack it."""
        instead = "there" if self.column is None else f"your {self.column}".replace("'", "")
        return f"{{{{ {self} | default('{instead}') }}}}"


Need = tuple[Variable, ...]  # one of them at least must have a value


class UnfillableError(Exception):
    """The text cannot be filled in for one contact; the message is for the operator."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class MissingVariableError(UnfillableError):
    """The contact has no value for a variable of the text."""

    def __init__(self, variable: Variable) -> None:
        super().__init__(
            "missing_variable",
            f"{{{{ {variable} }}}} has no value for this contact; say what to write instead, "
            f"for example {variable.with_default}",
        )
        self.variable = variable


class _Columns:
    """A contact's columns, and nothing else: a column may be called `items`, as a method of a dict is."""

    __slots__ = ("_values",)

    def __init__(self, attributes: Mapping[str, Any]) -> None:
        self._values = {key: value for key, value in attributes.items() if _has_value(value)}

    def __getitem__(self, column: str) -> Any:
        return self._values[column]


def check_template(body: str) -> None:
    """Raise InvalidInputError, in the operator's words, if the text could never be sent."""
    if _UNSTORABLE.search(body):
        raise InvalidInputError(UNSTORABLE)
    if len(body) > LONGEST_TEXT:
        raise InvalidInputError(
            f"The text has {len(body):,} characters; WhatsApp takes at most {LONGEST_TEXT:,}. Shorten it."
        )
    tree = _parsed(body)
    columns = {id(node.node) for node in tree.find_all(nodes.Getattr)}
    columns |= {id(node.node) for node in tree.find_all(nodes.Getitem)}
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED_NODES):
            raise InvalidInputError(
                f"Line {node.lineno or 1}: only variables such as {{{{ name }}}} are possible in a text, "
                "no calculations, conditions or loops."
            )
        if isinstance(node, nodes.Filter):
            _check_filter(node)
        if isinstance(node, nodes.Const):
            _check_constant(node)
        bare = isinstance(node, nodes.Name) and node.name == "attributes" and id(node) not in columns
        if bare or (isinstance(node, nodes.Getattr | nodes.Getitem) and not _is_column(node)):
            raise InvalidInputError(
                f"Line {node.lineno}: a column of the imported file is written {{{{ attributes.city }}}}."
            )
        if isinstance(node, nodes.Name) and node.name not in VARIABLES:
            raise InvalidInputError(
                f"Line {node.lineno}: there is no variable “{node.name}”. Known are name, first_name, phone, "
                f"and attributes for the other columns, for example {{{{ attributes.{node.name} }}}}."
            )
    try:
        _compiled(body)
    except (TemplateError, SyntaxError, ValueError, RecursionError):
        raise InvalidInputError("A {{ … }} in the text cannot be understood; write it more simply.") from None


def _parsed(body: str) -> nodes.Template:
    """Raise InvalidInputError for what cannot be read, and for what nobody would write."""
    try:
        tree = _environment.parse(body)
    except TemplateSyntaxError as error:
        raise InvalidInputError(
            f"Line {error.lineno} has a {{{{ … }}}} that cannot be read: {error.message}. "
            "Write variables like {{ name }} or {{ attributes.city }}."
        ) from None
    except RecursionError:
        raise InvalidInputError(TOO_DEEP) from None
    level: list[nodes.Node] = [tree]
    for _ in range(_DEEPEST):
        level = [child for node in level for child in node.iter_child_nodes()]
    if level:
        raise InvalidInputError(TOO_DEEP)
    return tree


def _check_filter(node: nodes.Filter) -> None:
    if node.name not in _ALLOWED_FILTERS:
        raise InvalidInputError(
            f"Line {node.lineno}: “{node.name}” is not known; use one of {', '.join(_ALLOWED_FILTERS)}."
        )
    takes = _ALLOWED_FILTERS[node.name]
    named = [keyword.key for keyword in node.kwargs]
    told = [*takes[: len(node.args)], *named]
    fits = len(node.args) <= len(takes) and set(told) <= set(takes) and len(set(told)) == len(told)
    spread = node.dyn_args is not None or node.dyn_kwargs is not None
    only_words = node.name != "trim" or all(
        isinstance(one, nodes.Const) and isinstance(one.value, str)
        for one in (*node.args, *(keyword.value for keyword in node.kwargs))
    )
    if not fits or spread or not only_words:
        given = '("…")' if takes else ""
        raise InvalidInputError(
            f"Line {node.lineno}: “{node.name}” cannot be used so. "
            f"Write it like {{{{ name | {node.name}{given} }}}}."
        )


def _check_constant(node: nodes.Const) -> None:
    match node.value:
        case str() as words if _UNSTORABLE.search(words):
            raise InvalidInputError(UNSTORABLE)
        case int() | float() as number if abs(number) > _LARGEST_NUMBER:
            raise InvalidInputError(f"Line {node.lineno}: this number is too large; write it in quotes.")


def check_body(kind: ContentKind, body: str) -> None:
    """Raise InvalidInputError if no message of this kind can have this text or caption."""
    check_template(body)
    check_caption(kind, body)


def check_caption(kind: ContentKind, body: str) -> None:
    """Raise InvalidInputError if no file of this kind can have this beside it; a text can be any."""
    if kind is ContentKind.AUDIO and body.strip():
        raise InvalidInputError(
            "WhatsApp shows no text with an audio. Leave it out here, and send it as a message of its own."
        )
    if kind is not ContentKind.TEXT and len(body) > LONGEST_CAPTION:
        raise InvalidInputError(
            f"A caption can have {LONGEST_CAPTION:,} characters; this one has {len(body):,}. Shorten it."
        )


def render(body: str, *, name: str, phone: str, attributes: Mapping[str, Any]) -> str:
    """Fill the text in for one contact. Raises UnfillableError with a message for the operator."""
    if "{" not in body:
        return body
    values: dict[str, object] = {"phone": phone, "attributes": _Columns(attributes)}
    if words := name.split():
        values["name"], values["first_name"] = name, words[0]
    try:
        return _joined(_compiled(body).generate(values))
    except (TemplateError, TypeError, ValueError, RecursionError) as error:
        for need in needs(body):
            if not any(_has_value(attributes.get(one.column) if one.column else name) for one in need):
                raise MissingVariableError(need[0]) from None
        raise UnfillableError("missing_variable", f"the text cannot be filled in ({error})") from None


def _joined(pieces: Iterable[str]) -> str:
    """Put them together, as long as there is any chance that it can be sent."""
    taken, length = [], 0
    for piece in pieces:
        taken.append(piece)
        length += len(piece)
        if length > _MOST_RENDERED:
            raise UnfillableError(
                "too_long",
                f"filled in for this contact it has more than {_MOST_RENDERED:,} characters, and WhatsApp takes "
                f"{LONGEST_TEXT:,}",
            )
    return "".join(taken)


def fill_in(kind: ContentKind, body: str, *, name: str, phone: str, attributes: Mapping[str, Any]) -> str:
    """Fill in the text or caption of a message that can be sent so. Raises UnfillableError."""
    filled = render(body, name=name, phone=phone, attributes=attributes)
    if kind is ContentKind.TEXT and not filled.strip():
        raise UnfillableError(
            "blank_text", "nothing is left of the text for this contact; give a default that says something"
        )
    if _UNSTORABLE.search(filled):
        raise UnfillableError("unstorable", "filled in for this contact it has a character that cannot be stored")
    longest = LONGEST_TEXT if kind is ContentKind.TEXT else LONGEST_CAPTION
    if len(filled) > longest:
        raise UnfillableError(
            "too_long",
            f"filled in for this contact it has {len(filled):,} characters, and WhatsApp takes {longest:,}",
        )
    return filled


@lru_cache(maxsize=1024)
def needs(body: str) -> tuple[Need, ...]:
    """What a contact must have so that this text can be filled in: of each need one variable. Each once."""
    found: list[Need] = []
    for output in _environment.parse(body).find_all(nodes.Output):
        for node in output.nodes:
            demanded, value = _needs_of(node)
            found += [*demanded, value]
    always = Variable("phone")
    return tuple(dict.fromkeys(need for need in found if need and always not in need))


@lru_cache(maxsize=1024)
def says_nothing_without(body: str) -> Need:
    """The variables of which one must have a value, or nothing is left of the text; empty: something always is.

    What `needs` demands is not looked at: `{{ city | default("") }}` needs nothing, and may say nothing.
    """
    spoken: list[Variable] = []
    for output in _environment.parse(body).find_all(nodes.Output):
        for node in output.nodes:
            if isinstance(node, nodes.TemplateData) and not node.data.strip():
                continue
            variables = _spoken_by(node)
            if variables is None or Variable("phone") in variables:
                return ()
            spoken += variables
    return tuple(dict.fromkeys(spoken))


def _spoken_by(node: nodes.Expr) -> list[Variable] | None:
    """The variables that an expression may show, or None if it shows something in any case."""
    match node:
        case nodes.Name():
            return [Variable(node.name)]
        case nodes.Getattr():
            return [Variable("attributes", node.attr)]
        case nodes.Getitem(arg=nodes.Const(value=column)):
            return [Variable("attributes", column)]
        case nodes.Const(value=value):
            return None if _has_value(value) else []
        case nodes.Filter(node=nodes.Expr() as inner):
            given = [*node.args[:1], *(keyword.value for keyword in node.kwargs)]
            asked = (
                node.name in {"default", "d"} and _needs_of(inner)[1]
            )  # else it has a value, if only an empty one
            default = given if asked else []
            parts = [_spoken_by(one) for one in (inner, *default)]
            return None if None in parts else [one for part in parts if part for one in part]
    return None  # plain text


def _needs_of(node: nodes.Expr) -> tuple[list[Need], Need]:
    """What the expression fails without, and without all of what it has no value (empty: it always has one)."""
    match node:
        case nodes.Name():
            return [], (Variable(node.name),)
        case nodes.Getattr():
            return [], (Variable("attributes", node.attr),)
        case nodes.Getitem(arg=nodes.Const(value=column)):
            return [], (Variable("attributes", column),)
        case nodes.Filter(node=nodes.Expr() as inner):
            demanded, value = _needs_of(inner)
            given = [_needs_of(one) for one in (*node.args, *(keyword.value for keyword in node.kwargs))]
            demanded = [*demanded, *(need for one, _ in given for need in one)]
            if node.name not in {"default", "d"}:
                return [*demanded, value], ()
            default = given[0][1] if given else ()
            return demanded, (*value, *default) if value and default else ()
    return [], ()


def _is_column(node: nodes.Getattr | nodes.Getitem) -> bool:
    named = isinstance(node, nodes.Getattr) or (
        isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str)
    )
    return named and isinstance(node.node, nodes.Name) and node.node.name == "attributes"


def _has_value(value: object) -> bool:
    return value is not None and bool(str(value).strip())


@lru_cache(maxsize=1024)
def _compiled(body: str) -> Template:
    return _environment.from_string(body)
