"""Waiting, in its two honest ways."""
import time


def until(condition, timeout=10):
    """Until it holds; what it said at last."""
    end = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > end:
            raise TimeoutError("not within %s s" % timeout)
        time.sleep(0.01)
    return value


def let_pass(seconds):
    """For what has to stay as it is for so long, or must be so old."""
    time.sleep(max(seconds, 0))
