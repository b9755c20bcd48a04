"""Words that set unhappy customers apart: each language by itself, no sentence twice."""

import re

PAGE = "/touchpoints/delivery?words=1&lang=en"
SAID = {
    ("da", 1): ["Pakken stod ude i regnen, {n}"] * 60 + ["Depotet svarede aldrig {n}"] * 60,
    ("da", 5): ["Hurtig levering {n}"] * 90,
    ("de-AT", 1): ["Karton aufgerissen, Lampe verbeult"] * 90,  # always the same sentence
    ("de", 5): ["Pünktlich und freundlich"] * 90,
    ("pl", 1): ["Kurier zostawił paczkę u sąsiada"] * 4,
    (None, 1): ["Too late {n}"] * 5,
}


async def test_each_language_has_its_own_words_and_no_sentence_stands_twice(client, make, person):
    await make("delivery", scale="csat")
    items = [
        {"touchpoint": "delivery", "rating": rating, "comment": text.format(n=place), "locale": locale}
        for (locale, rating), texts in SAID.items()
        for place, text in enumerate(texts)
    ]
    assert (await client.post("/v1/feedback/batch", json={"items": items})).json()["created"] == len(items)
    page = (await person.get(PAGE)).text
    part = page[page.index('id="terms"') : page.index('id="comments"')]
    assert re.findall(r"<h3>([^<]+)</h3>", part) == ["Danish", "German"]
    danish, german = part.split("<h3>German</h3>")
    for word, where in (("regnen", danish), ("depotet", danish), ("hurtig", danish), ("verbeult", german)):
        assert word in where.lower() and word not in part.replace(where, "").lower(), word
    examples = re.findall(r'class="wide wrap quiet"[^>]*>([^<]+)<', part)
    assert len(examples) == len(set(examples)) == 5  # one of each kind of sentence
    assert german.count("aufgerissen, Lampe verbeult") == 1
    assert 'lang="de" dir="auto"><a href="/comments?handling=all&amp;touchpoint=delivery&amp;q=' in german
    assert "No word stands out yet in: Language not known (5), Polish (4)" in " ".join(part.split())


async def test_few_comments_tell_nothing(client, make, person):
    await make("delivery", scale="csat")
    await client.post("/v1/touchpoints/delivery/feedback", json={"rating": 1, "comment": "Late"})
    page = (await person.get(PAGE)).text
    assert "No word stands out yet." in page and "stands out yet in" not in page
