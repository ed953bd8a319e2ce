"""Fixtures that run the emulator. They need pytest and nothing else."""

import json
import os
import pathlib
import subprocess
import urllib.request
from datetime import datetime, timezone

import pytest

from members import opener

SEED = json.loads((pathlib.Path(__file__).parent.parent / "seed.json").read_text(encoding="utf-8"))


class Emulator:
    def __init__(self, url):
        self.url = url

    def control(self, method, path, body=None):
        """Call the control API. An error response is an exception."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_emulator/{path}", data, method=method)
        with opener.open(request) as response:
            return json.load(response)

    def code(self, openid):
        """Have a person's phone on Kuaishou get a login code."""
        return self.control("POST", f"people/ks/{openid}/login")["code"]


@pytest.fixture(scope="session")
def running():
    """One emulator for all tests, on a free port."""
    program = os.environ.get("BAAS_EMULATOR", "baas-emulator")
    command = [program, "-addr", "127.0.0.1:0", "-client-id", "my-app"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        assert line.startswith("listening on "), line
        yield Emulator(line.removeprefix("listening on ").strip())
        process.terminate()
        assert process.wait(timeout=10) == 0


@pytest.fixture
def emulator(running):
    """The emulator with nothing but the seed, at the real time."""
    running.control("POST", "reset")
    running.control("POST", "seed", SEED)
    running.control("POST", "clock", {"set": datetime.now(timezone.utc).isoformat()})
    yield running
    unused = [fault["route"] for fault in running.control("GET", "faults") if fault["hits"] == 0]
    assert not unused, "faults that no request met"
