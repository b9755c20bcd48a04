"""The rating inside a mail: what mail programs do to HTML, and that it survives."""

import re
from html.parser import HTMLParser

import pytest

from app.links.mail import snippet
from app.pages.i18n import messages
from app.touchpoints.catalogue import CATALOGUE, LANGUAGES
from app.touchpoints.scales import SCALES

URL = "https://feedback.example/r/AQcAAAAHZ"
QUESTION = CATALOGUE["order_confirmation"].question
GMAIL_CLIPS_AT = 102 * 1024
VOID = {"br", "img", "hr", "meta", "input"}


class Reader(HTMLParser):
    """Tags in order, with the words inside links, and whether every tag is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.links, self.open = [], {}, []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        said = dict(attrs)
        self.tags.append((tag, said))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "a":
            self.href = said["href"]
            self.links[self.href] = ""

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "a" in self.open:
            self.links[self.href] += data


@pytest.fixture(
    params=[(scale, language) for scale in SCALES for language in LANGUAGES], ids=lambda pair: "-".join(pair)
)
def drawn(request):
    scale, language = request.param
    return SCALES[scale], language, snippet(QUESTION, SCALES[scale], language).to(URL)


def test_every_rating_is_a_link_in_html_and_in_text(drawn):
    scale, _, mail = drawn
    read = Reader(mail.html)
    assert read.open == []
    for rating in scale.ratings:
        assert read.links[f"{URL}?s={rating}"].strip()
        assert f"{URL}?s={rating}\n" in mail.text
    assert "\0" not in mail.html + mail.text


def test_it_is_built_of_what_every_mail_program_shows(drawn):
    _, language, mail = drawn
    tags = Reader(mail.html).tags
    assert {tag for tag, _ in tags} <= {"div", "a", "table", "tr", "td", "p", "span", "b", "br"}
    assert not re.search(r"<style|class=|<img|url\(|flex|grid|var\(|position:|@", mail.html)
    assert all(said.get("role") == "presentation" for tag, said in tags if tag == "table")
    assert next(said for tag, said in tags if tag == "table")["lang"] == language
    assert len(mail.html.encode()) < GMAIL_CLIPS_AT / 5  # a mail has other things to say too


def test_colours_are_said_with_their_background(drawn):
    _, _, mail = drawn
    cells = [said for tag, said in Reader(mail.html).tags if tag == "td" and "border:1px" in said.get("style", "")]
    assert cells and all(said["bgcolor"] == "#ffffff" and "background-color:#ffffff" in said["style"] for said in cells)


def test_outlook_for_windows_is_shown_no_faces():
    html = snippet(QUESTION, SCALES["csat"], "en").to(URL).html
    shown = re.sub(r"<!--\[if !mso\]><!-->.*?<!--<!\[endif\]-->", "", html, flags=re.S)
    assert "border-radius:22px" in html and "border-radius:22px" not in shown
    assert [Reader(shown).links[f"{URL}?s={n}"].split()[0] for n in range(1, 6)] == list("12345")


def test_the_hidden_link_comes_first_and_is_seen_by_nobody():
    html = snippet(QUESTION, SCALES["csat"], "en").to(URL).html
    assert html.index(f"{URL}/more") < html.index(f"{URL}?s=1")
    hidden = re.search(r"<div style=\"display:none[^>]*mso-hide:all[^>]*>(.*?)</div>", html)
    assert hidden and f"{URL}/more" in hidden[1]


def test_a_question_is_text_whatever_it_holds():
    mail = snippet({"en": '<b onclick="x">"How" & why?</b>'}, SCALES["stars"], "en").to(URL)
    assert "&lt;b onclick=&#34;x&#34;&gt;&#34;How&#34; &amp; why?&lt;/b&gt;" in mail.html
    assert mail.text.startswith('<b onclick="x">"How" & why?</b>\n')


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scale", ["csat", "stars", "ces"])
def test_words_broken_for_narrow_cells_are_the_same_words(scale, language):
    mail, page = messages("links", language), messages("customer", language)
    for rating in SCALES[scale].ratings:
        assert mail(f"mail_{scale}_{rating}").replace("\u00ad", "") == page(f"{scale}_{rating}")
