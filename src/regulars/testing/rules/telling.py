"""What came of rule tests, for people."""

from __future__ import annotations

from regulars.testing.rules.running import Result


def told(result: Result) -> str:
    """A failed test: where, what was expected and what came, and the why of each customer. No newline at the end."""
    lines = [f"{result.position}  FAILED  {result.name}"]
    for customer in dict.fromkeys(one.customer for one in result.differences):
        lines.append(f"  {customer}")
        for one in result.differences:
            if one.customer == customer:
                lines.append(f"    line {one.position.line}: {one.what}")
                lines += [f"      expected  {one.expected}", f"      got       {one.got}"]
        lines += [f"      {line}" for line in result.reasons.get(customer, [])]
    return "\n".join(lines)
