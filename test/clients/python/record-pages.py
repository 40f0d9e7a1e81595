"""Records what the published SDK asks a node when a program reads its lists.

Run: python record-pages.py > ../../vectors/python-sdk-pages.json (with the SDK of requirements.txt)

The node here answers as the SDK's own source says that the deployed contracts do: both bounds inclusive, and the lists
of Source written at absolute positions. test/contracts/pages.test.ts asks our contracts the same.
"""

import json
from importlib.metadata import version

from eth_abi import decode, encode
from eth_utils import function_signature_to_4byte_selector, to_checksum_address

from ogpu import ChainConfig, ChainId
from ogpu.protocol import Source, Task

from local_http import LocalHandler, serve

COUNTS = {"getTaskCount()", "getRegistrantCount()", "getAttemptCount()"}
PAGES = {
    "getTasks(uint256,uint256)": "address[]",
    "getRegistrants(uint256,uint256)": "address[]",
    "getAttempters(uint256,uint256)": "address[]",
    "getResponsesOf(uint256,uint256)": "address[]",
    "getAttemptTimestamps(uint256,uint256)": "uint256[]",
}
NAMES = {function_signature_to_4byte_selector(each): each for each in [*COUNTS, *PAGES]}
LISTS = [
    (Source, "get_tasks", "getTasks"),
    (Source, "get_registrants", "getRegistrants"),
    (Task, "get_attempters", "getAttempters"),
    (Task, "get_attempt_timestamps", "getAttemptTimestamps"),
    (Task, "get_responses", "getResponsesOf"),
]
# (length of the list, bounds that the program gives)
READS = [
    (0, ()),
    (1, ()),
    (2, ()),
    (99, ()),
    (100, ()),
    (101, ()),
    (201, ()),
    (1, (0, 1)),
    (5, (0, 0)),
    (5, (1, 4)),
    (5, (4, 5)),
    (101, (100,)),
    (201, (50, 160)),
]

length = 0
asked: list[str] = []


def answer(data: bytes) -> bytes:
    name = NAMES[data[:4]]
    asked.append("0x" + data.hex())
    if name in COUNTS:
        return encode(["uint256"], [length])
    lower, upper = decode(["uint256", "uint256"], data[4:])
    assert lower <= upper < length, f"{name} from {lower} to {upper} of {length}"
    items = range(lower + 1, upper + 2)
    if PAGES[name] == "uint256[]":
        return encode(["uint256[]"], [list(items)])
    return encode(["address[]"], [["0x" + f"{item:040x}" for item in items]])


class Node(LocalHandler):
    def do_POST(self) -> None:
        request = json.loads(self.body())
        if request["method"] == "eth_call":
            result = "0x" + answer(bytes.fromhex(request["params"][0]["data"][2:])).hex()
        else:
            result = {"web3_clientVersion": "recorder", "eth_chainId": "0x42f"}[request["method"]]
        self.answer(200, json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).encode())


node = serve(Node)
ChainConfig.set_chain(ChainId.OGPU_MAINNET)
ChainConfig.set_rpc(f"http://127.0.0.1:{node.server_port}")

reads = []
for kind, method, getter in LISTS:
    for length, bounds in READS:
        asked.clear()
        found = getattr(kind(to_checksum_address("0x" + "11" * 20)), method)(*bounds)
        lower, upper = (*bounds, *(0, length)[len(bounds) :])
        assert len(found) == upper - lower, (method, length, bounds, len(found))
        reads.append(
            {
                "contract": kind.__name__,
                "getter": getter,
                "call": f"{method}({', '.join(map(str, bounds))})",
                "length": length,
                "lower": lower,
                "upper": upper,
                "ethCalls": list(asked),
            }
        )
node.shutdown()
print(json.dumps({"sdk": f"ogpu {version('ogpu')}", "web3": version("web3"), "reads": reads}, indent=1))
