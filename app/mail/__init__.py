"""Mail: people are told of alerts and get a digest, in their language, once they have confirmed that they want it.

outbox.py     in the transaction of what happened: who gets a letter; digests.py: whose digest is due
mailer.py     takes what is due, writes it, sends it, and writes down what came of it
invitation.py, alert.py, digest.py   what a letter of each kind says, as a Mail
draw.py       a Mail as HTML, as text, and as the message that is sent
smtp.py       the conversation with the mail server
pages.py      what the links in a letter open
"""
