import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.broadcast.templating import LONGEST_TEXT, MissingVariableError, check_template, render
from engine.errors import InvalidInputError


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
