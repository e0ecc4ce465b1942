import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.broadcast.templating import (
    LONGEST_CAPTION,
    LONGEST_TEXT,
    MissingVariableError,
    UnfillableError,
    check_template,
    fill_in,
    needs,
    render,
    says_nothing_without,
)
from engine.errors import InvalidInputError
from models.enums import ContentKind


def filled(body: str, name: str = "Siti Aminah", **attributes: object) -> str:
    check_template(body)
    return render(body, name=name, phone="+60123456789", attributes=attributes)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("Hi {{ name }}!", "Hi Siti Aminah!"),
        ("Hi {{first_name|upper}}", "Hi SITI"),
        ("{{ phone }}", "+60123456789"),
        ("{{ attributes.city }} {{ attributes['city'] }}", "Ipoh Ipoh"),
        ('{{ attributes.gift | default("a surprise") }}', "a surprise"),
        ("Prices < 5 & <b>bold</b> “{ }”", "Prices < 5 & <b>bold</b> “{ }”"),
        ("two\nlines\n", "two\nlines\n"),
    ],
)
def test_texts_are_filled_in_and_otherwise_left_alone(body: str, text: str) -> None:
    assert filled(body, city="Ipoh") == text


@pytest.mark.parametrize("column", ["items", "values", "keys", "get", "pop", "copy", "_values"])
def test_a_column_may_be_called_like_a_method_and_no_method_is_ever_shown(column: str) -> None:
    body = "{{ attributes['" + column + "'] }}"
    assert filled(body, **{column: "mine"}) == "mine"
    with pytest.raises(MissingVariableError):
        filled("{{ attributes." + column + " }}")


@pytest.mark.parametrize(
    "body", ["{{ name }}", "{{ first_name }}", "{{ attributes.city }}", "{{ attributes.empty }}"]
)
def test_a_missing_or_empty_value_is_an_error_and_never_a_blank(body: str) -> None:
    for name in ("", " \n"):
        with pytest.raises(MissingVariableError) as error:
            filled(body, name=name, empty="")
        assert str(error.value).startswith(f"{body} has no value for this contact;")


@pytest.mark.parametrize(
    "body",
    [
        "{{ attributes.__class__ }}", "{{ attributes.__class__.__mro__ }}", "{{ name.__class__ }}",
        "{{ attributes['__class__'] }}", "{{ attributes._values }}", "{{ name.format }}", "{{ name() }}",
        "{{ ''.join }}", "{% for x in name %}{{ x }}{% endfor %}", "{% if name %}x{% endif %}",
        "{% set x = 1 %}", "{% include 'x' %}", "{{ range(9) }}", "{{ 9 ** 9 }}", "{{ 'x' * 999999 }}",
        "{{ name ~ name }}", "{{ self }}", "{{ cycler }}", "{{ name|replace('', 'xxxx') }}",
        "{{ name|center(99999999) }}", "{{ attributes }}", "{{ attributes|upper }}", "{{ [1, 2] }}",
    ],
)  # fmt: skip
def test_a_text_may_look_values_up_and_nothing_else(body: str) -> None:
    with pytest.raises((InvalidInputError, MissingVariableError)):
        filled(body)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Hi {{ name", "Line 1"),
        ("Hi\n{{", "Line 2"),
        ("{{ }}", "cannot be read"),
        ("{% raw", "cannot be read"),
        ("{{ city }}", "attributes.city"),
        ("{{ name|shout }}", "shout"),
        ("x" * (LONGEST_TEXT + 1), "4,097"),
        ("a\0b", "character"),
    ],
)
def test_a_text_that_could_never_be_sent_is_explained(body: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        check_template(body)


@given(st.text(max_size=80), st.text(max_size=20), st.dictionaries(st.text(max_size=5), st.text(max_size=5)))
def test_whatever_somebody_types_is_sent_or_refused_in_words(
    body: str, name: str, attributes: dict[str, object]
) -> None:
    try:
        check_template(body)
        render(body, name=name, phone="+1", attributes=attributes)
    except (InvalidInputError, MissingVariableError):
        return


@given(st.text(max_size=40))
def test_a_name_is_never_read_as_a_template(name: str) -> None:
    if name.strip():
        assert render("{{ name }}", name=name, phone="+1", attributes={}) == name


def test_a_value_of_blanks_alone_is_no_value_and_a_zero_is_one() -> None:
    assert filled("{{ attributes.left | default('none') }}", left=" \t") == "none"
    assert filled("{{ attributes.left }}", left=0) == "0"


def test_a_column_with_a_space_in_its_name_is_told_as_it_is_written() -> None:
    with pytest.raises(MissingVariableError) as error:
        filled("{{ attributes['Company name'] }}")
    assert "{{ attributes['Company name'] }} has no value" in str(error.value)
    assert "{{ attributes['Company name'] | default('your Company name') }}" in str(error.value)


@pytest.mark.parametrize("body", ["{{ attributes[name] }}", "{{ attributes[0] }}"])
def test_a_column_is_named_in_the_text_itself(body: str) -> None:
    with pytest.raises(InvalidInputError, match=r"attributes\.city"):
        check_template(body)


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        (ContentKind.TEXT, "{{ attributes.offer | default('') }}", "blank_text"),
        (ContentKind.TEXT, " {{ attributes.offer | default(' ') }}\n", "blank_text"),
        (ContentKind.TEXT, "x" * LONGEST_TEXT + "{{ name }}", "too_long"),
        (ContentKind.IMAGE, "x" * LONGEST_CAPTION + "{{ name }}", "too_long"),
    ],
)
def test_what_cannot_be_sent_once_it_is_filled_in_is_an_error(kind: ContentKind, body: str, code: str) -> None:
    with pytest.raises(UnfillableError) as error:
        fill_in(kind, body, name="Siti", phone="+60123456789", attributes={})
    assert error.value.code == code


def test_a_file_may_go_without_its_caption() -> None:
    body = "{{ attributes.offer | default('') }}"
    assert not fill_in(ContentKind.IMAGE, body, name="", phone="+60123456789", attributes={})


@pytest.mark.parametrize(
    ("body", "needed"),
    [
        ("Hi", []),
        ("{{ phone }} {{ 'x' }}", []),
        ("{{ name }}, {{ name | upper }} {{ attributes.city }}", ["name", "attributes.city"]),
        ("{{ name | default('there') }}", []),
        ("{{ name | default }}", []),
        ("{{ name | upper | default('there') }}", ["name"]),  # who has none fails before the default is asked
        ("{{ name | default(attributes.nick) }}", ["name or attributes.nick"]),
        ("{{ name | default(attributes.nick) | d('you') }}", []),
        ("{{ name | default(attributes.nick | upper) }}", ["attributes.nick"]),
        ("{{ name | default(phone) }}", []),
    ],
)
def test_what_a_text_needs(body: str, needed: list[str]) -> None:
    check_template(body)
    assert [" or ".join(map(str, need)) for need in needs(body)] == needed


VARIABLES = st.sampled_from(["name", "first_name", "phone", "attributes.city", "attributes['a b']"])
EXPRESSIONS = st.recursive(
    VARIABLES | st.just("'x'"),
    lambda inner: st.one_of(
        st.builds("({} | upper)".format, inner),
        st.builds("({} | default({}))".format, inner, inner),
        st.builds("({} | d)".format, inner),
    ),
    max_leaves=6,
)
VALUES = st.sampled_from(["", " ", "Ipoh"])


@given(st.lists(EXPRESSIONS, max_size=3), VALUES, VALUES, VALUES)
def test_a_text_can_be_filled_in_exactly_for_those_who_have_what_it_needs(
    expressions: list[str], name: str, city: str, other: str
) -> None:
    body = " ".join(f"{{{{ {one} }}}}" for one in expressions)
    values = {"name": name, "first_name": name, "attributes.city": city, "attributes['a b']": other}
    lacking = [need for need in needs(body) if not any(values[str(one)].strip() for one in need)]
    columns = {"city": city, "a b": other}
    if not lacking:
        filled(body, name=name, **columns)
        return
    with pytest.raises(MissingVariableError) as error:
        filled(body, name=name, **columns)
    assert error.value.variable in {one for need in lacking for one in need}


@given(st.lists(EXPRESSIONS, min_size=1, max_size=3), VALUES, VALUES, VALUES)
def test_nothing_is_left_of_a_text_exactly_for_those_without_a_word_of_it(
    expressions: list[str], name: str, city: str, other: str
) -> None:
    body = " ".join(f"{{{{ {one} }}}}" for one in expressions)
    values = {"name": name, "first_name": name, "attributes.city": city, "attributes['a b']": other}
    if any(not any(values[str(one)].strip() for one in need) for need in needs(body)):
        return  # it cannot be filled in at all
    unsaid = says_nothing_without(body)
    nothing = bool(unsaid) and not any(values[str(one)].strip() for one in unsaid)
    about = {"name": name, "phone": "+60123456789", "attributes": {"city": city, "a b": other}}
    if not nothing:
        assert fill_in(ContentKind.TEXT, body, **about).strip()
        return
    with pytest.raises(UnfillableError) as error:
        fill_in(ContentKind.TEXT, body, **about)
    assert error.value.code == "blank_text"


@pytest.mark.parametrize(
    ("body", "unsaid"),
    [
        ("Hi {{ name | d('') }}", []),
        ("{{ name }} {{ attributes.offer | default(' ') }}\n", ["name", "attributes.offer"]),
        ("{{ attributes.offer | default('nothing') }}", []),
        ("{{ attributes.offer | default(default_value='nothing') }}", []),
        ("{{ attributes.offer | d('') }} {{ phone }}", []),
    ],
)
def test_what_a_text_says_nothing_without(body: str, unsaid: list[str]) -> None:
    assert [str(one) for one in says_nothing_without(body)] == unsaid
