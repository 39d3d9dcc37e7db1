"""`check` answers at once: it loads nothing that is only for running."""

import shutil
import subprocess
import sys
from pathlib import Path

from snapshots_of import lay

ROOT = Path(__file__).parents[2]
HEAVY = (
    "ibis",
    "prefect",
    "fastapi",
    "starlette",
    "uvicorn",
    "prometheus_client",
    "sqlalchemy",
    "sqlmodel",
    "aiohttp",
    "sendgrid",
    "twilio",
    "pandas",
    "phonenumbers",
    "scipy",
)
PROGRAM = f"""
import sys
from pathlib import Path
from regulars.campaigns.checking.check import check
problems = check(Path(sys.argv[1]))
print([one.code for one in problems.errors], [name for name in {HEAVY!r} if name in sys.modules])
"""


def test_check_loads_neither_ibis_nor_prefect_nor_fastapi_nor_sqlalchemy_nor_scipy(tmp_path):
    spent = "spent: {from: orders, value: sum(total)}"
    root = lay(tmp_path, traits=spent, segments="leaving: p_alive < 0.3 and city <> 'Iași'")
    for folder in ("flows", "templates", "campaigns"):
        shutil.copytree(ROOT / folder, root / folder, dirs_exist_ok=True)
    shutil.rmtree(root / "campaigns")
    # The first check of a day counts the traits, for which it needs Ibis; the others find them counted.
    assert _checked(root) in ("[] []", "[] ['ibis']")
    assert _checked(root) == "[] []"


def _checked(root: Path) -> str:
    found = subprocess.run([sys.executable, "-c", PROGRAM, str(root)], capture_output=True, text=True, check=True)
    return found.stdout.strip()
