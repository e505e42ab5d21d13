"""``python -m benchmarks [SIZE …]``, ``python -m benchmarks saving [RESPONSES]``."""

import sys

from benchmarks import saving
from benchmarks.library import SIZES, main

if __name__ == "__main__":
    if sys.argv[1:2] == ["saving"]:
        saving.main(*(int(item) for item in sys.argv[2:]))
        sys.exit()
    main([int(item) for item in sys.argv[1:]] or list(SIZES))
