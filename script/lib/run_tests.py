"""script/test, but for the packages that it installs; see script/test --help."""

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

import runner  # noqa: E402
import suites  # noqa: E402
from support import surroundings  # noqa: E402


def parse(arguments):
    parser = argparse.ArgumentParser(prog="script/test", add_help=False)
    parser.add_argument("patterns", nargs="*", metavar="PATTERN")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--cycles", type=int)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--asan", action="append_const", const="asan", dest="variants", default=[])
    parser.add_argument("--tsan", action="append_const", const="tsan", dest="variants")
    parser.add_argument("--postgresql", action="append_const", const="postgresql", dest="variants")
    parser.add_argument("--alone-without", type=Path, metavar="FILE")
    parser.add_argument("--list", action="store_true")
    return parser.parse_args(arguments)


def chosen(options):
    needed = of_patterns(options) if options.patterns else \
        suites.run_of_everything(options.quick, options.cycles)
    if missing := suites.not_built(needed):
        sys.exit(f"script/test: tests/meson.build does not list {', '.join(missing)}: add each to "
                 "the names of its folder")
    return needed


def of_patterns(options):
    every = suites.suites(options.quick, options.cycles)
    found = []
    for pattern in options.patterns:
        fit = suites.choose(every, pattern, options.variants)
        if not fit:
            names = "\n".join(f"  {suite.name}" for suite in every)
            sys.exit(f"script/test: '{pattern}' is no suite, file, folder or test. Suites:\n{names}"
                     if not options.variants else
                     f"script/test: nothing of '{pattern}' runs there. Suites:\n{names}")
        found += fit
    return suites.in_pieces(suites.once(found))


def install(needed):
    lists = ["test", *sorted({name for suite in needed for name in suite.packages})]
    if any(suite.tree for suite in needed):
        lists.insert(0, "build")
    names = " ".join(f'"${{packages_{name}[@]}}"' for name in lists)
    subprocess.run(["bash", "-euo", "pipefail", "-c",
                    f". script/lib/common.sh; install {names}", "script/test"],
                   cwd=suites.ROOT, stdin=subprocess.DEVNULL, check=True)


def main(arguments):
    options = parse(arguments)
    if options.list:
        print("\n".join(suite.name for suite in suites.suites(options.quick, options.cycles)))
        return 0
    needed = chosen(options)
    surroundings.settle()
    try:
        install(needed)
    except subprocess.CalledProcessError:
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    run = runner.Runner(needed, max(1, options.jobs), options.alone_without)
    started = time.monotonic()
    try:
        result = run.run()
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        return 130
    if len(run.ended) > 1:
        run.table(time.monotonic() - started)
    if not any(result):
        result = (0, 1, 0)
        print("nothing ran")
    print(runner.words(result))
    return 0 if result[1] == 0 else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
            sys.exit(2)
        raise
