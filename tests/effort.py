"""How much work something is, whatever machine it runs on and whoever else is at work there."""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager

NUMBERS = 1_200_000


def a_second_of_work() -> float:
    """CPU seconds, now and here, of what takes about a second on a quiet machine of 2026."""
    started = time.process_time()
    sum(hash(str(number)) & 1 for number in range(NUMBERS))
    return 6 * (time.process_time() - started)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail where the block is more work than `seconds` of a quiet machine."""
    # What hundreds of tests before this one left behind is not looked through again and again meanwhile.
    gc.collect()
    gc.freeze()
    started = time.process_time()
    yield
    took = time.process_time() - started
    gc.unfreeze()
    # The measure is taken only where it is asked for: it is work itself. Beside other work a loop and a parser do not
    # slow down alike, so a busy machine gets twice as much.
    assert took < seconds or took < 2 * seconds * a_second_of_work()
