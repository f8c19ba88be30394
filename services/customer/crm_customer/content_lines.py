"""Content lines, the text that calendars (RFC 5545) and contact cards (RFC 6350) are written in."""

from __future__ import annotations

_OCTETS_MAX = 75


def escaped(text: str) -> str:
    """A TEXT value: backslash, semicolon, comma and line break escaped (RFC 5545 section 3.3.11)."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def folded(line: str) -> str:
    """A line cut into pieces of at most 75 octets of UTF-8, never inside a character (RFC 5545 section 3.1)."""
    pieces, piece, size = [], "", 0
    for character in line:
        octets = len(character.encode())
        if size + octets > _OCTETS_MAX:
            pieces.append(piece)
            piece, size = " ", 1  # the space that marks a continuation counts too
        piece, size = piece + character, size + octets
    return "\r\n".join([*pieces, piece])


def document(lines: list[str]) -> str:
    """The lines folded, each ended by CRLF."""
    return "".join(f"{folded(line)}\r\n" for line in lines)
