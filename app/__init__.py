"""Touchstone collects customer feedback at every touchpoint, loses none of it, and serves honest scores.

The path of one answer, from the door to the disk:

    middleware.py       the request gets an id; a POST of feedback takes a fast route
    ingest/routes.py    who sends it: a page on the touchpoint's list, or a key; its body is parsed, strict and bounded
    ingest/channels.py  whatever way it came in, it becomes one Answer
    ingest/guard.py     rules without I/O: refuse it (on no scale, from the future) or flag it (spam, test)
    ingest/writer.py    it waits with others for one commit; the queue is bounded
    ingest/store.py     one transaction: INSERT what is new, fold what came back into the rollup, COMMIT
    ingest/routes.py    201 stored, 200 the same again; only after the commit

The way back, of one score: scores/routes.py asks scores/serve.py for a window, scores/counts.py reads a handful of
sums from the rollup, scores/formulas.py makes numbers with their uncertainty of them. What customers wrote comes back
through answers/. Folders are in the product's words: touchpoints, ingest, links, devices, answers, scores,
journeys, webhooks, pages, dashboard; each has a room.py, and main.py lists them. See docs/architecture.md.
"""
