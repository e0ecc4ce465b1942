"""Whatever somebody types as a text: an answer in words, at once, and never a failure while sending."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.broadcast.templating import LONGEST_TEXT, UnfillableError, check_template, fill_in, needs
from engine.errors import InvalidInputError
from models.enums import ContentKind

AT_ONCE = 1.0  # seconds, on a busy machine; each takes a few milliseconds
ATTRIBUTES = {"city": "Ipoh", "n": 3, "a": None, "deep": {"x": [1, 2]}, "items": "mine", "long": "x" * 1000}

PARTS = (
    "{{", "}}", "{%", "%}", "{#", "#}", "{{ name }}", "{{ attributes.city }}", "name", "attributes", ".", "[", "]",
    "(", ")", "|", "upper", "default", "title", "trim", "d(", ",", ":", "=", "*", "**", "~", "+", "-", "not ", "if",
    "else", "for x in", "endfor", "range(999999999)", "9**9**9", "'", '"', "\\x00", "\\ud800", "\\", "0x", "f" * 50,
    "1e999", "raw", "endraw", "set", "macro", "block", "extends", "include", "import", "self", "loop", "cycler",
    "__class__", "__mro__", "\n", " ", "hi", "好", "🙏", "true", "none", "is", "in", "and", "or", "<", "==", "phone",
)  # fmt: skip


def goes_through(body: str) -> str | None:
    """The text as it would be sent; None where it is refused, in words that can be kept."""
    refusal = ""
    try:
        check_template(body)
    except InvalidInputError as error:
        refusal = str(error)
    if refusal:
        refusal.encode()
        return None
    needs(body)
    try:
        filled = fill_in(ContentKind.TEXT, body, name="Siti", phone="+60123456789", attributes=ATTRIBUTES)
    except UnfillableError as error:
        told = str(error)
    else:
        told = filled
    assert "\0" not in told
    told.encode()  # no half characters, which PostgreSQL would refuse
    assert len(told) <= LONGEST_TEXT
    return told


@given(st.text(max_size=200))
def test_any_text(body: str) -> None:
    goes_through(body)


@given(st.lists(st.sampled_from(PARTS), max_size=40).map("".join))
@settings(max_examples=500)
def test_any_heap_of_what_templates_are_made_of(body: str) -> None:
    goes_through(body)


@given(st.lists(st.sampled_from(PARTS), max_size=8).map(lambda parts: "{{ " + " ".join(parts) + " }}"))
@settings(max_examples=500)
def test_any_expression(body: str) -> None:
    goes_through(body)


NESTED = {
    "parentheses": ("(", "name", ")"),
    "a few parentheses": ("(" * 60, "name", ")" * 60),
    "signs": ("-", "name", ""),
    "negations": ("not ", "name", ""),
    "filters": ("", "name", "|upper"),
    "defaults": ("name|d(", "name", ")"),
    "columns of columns": ("", "attributes", ".a"),
    "columns by columns": ("attributes[", "'a'", "]"),
    "lists": ("[", "1", "]"),
    "variables": ("{{", "name", "}}"),
    "calls": ("", "name", "()"),
    "conditions": ("", "name", " if name else name"),
    "sums": ("", "name", "~name"),
    "commas": ("", "name", ",name"),
    "stars": ("", "9", "**9"),
    "powers of words": ("", '"a"', "*999999999"),
}


@pytest.mark.parametrize("kind", NESTED)
@pytest.mark.parametrize("times", [2, 20, 150, 5000])
def test_nesting_is_refused_in_words_and_at_once(kind: str, times: int) -> None:
    before, inner, after = NESTED[kind]
    room = (LONGEST_TEXT - 20) // max(1, len(before) + len(after))
    body = "{{ " + before * min(times, room) + inner + after * min(times, room) + " }}"
    began = time.perf_counter()
    goes_through(body)
    assert time.perf_counter() - began < AT_ONCE


@pytest.mark.parametrize(
    "body",
    [
        "{% for i in range(999999999) %}x{% endfor %}",
        "{% for a in name %}{% for b in name %}{% for c in name %}x{% endfor %}{% endfor %}{% endfor %}",
        "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
        "{% set x = 'a' * 999999999 %}",
        "{{ 'a' * 999999999 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '%999999999d' | format(1) }}",
        "{{ name | center(999999999) }}",
        "{{ 'a'.ljust(999999999) }}",
        "{{ range(999999999) | list }}",
        "{{ name.__class__.__mro__ }}",
        "{{ attributes.__class__ }}{{ attributes['__init__'].__globals__ }}",
        "{{ lipsum(n=999999) }}",
        "{{ cycler }}",
        "{% include name %}",
    ],
)
def test_what_could_burn_time_or_memory_is_not_possible(body: str) -> None:
    began = time.perf_counter()
    with pytest.raises(InvalidInputError):
        check_template(body)
    assert time.perf_counter() - began < AT_ONCE


@pytest.mark.parametrize(
    "body",
    [
        '{{ "\\x00" }}',
        '{{ "\\ud800" }}',
        "Hi \ud800",
        '{{ attributes["\\x00"] }}',
        '{{ name | default("\\x00") }}',
        "{{ 0x" + "f" * 4000 + " }}",
        "{{ " + "9" * 4000 + " }}",
        "{{ 1e999 }}",
        "{{ name | default(*name) }}",
        "{{ name | default(**name) }}",
        '{{ name | default("a", true, 1) }}',
        '{{ name | default("a", default_value="b") }}',
        "{{ name | upper(1) }}",
        "{{ name | trim(1) }}",
        "{{ name | default(other=1) }}",
    ],
)
def test_what_could_never_be_sent_is_refused_when_it_is_written(body: str) -> None:
    with pytest.raises(InvalidInputError):
        check_template(body)


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ("{{ attributes.points | default(0) }}", "0"),
        (
            '{{ attributes.a | default(attributes.b | default(name | default("you") | title)) | trim | upper }}',
            "SITI",
        ),
        ('{{ name | trim("S") }}', "iti"),
        ('{{ name | default("x", boolean=true) }}', "Siti"),
        ("{% raw %}{{ name }}{% endraw %}", "{{ name }}"),
    ],
)
def test_what_people_do_write_still_works(body: str, sent: str) -> None:
    assert goes_through(body) == sent


def test_a_text_of_many_long_values_is_not_put_together() -> None:
    body = "{{attributes.long}}" * 200
    check_template(body)
    with pytest.raises(UnfillableError, match="more than") as error:
        fill_in(ContentKind.TEXT, body, name="", phone="", attributes={"long": "x" * 1_000_000})
    assert error.value.code == "too_long"
