"""Requests that chance made of sound ones do no more than those: a short and always equal form of `make attack`."""

from __future__ import annotations

from fuzzing_web import SEEDS, changed, guard, multipart


def test_no_request_gets_round_the_guard() -> None:
    statuses = {guard(data) for data in changed(SEEDS["guard"], 1_500, seed=17)}
    assert statuses == {200, 303, 400, 401, 403, 404, 405, 413}


def test_no_upload_gets_out_of_its_folder() -> None:
    statuses = {multipart(data) for data in changed(SEEDS["multipart"], 150, seed=17)}
    assert statuses == {200, 207, 400, 422}
