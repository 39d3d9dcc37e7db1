"""`python -m faults [T1 T2 …] [--small]`: run the fault tests and print one line for each; exit code 1 if one fails.

All at full size take about an hour on two cores.
"""

from __future__ import annotations

import argparse
import sys
import traceback

from faults.databases import server
from faults.figures import Result
from faults.programme import Planned, programme
from faults.tracing import cannot_trace


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("names", nargs="*", help="such as T1; all where none is named")
    parser.add_argument("--small", action="store_true", help="minutes instead of an hour")
    asked = parser.parse_args()
    chosen = [one for one in programme(small=asked.small) if not asked.names or one.name in asked.names]
    failed = 0
    with server() as postgres:
        for one in chosen:
            if one.needs_trace and (reason := cannot_trace()):
                _say(f"{one.name:4} skipped {one.title}: {reason}")
                continue
            result = _result(one, postgres)
            _say(str(result))
            failed += not result.passed
    _say(f"{len(chosen) - failed} of {len(chosen)} passed")
    return 1 if failed else 0


def _result(one: Planned, postgres: object) -> Result:
    try:
        return one.run(postgres)  # type: ignore[arg-type]  # the server
    except Exception as error:  # noqa: BLE001  # one broken test must not hide the others
        traceback.print_exc()
        return Result(one.name, one.title, passed=False, note=f"{type(error).__name__}: {error}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
