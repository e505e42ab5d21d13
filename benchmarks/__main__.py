"""``python -m benchmarks [SIZE …]``, ``… collect [SIZE …]``, ``… saving [RESPONSES]``."""

import sys

if __name__ == "__main__":
    what, *numbers = (
        sys.argv[1:] if sys.argv[1:2] in (["saving"], ["collect"]) else ["library", *sys.argv[1:]]
    )
    sizes = [int(item) for item in numbers]
    if what == "saving":
        from benchmarks import saving

        saving.main(*sizes)
    elif what == "collect":
        from benchmarks import collecting

        collecting.main(sizes or list(collecting.SIZES))
    else:
        from benchmarks import library

        library.main(sizes or list(library.SIZES))
