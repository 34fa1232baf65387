"""A child process that tries to open a namespace, for tests of permissions and of two hosts on one directory.

Usage: python -m support.unprivileged DIRECTORY MODE, with MODE one of
    open   open the namespace "key" without root's rights; print what came of it
    hold   open it, say so, and keep it until standard input closes
"""

import os
import sys
from pathlib import Path

from pytest_durable._core.errors import DurableError
from support.storage import ALICE, end, new_disk, open_namespace

NOBODY = 65534


def main() -> None:
    directory, mode = Path(sys.argv[1]), sys.argv[2]
    if mode == "open" and os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    disk = new_disk(directory)
    try:
        store = open_namespace(disk).open_store(ALICE)
    except DurableError as failure:
        print(f"{type(failure).__name__}: {failure}".splitlines()[0], flush=True)
    else:
        print("opened", store.get("a"), flush=True)
        if mode == "hold":
            sys.stdin.read()
    end(disk)


if __name__ == "__main__":
    main()
