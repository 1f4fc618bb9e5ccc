"""A client program that uses only the documented API."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any
from uuid import uuid4

from labeler.tests.running import Run

Answer = tuple[int, Any, dict[str, str]]


class Client:
    """The client of one user: a token, and calls that wait while a server restarts."""

    def __init__(self, run: Run, username: str, password: str) -> None:
        self.run = run
        self.headers = {"Accept": "*/*"}
        login = {"username": username, "password": password}
        status, body, _ = self.call("POST", "tokens/", login)
        assert status == 201, body
        self.headers["Authorization"] = f"Token {body['token']}"

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        """Send one request. Retry while the server is down or answers 5xx."""
        for _ in range(240):
            try:
                answer = self._once(method, path, body)
            except (OSError, HTTPException):  # down, or killed during the answer
                time.sleep(0.25)
                continue
            if answer[0] < 500:
                return answer
            time.sleep(0.25)
        raise AssertionError(f"{method} {path}: no answer within a minute")

    def _once(self, method: str, path: str, body: Any) -> Answer:
        data, headers = body, dict(self.headers)
        if body is not None and not isinstance(body, bytes):
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        elif body is not None:
            headers["Content-Type"] = f"multipart/form-data; boundary={BOUNDARY}"
        request = urllib.request.Request(
            self.run.address(f"/api/v1/{path}"), data, headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, _read(answer), dict(answer.headers)
        except urllib.error.HTTPError as error:
            return error.code, _read(error), dict(error.headers)

    def upload(self, name: str, content: bytes, **fields: str) -> dict[str, Any]:
        """Import a file and wait until the import ends."""
        status, body, _ = self.call("POST", "imports/", form(name, content, fields))
        assert status == 202, body
        import_id = body["id"]
        for _ in range(600):
            _, state, _ = self.call("GET", f"imports/{import_id}/")
            if state["state"] in ("done", "failed"):
                return dict(state)
            time.sleep(0.2)
        raise AssertionError(f"import {import_id} did not end: {state}")

    def pages(self, batch: int) -> Iterator[dict[str, Any]]:
        """Lease pages until none is left for this judge."""
        while True:
            status, page, headers = self.call(
                "POST", "assignments/lease/", {"batch": batch}
            )
            if status == 200:
                yield page
            elif headers["Labeler-Reason"] == "held-by-others":
                time.sleep(min(1.0, float(headers.get("Retry-After", 1))))
            else:
                assert headers["Labeler-Reason"] == "all-done", headers
                return

    def mark(self, page: dict[str, Any], verdicts: dict[str, str]) -> list[Any]:
        """Send marks by tile id. A retry sends the same mark ids."""
        marks = [
            {
                "id": str(uuid4()),
                "assignment": page["assignment"]["id"],
                "candidate": tile,
                "verdict": verdict,
                "decided_at": datetime.now(UTC).isoformat(),
                "seconds": 1.0,
                "how": "key",
            }
            for tile, verdict in verdicts.items()
        ]
        status, body, _ = self.call("PUT", "judgments/", {"judgments": marks})
        assert status == 200, body
        return list(body["results"])

    def submit(self, page: dict[str, Any]) -> Answer:
        assignment = page["assignment"]["id"]
        return self.call("POST", f"assignments/{assignment}/submit/")

    def table(self, path: str) -> list[dict[str, str]]:
        """Return the rows of a TSV file."""
        status, text, _ = self.call("GET", path)
        assert status == 200, text
        head, *lines = text.split("\n")[:-1]
        names = head.split("\t")
        return [dict(zip(names, line.split("\t"), strict=True)) for line in lines]


BOUNDARY = "a-line-that-is-in-no-test-file"


def form(name: str, content: bytes, fields: dict[str, str]) -> bytes:
    """Return multipart/form-data with one file."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n'
        f"{value}\r\n".encode()
        for field, value in fields.items()
    ]
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; '
        f'filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
    )
    return b"".join(
        [*parts, head.encode(), content, f"\r\n--{BOUNDARY}--\r\n".encode()]
    )


def _read(answer: Any) -> Any:
    raw = answer.read()
    if "json" in answer.headers.get("Content-Type", ""):
        return json.loads(raw)
    return raw.decode() if raw else None
