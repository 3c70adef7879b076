"""How large and how fluid is the report? Bytes, first view and month step in a browser, for a run and for 3,000 flows.

    python benchmarks/report.py RUN        # after: polynya run --out RUN; needs what `make test-browser` needs

Asked of it: first view under 2,000 ms, a month step under 50 ms, under 2,000,000 bytes for the founding run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE))

from tests.report import made  # noqa: E402
from tests.report.big import big_tables  # noqa: E402

from polynya.report.html import page  # noqa: E402


def main() -> int:
    """Measure the reports of the runs named, and one of 3,000 flows."""
    with tempfile.TemporaryDirectory() as folder:
        big = Path(folder, "3000-flows.html")
        big.write_text(page(big_tables(), made.summary(), made.labels()), encoding="utf-8")
        files = [str(Path(run, "report.html").resolve()) for run in sys.argv[1:]] + [str(big)]
        done = subprocess.run(
            ["node", "test/speed.mjs", *files], cwd=HERE / "web", capture_output=True, text=True, check=True
        )
    fine = True
    for r in json.loads(done.stdout):
        ok = r["first_view_ms"] < 2000 and r["month_step_ms"] < 50 and r["bytes"] < 2_000_000
        fine = fine and ok
        print(
            f"{Path(r['file']).parent.name}/{Path(r['file']).name}: {r['bytes']:,} bytes, {r['lines']:,} lines drawn; "
            f"first view {r['first_view_ms']} ms (quickest {r['quickest_view_ms']}); month step {r['month_step_ms']:.1f} ms "
            f"(slowest of {r['steps']}: {r['slowest_step_ms']:.1f}){'' if ok else '  MISSED'}"
        )
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
