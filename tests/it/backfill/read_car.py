"""Reads a repository export with libipld, which shares nothing with forebay: one line a record, in the
order of the paths: path, CID, and the record as lexicon JSON with sorted keys."""
import base64
import json
import sys

import libipld

BASE32 = "abcdefghijklmnopqrstuvwxyz234567"


def cid_text(cid):
    bits = int.from_bytes(cid, "big") << (-len(cid) * 8 % 5)
    digits = (len(cid) * 8 + 4) // 5
    return "b" + "".join(BASE32[bits >> 5 * n & 31] for n in reversed(range(digits)))


def is_cid(value):
    return len(value) == 36 and value[:4] in (b"\x01\x71\x12\x20", b"\x01\x55\x12\x20")


def lexicon(value):
    if isinstance(value, dict):
        return {key: lexicon(member) for key, member in value.items()}
    if isinstance(value, list):
        return [lexicon(item) for item in value]
    if isinstance(value, bytes) and is_cid(value):
        return {"$link": cid_text(value)}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode().rstrip("=")}
    return value


def walk(blocks, cid):
    node = blocks[cid]
    if node["l"] is not None:
        yield from walk(blocks, node["l"])
    key = b""
    for entry in node["e"]:
        key = key[: entry["p"]] + entry["k"]
        yield key.decode(), entry["v"]
        if entry["t"] is not None:
            yield from walk(blocks, entry["t"])


def main(path):
    with open(path, "rb") as file:
        header, blocks = libipld.decode_car(file.read())
    blocks = {bytes(cid): block for cid, block in blocks.items()}
    commit = blocks[bytes(header["roots"][0])]
    for path, cid in walk(blocks, commit["data"]):
        record = json.dumps(
            lexicon(blocks[cid]), ensure_ascii=False, separators=(",", ":"), sort_keys=True
        )
        print(path, cid_text(cid), record)


main(sys.argv[1])
