"""`python -m velatura` is the `velatura` command, where no script of that name is on the PATH."""

import sys

from velatura.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
