"""The short way of European text to its words says what the way for all scripts says."""

from hypothesis import example, given
from hypothesis import strategies as st

from app.folding import words

KOREAN = "배"  # no European letter: a text with it takes the long way


def long_way(text):
    return words(f"{text} {KOREAN}")[:-1]


def test_each_letter_and_sign_is_folded_alike_on_both_ways():
    for code in (*range(0x250), *range(0x2000, 0x2100)):
        for text in (chr(code), f"a{chr(code)}b", f"ü {chr(code)} 7"):
            assert words(text) == long_way(text), (hex(code), text)


@given(st.text(st.characters(max_codepoint=0x17F) | st.sampled_from("„“”’–…€\u0301\u0308ẞﬁ"), max_size=200))
@example("Ærø, ÆRØ: Große Straße – „früher“ war’s besser…")
@example("o" + "\u0308" + "l")
@example("æ" * 64 + "b")
def test_european_text_has_the_same_words_on_both_ways(text):
    assert words(text) == long_way(text)
