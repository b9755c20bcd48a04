"""How a path before the service goes off a request and onto what leads home; nginx proves the rest."""

import pytest

from app import base_path


@pytest.mark.parametrize(
    ("public", "asked", "path"),
    [
        ("https://a.example/feedback/", "/feedback/t/shop", "/t/shop"),
        ("https://a.example/feedback", "/feedback", "/"),
        ("https://a.example/feedback", "/t/shop", "/t/shop"),
        ("https://a.example/feedback", "/feedbacks/1", "/feedbacks/1"),
        ("https://a.example/a/münchen", "/a/münchen/t/shop", "/t/shop"),
        ("https://a.example", "/t/shop", "/t/shop"),
        (None, "/t/shop", "/t/shop"),
    ],
)
def test_it_is_taken_off_where_it_is(public, asked, path):
    scope = {"path": asked, "raw_path": asked.encode()}
    base_path.take_off(scope, base_path.of(public))
    assert scope["path"] == path


@pytest.mark.parametrize(
    ("to", "led"),
    [
        (b"/login?next=%2Fkeys", b"/feedback/login?next=%2Fkeys"),
        (b"http://a.example/v1/keys", b"http://a.example/feedback/v1/keys"),
        (b"//evil.example/", b"//evil.example/"),
        (b"https://elsewhere.example/", b"https://elsewhere.example/"),
        (b"../token", b"../token"),
    ],
)
def test_a_redirect_within_the_service_gets_it(to, led):
    assert base_path.location(to, "/feedback", b"a.example") == led


def test_what_people_wrote_is_left_alone():
    page = '<a href="/x"> <form action="/y"> <a href="//cdn/"> &#34; href=&#34;/z <input value="/w">'
    assert base_path.links(page, "/f") == page.replace('href="/x', 'href="/f/x').replace('action="/y', 'action="/f/y')
    assert base_path.links(page, "") == page
