"""Who is who, counted, as text."""

from __future__ import annotations

from regulars.campaigns.census import Census


def of_segments(counted: Census) -> str:
    """Every segment with the people of each value, and their share."""
    lines = [f"{counted['customers']:,} customers on {counted['as_of']}"]
    widest = max((len(value) for values in counted["segments"].values() for value in values), default=0)
    for name, values in counted["segments"].items():
        lines += ["", name]
        lines += [
            f"  {value:<{widest}}  {number:>9,}  {_share(number, counted['customers']):>6}"
            for value, number in values.items()
        ]
    return "\n".join(lines)


def _share(number: int, of: int) -> str:
    return f"{number / of:.1%}" if of else ""
