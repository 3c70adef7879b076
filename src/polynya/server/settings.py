"""How is the app served? (folders, names it answers to, limits)"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from polynya.ensemble.pool import cores
from polynya.errors import UsageError

BODY_BYTES = 5_000_000
LEAST_TOKEN = 16


@dataclass(frozen=True)
class Limits:
    """What one client may take. Seconds, bytes, counts."""

    body_bytes: int = BODY_BYTES
    header_seconds: float = 10.0
    body_seconds: float = 20.0
    connections: int = 128
    queued_jobs: int = 8
    workers: int = 1
    job_seconds: float = 3600.0
    draws: int = 1024  # of one ensemble
    processes: int = field(default_factory=cores)  # that one ensemble may work with
    calculations: int = 2  # voyages, previews and the like that compute at the same time
    waiting: int = 16  # and that wait for their turn


@dataclass(frozen=True)
class Settings:
    """What `polynya serve` was told."""

    runs: Path
    world: Path | None = None
    overlays: Sequence[Path] = ()
    ice: Path | None = None  # the planner's; runs keep the bundled climatology
    host: str = "127.0.0.1"
    port: int = 8377
    names: Sequence[str] = ()  # further host names under which it is reached
    token: str = ""
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        if self.token and (len(self.token) < LEAST_TOKEN or not self.token.isascii() or not self.token.isprintable()):
            raise UsageError(f"a token needs at least {LEAST_TOKEN} plain characters.")
        if not is_loopback(self.host):
            if not self.token:
                raise UsageError(
                    f"{self.host} is reached from other machines: a token is needed.",
                    fix="Put one into POLYNYA_TOKEN or --token-file.",
                )
            if not self.names:
                raise UsageError(
                    "under which name is it reached?", fix="Give --name, for example --name polynya.example.org."
                )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def authorities(settings: Settings, port: int) -> frozenset[str]:
    """What a Host header may say. A further name may stand with its own port, with ours or, behind a proxy, with none."""
    known = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")} if is_loopback(settings.host) else set()
    if port == 80 and known:
        known |= {"127.0.0.1", "localhost", "[::1]"}
    for name in settings.names:
        known |= {name.lower()} if name.rpartition(":")[2].isdigit() else {name.lower(), f"{name.lower()}:{port}"}
    return frozenset(known)
