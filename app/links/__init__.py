"""Rating links in mails: how an invited customer answers, and why nobody else does it for him.

POST /v1/links
    routes.py       a signed token per recipient (token.py) and mail snippets in his language (mail.py);
                    nothing is stored but how many were asked
GET /r/{token}?s=4
    pages.py        reads the token and its touchpoint, writes nothing
    rating_page.py  the page with the rating preselected
POST /r/{token}
    pages.py        what was pressed, and what makes it doubtful (recent_presses.py) -> one Answer
    press.py        counted, or held as `unconfirmed`; decided inside the transaction that stores it   (pure)
    ingest/writer.py, ingest/store.py   as for every other answer
"""
