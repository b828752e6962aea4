"""Signs the requests of schemathesis in, and lets those for a challenge find one that is open."""

import functools
import os
import re
import threading
import time
import uuid

import requests
import schemathesis

PASSWORD = "correct horse battery"
# After so many uses the next account: what wrong codes and passwords cost it must not be all that is seen.
USES = 40
# The live state of a challenge is a stream that goes on for as long as the challenge.
STREAM = "/v1/challenges/{id}/events"


class Account:
    """A new account with a session of a trusted device and a challenge of another device."""

    def __init__(self, base):
        self.base = base
        self.email = f"{uuid.uuid4().hex}@example.com"
        self.uses = 0
        self.read = set()
        created = self.post("/v1/accounts", {"email": self.email, "password": PASSWORD, "device": device()})
        token = self.verified(created["challenge"])["session"]["access_token"]
        asked = self.post("/v1/login-security/two-step", {"enabled": True}, token)
        self.verified(asked["challenge"])
        self.session = token
        body = {"email": self.email, "password": PASSWORD, "device": device()}
        self.challenge = self.post("/v1/sign-in", body)["challenge"]

    def post(self, path, body, token=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = requests.post(self.base + path, json=body, headers=headers, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def verified(self, challenge):
        return self.post(f"/v1/challenges/{challenge['id']}/verify", {"code": self.code()}, challenge["token"])

    def code(self):
        """The digits in the next mail that has some."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            messages = requests.get(self.base + "/dev/outbox.json", timeout=10).json()["messages"]
            for message in messages:
                code = re.search(r"\b\d{3} \d{3}\b", message["text"])
                if message["to"] == self.email and message["id"] not in self.read and code:
                    self.read.add(message["id"])
                    return code.group()
            time.sleep(0.02)
        raise TimeoutError("no mail with a code")


@functools.cache
def api_key():
    """A key of an app's server that may do everything."""
    scopes = ["verifications:write", "verifications:read", "subjects:write", "subjects:read"]
    address = f"http://{os.environ['OPERATOR_ADDRESS']}/admin/api-keys"
    with open(os.environ["OPERATOR_TOKEN_FILE"], encoding="ascii") as file:
        headers = {"Authorization": f"Bearer {file.read().strip()}"}
    answer = requests.post(address, json={"name": "openapi", "scopes": scopes}, headers=headers, timeout=10)
    answer.raise_for_status()
    return answer.json()["key"]


def device():
    return {
        "install_id": str(uuid.uuid4()),
        "name": "Phone",
        "model": "Pixel 7",
        "platform": "android",
        "os_version": "15",
        "app_version": "1.0",
    }


@schemathesis.auth(refresh_interval=None, retry_on=[])
class SignedIn:
    """The tokens of one account after the other."""

    accounts = threading.local()

    def get(self, case, context):
        account = getattr(self.accounts, "current", None)
        if account is None or account.uses >= USES:
            account = Account(case.operation.base_url.rstrip("/"))
            self.accounts.current = account
        account.uses += 1
        return account

    def set(self, case, account, context):
        schemes = {name for scheme in case.operation.definition.raw.get("security", []) for name in scheme}
        if "session" in schemes:
            token = account.session
        elif "challenge_token" in schemes and case.operation.path != STREAM:
            token = account.challenge["token"]
        elif "api_key" in schemes:
            token = api_key()
        else:
            return
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}
        if case.operation.path.startswith("/v1/challenges/{id}") and is_uuid(case.path_parameters.get("id")):
            case.path_parameters["id"] = account.challenge["id"]


def is_uuid(text):
    return isinstance(text, str) and re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text) is not None


@schemathesis.hook
def after_call(context, case, response):
    """A session or a challenge that is over, and an account that must wait, make room for the next."""
    account = getattr(SignedIn.accounts, "current", None)
    if account is not None and (response.status_code in (401, 410, 429) or case.method == "DELETE"):
        account.uses += USES // 8
