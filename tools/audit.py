"""Are known weaknesses in what we depend on? (requirements.lock + pip-audit -> clean, found, or not audited)

    make audit        installs tools/requirements-audit.txt beside the project and runs this

Says "clean" only when advisories for every package were reached and none was found. An index or a service that does not
answer, or that knows nothing of a package, means "not audited", never clean. Exit 0 clean, 1 found, 4 not audited.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).resolve().parents[1] / "requirements.lock"
CLEAN, FOUND, NOT_AUDITED = 0, 1, 4
COMMAND = [
    sys.executable,
    "-m",
    "pip_audit",
    "--strict",
    "--require-hashes",
    "--disable-pip",
    "--progress-spinner",
    "off",
]


def verdict(output: str, complaint: str) -> tuple[int, str]:
    """What pip-audit's JSON (or its absence) means."""
    try:
        packages = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = complaint.strip().splitlines()[-1:] or ["no answer"]
        return NOT_AUDITED, f"not audited: {last[0]}"
    skipped = [p for p in packages if p.get("skip_reason")]
    weak = [(p["name"], p["version"], v) for p in packages for v in p.get("vulns") or ()]
    lines = [
        f"{name} {version}: {v['id']}, fixed in {', '.join(v.get('fix_versions') or ['no version yet'])}"
        for name, version, v in weak
    ]
    if weak:
        return FOUND, "\n".join(lines)
    if skipped or not packages:
        first = skipped[0] if skipped else {"name": "-", "skip_reason": "no package was looked at"}
        return (
            NOT_AUDITED,
            f"not audited: {len(skipped)} of {len(packages)} packages ({first['name']}: {first['skip_reason']})",
        )
    return CLEAN, f"clean: no known weakness in {len(packages)} packages"


def main() -> int:
    """Run pip-audit and say what it means."""
    done = subprocess.run([*COMMAND, "--format", "json", "-r", str(LOCK)], capture_output=True, text=True, check=False)
    code, text = verdict(done.stdout, done.stderr)
    print(text)
    return code


if __name__ == "__main__":
    sys.exit(main())
