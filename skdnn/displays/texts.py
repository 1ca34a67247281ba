"""Names that are too long for where they stand, and the numbers of ticks."""

import re

# Letters in a line: of a legend beside a picture, of what belongs to a panel, of what
# is as wide as a picture, of a tick.
IN_LEGEND, IN_PANEL, IN_FIGURE, IN_TICK = 44, 36, 76, 26
_MOST_LINES = 4


def folded(text: str, width: int, most_lines: int = _MOST_LINES) -> str:
    """Return a text in lines of at most `width` letters, without the middle if many.

    Lines end behind a space, an underscore or a mark like a comma, where there is one.
    A formula between dollar signs is one piece.
    """
    lines = []
    for given in text.split("\n"):
        line = ""
        for piece in _pieces(given, width):
            if line and len(line + piece.rstrip()) > width:
                lines.append(line.rstrip())
                line = ""
            line += piece
        lines.append(line.rstrip())
    if len(lines) > most_lines:
        end = most_lines // 2
        lines = [*lines[: most_lines - end - 1], "…", *lines[-end:]]
    return "\n".join(lines)


def _pieces(text: str, width: int) -> list[str]:
    """Return what a line may end behind."""
    if text.count("$") > 1:
        return [text]
    parts = re.findall(r"[^\s_,;/]*[\s_,;/]*", text)
    return [part[k : k + width] for part in parts for k in range(0, len(part), width)]
