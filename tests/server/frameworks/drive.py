"""Logs in to a site of docs/servers.md, and attacks it: drive.py SITE GATEWAY, or SITE alone once the gateway is away."""

import base64
import re
import sys
import time
import uuid

import requests

site, *gateway = sys.argv[1:]
gateway = gateway[0] if gateway else None
EMAIL = "ann@example.com"
read = set()


class Browser:
    def __init__(self):
        self.http = requests.Session()
        self.install = str(uuid.uuid4())
        self.trust_token = None
        self.name()

    def post(self, path, **body):
        headers = {"x-csrftoken": self.http.cookies.get("csrftoken", "")}
        return self.http.post(site + path, json=body, headers=headers, timeout=30)

    def name(self):
        return self.http.get(site + "/me", timeout=30).json()["name"]

    def log_in(self, password="seven wet umbrellas"):
        device = {"install_id": self.install, "name": "Laptop", "model": "Firefox", "platform": "web", "os_version": "1", "app_version": "1"}
        trust = {"trust_token": self.trust_token} if self.trust_token else {}
        return self.post("/log-in", name="ann", password=password, device=device, **trust)

    def assertion(self):
        """Logs in, and types the code."""
        challenge = self.log_in().json()["challenge"]
        assert self.name() is None, "in without a code"
        call(challenge, "resend", method="email")
        answer = call(challenge, "verify", code=mailed_code())
        self.trust_token = answer.json()["device"]["trust_token"]
        return answer.json()["assertion"]


def call(challenge, what, **body):
    headers = {"authorization": f"Bearer {challenge['token']}"}
    answer = requests.post(f"{gateway}/v1/challenges/{challenge['id']}/{what}", json=body, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer


def mailed_code():
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for message in requests.get(f"{gateway}/dev/outbox.json", timeout=30).json()["messages"]:
            code = re.search(r"\b\d{3} \d{3}\b", message["text"])
            if message["to"] == EMAIL and message["id"] not in read and code:
                read.add(message["id"])
                return code.group()
        time.sleep(0.05)
    raise TimeoutError("no mail with a code")


def expect(status, answer):
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"


def forged(token):
    """The same without a signature, as an attacker writes it."""
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    return ".".join([none, token.split(".")[1], ""])


owner = Browser()
if gateway is None:
    expect(503, owner.log_in())
    assert owner.name() is None, "in without a second step"
    sys.exit()
expect(401, owner.log_in("wrong"))
good = owner.assertion()
before = owner.http.cookies.get_dict()
expect(200, owner.post("/log-in/verified", assertion=good))
assert owner.name() == "ann"
assert owner.http.cookies.get_dict() != before, "the session kept its name"
# It was used.
expect(403, owner.post("/log-in/verified", assertion=good))

# Another browser that waits for a code of its own gets in with none of these.
for attack in (good, forged(good), good[:-4] + "AAAA", "", "a.b.c"):
    thief = Browser()
    waiting = thief.log_in().json()["challenge"]
    expect(403, thief.post("/log-in/verified", assertion=attack))
    assert thief.name() is None, attack
    call(waiting, "cancel")
# Nor does one that waits for nothing.
expect(403, Browser().post("/log-in/verified", assertion=good))

# The owner's browser is trusted now.
back = Browser()
back.install, back.trust_token = owner.install, owner.trust_token
assert "challenge" not in back.log_in().json()
assert back.name() == "ann"
