"""The API docs."""

import re

from app.errors import Code


async def test_every_call_and_every_error_code_stands_in_the_docs(anybody):
    page = await anybody.get("/docs")
    assert page.status_code == 200
    document = (await anybody.get("/openapi.json")).json()
    for path in document["paths"]:
        assert f"<code>{path}</code>" in page.text
    for code in Code:
        assert f'id="{code.value}"' in page.text, "the type of a problem is an anchor here"


async def test_every_link_within_the_docs_has_its_target_and_nothing_comes_from_elsewhere(anybody):
    page = (await anybody.get("/docs")).text
    targets = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= targets
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    assert "<script" not in page
