"""`regulars web`: it tells its address, and ends when it is told to."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from small_shop import SmallShop


@contextmanager
def web(shop: SmallShop, *options: str) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "regulars.cli", "web", "--project", str(shop.root), *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop_and_ends_cleanly(shop: SmallShop, told: signal.Signals) -> None:
    shop.write()
    with web(shop, "--port", "0") as process:
        address = re.fullmatch(r"Web: (http://127\.0\.0\.1:\d+)\n", process.stderr.readline())[1]
        with urllib.request.urlopen(f"{address}/health", timeout=10) as answer:
            assert answer.read() == b'{"status":"ok"}'
        process.send_signal(told)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (0, "", "")


def test_a_port_that_is_taken_is_told_with_a_way_out(shop: SmallShop) -> None:
    shop.write()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with web(shop, "--port", port) as process:
            _, err = process.communicate(timeout=20)
    assert (process.returncode, "Traceback" in err) == (3, False)
    assert f"Port {port} of 127.0.0.1 cannot be had: address already in use." in err
    assert "regulars web --port 8081" in err


def test_an_address_of_another_machine_is_wrong_use(shop: SmallShop) -> None:
    shop.write()
    with web(shop, "--host", "no.such.invalid") as process:
        _, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "`no.such.invalid` is no address of this machine." in err


def test_a_shop_without_a_site_is_served_all_the_same(shop: SmallShop) -> None:
    shop.rules = "\n".join(line for line in shop.rules.splitlines() if "site:" not in line)
    shop.write()
    assert "REGULARS_PUBLIC_URL" not in os.environ
    with web(shop, "--port", "0") as process:
        assert process.stderr.readline().startswith("Web: ")
        process.terminate()
        assert process.wait(20) == 0
