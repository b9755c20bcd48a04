"""Webhooks: events about answers are delivered at least once.

The path of an event:

    outbox.py     in the transaction that stores an answer: which events that is, and to whom they go
    deliver.py    takes what is due, sends it, writes down what came of it, and tries again on a schedule
    backlog.py    how much of it is kept, and who is told of a receiver that is down
    signature.py  proves to the receiver who sent it
    sender.py     a thread for sending, so that no receiver holds up an answer; names.py looks up names
    outgoing.py   the one door outwards; address.py says where it never leads
"""
