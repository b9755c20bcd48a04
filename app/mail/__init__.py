"""Mail: people are told of alerts and get a digest, in their language, once they have confirmed that they want it.

A customer is asked for a rating (rating.py) where a client wants that; such a mail waits beside the letters.

The path of a letter:

    outbox.py     in the transaction of what happened: who gets a letter; digests.py: whose digest is due
    mailer.py     takes what is due, sends it, and writes down what came of it (delivery.py)
    compose.py    writes it when it goes: invitation.py, alert.py and digest.py say what is in it, as a Mail
    draw.py       a Mail as HTML, as text, and as the message that is sent
    smtp.py       the conversation with the mail server
    pages.py      what the links in a letter open; choosing.py: where somebody changes what he gets
"""
