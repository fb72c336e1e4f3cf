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
    rows.append({"item": "churn", "ns": ratio, "sides": {KERNEL: side}})
    figure.draw(report, tmp_path / "ratios.svg")
    figure.draw_scale(report, tmp_path / "scale.svg")
    ratios, scale = ((tmp_path / f"{name}.svg").read_text() for name in ("ratios", "scale"))
    assert "at least as fast as the kernel's C in 1 of 1 items" in ratios
    assert ">churn<" in ratios
    assert "A machine 4 times as large needs at most 1.0 times as long" in scale
    assert ">init<" in scale
