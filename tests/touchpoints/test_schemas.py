"""The document says what a touchpoint may be, and the service takes just that."""

import pytest

from app.main import create_app
from app.settings import Settings


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("importance", "3"),
        ("public", 1),
        ("repeat_days", True),
        ("review_interval_days", True),
        ("target", {"metric": "csat", "value": "80"}),
        ("target", {"metric": "csat", "value": 80, "by": 0}),
        ("name", {"en": "bell\x07"}),
        ("owner", "a\x00b"),
        ("phase", "afterwards"),
    ],
)
async def test_what_the_document_forbids_is_refused_with_its_place(client, field, value):
    answer = await client.post("/v1/touchpoints", json={"key": "shop", field: value})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["place"].startswith(f"body.{field}")


async def test_a_field_that_must_have_a_value_cannot_be_emptied_and_the_document_says_so(client, make):
    await make("shop")
    schema = create_app(Settings()).openapi()["components"]["schemas"]["TouchpointPatch"]["properties"]
    for name, said in schema.items():
        nullable = {"type": "null"} in said["anyOf"]
        answer = await client.patch("/v1/touchpoints/shop", json={name: None})
        if name != "archived":
            assert (answer.status_code == 200) == nullable, (name, answer.text)
