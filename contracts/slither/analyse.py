"""Slither's detectors of high, medium and low impact over contracts/src, counted and compared with findings.json.

    pip install slither-analyzer==0.11.6
    NODE=<a Node that strips types> python contracts/slither/analyse.py [--update] [--verbose]

Exit 1 when the counts differ from those that somebody read and judged (docs/contracts.md, "Static analysis"); `--update`
writes the new ones, `--verbose` prints every finding. Not part of `npm test`: Slither is not installed with the project.
"""

import collections
import inspect
import json
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path

from crytic_compile import CryticCompile
from crytic_compile.platform.solc_standard_json import SolcStandardJson
from slither import Slither
from slither.detectors import all_detectors
from slither.detectors.abstract_detector import AbstractDetector, classification_txt

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FINDINGS = HERE / "findings.json"
IMPACTS = ("High", "Medium", "Low")


def detectors():
    found = (getattr(all_detectors, name) for name in dir(all_detectors))
    kinds = (one for one in found if inspect.isclass(one) and issubclass(one, AbstractDetector))
    return [one for one in kinds if classification_txt[one.IMPACT] in IMPACTS]


def compiler(folder):
    """A file that can be executed as `solc`."""
    path = Path(folder) / "solc"
    node = os.environ.get("NODE", "node")
    path.write_text(f'#!/bin/sh\nexec "{node}" --disable-warning=ExperimentalWarning "{HERE / "solc.ts"}" "$@"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def analyse():
    with tempfile.TemporaryDirectory(prefix="ogpu-slither-") as folder:
        shutil.copytree(HERE.parent / "src", Path(folder) / "src")
        shutil.copytree(ROOT / "node_modules" / "@openzeppelin", Path(folder) / "@openzeppelin")
        os.chdir(folder)
        sources = {str(path): {"content": path.read_text()} for path in sorted(Path("src").rglob("*.sol"))}
        settings = {"evmVersion": "osaka", "outputSelection": {"*": {"*": ["abi"], "": ["ast"]}}}
        source = SolcStandardJson({"language": "Solidity", "sources": sources, "settings": settings})
        slither = Slither(CryticCompile(source, solc=compiler(folder), solc_disable_warnings=True))
        for detector in detectors():
            slither.register_detector(detector)
        results = [one for some in slither.run_detectors() for one in some]
        os.chdir(HERE)
    return [one for one in results if place(one).startswith("src/")]


def place(result):
    elements = result["elements"]
    return elements[0]["source_mapping"]["filename_relative"] if elements else ""


def main():
    results = analyse()
    counts = collections.Counter(f"{one['impact'].lower()} {one['check']}" for one in results)
    found = dict(sorted(counts.items()))
    if "--verbose" in sys.argv:
        for one in results:
            print(one["impact"], one["check"], one["description"].strip())
    if "--update" in sys.argv:
        FINDINGS.write_text(json.dumps(found, indent=2) + "\n")
    known = json.loads(FINDINGS.read_text())
    print(f"{len(detectors())} detectors, {sum(found.values())} findings")
    for name in sorted({*found, *known}):
        was, now = known.get(name, 0), found.get(name, 0)
        print(f"  {name}: {now}" + ("" if now == was else f", {was} were read"))
    return 0 if found == known else 1


if __name__ == "__main__":
    sys.exit(main())
