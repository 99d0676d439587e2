"""Change a picture's shape, size, background and weight until a channel accepts it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from math import isqrt

from django.db.models import TextChoices
from PIL import Image as Pillow
from PIL import ImageOps

from catalog.media_rules import (
    DEFAULT_LIMITS,
    ImageLimits,
    check_image,
    ratio_is_allowed,
    ratio_words,
)
from catalog.services.images import DECODERS
from marketplace.kernel.errors import Refused

WHITE = (255, 255, 255)
#: A picture that is padded may grow a lot; more pixels than these help no buyer.
MOST_PIXELS = 25_000_000
#: Beyond this an enlarged picture is only blur.
MOST_ENLARGED = 4
QUALITIES = (92, 85, 75)
DEEP_MODES = ("I", "I;16", "I;16B", "I;16L", "F")


class Ratio(TextChoices):
    NEAREST = "nearest", "Whichever of the three is nearest"
    SQUARE = "1:1", "1:1 (square)"
    UPRIGHT = "3:4", "3:4 (upright)"
    WIDE = "4:3", "4:3 (wide)"


class Mode(TextChoices):
    WHITE_BORDER = "white", "Add a white border"
    EDGE_BORDER = "edge", "Add a border in the color of the picture's edge"
    CROP = "crop", "Crop: what is outside the middle is cut off"


@dataclass(frozen=True)
class Wish:
    """How a person wants pictures to be made acceptable."""

    ratio: Ratio = Ratio.NEAREST
    mode: Mode = Mode.WHITE_BORDER
    enlarge: bool = False

    def as_text(self) -> str:
        """Return the wish as it is kept on a picture that waits for it."""
        return f"{self.ratio} {self.mode} {int(self.enlarge)}"

    @classmethod
    def from_text(cls, text: str) -> Wish:
        """Read what `as_text` wrote."""
        ratio, mode, enlarge = text.split()
        return cls(Ratio(ratio), Mode(mode), enlarge == "1")


@dataclass(frozen=True)
class Measures:
    """What matters about a picture as it is seen, that is, after it was turned upright."""

    width: int
    height: int
    size: int
    format: str
    is_transparent: bool = False
    is_turned: bool = False


@dataclass(frozen=True)
class Plan:
    """The shape and size a picture gets, and the changes in words; no words: it stays as it is."""

    ratio: tuple[int, int]
    unit: int  # the sides are the ratio's parts times this
    changes: tuple[str, ...]

    @property
    def words(self) -> str:
        """Return the changes as one sentence."""
        text = "; ".join(self.changes)
        return f"{text[:1].upper()}{text[1:]}." if text else "Nothing: it is fine already."


def plan(found: Measures, wish: Wish, limits: ImageLimits = DEFAULT_LIMITS) -> Plan:
    """Work out what would be done; raises `Refused` if no acceptable picture can come of it."""
    ratio = _target_ratio(found, wish, limits)
    if _is_fine(found, ratio, limits):
        return Plan(ratio, _whole_unit(found, ratio, wish.mode), ())
    whole = _whole_unit(found, ratio, wish.mode)
    least, most = _unit_limits(ratio, limits)
    if whole < least:
        _refuse_if_too_small(whole, least, wish, limits)
    unit = min(max(whole, least), most)
    return Plan(ratio, unit, tuple(_changes(found, ratio, whole, unit, wish.mode)))


def measure(content: bytes) -> Measures:
    """Look at a picture's bytes; raises `Refused` if they are none we can open."""
    with _opened(content) as picture:
        return _measure(picture, len(content))


def edit(content: bytes, wish: Wish, limits: ImageLimits = DEFAULT_LIMITS) -> tuple[bytes, Plan]:
    """Make an acceptable JPG of a picture; the plan has no changes if it is fine as it is."""
    with _opened(content) as picture:
        what = plan(_measure(picture, len(content)), wish, limits)
        if not what.changes:
            return content, what
        profile = picture.info.get("icc_profile") if picture.mode in ("RGB", "RGBA") else None
        upright = _upright_on_white(picture)
    return _encode(upright, what, wish.mode, limits, profile), what


def before_and_after(content: bytes, wish: Wish, side: int) -> tuple[bytes, bytes, str]:
    """Return a small picture of how it is and of how it would be, and the changes in words.

    The second is empty, and the words say why, if nothing would be done.
    """
    with _opened(content) as picture:
        found = _measure(picture, len(content))
        picture.draft("RGB", (side * 2, side * 2))
        picture.thumbnail((side * 2, side * 2))
        small = ImageOps.exif_transpose(picture)
        upright = _upright_on_white(picture)
    small.thumbnail((side, side))
    before = _saved(small if small.mode in ("RGB", "RGBA") else small.convert("RGBA"), "PNG")
    try:
        what = plan(found, wish)
    except Refused as refusal:
        return before, b"", f"Stays as it is. {refusal.message}"
    if not what.changes:
        return before, b"", what.words
    after = _draw(upright, what.ratio, side // max(what.ratio), wish.mode)
    return before, _saved(after, "PNG"), what.words


# -- working it out ----------------------------------------------------------------------------


def _target_ratio(found: Measures, wish: Wish, limits: ImageLimits) -> tuple[int, int]:
    if wish.ratio != Ratio.NEAREST:
        across, down = wish.ratio.split(":")
        return int(across), int(down)

    def distance(ratio: tuple[int, int]) -> tuple[int, int]:
        wide, tall = found.width * ratio[1], found.height * ratio[0]
        # How many times one is the other, in millionths.
        return max(wide, tall) * 1_000_000 // max(min(wide, tall), 1), max(ratio)

    return min(limits.ratios, key=distance)


def _is_fine(found: Measures, ratio: tuple[int, int], limits: ImageLimits) -> bool:
    has_ratio = ratio_is_allowed(
        found.width, found.height, ImageLimits((ratio,), limits.ratio_tolerance)
    )
    rest = check_image(found.width, found.height, found.size, found.format, limits=limits)
    return has_ratio and not rest and not found.is_transparent and not found.is_turned


def _whole_unit(found: Measures, ratio: tuple[int, int], mode: Mode) -> int:
    """The unit at which the picture keeps its scale."""
    if mode == Mode.CROP:
        return max(min(found.width // ratio[0], found.height // ratio[1]), 1)
    return max(-(-found.width // ratio[0]), -(-found.height // ratio[1]))


def _unit_limits(ratio: tuple[int, int], limits: ImageLimits) -> tuple[int, int]:
    across, down = ratio
    return (
        -(-limits.min_side // min(ratio)),
        min(limits.max_side // max(ratio), isqrt(MOST_PIXELS // (across * down))),
    )


def _refuse_if_too_small(whole: int, least: int, wish: Wish, limits: ImageLimits) -> None:
    if whole * MOST_ENLARGED < least:
        raise Refused(
            f"It is too small even if enlarged {MOST_ENLARGED} times; use a larger original."
        )
    if wish.enlarge:
        return
    if wish.mode == Mode.CROP:
        raise Refused(
            f"Cropped, it has fewer than {limits.min_side} pixels on a side; add a border instead, "
            "allow enlarging, or use a larger original."
        )
    raise Refused(
        f"It has fewer than {limits.min_side} pixels on a side; allow enlarging, or use a larger "
        "original."
    )


def _changes(
    found: Measures, ratio: tuple[int, int], whole: int, unit: int, mode: Mode
) -> Iterator[str]:
    across, down = ratio
    if found.is_turned:
        yield "turned upright"
    if found.is_transparent:
        yield "transparent parts become white"
    if found.width * down != found.height * across:
        words = ratio_words(found.width, found.height)
        change = f"from {words} to {across}:{down}"
        if words == f"{across}:{down}":
            change = f"to exactly {across}:{down}"
        yield f"cropped {change}" if mode == Mode.CROP else f"border added, {change}"
    if unit > whole:
        yield f"enlarged to {across * unit:,} × {down * unit:,} pixels, so it is less sharp"
    if unit < whole:
        yield f"scaled down to {across * unit:,} × {down * unit:,} pixels"
    yield "saved as JPG"


# -- pixels ------------------------------------------------------------------------------------


@contextmanager
def _opened(content: bytes) -> Iterator[Pillow.Image]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            with Pillow.open(BytesIO(content), formats=DECODERS) as picture:
                yield picture
    except (Pillow.DecompressionBombWarning, Pillow.DecompressionBombError) as error:
        raise Refused("The picture has too many pixels to be opened safely.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise Refused("The picture is damaged or incomplete.") from error


def _measure(picture: Pillow.Image, size: int) -> Measures:
    turn = picture.getexif().get(0x0112, 1)
    width, height = picture.size if turn < 5 else picture.size[::-1]
    return Measures(
        width=width,
        height=height,
        size=size,
        format="JPEG" if picture.format == "MPO" else str(picture.format),
        is_transparent=_is_transparent(picture),
        is_turned=turn in range(2, 9),
    )


def _is_transparent(picture: Pillow.Image) -> bool:
    if not picture.has_transparency_data:
        return False
    lowest, _ = picture.convert("RGBA").getchannel("A").getextrema()
    return bool(lowest != 255)


def _upright_on_white(picture: Pillow.Image) -> Pillow.Image:
    upright = ImageOps.exif_transpose(picture)
    if upright.mode in DEEP_MODES:
        # 16 bits a pixel are brought down to 8; a plain conversion would cut them off.
        upright = upright.convert("I").point(lambda value: value / 256).convert("L")
    if not upright.has_transparency_data:
        return upright.convert("RGB")
    seen = upright.convert("RGBA")
    white = Pillow.new("RGBA", seen.size, (*WHITE, 255))
    return Pillow.alpha_composite(white, seen).convert("RGB")


def _encode(
    picture: Pillow.Image, what: Plan, mode: Mode, limits: ImageLimits, profile: bytes | None
) -> bytes:
    """Save as JPG below the weight limit: first at a lower quality, then at a smaller size."""
    least, _ = _unit_limits(what.ratio, limits)
    unit = what.unit
    while True:
        drawn = _draw(picture, what.ratio, unit, mode)
        for quality in QUALITIES:
            content = _saved(drawn, "JPEG", quality=quality, icc_profile=profile)
            if len(content) <= limits.max_bytes:
                return content
        if unit == least:
            raise Refused("It does not fit into the file size the channel allows.")
        # Bytes go with pixels, that is, with the square of the unit; a tenth is kept in hand.
        fitting = isqrt(unit * unit * limits.max_bytes // len(content)) * 9 // 10
        unit = max(min(fitting, unit - 1), least)


def _draw(picture: Pillow.Image, ratio: tuple[int, int], unit: int, mode: Mode) -> Pillow.Image:
    across, down = ratio
    size = (across * unit, down * unit)
    if mode == Mode.CROP:
        return ImageOps.fit(picture, size)
    width, height = picture.size
    if width * down >= height * across:
        inner = (size[0], max(height * size[0] // width, 1))
    else:
        inner = (max(width * size[1] // height, 1), size[1])
    color = _edge_color(picture, inner, size) if mode == Mode.EDGE_BORDER else WHITE
    canvas = Pillow.new("RGB", size, color)
    scaled = picture if picture.size == inner else picture.resize(inner, Pillow.Resampling.LANCZOS)
    canvas.paste(scaled, ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2))
    return canvas


def _edge_color(
    picture: Pillow.Image, inner: tuple[int, int], size: tuple[int, int]
) -> tuple[int, ...]:
    """The mean color of the two edges that the border will touch."""
    width, height = picture.size
    if inner[0] < size[0]:
        edges = [(0, 0, 1, height), (width - 1, 0, width, height)]
    else:
        edges = [(0, 0, width, 1), (0, height - 1, width, height)]
    means = [
        picture.resize((1, 1), Pillow.Resampling.BOX, box=edge).getpixel((0, 0)) for edge in edges
    ]
    return tuple((one + other) // 2 for one, other in zip(*means, strict=True))


def _saved(picture: Pillow.Image, kind: str, **options: object) -> bytes:
    content = BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()
