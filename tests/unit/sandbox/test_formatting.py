"""Telegram's HTML dialect. The cases with 🏟 are those of TDLib's own test (test/message_entities.cpp)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.telegram.errors import BotApiError
from bot.sandbox.telegram.formatting import MAX_TEXT, parse_html, split_text, tidy, utf16_length
from bot.sandbox.telegram.rendering import to_html
from bot.sandbox.telegram.state import Entity, FormattedText


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("🏟 🏟&lt;<abacaba", "Unclosed start tag at byte offset 13"),
        ("🏟 🏟&lt;<abac aba>", 'Unsupported start tag "abac" at byte offset 13'),
        ("🏟 🏟&lt;<abac>", 'Unsupported start tag "abac" at byte offset 13'),
        ("🏟 🏟&lt;<i   =aba>", 'Empty attribute name in the tag "i" at byte offset 13'),
        ("🏟 🏟&lt;<i    aba>", 'Can\'t find end tag corresponding to start tag "i"'),
        ("🏟 🏟&lt;<i    aba  =  ", 'Unclosed start tag "i" at byte offset 13'),
        ("🏟 🏟&lt;<i    aba  =  190azAz-.,", "Unexpected end of name token at byte offset 27"),
        ('🏟 🏟&lt;<i    aba  =  "&lt;&gt;&quot;>', "Unclosed start tag at byte offset 13"),
        ("🏟 🏟&lt;</", "Unexpected end tag at byte offset 13"),
        ("🏟 🏟&lt;<b></b></", "Unexpected end tag at byte offset 20"),
        ("🏟 🏟&lt;<i>a</i   ", "Unclosed end tag at byte offset 17"),
        ("🏟 🏟&lt;<i>a</em   >", 'Unmatched end tag at byte offset 17, expected "</i>", found "</em>"'),
        (
            "&#xDFDF;",
            (
                "Text contains invalid Unicode characters after decoding HTML entities,"
                " check for unmatched surrogate code units"
            ),
        ),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("<a href", 'Unclosed start tag "a" at byte offset 0'),
    ],
)
def test_what_telegram_cannot_parse_is_refused_in_its_words(source: str, problem: str):
    with pytest.raises(BotApiError) as refusal:
        parse_html(source)
    assert refusal.value.description == f"Bad Request: can't parse entities: {problem}"


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("<b>bold</b> plain", "bold plain", [Entity("bold", 0, 4)]),
        ("😀<i>x</i>", "😀x", [Entity("italic", 2, 1)]),
        ("<b>a <i>b</i></b>", "a b", [Entity("bold", 0, 3), Entity("italic", 2, 1)]),
        ("<b>a<strong>b</strong></b>", "ab", [Entity("bold", 0, 2)]),
        ("a &amp; &lt;b&gt; &ge; &#128512;&", "a & <b> &ge; 😀&", []),
        ('<a href="https://a.example/?x=1&amp;y=2">go</a>', "go", [
            Entity("text_link", 0, 2, url="https://a.example/?x=1&y=2"),
        ]),
        ('<a href="javascript:alert(1)">go</a>', "go", []),
        ('<a href="tg://user?id=1001">she</a>', "she", [Entity("text_mention", 0, 3, user_id=1001)]),
        ('<pre><code class="language-sql">x</code></pre>', "x", [Entity("pre", 0, 1, language="sql")]),
        ("<blockquote expandable>q</blockquote>", "q", [Entity("expandable_blockquote", 0, 1)]),
        ("<tg-spoiler>s</tg-spoiler>", "s", [Entity("spoiler", 0, 1)]),
        ("<b></b>x", "x", []),
        ("  <b>x</b>  \n", "x", [Entity("bold", 0, 1)]),
        ("/start now", "/start now", [Entity("bot_command", 0, 6)]),
        ("see https://a.example/b.", "see https://a.example/b.", [Entity("url", 4, 19)]),
        ("<code>/start</code>", "/start", [Entity("code", 0, 6)]),
    ],
)  # fmt: skip
def test_tags_become_entities(source: str, text: str, entities: list[Entity]):
    assert tidy(parse_html(source)) == FormattedText(text, tuple(entities))


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("<b>a <i>b</i></b> c", "<b>a <i>b</i></b> c"),
        ('1 &lt; 2 &amp; "x"', "1 &lt; 2 &amp; &quot;x&quot;"),
        ("😀<code>&lt;script&gt;</code>", "😀<code>&lt;script&gt;</code>"),
        ("<a href='https://a.example/?\"onclick=x'>go</a>",
         '<a href="https://a.example/?&quot;onclick=x" target="_blank" rel="noopener noreferrer">go</a>'),
        ('<pre><code class="language-&quot;&gt;">x</code></pre>', "<pre>x</pre>"),
    ],
)  # fmt: skip
def test_the_page_gets_safe_html(source: str, html: str):
    assert to_html(tidy(parse_html(source))) == html


@given(st.text(max_size=80))
def test_any_text_without_markup_is_shown_as_it_is(text: str):
    formatted = FormattedText(text)
    shown = to_html(formatted)
    assert "<" not in shown
    assert parse_html(shown.replace("&#x27;", "&#39;")).text == text


@given(
    st.lists(st.tuples(st.sampled_from(["bold", "italic", "code", "url"]), st.integers(0, 12), st.integers(1, 12)))
)
def test_entities_that_overlap_neither_lose_nor_double_a_letter(spans):
    text = "abc😀defghijk"
    entities = tuple(Entity(kind, at, length) for kind, at, length in sorted(spans, key=lambda s: (s[1], -s[2])))
    shown = parse_html(to_html(FormattedText(text, entities))).text
    assert shown.replace("�", "") in {text, text.replace("😀", "")}


@given(st.text(alphabet=st.sampled_from("a😀 \n"), min_size=1, max_size=20).map(lambda text: text * 700))
def test_a_long_paste_is_cut_into_messages_without_losing_a_letter(text: str):
    parts = split_text(text.strip())
    assert all(utf16_length(part) <= MAX_TEXT for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_a_long_paste_is_cut_at_the_end_of_a_line():
    line = "x" * 3000
    assert split_text(f"{line}\n{line}") == [line, line]
