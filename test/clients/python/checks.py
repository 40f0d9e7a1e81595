"""One line of JSON for each check: its name, how long it took, and what went wrong."""

import contextlib
import json
import sys
import time
import traceback
from collections.abc import Callable


def check(name: str) -> Callable[[Callable[[], None]], None]:
    """Runs the function at once. A check that fails does not keep the others from running."""

    def run(body: Callable[[], None]) -> None:
        start = time.monotonic()
        error = None
        try:
            # The SDK prints; standard output is for the results alone.
            with contextlib.redirect_stdout(sys.stderr):
                body()
        except Exception:  # whatever it is, it is the check's result
            error = traceback.format_exc(limit=-3)
        line = {"name": name, "ms": round((time.monotonic() - start) * 1000)}
        print(json.dumps(line if error is None else {**line, "error": error}), flush=True)

    return run


def equal(found: object, wanted: object) -> None:
    assert found == wanted, f"{found!r} instead of {wanted!r}"


def fails(kind: type[Exception], action: Callable[[], object], text: str = "") -> None:
    """`action` has to end with exactly this kind of error, its message containing `text`."""
    try:
        found = action()
    except Exception as error:
        assert type(error) is kind, f"{type(error).__name__}: {error} instead of {kind.__name__}"
        assert text in str(error), f"{error} does not say {text!r}"
        return
    raise AssertionError(f"{found!r} instead of {kind.__name__}")
