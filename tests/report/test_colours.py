"""Colours that carry meaning stay apart for readers who see red and green, or blue and yellow, alike.

Colour vision is simulated with the matrices of Machado, Oliveira and Fernandes (2009), severity 1, in linear sRGB; distance
is CIE 1976 in Lab, where 2.3 is just noticed and about 20 is told apart at a glance.
"""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from tests.bundles import WEB, needs_web

pytestmark = needs_web
SEEN = {
    "as most see": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1.0, 1.089])


def constant(name: str) -> str:
    text = Path(WEB, "src", "data.js").read_text(encoding="utf-8")
    found = re.search(rf'\b{name} = "(#[0-9a-f]{{6}})"', text)
    assert found, name
    return found[1]


def lab(colour: str, matrix: np.ndarray) -> np.ndarray:
    srgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(matrix @ linear, 0, 1) / WHITE
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_the_measure_knows_black_from_white() -> None:
    """L* of black is 0, of white 100."""
    assert np.allclose(lab("#ffffff", np.eye(3)), [100, 0, 0], atol=0.1)
    assert np.allclose(lab("#000000", np.eye(3)), [0, 0, 0], atol=0.1)


def test_red_and_green_of_one_lightness_would_fail() -> None:
    """What the map must not use: they lie far apart for most and close together in deuteranopia."""
    red, green = "#c05050", "#6f8f30"
    apart = {k: float(np.linalg.norm(lab(red, m) - lab(green, m))) for k, m in SEEN.items()}
    assert apart["as most see"] > 60
    assert apart["deuteranopia"] < 20


@pytest.mark.parametrize("eyes", SEEN)
@pytest.mark.parametrize("pair", [("BLUE", "ORANGE"), ("PIPE", "SHIP")])
def test_what_means_something_is_told_apart(eyes: str, pair: tuple[str, str]) -> None:
    """More and less; pipeline and sea lane."""
    one, other = (lab(constant(name), SEEN[eyes]) for name in pair)
    assert float(np.linalg.norm(one - other)) > 20


@pytest.mark.parametrize("eyes", SEEN)
def test_lines_of_a_chart_are_seen_on_white(eyes: str) -> None:
    """Eight hues cannot all stay apart for everybody: every line therefore bears its name, and is dark enough to be seen."""
    text = Path(WEB, "src", "charts.js").read_text(encoding="utf-8")
    hues = re.findall(r"#[0-9a-f]{6}", text.split("export const HUES")[1].split("]")[0])
    assert len(set(hues)) == 8
    for hue in hues:
        assert float(np.linalg.norm(lab(hue, SEEN[eyes]) - lab("#ffffff", SEEN[eyes]))) > 40
    first = [
        lab(h, SEEN[eyes]) for h in hues[:3]
    ]  # four times what is just noticed; blue and green of tritanopia are nearest
    assert min(float(np.linalg.norm(a - b)) for a, b in combinations(first, 2)) > 10
