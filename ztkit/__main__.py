"""``python -m ztkit`` is the command line."""

from ztkit.cli import main

if __name__ == "__main__":
    main()
