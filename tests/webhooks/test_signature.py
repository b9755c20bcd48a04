"""Signatures as in Standard Webhooks."""

import base64

from app.webhooks.signature import headers, new_secret, signature


def test_the_signature_is_that_of_the_specification_s_example():
    secret, number = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    signed = signature(secret, number, 1614265330, '{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_is_32_random_bytes_behind_its_prefix():
    one, other = new_secret(), new_secret()
    assert one != other and len(base64.b64decode(one.removeprefix("whsec_"))) == 32


def test_while_one_secret_replaces_another_both_sign():
    one, other = new_secret(), new_secret()
    said = headers([one, other], "n", 1, "{}")
    assert said["webhook-signature"].split() == [signature(one, "n", 1, "{}"), signature(other, "n", 1, "{}")]
