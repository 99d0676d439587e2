"""Journeys are made in a real browser."""

from __future__ import annotations

from tests.support.browser import chromium

__all__ = ["chromium"]
