"""Small drawings as SVG text: lines, bars, stacks and grids; no script, no font, no link."""

from collections.abc import Sequence
from html import escape

import numpy as np

from simulator.span import Floats, Integers

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 58, 24, 12, 40
COLOURS = (
    "#1f5f8b", "#d1803b", "#4f8f4f", "#a54657", "#7a66a5", "#8c7a4f", "#4fa3a5", "#9aa0a6",
)  # fmt: skip
INK, FAINT = "#333", "#ddd"
INNER_WIDTH, INNER_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
TICKS = 5
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


class Frame:
    """A drawing with axes; `x` and `y` turn values into places."""

    def __init__(self, across: tuple[float, float], up: tuple[float, float]) -> None:
        self._across, self._up = across, up
        self._parts: list[str] = []

    def x(self, value: float) -> float:
        low, high = self._across
        return LEFT + (value - low) / ((high - low) or 1) * INNER_WIDTH

    def y(self, value: float) -> float:
        low, high = self._up
        return TOP + INNER_HEIGHT - (value - low) / ((high - low) or 1) * INNER_HEIGHT

    def line(self, xs: Floats, ys: Floats, colour: str) -> None:
        points = " ".join(
            f"{self.x(float(x)):.1f},{self.y(float(y)):.1f}" for x, y in zip(xs, ys, strict=True)
        )
        self._parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8"/>'
        )

    def box(self, x: tuple[float, float], y: tuple[float, float], colour: str) -> None:
        left, right, low, high = self.x(x[0]), self.x(x[1]), self.y(y[0]), self.y(y[1])
        self._parts.append(
            f'<rect x="{left:.1f}" y="{min(low, high):.1f}" '
            f'width="{max(right - left - 1, 0.5):.1f}" '
            f'height="{abs(low - high):.1f}" fill="{colour}"/>'
        )

    def mark(self, x: float, y: float, words: str) -> None:
        self._parts.append(
            f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="3.5" fill="{COLOURS[1]}"/>'
            f'<text x="{self.x(x) + 8:.1f}" y="{self.y(y) + 14:.1f}">{escape(words)}</text>'
        )

    def across(self, at: Sequence[float], words: Sequence[str]) -> None:
        """Write below the axis; of many words only every so many, so that they fit."""
        step = max(1, -(-sum(len(word) + 2 for word in words) * 7 // INNER_WIDTH))
        for place, word in list(zip(at, words, strict=True))[::step]:
            self._parts.append(
                f'<text x="{self.x(place):.1f}" y="{HEIGHT - BOTTOM + 16}" '
                f'text-anchor="middle">{escape(word)}</text>'
            )

    def up(self, form: str, unit: float = 1.0) -> None:
        """Write beside the axis, with faint lines across."""
        step = _step(*self._up)
        low, high = self._up
        for value in np.arange(np.ceil(low / step - 1e-9) * step + 0.0, high + step * 1e-6, step):
            y = self.y(float(value))
            told = form.format(float(value) / unit + 0.0)
            self._parts.append(
                f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
                f'stroke="{FAINT}"/>'
                f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">'
                f"{escape(told)}</text>"
            )

    def left(self, at: Sequence[float], words: Sequence[str]) -> None:
        """Write names beside the axis."""
        for place, word in zip(at, words, strict=True):
            self._parts.append(
                f'<text x="{LEFT - 6}" y="{self.y(place) + 4:.1f}" text-anchor="end">'
                f"{escape(word)}</text>"
            )

    def below(self, words: str) -> None:
        self._parts.append(
            f'<text x="{LEFT + INNER_WIDTH / 2:.1f}" y="{HEIGHT - 6}" text-anchor="middle">'
            f"{escape(words)}</text>"
        )

    def svg(self, name: str) -> str:
        """Return the drawing; `name` is for those who cannot see it."""
        return (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(name)}">'
            f"{''.join(self._parts)}</svg>"
        )


def _step(low: float, high: float) -> float:
    """Return a step that a person would choose."""
    rough = (high - low) / TICKS
    size = 10 ** np.floor(np.log10(rough))
    return float(size * next(step for step in STEPS if step * size >= rough * 0.999))


def _round(ends: tuple[float, float]) -> tuple[float, float]:
    """Widen the ends of an axis to whole steps."""
    step = _step(*ends)
    return float(np.floor(ends[0] / step) * step), float(np.ceil(ends[1] / step) * step)


def curve(
    xs: Floats, ys: Floats, marks: Sequence[tuple[float, float, str]], name: str, below: str
) -> str:
    """Draw one line from 0 to 100 % with marks on it."""
    frame = Frame((0, 1), (min(0.0, float(ys.min())), max(1.0, float(ys.max()))))
    frame.up("{:.0%}")
    frame.across([0, 0.2, 0.4, 0.6, 0.8, 1], ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"])
    frame.line(xs, ys, COLOURS[0])
    for x, y, words in marks:
        frame.mark(x, y, words)
    frame.below(below)
    return frame.svg(name)


def bars(  # noqa: PLR0913, PLR0917 - values and the words around them
    values: Sequence[float],
    words: Sequence[str],
    name: str,
    below: str,
    form: str,
    unit: float = 1.0,
) -> str:
    """Draw one bar for each value, from zero."""
    frame = Frame((0, len(values)), _round((min([0.0, *values]), max([1e-9, *values]))))
    frame.up(form, unit)
    for place, value in enumerate(values):
        frame.box((place, place + 1), (0, value), COLOURS[0] if value >= 0 else COLOURS[3])
    frame.across([place + 0.5 for place in range(len(words))], words)
    frame.below(below)
    return frame.svg(name)


def lines(
    series: dict[str, Floats], words: Sequence[str], name: str, form: str, unit: float = 1.0
) -> str:
    """Draw several lines over the same months or days, from zero."""
    most = max(float(one.max()) for one in series.values())
    long = max(one.size for one in series.values())
    frame = Frame((0, max(long - 1, 1)), _round((0, most or 1)))
    frame.up(form, unit)
    step = long / len(words)
    frame.across([place * step for place in range(len(words))], words)
    for colour, one in zip(COLOURS, series.values(), strict=False):
        frame.line(np.arange(one.size, dtype=np.float64), one, colour)
    return frame.svg(name) + legend(list(series))


def stacks(shares: Floats, names: Sequence[str], words: Sequence[str], name: str) -> str:
    """Draw, month by month, what part each of `names` has of the whole."""
    frame = Frame((0, shares.shape[1]), (0, 1))
    frame.up("{:.0%}")
    floor = np.zeros(shares.shape[1])
    for colour, one in zip(COLOURS, shares, strict=False):
        for place, value in enumerate(one):
            low = float(floor[place])
            frame.box((place, place + 1), (low, low + float(value)), colour)
        floor = floor + one
    frame.across([place + 0.5 for place in range(len(words))], words)
    return frame.svg(name) + legend(names)


def shades(values: Integers, rows: Sequence[str], columns: Sequence[str], name: str) -> str:
    """Draw a grid; the darker, the more."""
    most = max(int(values.max()), 1)
    frame = Frame((0, values.shape[1]), (0, values.shape[0]))
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            depth = int(245 - 190 * int(values[row, column]) / most)
            level = values.shape[0] - row
            colour = f"rgb({depth},{min(depth + 25, 250)},{min(depth + 45, 255)})"
            frame.box((column, column + 1), (level - 1, level - 0.05), colour)
    frame.left([values.shape[0] - row - 0.5 for row in range(len(rows))], rows)
    frame.across([column + 0.5 for column in range(len(columns))], columns)
    return frame.svg(name)


def legend(names: Sequence[str]) -> str:
    """Say which colour is whose."""
    return (
        '<p class="legend">'
        + "".join(
            f'<span><i style="background:{colour}"></i>{escape(word)}</span>'
            for colour, word in zip(COLOURS, names, strict=False)
        )
        + "</p>"
    )
