"""Who calls: the other end of the connection, or what the operator's own proxy says of it."""

from __future__ import annotations

from ipaddress import ip_address

from fastapi import Request

FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
"""Headers that a proxy adds: who carries one comes from further away than it looks."""


def caller(request: Request, proxies: int) -> str:
    """The address that a request comes from.

    `proxies` is how many of the operator's own stand before us. Each adds an address at the end of X-Forwarded-For;
    what stands before those was written by the caller and is not believed.
    """
    peer = request.client.host if request.client else ""
    if proxies < 1:
        return peer
    hops = [hop.strip() for line in request.headers.getlist("x-forwarded-for") for hop in line.split(",")]
    return hops[-proxies] if len(hops) >= proxies else peer


def is_this_machine(request: Request) -> bool:
    """Whether the request comes from this machine itself, and not through a proxy on it."""
    if any(name in request.headers for name in FORWARDED) or request.client is None:
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
