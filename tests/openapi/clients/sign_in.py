"""A generated client creates an account, turns two-step verification on, and signs in on a second device."""

import re
import sys
import time
import uuid

import httpx
from twostep_client import AuthenticatedClient, Client
from twostep_client.api.accounts import create_account
from twostep_client.api.challenges import verify_challenge
from twostep_client.api.login_security import get_login_security, switch_two_step
from twostep_client.api.sessions import list_sessions
from twostep_client.api.sign_in import sign_in
from twostep_client.models import (
    CreateAccountBody,
    DeviceBody,
    Platform,
    ProblemCode,
    SignedInAnswer,
    SignInBody,
    TwoStepBody,
    TwoStepEnabledAnswer,
    VerificationRequiredAnswer,
    VerifyBody,
)

PASSWORD = "correct horse battery"
base = sys.argv[1]
email = f"{uuid.uuid4()}@example.com"
read = set()


def device():
    return DeviceBody(
        install_id=uuid.uuid4(),
        name="Phone",
        model="Pixel 7",
        platform=Platform.ANDROID,
        os_version="15",
        app_version="1.0",
    )


def bearer(token):
    return AuthenticatedClient(base_url=base, token=token)


def mailed_code():
    """The code of the next mail, which the gateway keeps in development mode instead of sending it."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for message in httpx.get(f"{base}/dev/outbox.json").json()["messages"]:
            code = re.search(r"\b\d{3} \d{3}\b", message["text"])
            if message["to"] == email and message["id"] not in read and code:
                read.add(message["id"])
                return code.group()
        time.sleep(0.02)
    raise TimeoutError("no mail with a code")


def verify(challenge, code):
    return verify_challenge.sync(challenge.id, client=bearer(challenge.token), body=VerifyBody(code=code))


confirming = create_account.sync(client=Client(base), body=CreateAccountBody(email=email, password=PASSWORD, device=device())).challenge
assert verify(confirming, "000000").code is ProblemCode.WRONG_CODE
owner = verify(confirming, mailed_code())
assert isinstance(owner, SignedInAnswer), owner
session = bearer(owner.session.access_token)

assert get_login_security.sync(client=session).two_step.enabled is False
enabling = switch_two_step.sync(client=session, body=TwoStepBody(enabled=True)).challenge
enabled = verify(enabling, mailed_code())
assert isinstance(enabled, TwoStepEnabledAnswer), enabled
assert enabled.device.id == owner.device.id

asked = sign_in.sync(client=Client(base), body=SignInBody(email=email, password=PASSWORD, device=device()))
assert isinstance(asked, VerificationRequiredAnswer), asked
assert len(list_sessions.sync(client=session).sessions) == 1
