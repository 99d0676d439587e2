"""How the text of a file is encoded, whatever program wrote it."""

from __future__ import annotations

import codecs
import tempfile
from typing import IO, BinaryIO

CHUNK = 256 * 1024


def rewindable(stream: BinaryIO | IO[bytes]) -> IO[bytes]:
    """Return the stream itself, or a copy on disk when it can be read only once."""
    if stream.seekable():
        return stream
    copy: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed with its owner
    while chunk := stream.read(CHUNK):
        copy.write(chunk)
    copy.seek(0)
    return copy


def encoding_of(stream: IO[bytes]) -> str:
    """Tell how the text of a file is encoded, reading it once from where it stands."""
    start = stream.tell()
    mark = stream.read(4)
    stream.seek(start)
    if mark.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        while chunk := stream.read(CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    finally:
        stream.seek(start)
    return "utf-8-sig"
