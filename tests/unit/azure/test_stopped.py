"""Stopping: whoever waits for the quota or for another attempt ends at once, and no request begins."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from azure.core.rest import HttpRequest

from ztkit.azure.pace import Pace
from ztkit.azure.wire import send
from ztkit.errors import StoppedError

LONG = 3_600.0


def test_no_request_begins_once_it_is_stopped():
    pace, sent = Pace(), []
    client = SimpleNamespace(format_url=str, send_request=sent.append)
    pace.stop()
    with pytest.raises(StoppedError):
        send(client, HttpRequest("GET", "https://localhost"), pace)
    assert sent == []


def test_whoever_waits_for_the_quota_is_let_go():
    pace, waiting = Pace(), threading.Barrier(2)

    def begins():
        waiting.wait(60)
        pace.begin()

    pace.end(pace.begin(), retry_after=LONG)
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(begins)
        waiting.wait(60)
        pace.stop()
        assert isinstance(job.exception(60), StoppedError)


def test_whoever_rests_before_another_attempt_is_let_go():
    pace = Pace()
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(pace.rest, LONG)
        pace.stop()
        assert job.result(60) is None
