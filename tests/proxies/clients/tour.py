"""A tour of the gateway with Python's clients, for the tests: calls on connections that are kept, live states, a live connection.

    tour.py aiohttp|websockets BASE CA ACCESS_TOKEN CHALLENGE_ID CHALLENGE_TOKEN

Says a line on standard output for each thing that went as it should; an exception says what did not. CA is a PEM file, or `-`.
"""

import asyncio
import json
import ssl
import sys

import aiohttp
from websockets.asyncio.client import connect

CALLS = 20
PROTOCOL = "twostep.v1"


def say(*words):
    print(*words, flush=True)


async def with_aiohttp(base, tls, access, challenge, token):
    async with aiohttp.ClientSession(base, connector=aiohttp.TCPConnector(ssl=tls or True)) as session:
        for _ in range(CALLS):
            async with session.get("/v1/client-ip") as answer:
                assert answer.status == 200, answer.status
                await answer.json()
            async with session.post("/v1/sign-in", json={}) as answer:
                assert answer.status == 400, answer.status
                await answer.read()
        async with session.head("/") as answer:
            assert answer.status == 200, answer.status
        say("calls")
        headers = {"authorization": f"Bearer {token}"}
        async with session.get(f"/v1/challenges/{challenge}/events", headers=headers) as answer:
            async for line in answer.content:
                if line.startswith(b"data: "):
                    say("event", json.loads(line[6:])["state"])
                    break
        headers = {"authorization": f"Bearer {access}"}
        async with session.ws_connect("/v1/connect", headers=headers, protocols=[PROTOCOL]) as socket:
            say((await socket.receive_json())["type"])
            async for _ in socket:
                pass
            say("closed", socket.close_code)


async def with_websockets(base, tls, access, challenge, token):
    url = base.replace("http", "ws", 1) + "/v1/connect"
    headers = {"authorization": f"Bearer {access}"}
    async with connect(url, ssl=tls, additional_headers=headers, subprotocols=[PROTOCOL]) as socket:
        say(json.loads(await socket.recv())["type"])
        await socket.wait_closed()
        say("closed", socket.close_code)


def main():
    client, base, authority, *rest = sys.argv[1:]
    tls = None if authority == "-" else ssl.create_default_context(cafile=authority)
    tour = {"aiohttp": with_aiohttp, "websockets": with_websockets}[client]
    asyncio.run(tour(base, tls, *rest))


main()
