"""The router: weights, names, mirrors, and what a caller gets from a scorer that is gone."""

import asyncio
from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import pytest

from emulator.arm.store import Store
from emulator.serving.faults import Faults
from emulator.serving.minutes import Minutes
from emulator.serving.pool import LostError, Pool
from emulator.serving.router import Asked, Router, forwarded

ENDPOINT = "/subscriptions/s/resourceGroups/r/providers/M.L/workspaces/w/onlineEndpoints/e"


class Scorer:
    """A server on loopback that answers with its name, or hangs up."""

    def __init__(self, name: str, *, status: int = 200, dies: bool = False) -> None:
        self.name, self.status, self.dies, self.seen, self.connections = name, status, dies, 0, 0

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.pool, self.ready, self.alive = Pool(self.port), True, True

    async def close(self) -> None:
        self.pool.close()
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                size = next(
                    int(line.split(":")[1])
                    for line in head.split("\r\n")
                    if line.lower().startswith("content-length")
                )
                await reader.readexactly(size)
                self.seen += 1
                if self.dies:
                    break
                body = self.name.encode()
                writer.write(
                    f"HTTP/1.1 {self.status} X\r\ncontent-length: {len(body)}\r\n\r\n".encode()
                    + body
                )
                await writer.drain()
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


def deployment(name: str, most: int = 100) -> dict:
    settings = {"maxConcurrentRequestsPerInstance": most, "requestTimeout": "PT5S"}
    return {
        "id": f"{ENDPOINT}/deployments/{name}",
        "name": name,
        "properties": {"requestSettings": settings},
    }


def endpoint(traffic: dict, mirror: dict | None = None) -> dict:
    return {
        "id": ENDPOINT,
        "name": "e",
        "properties": {"traffic": traffic, "mirrorTraffic": mirror or {}},
    }


def run(tmp_path, scorers: list[Scorer], asked):
    """Ask a router with these scorers in an event loop of its own."""

    async def inside():
        for scorer in scorers:
            await scorer.listen()
        live = {
            (ENDPOINT.lower(), one.name): SimpleNamespace(
                scorers=(one,), next=lambda one=one: one if one.ready else None
            )
            for one in scorers
        }
        store = Store(tmp_path / "state.db")
        minutes = Minutes(store)
        router = Router(cast("Any", live), minutes, Faults(tmp_path / "faults.json"), lambda: 6e8)
        try:
            result = await asked(router)
            await asyncio.sleep(0.05)  # mirrors are nobody's to wait for
            found = list(minutes.between(ENDPOINT, 0, 10**9))
        finally:
            for scorer in scorers:
                await scorer.close()
            store.close()
        return result, {name: minute.requests for name, _, minute in found}

    return asyncio.run(inside())


def request() -> Asked:
    return forwarded("POST", "/score", {"authorization": "Bearer key", "a": "b"}, b"{}")


def test_requests_are_shared_by_weight_over_connections_that_stay(tmp_path):
    blue, green = Scorer("blue"), Scorer("green")
    known = {name: deployment(name) for name in ("blue", "green")}

    async def asked(router):
        sent = [
            await router.send(endpoint({"blue": 90, "green": 10}), known, None, request())
            for _ in range(1000)
        ]
        return Counter(one.headers["azureml-model-deployment"] for one in sent)

    shares, measured = run(tmp_path, [blue, green], asked)
    assert sum(shares.values()) == 1000
    assert 60 <= shares["green"] <= 140  # four standard deviations
    assert (blue.connections, green.connections) == (1, 1)
    assert measured["green"] == {"200 200": shares["green"]}


def test_a_named_deployment_is_asked_whatever_the_weights_say(tmp_path):
    green = Scorer("green")

    async def asked(router):
        known = {"green": deployment("green")}
        right = await router.send(endpoint({"blue": 100}), known, "green", request())
        wrong = await router.send(endpoint({}), known, "red", request())
        nobody = await router.send(endpoint({}), known, None, request())
        return right.body, wrong.status_code, nobody.status_code

    assert run(tmp_path, [green], asked)[0] == (b"green", 404, 503)


def test_a_mirror_gets_its_share_and_the_caller_the_live_answer(tmp_path):
    blue, green = Scorer("blue"), Scorer("green", dies=True)
    known = {name: deployment(name) for name in ("blue", "green")}

    async def asked(router):
        found = endpoint({"blue": 100}, {"green": 50})
        return {(await router.send(found, known, None, request())).body for _ in range(200)}

    answers, measured = run(tmp_path, [blue, green], asked)
    assert answers == {b"blue"}
    assert 65 <= green.seen <= 135
    assert set(measured["green"]) == {"502 0"}


def test_what_the_model_refuses_is_a_424_that_says_what_it_answered(tmp_path):
    blue = Scorer("blue", status=422)

    async def asked(router):
        return await router.send(
            endpoint({"blue": 100}), {"blue": deployment("blue")}, None, request()
        )

    answer, measured = run(tmp_path, [blue], asked)
    assert answer.status_code == 424
    assert answer.headers["ms-azureml-model-error-statuscode"] == "422"
    assert measured["blue"] == {"424 422": 1}


def test_a_scorer_that_dies_or_is_gone_fails_its_share_only(tmp_path):
    blue, green = Scorer("blue"), Scorer("green", dies=True)
    known = {name: deployment(name) for name in ("blue", "green")}

    async def asked(router):
        lost = await router.send(endpoint({"green": 100}), known, None, request())
        green.ready = False
        gone = await router.send(endpoint({"green": 100}), known, None, request())
        kept = await router.send(endpoint({"blue": 100}), known, None, request())
        return lost.status_code, gone.status_code, kept.status_code

    assert run(tmp_path, [blue, green], asked)[0] == (502, 503, 200)


def test_more_at_once_than_a_deployment_takes_is_a_429(tmp_path):
    blue = Scorer("blue")

    async def asked(router):
        known = {"blue": deployment("blue", most=1)}
        sent = [router.send(endpoint({"blue": 100}), known, None, request()) for _ in range(5)]
        return Counter(one.status_code for one in await asyncio.gather(*sent))

    assert run(tmp_path, [blue], asked)[0] == {200: 2, 429: 3}


def test_a_key_does_not_reach_the_scorer_and_each_request_has_an_id():
    sent = request()
    assert "authorization" not in sent.headers
    assert sent.headers["a"] == "b"
    assert sent.headers["x-request-id"] == sent.id


def test_a_kept_connection_that_was_closed_is_made_anew():
    async def inside():
        scorer = Scorer("blue")
        await scorer.listen()
        first = await scorer.pool.ask("POST", "/score", {})
        port, old = scorer.port, scorer.pool
        await scorer.close()
        again = Scorer("blue")
        again._server = await asyncio.start_server(again._serve, "127.0.0.1", port)
        second = await old.ask("POST", "/score", {})
        again._server.close()
        old.close()
        return first.body, second.body

    assert asyncio.run(inside()) == (b"blue", b"blue")


def test_a_scorer_that_says_nothing_is_lost():
    async def inside():
        scorer = Scorer("blue", dies=True)
        await scorer.listen()
        try:
            await scorer.pool.ask("POST", "/score", {})
        finally:
            await scorer.close()

    with pytest.raises(LostError, match="without an answer"):
        asyncio.run(inside())
