"""Rule tests: `tests/rules/*.yaml`, run by `regulars test` and by pytest."""

from regulars.testing.rules.running import Result, Results, run_rule_tests
from regulars.testing.rules.telling import told

__all__ = ["Result", "Results", "run_rule_tests", "told"]
