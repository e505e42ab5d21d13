"""``python -m benchmarks [SIZE …]``."""

import sys

from benchmarks.library import SIZES, main

if __name__ == "__main__":
    main([int(item) for item in sys.argv[1:]] or list(SIZES))
