"""The served app: a JSON API and pages on loopback, over a folder of runs. `polynya serve` starts it.

Needs the extra `server` (FastAPI, uvicorn); nothing outside this package and `commands/serve.py` imports them.

    browser ─> listen.py (header timeout) ─> guard.py (host, origin, token, body) ─> app.py ─> api_*.py
                                                                                      │
    worker.py (one process a job) <── jobs.py <── catalogue.py (SQLite, rebuilt from folders.py)
"""
