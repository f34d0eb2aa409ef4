"""What are the fixed records of a shard? (docs/xet/shard.md, xet-core `metadata_shard/shard_format.rs`) Pure.

Little-endian; all but the footer and the lookups are 48 bytes.
"""

from __future__ import annotations

import struct

TAG = b"HFRepoMetaData\0" + bytes.fromhex("556967456a7b815783a5bdd95ccdd14aa9")
HEADER_VERSION = 2
FOOTER_VERSION = 1

RECORD_SIZE = 48
HEADER = struct.Struct("<32s2Q")  # tag, version, footer size
FILE = struct.Struct("<32s2I8x")  # hash, flags, terms
TERM = struct.Struct("<32s4I")  # xorb, flags, raw size, start, end
HASH = struct.Struct("<32s16x")  # a range hash, a SHA-256
XORB = struct.Struct("<32s4I")  # hash, flags, chunks, raw size, stored size
CHUNK = struct.Struct("<32s3I4x")  # hash, raw start, raw size, flags

FILE_HAS_RANGE_HASHES = 1 << 31
FILE_HAS_SHA256 = 1 << 30
CHUNK_IS_GLOBAL = 1 << 31

END_HASH = b"\xff" * 32
END = END_HASH + bytes(16)

FILE_LOOKUP = struct.Struct("<QI")  # first eight bytes of the hash, record in the section of files
XORB_LOOKUP = struct.Struct("<QI")  # the same of xorbs
CHUNK_LOOKUP = struct.Struct("<Q2I")  # first eight bytes, record of the xorb, number of the chunk in it

# version; offsets of files and xorbs; offset and count of each lookup; key; created, expires; stored, materialised and
# raw bytes; offset of this footer
FOOTER = struct.Struct("<9Q32s2Q48x4Q")
