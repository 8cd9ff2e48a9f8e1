"""``python -m mailbeacon``: the command line."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    try:
        from mailbeacon.cli import main
    except KeyboardInterrupt:  # Ctrl-C while it still starts
        sys.exit(130)
    sys.exit(main())
