"""Tests of what customers see."""

from app.touchpoints.scales import SCALES

LOOKS = tuple(dict.fromkeys(scale.look for scale in SCALES.values()))
"""One scale for each way of drawing: all others are drawn as one of these (tests/pages/test_new_scales.py)."""
