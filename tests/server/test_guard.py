"""What may come in? Plain sockets and plain HTTP, as an attacker would send them; loopback only."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from polynya.errors import UsageError
from polynya.server.settings import Settings, authorities
from tests.server.conftest import QUICK, Served, read_all, serve


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def head(served: Served, *lines: str, method: str = "GET", path: str = "/api/v1/runs") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode()


def host(served: Served) -> str:
    return f"Host: 127.0.0.1:{served.port}"


# -- who asks ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:{port}", "", "[::]:{port}"]
)
def test_another_host_name_is_refused(served: Served, name: str) -> None:
    """DNS rebinding: a foreign name that resolves to this machine."""
    answer = served.raw(head(served, f"Host: {name.format(port=served.port)}", "Connection: close"))
    assert status(answer) in (400, 421)
    assert b'"runs"' not in answer


def test_two_host_headers_are_refused(served: Served) -> None:
    assert status(served.raw(head(served, host(served), "Host: evil.example", "Connection: close"))) in (400, 421)


def test_localhost_is_a_name_of_this_machine(served: Served) -> None:
    assert status(served.raw(head(served, f"Host: LocalHost:{served.port}", "Connection: close"))) == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1", "file://"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_origin_is_refused(served: Served, origin: str, method: str) -> None:
    answer = served.client.request(
        method, f"{served.url}/api/v1/jobs", headers={"origin": origin}, json={} if method == "POST" else None
    )
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "foreign_origin"


def test_our_own_origin_may_ask(served: Served) -> None:
    assert (
        served.get("/api/v1/runs", headers={"origin": served.url, "sec-fetch-site": "same-origin"}).status_code == 200
    )


def test_a_picture_or_script_of_another_site_is_refused_and_a_link_is_not(served: Served) -> None:
    assert (
        served.get("/api/v1/runs", headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}).status_code
        == 403
    )
    assert served.get("/", headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "HEAD"])
def test_other_methods_are_refused(served: Served, method: str) -> None:
    assert served.client.request(method, f"{served.url}/api/v1/runs").status_code == 405


def test_every_answer_carries_the_headers_that_shut_the_page_in(served: Served) -> None:
    for path in ("/", "/app.js", "/api/v1/runs", "/nothing", "/api/v1/runs/none/report"):
        headers = served.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in headers
        assert "access-control-allow-origin" not in headers


# -- the body ------------------------------------------------------------------------------------------------------------
def test_a_body_may_have_five_megabytes_and_not_a_byte_more(served: Served) -> None:
    """Spaces pad the JSON to the limit: the value itself is refused (422: no scenario), the size is not."""
    limit = 5_000_000
    body = b'{"text": ""}'
    for size, expected in ((limit, 422), (limit + 1, 413)):
        answer = served.client.post(
            f"{served.url}/api/v1/scenarios/preview",
            content=body.ljust(size),
            headers={"content-type": "application/json"},
        )
        assert answer.status_code == expected, size


def test_a_chunked_body_is_counted_as_it_streams(served: Served) -> None:
    sent = 0

    def parts() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(400):
            sent += 65536
            yield b" " * 65536

    try:
        answer = served.client.post(
            f"{served.url}/api/v1/scenarios/preview", content=parts(), headers={"content-type": "application/json"}
        )
        assert answer.status_code == 413
    except (OSError, ValueError):
        pytest.fail("the refusal must arrive")
    assert sent <= 400 * 65536


def test_a_length_that_is_declared_too_large_is_refused_before_it_is_sent(served: Served) -> None:
    answer = served.raw(
        head(
            served,
            host(served),
            "Content-Type: application/json",
            "Content-Length: 99999999999999999999",
            method="POST",
            path="/api/v1/jobs",
        )
    )
    assert status(answer) == 413


def test_length_and_chunks_at_once_are_refused(served: Served) -> None:
    """Request smuggling: two ways to say where a body ends."""
    lines = (
        host(served),
        "Content-Type: application/json",
        "Content-Length: 2",
        "Transfer-Encoding: chunked",
        "Connection: close",
    )
    answer = served.raw(
        head(served, *lines, method="POST", path="/api/v1/jobs")
        + b"0\r\n\r\nGET / HTTP/1.1\r\n"
        + host(served).encode()
        + b"\r\n\r\n"
    )
    assert answer.count(b"HTTP/1.1 ") <= 1


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ('{"text": NaN}', "NaN"),
        ('{"edits": {"changes": {"a": {"numbers": {"value": Infinity}}}}}', "Infinity"),
        ('{"edits": {"changes": {"a": {"numbers": {"value": -Infinity}}}}}', "Infinity"),
        ('{"edits": {"changes": {"a": {"numbers": {"value": 1e999}}}}}', "too large"),
        ('{"text": ' + "9" * 5000 + "}", "number"),
        ('{"text": "a", "text": "b"}', "twice"),
        ('{"text": "\\ud800"}', "surrogate"),
        ("[" * 100_000, "deep"),
        ('{"a":' * 60 + "1" + "}" * 60, "deep"),
        ('{"text": "a"', "not JSON"),
    ],
)
def test_what_is_not_plain_json_is_refused_in_words(served: Served, body: str, word: str) -> None:
    answer = served.client.post(
        f"{served.url}/api/v1/scenarios/preview", content=body.encode(), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400
    assert word in answer.json()["error"]["message"]


def test_bytes_that_are_not_utf_8_are_refused(served: Served) -> None:
    answer = served.client.post(
        f"{served.url}/api/v1/jobs", content=b'{"text": "\xff"}', headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_a_form_of_a_foreign_page_cannot_look_like_json(served: Served, kind: str) -> None:
    answer = served.client.post(f"{served.url}/api/v1/jobs", content=b"{}", headers={"content-type": kind})
    assert answer.status_code == 415


# -- time ----------------------------------------------------------------------------------------------------------------
def closed_after(s: socket.socket, drip: bytes, pause: float) -> float:
    begun = time.monotonic()
    s.settimeout(pause)
    while time.monotonic() - begun < 6:
        try:
            if not s.recv(1):
                return time.monotonic() - begun
        except TimeoutError:
            try:
                s.sendall(drip)
            except OSError:
                return time.monotonic() - begun
        except ConnectionResetError:
            return time.monotonic() - begun
    return float("inf")


@pytest.mark.parametrize("start", [b"", b"GET /api/v1/runs HTTP/1.1\r\nX-A: "])
def test_headers_that_never_end_are_cut_off(served: Served, start: bytes) -> None:
    """Slowloris: a byte now and then keeps nothing alive beyond header_seconds (0.6 here)."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as s:
        s.sendall(start)
        assert closed_after(s, b"a" if start else b"", 0.1) < 0.6 + 1.0


def test_the_headers_of_a_second_request_are_cut_off_too(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as s:
        s.sendall(head(served, host(served), path="/icon.svg"))
        time.sleep(0.3)
        assert b"200" in s.recv(65536)
        s.sendall(b"GET /icon.svg HTTP/1.1\r\nX-A: ")
        assert closed_after(s, b"a", 0.1) < 0.6 + 1.0


def test_a_body_that_drips_is_cut_off(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as s:
        s.sendall(
            head(
                served,
                host(served),
                "Content-Type: application/json",
                "Content-Length: 1000",
                method="POST",
                path="/api/v1/jobs",
            )
        )
        begun = time.monotonic()
        s.sendall(b"{")
        answer = read_all(s)
        assert status(answer) == 408
        assert time.monotonic() - begun < 0.8 + 1.5


def test_headers_have_a_size(served: Served) -> None:
    """32 KiB; what is still incomplete beyond that is cut off by the parser, what arrives at once by the guard."""
    assert status(served.raw(head(served, host(served), "X-A: " + "a" * 100_000, "Connection: close"))) in (400, 431)
    assert status(served.raw(head(served, host(served), "Connection: close", path="/" + "a" * 40_000))) in (
        400,
        404,
        431,
    )


# -- paths ---------------------------------------------------------------------------------------------------------------
CLIMBS = (
    "..",
    "../..",
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "%2fetc%2fpasswd",
    "....//",
    "..%5c",
    ".polynya",
    "scenarios",
    "%00",
    "a%00b",
    "~root",
)


@pytest.mark.parametrize("name", CLIMBS)
@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/runs/{}",
        "/api/v1/runs/{}/report",
        "/api/v1/runs/{}/tables/prices",
        "/api/v1/scenarios/saved/{}",
        "/api/v1/scenarios/run/{}",
        "/{}",
        "/app.js/{}",
    ],
)
def test_no_name_climbs_out(served: Served, path: str, name: str) -> None:
    answer = served.raw(head(served, host(served), "Connection: close", path=path.format(name)))
    assert status(answer) in (307, 400, 404, 405, 422), answer[:200]
    assert b"root:" not in answer
    assert b"SQLite" not in answer


def test_tables_are_only_those_of_the_run(served: Served, finished: dict[str, str]) -> None:
    for table in ("..%2f..%2fmanifest", "../../first/tables/prices", "%2e%2e%2fsummary"):
        answer = served.raw(
            head(served, host(served), "Connection: close", path=f"/api/v1/runs/{finished['run']}/tables/{table}")
        )
        assert status(answer) in (404, 422), answer[:200]


def test_links_lead_nowhere(served: Served, finished: dict[str, str], tmp_path: Path) -> None:
    """A run that is a link, a run whose report is a link, a saved scenario that is a link: none is read."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "manifest.json").write_text("{}", encoding="utf-8")
    (secret / "scenario.yaml").write_text("secret", encoding="utf-8")
    (secret / "report.html").write_text("secret", encoding="utf-8")
    (served.runs / "linked").symlink_to(secret)
    (served.runs / "scenarios" / "linked").symlink_to(secret)
    whole = served.runs / "half-linked"
    whole.mkdir()
    (whole / "manifest.json").write_text(
        (served.runs / finished["run"] / "manifest.json").read_text(encoding="utf-8"), encoding="utf-8"
    )
    (whole / "report.html").symlink_to(secret / "report.html")
    (whole / "tables").symlink_to(served.runs / finished["run"] / "tables")
    try:
        names = {r["name"] for r in served.get("/api/v1/runs").json()["runs"]}
        assert "linked" not in names
        assert "half-linked" in names
        for path in (
            "runs/linked",
            "runs/linked/report",
            "runs/half-linked/report",
            "runs/half-linked/tables/prices",
            "scenarios/saved/linked",
        ):
            answer = served.get(f"/api/v1/{path}")
            assert answer.status_code == 404, path
            assert "secret" not in answer.text.replace(str(tmp_path), "")
    finally:
        for path_ in (
            served.runs / "linked",
            served.runs / "scenarios" / "linked",
            whole / "report.html",
            whole / "tables",
        ):
            path_.unlink()
        (whole / "manifest.json").unlink()
        whole.rmdir()


@pytest.mark.parametrize(
    "ledger", ["../claims.yaml", "/etc/passwd", "..", "a/b.yaml", "scenario.yaml", ".hidden.yaml", "claims.txt"]
)
def test_a_scenario_cannot_name_a_ledger_elsewhere(served: Served, ledger: str) -> None:
    text = f"schema: polynya.scenario/1\nid: x\ntitle: x\nas_of: 2025-01-01\nhorizon: {{from: 2025-01, months: 1}}\nclaims: {json.dumps(ledger)}\n"
    for path in ("scenarios/preview", "jobs"):
        answer = served.post(f"/api/v1/{path}", {"text": text, "ledger": "claims: []"})
        assert answer.status_code == 422
        assert "beside" in answer.json()["error"]["message"]


# -- a run of somebody else ------------------------------------------------------------------------------------------------
def test_only_our_own_script_runs_in_a_report(served: Served, finished: dict[str, str]) -> None:
    """Our report: the policy names the hash of our script. Any other page: a sandbox, so that it is no page of ours."""
    own = served.get(f"/api/v1/runs/{finished['run']}/report").headers["content-security-policy"]
    assert "script-src 'sha256-" in own
    assert "default-src 'none'" in own
    assert "connect-src" not in own
    assert "unsafe" not in own
    foreign = served.runs / "foreign"
    foreign.mkdir()
    (foreign / "manifest.json").write_text("{}", encoding="utf-8")
    (foreign / "report.html").write_text("<script>fetch('/api/v1/jobs')</script>", encoding="utf-8")
    try:
        policy = served.get("/api/v1/runs/foreign/report").headers["content-security-policy"]
        assert policy.startswith("sandbox allow-scripts allow-downloads;")
        assert "default-src 'none'" in policy
        assert "connect-src" not in policy
        assert "allow-same-origin" not in policy
    finally:
        for file in foreign.iterdir():
            file.unlink()
        foreign.rmdir()


# -- beyond the loopback ---------------------------------------------------------------------------------------------------
def test_beyond_loopback_only_with_a_token_and_a_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="token"):
        Settings(runs=tmp_path, host="0.0.0.0", names=("polynya.example.org",))
    with pytest.raises(UsageError, match="name"):
        Settings(runs=tmp_path, host="0.0.0.0", token="a" * 20)
    with pytest.raises(UsageError, match="at least 16"):
        Settings(runs=tmp_path, token="short")
    open_ = Settings(runs=tmp_path, host="0.0.0.0", token="a" * 20, names=("Polynya.example.org",))
    assert authorities(open_, 80) == {"polynya.example.org", "polynya.example.org:80"}


def test_with_a_token_nothing_is_told_without_it(tmp_path: Path) -> None:
    token = "correct-horse-battery"
    for served in serve(tmp_path, QUICK, token=token):
        for path in ("/api/v1/runs", "/api/v1/health", "/openapi.json", "/api/v1/nothing"):
            assert served.get(path).status_code == 401, path
            assert served.get(path, headers={"authorization": "Bearer wrong"}).status_code == 401
            assert served.get(path, headers={"cookie": "polynya=wrong"}).status_code == 401
        assert served.get("/").status_code == 200
        assert served.get("/api/v1/runs", headers={"authorization": f"Bearer {token}"}).status_code == 200
        assert served.post("/api/v1/login", {"token": "wrong"}).status_code == 401
        login = served.post("/api/v1/login", {"token": token})
        assert login.status_code == 200
        cookie = login.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert served.get("/api/v1/runs").status_code == 200  # the client keeps the cookie
