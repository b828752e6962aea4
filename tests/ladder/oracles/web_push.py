"""A device whose keys and opening are http_ece's, and a push service whose look at VAPID is py_vapid's.

Reads a question in JSON a line, and answers with a line of JSON: {"do": "keys"}, {"do": "open", "body": ...} of what was sealed for the
keys before, {"do": "vapid", "authorization": ...}."""

import base64
import json
import os
import sys

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02


def text(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(encoded):
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))


private = ec.generate_private_key(ec.SECP256R1())
auth = os.urandom(16)
for line in sys.stdin:
    question = json.loads(line)
    if question["do"] == "keys":
        point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        answer = {"p256dh": text(point), "auth": text(auth)}
    elif question["do"] == "open":
        opened = http_ece.decrypt(raw(question["body"]), private_key=private, auth_secret=auth)
        answer = {"content": opened.decode()}
    else:
        answer = {"good": Vapid02.verify(question["authorization"])}
    print(json.dumps(answer), flush=True)
