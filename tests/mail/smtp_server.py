"""A mail server for the tests: aiosmtpd, scripted over standard input, reporting on standard output.

Each line of standard input is a JSON list of behaviours, one for each mail that somebody tries to send; when they are
used up, mail is accepted. Each line of standard output is a JSON object with an `event`. The server ends with its input.
"""

import argparse
import asyncio
import email
import email.policy
import json
import ssl
import sys
from collections import deque

from aiosmtpd.smtp import SMTP, AuthResult


def report(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


class Handler:
    def __init__(self):
        self.script = deque()
        self.behaviour = "accept"

    async def handle_MAIL(self, server, session, envelope, address, options):
        self.behaviour = self.script.popleft() if self.script else "accept"
        report("try", behaviour=self.behaviour, authenticated=bool(session.authenticated), encrypted=server.transport.get_extra_info("cipher") is not None)
        if self.behaviour.startswith("mail "):
            return f"{self.behaviour[5:]} scripted"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.behaviour.startswith("rcpt "):
            return f"{self.behaviour[5:]} scripted <{address}>"
        if self.behaviour == "drop":
            server.transport.abort()
            return "421 gone"
        if self.behaviour == "hang":
            await asyncio.Event().wait()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.behaviour.startswith("data "):
            return f"{self.behaviour[5:]} scripted"
        if self.behaviour == "drop after data":
            server.transport.abort()
            return "421 gone"
        if self.behaviour == "hang after data":
            await asyncio.Event().wait()
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = {kind: mail.get_body((kind,)).get_content() for kind in ("plain", "html")}
        headers = {name.lower(): str(value) for name, value in mail.items()}
        report("mail", to=envelope.rcpt_tos, sender=envelope.mail_from, headers=headers, **parts)
        if self.behaviour == "accept late":
            await asyncio.sleep(1)
        if self.behaviour == "accept and drop":
            server.transport.abort()
            return "421 gone"
        return "250 OK"


def tls_context(options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate, options.key)
    return context


async def follow_script(handler):
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        handler.script.extend(json.loads(line))
        report("scripted")


async def serve(options):
    handler = Handler()

    def authenticate(server, session, envelope, mechanism, data):
        is_right = (data.login.decode(), data.password.decode()) == (options.user, options.password)
        return AuthResult(success=is_right, handled=is_right)

    settings = {"hostname": "mail.test", "enable_SMTPUTF8": options.smtputf8}
    if options.user:
        settings |= {"authenticator": authenticate, "auth_required": True, "auth_require_tls": options.tls == "starttls"}
    if options.tls == "starttls":
        settings |= {"tls_context": tls_context(options), "require_starttls": True}
    loop = asyncio.get_running_loop()
    implicit = tls_context(options) if options.tls == "implicit" else None
    server = await loop.create_server(lambda: SMTP(handler, **settings), "127.0.0.1", options.port, ssl=implicit)
    report("ready", port=server.sockets[0].getsockname()[1])
    await follow_script(handler)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tls", choices=["none", "starttls", "implicit"], required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--smtputf8", action="store_true")
    asyncio.run(serve(parser.parse_args()))


main()
