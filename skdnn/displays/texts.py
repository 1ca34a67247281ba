"""Wrapping of long names in plots."""

import re

# Letters per line: of a legend next to the axes, of labels of a panel, of labels as
# wide as the figure, of tick labels.
IN_LEGEND, IN_PANEL, IN_FIGURE, IN_TICK = 44, 36, 76, 26
_MAX_LINES = 4


def wrapped(text: str, width: int, most_lines: int = _MAX_LINES) -> str:
    """Wrap a text to lines of at most `width` letters; omit the middle of many lines.

    Lines break after a space, an underscore, a comma, a semicolon or a slash if there
    is one. A text with a formula between dollar signs is not broken.
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
    """Split a text into pieces after which a line may break."""
    if text.count("$") > 1:
        return [text]
    parts = re.findall(r"[^\s_,;/]*[\s_,;/]*", text)
    return [part[k : k + width] for part in parts for k in range(0, len(part), width)]
