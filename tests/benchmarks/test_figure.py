"""The figures show every item."""

from benchmarks import figure
from benchmarks.item import KERNEL


def test_the_figures_show_every_item(tmp_path):
    ratio = {"min": 0.9, "median": 1.0, "max": 1.1}
    side = {"ns": ratio, "ratio": ratio, "must": 0.9, "aim": None}
    rows = [
        {"item": f"2^{order} frames: init", "ns": ratio, "sides": {KERNEL: side}}
        for order in (12, 14)
    ]
    report = {"date": "2026-01-01", "machine": "some", "items": rows}
    figure.draw(report, tmp_path / "ratios.png")
    figure.draw_scale(report, tmp_path / "scale.png")
    assert (tmp_path / "ratios.png").stat().st_size > 5000
    assert (tmp_path / "scale.png").stat().st_size > 5000
