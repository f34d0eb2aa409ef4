"""The course of a number over some days, as a line of a few hundred bytes."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

WIDTH, HEIGHT = 100, 30
_TOP, _STEPS = 3, 15
"""Downloads jump from day to day: each point is the mean of two days."""


def sparkline(days: Sequence[int]) -> Markup:
    """Nothing for a number that was always zero. What it says is also told in words beside it."""
    if not any(days):
        return Markup("")
    points = _points(days)
    most = max(points)
    places = [
        f"{round(WIDTH * place / (len(points) - 1))} {HEIGHT - 1 - round((HEIGHT - 1 - _TOP) * value / most)}"
        for place, value in enumerate(points)
    ]
    line = "L".join(places)
    return Markup(  # noqa: S704 # numbers only
        f'<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="a" d="M{line}V{HEIGHT}H0z"/><path d="M{line}"/></svg>'
    )


def _points(days: Sequence[int]) -> list[float]:
    size = max(len(days) // _STEPS, 1)
    return [sum(days[start : start + size]) / size for start in range(0, len(days), size)]
