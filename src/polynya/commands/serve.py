"""`polynya serve`: runs, scenarios, registry, voyages and screening in a browser on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polynya.commands.world import Json, Overlays, WorldDir


def register(app: typer.Typer) -> None:
    app.command("serve")(serve)


def serve(
    runs: Annotated[Path, typer.Option("--runs", metavar="DIR", help="The folder of runs; made when missing.")] = Path(
        "runs"
    ),
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")] = 8377,
    host: Annotated[
        str, typer.Option("--host", help="Beyond this machine only with a token and a --name.")
    ] = "127.0.0.1",
    name: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="NAME", help="A further host name it is reached under; may be repeated."),
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option("--token-file", metavar="FILE", help="A file with the token; or set POLYNYA_TOKEN.")
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, max=16, help="How many runs at the same time.")] = 1,
    queue: Annotated[int, typer.Option("--queue", min=1, max=1000, help="How many more may wait.")] = 8,
    ice: Annotated[
        Path | None,
        typer.Option("--ice", metavar="FILE", help="NetCDF ice for the voyage planner; runs keep the bundled ice."),
    ] = None,
    world: WorldDir = None,
    overlay: Overlays = None,
    json: Json = False,
) -> None:
    """Browse and compare runs, turn the knobs of a scenario, run it, plan voyages, screen parties: in a browser.

    Examples: polynya serve    polynya serve --runs my-runs --port 8080
    """
    from dataclasses import replace

    from polynya.console import emit_json, say
    from polynya.errors import UsageError

    try:
        from polynya.server.app import create_app
        from polynya.server.listen import bind, make_server
        from polynya.server.service import Service
        from polynya.server.settings import Limits, Settings
    except ModuleNotFoundError as error:
        if error.name not in ("fastapi", "uvicorn"):
            raise
        raise UsageError(f"{error.name} is not installed.", fix="pip install 'polynya[server]'") from None
    settings = Settings(
        runs=runs,
        world=world,
        overlays=tuple(overlay or ()),
        ice=ice,
        host=host,
        port=port,
        names=tuple(name or ()),
        token=_token(token_file),
        limits=replace(Limits(), workers=workers, queued_jobs=queue),
    )
    listening = bind(settings)
    real = listening.getsockname()[1]
    service = Service(settings)
    if ice is not None:
        _ = service.planner  # a file that cannot be read is said before anybody asks
    shown = f"[{host}]" if ":" in host.strip("[]") else host
    url = f"http://{shown}:{real}/"
    server = make_server(create_app(service, real), settings.limits, service.jobs.hang_up)
    if json:
        emit_json({"url": url, "port": real, "runs": str(service.folder.root)})
    else:
        say(f"Polynya at {url}, runs in {service.folder.root}. Ctrl-C ends.")
    import sys

    sys.stdout.flush()
    server.run(sockets=[listening])


def _token(path: Path | None) -> str:
    import os

    from polynya.errors import NotFoundError

    if path is None:
        return os.environ.get("POLYNYA_TOKEN", "").strip()
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise NotFoundError(f"{path}: {error.strerror}.", where=str(path)) from None
