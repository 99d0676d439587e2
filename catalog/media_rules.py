"""Say what is wrong with a picture for a sales channel, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import gcd

MEGABYTE = 1024 * 1024
READABLE_RATIO_PART = 40  # 1600 x 900 reads as 16:9, but 1601 x 907 does not read as itself


@dataclass(frozen=True)
class ImageLimits:
    """What one channel accepts as a product picture."""

    ratios: tuple[tuple[int, int], ...] = ((1, 1), (4, 3), (3, 4))
    ratio_tolerance: Decimal = Decimal("0.02")
    min_side: int = 600
    max_side: int = 20_000
    max_bytes: int = 5 * MEGABYTE
    formats: tuple[str, ...] = ("JPEG", "PNG", "WEBP")


@dataclass(frozen=True)
class Finding:
    """One rule a picture breaks: what was found, what is allowed, what to do."""

    rule: str
    title: str
    found: str
    allowed: str
    fix: str

    @property
    def sentence(self) -> str:
        """Return the finding as one text for the merchant."""
        return f"{self.title}: found {self.found}, allowed {self.allowed}. {self.fix}"


DEFAULT_LIMITS = ImageLimits()


def check_image(
    width: int, height: int, size: int, image_format: str, *, limits: ImageLimits = DEFAULT_LIMITS
) -> list[Finding]:
    """List everything that keeps a picture from being accepted; an empty list means it is fine."""
    findings = [
        _check_ratio(width, height, limits),
        _check_pixels(width, height, limits),
        _check_size(size, limits),
        _check_format(image_format, limits),
    ]
    return [finding for finding in findings if finding is not None]


def ratio_words(width: int, height: int) -> str:
    """Name the shape of a picture, such as 16:9."""
    if width <= 0 or height <= 0:
        return "no size"
    divisor = gcd(width, height)
    across, down = width // divisor, height // divisor
    if max(across, down) <= READABLE_RATIO_PART:
        return f"{across}:{down}"
    if width >= height:
        return f"{Decimal(width) / height:.2f}:1"
    return f"1:{Decimal(height) / width:.2f}"


def ratio_is_allowed(width: int, height: int, limits: ImageLimits = DEFAULT_LIMITS) -> bool:
    """Tell whether a picture's shape is close enough to one of the allowed shapes."""
    if width <= 0 or height <= 0:
        return False
    ratio = Decimal(width) / height
    return any(
        abs(ratio / (Decimal(across) / down) - 1) <= limits.ratio_tolerance
        for across, down in limits.ratios
    )


def _check_ratio(width: int, height: int, limits: ImageLimits) -> Finding | None:
    if ratio_is_allowed(width, height, limits):
        return None
    allowed = _either(f"{across}:{down}" for across, down in limits.ratios)
    return Finding(
        rule="ratio",
        title="Image aspect ratio is not compliant",
        found=f"{ratio_words(width, height)} ({width} × {height} pixels)",
        allowed=allowed,
        fix=f"Use “Fix images”, or crop the picture or add a white border until it is {allowed}.",
    )


def _check_pixels(width: int, height: int, limits: ImageLimits) -> Finding | None:
    if limits.min_side <= min(width, height) and max(width, height) <= limits.max_side:
        return None
    small = min(width, height) < limits.min_side
    return Finding(
        rule="pixels",
        title="Image is too small" if small else "Image has too many pixels",
        found=f"{width} × {height} pixels",
        allowed=(
            f"{limits.min_side} × {limits.min_side} to {limits.max_side} × {limits.max_side} pixels"
        ),
        fix=(
            "Use a larger original; enlarging a small picture makes it blurred."
            if small
            else "Use “Fix images”, or save the picture at a smaller size."
        ),
    )


def _check_size(size: int, limits: ImageLimits) -> Finding | None:
    if 0 < size <= limits.max_bytes:
        return None
    return Finding(
        rule="bytes",
        title="Image file is too large" if size > 0 else "Image file is empty",
        found=_megabytes(size),
        allowed=f"up to {_megabytes(limits.max_bytes)}",
        fix="Use “Fix images”, or save it as JPG with a lower quality or at a smaller size."
        if size > 0
        else "Upload the picture again.",
    )


def _check_format(image_format: str, limits: ImageLimits) -> Finding | None:
    if image_format.upper() in limits.formats:
        return None
    return Finding(
        rule="format",
        title="Image format is not accepted",
        found=image_format or "an unknown format",
        allowed=_either("JPG" if name == "JPEG" else name for name in limits.formats),
        fix="Use “Fix images”, or save the picture as JPG or PNG.",
    )


def _megabytes(size: int) -> str:
    return f"{Decimal(size) / MEGABYTE:.1f} MB"


def _either(names: Iterable[str]) -> str:
    words = list(names)
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]
