"""The command where nothing is installed: in a host's own Python, from files that a plug-in brings.

    python -I .../velatura/cli/embedded.py FOLDER [FOLDER ...] -- worker

The folders hold the packages that the runtime imports. They come before those of that Python: its
own may be older. A script, and no module of the command: nobody imports it.
"""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    split = sys.argv.index("--")
    sys.path[:0] = brought = [str(Path(__file__).resolve().parents[2]), *sys.argv[1:split]]
    os.environ["PYTHONPATH"] = os.pathsep.join(brought)  # for the child that a look is tried in
    sys.argv[1 : split + 1] = []

    from velatura.cli.main import main

    sys.exit(main())
