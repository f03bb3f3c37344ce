"""`python -m tests.lab [pytest arguments]`: runs the lab tests where the lab can run, else says what is missing."""

import os
import sys

from tests.lab.network import ISOLATED, missing

ALONE = ("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")


def main() -> None:
    if lacks := missing():
        print(f"The lab does not run here: it lacks {', '.join(lacks)}.")
        return
    pytest = [sys.executable, "-m", "pytest", "-m", "lab", "tests/lab", *sys.argv[1:]]
    os.execvpe(ALONE[0], [*ALONE, *pytest], {**os.environ, ISOLATED: "1"})


if __name__ == "__main__":
    main()
