"""One page that shows a made-up bank to a person: everything in it, nothing to load."""

from html import escape
from pathlib import Path

import numpy as np

from simulator import plots
from simulator.block import Plan
from simulator.catalogue import LINES
from simulator.figures import BALANCE_STEPS, CHANNELS, Figures
from simulator.people import FEN
from simulator.span import Floats, Integers

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#333;max-width:1220px;margin:2em auto;padding:0 1em}
h1{font-size:1.6em;margin-bottom:0}h2{font-size:1.05em;margin:0}
.numbers{display:flex;flex-wrap:wrap;gap:1.2em;margin:1.2em 0}
.numbers div{background:#f4f6f8;padding:.6em 1em;border-radius:6px}
.numbers b{display:block;font-size:1.35em}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(480px,1fr));gap:1.6em}
figure{margin:0}figcaption{color:#666;font-size:.9em}
svg{width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:#333}
.legend span{margin-right:1em;font-size:.85em;white-space:nowrap}
.legend i{display:inline-block;width:.8em;height:.8em;margin-right:.35em;border-radius:2px}
"""
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
POINTS = 400
MILLION_YUAN = 100_000_000.0
THOUSAND = 1_000.0


def write(plan: Plan, figures: Figures, file: Path) -> None:
    """Write the page."""
    file.write_text(page(plan, figures), encoding="utf-8")


def page(plan: Plan, figures: Figures) -> str:
    """Return the page as HTML."""
    contribution = np.sort(np.concatenate(figures.contribution))[::-1]
    months = [f"{name[2:4]}/{name[4:]}" for name in figures.months]
    drawings = (
        _concentration(contribution),
        _balances(figures),
        _season(figures, months),
        _deposits(figures, months),
        _channels(figures, months),
        _week(figures),
        _churn(figures, months),
        _lines(figures),
    )
    title = f"{plan.code}: a bank that never existed"
    numbers = "".join(f"<div><b>{escape(b)}</b>{escape(a)}</div>" for a, b in _numbers(
        plan, figures, contribution
    ))  # fmt: skip
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>"
        f"<h1>{escape(title)}</h1><p>{len(figures.months)} months up to {plan.as_of}, "
        f"made with seed {plan.seed}.</p>"
        f'<div class="numbers">{numbers}</div><div class="plots">{"".join(drawings)}</div>'
        "</body></html>\n"
    )


def share_of_best(contribution: Integers, part: float) -> float:
    """Return what the best part of the customers brings of the whole; `contribution` is sorted."""
    best = -(-contribution.size * round(part * 100) // 100)
    return float(contribution[:best].sum() / (contribution.sum() or 1))


def _numbers(plan: Plan, figures: Figures, contribution: Integers) -> tuple[tuple[str, str], ...]:
    return (
        ("customers", f"{plan.customers:,}"),
        ("postings", f"{figures.postings:,}"),
        ("contribution of a year, million yuan", f"{contribution.sum() / MILLION_YUAN:,.1f}"),
        ("brought by the best 4 %", f"{share_of_best(contribution, 0.04):.1%}"),
        ("brought by the best 20 %", f"{share_of_best(contribution, 0.2):.1%}"),
        ("of the customers lose money", f"{float((contribution < 0).mean()):.1%}"),
    )


def _figure(title: str, drawing: str, words: str) -> str:
    head, foot = f"<h2>{escape(title)}</h2>", f"<figcaption>{escape(words)}</figcaption>"
    return f"<figure>{head}{drawing}{foot}</figure>"


def _concentration(contribution: Integers) -> str:
    running = np.concatenate([[0], np.cumsum(contribution)]) / (contribution.sum() or 1)
    at = np.unique(np.geomspace(1, running.size, POINTS).astype(np.int64)) - 1
    at = np.union1d(at, np.linspace(0, running.size - 1, POINTS).astype(np.int64))
    marks = [
        (
            part,
            share_of_best(contribution, part),
            f"best {part:.0%}: {share_of_best(contribution, part):.1%}",
        )
        for part in (0.04, 0.2)
    ]
    drawing = plots.curve(
        at / max(contribution.size, 1), running[at], marks, "Concentration curve",
        "customers, the best first",
    )  # fmt: skip
    return _figure(
        "Who brings the profit",
        drawing,
        "Contribution of the last twelve months, summed from the best customer on. Where it falls "
        "again, customers cost more than they bring.",
    )


def _balances(figures: Figures) -> str:
    shown = np.flatnonzero(figures.balances)
    low, high = (int(shown[0]), int(shown[-1]) + 1) if shown.size else (0, 1)
    words = [_short(step / FEN) for step in BALANCE_STEPS[low:high]]
    drawing = plots.bars(
        figures.balances[low:high].astype(float).tolist(), words, "Balances of current accounts",
        "yuan on the current account, each step a third and a half more", "{:,.0f}",
    )  # fmt: skip
    return _figure(
        "Balances", drawing, "Accounts by their last balance: a log-normal body, a long tail."
    )


def _season(figures: Figures, months: list[str]) -> str:
    series = {
        "card payments": figures.shopping.astype(np.float64),
        "harvest sold": figures.harvest.astype(np.float64),
    }
    drawing = plots.lines(series, months, "Season", "{:,.1f}", MILLION_YUAN)
    return _figure(
        "Season",
        drawing,
        "Million yuan a month: shopping before the Spring Festival, harvests in autumn.",
    )


def _deposits(figures: Figures, months: list[str]) -> str:
    mean = np.maximum(figures.deposits.mean(axis=1, keepdims=True), 1.0)
    usual, dressed = figures.deposits / mean
    series = {"most places": usual, "places that dress their month-ends": dressed}
    drawing = plots.lines(series, months, "Deposits by day", "{:.0%}")
    return _figure(
        "Month-ends",
        drawing,
        "Money on current accounts day by day, against its mean: some places look richer when "
        "the month is closed.",
    )


def _channels(figures: Figures, months: list[str]) -> str:
    total = np.maximum(figures.channels.sum(axis=0), 1)
    shares: Floats = figures.channels / total
    drawing = plots.stacks(shares, CHANNELS, months, "Channels")
    return _figure("Channels", drawing, "Part of the postings by month.")


def _week(figures: Figures) -> str:
    hours = [f"{hour}" for hour in range(24)]
    drawing = plots.shades(figures.weekday_hours, WEEKDAYS, hours, "Weekday and hour")
    return _figure("The week", drawing, "When customers act themselves, by weekday and hour.")


def _churn(figures: Figures, months: list[str]) -> str:
    drawing = plots.bars(
        figures.left.astype(float).tolist(), months, "Customers who left", "", "{:,.0f}"
    )
    return _figure("Churn", drawing, "Customers who took their money and left, by month.")


def _lines(figures: Figures) -> str:
    words = [*LINES, "cost"]
    short = {
        "settlement": "settle",
        "intermediary": "agency",
        "international": "foreign",
        "e_banking": "e-bank",
    }
    drawing = plots.bars(
        (figures.lines / MILLION_YUAN).tolist(), [short.get(word, word) for word in words],
        "Contribution by line", "", "{:,.1f}",
    )  # fmt: skip
    return _figure(
        "Lines", drawing, "Contribution of the last twelve months by line, million yuan."
    )


def _short(yuan: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if yuan >= size:
            return f"{yuan / size:.0f}{letter}"
    return f"{yuan:.0f}"
