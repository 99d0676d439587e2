"""Draw a picture for every address in the demo catalog; the same ones every time."""

from __future__ import annotations

import argparse
import csv
import math
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from families import COLORS, FAMILIES
from PIL import Image, ImageDraw, ImageFont

CATALOG = Path(__file__).with_name("catalog.csv")
SIDE = 1000
SHAPES_BY_TAG = {family.tag: family.shape for family in FAMILIES}
SPECIAL_SIZES = {"-wide": (1600, 900), "-thumbnail": (200, 200), "-tall": (900, 1200)}

Color = tuple[int, int, int]
Draw = ImageDraw.ImageDraw


def mix(one: Color, other: Color, share: float) -> Color:
    """Return a color between two."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def bone(draw: Draw, ink: Color, shade: Color) -> None:
    """Draw a dog bone."""
    for x in (270, 730):
        for y in (420, 560):
            draw.ellipse((x - 110, y - 110, x + 110, y + 110), fill=shade if y > 500 else ink)
    draw.rounded_rectangle((270, 420, 730, 565), 60, fill=ink)


def ring(draw: Draw, ink: Color, shade: Color) -> None:
    """Draw a collar with a buckle and a tag."""
    draw.ellipse((230, 240, 770, 780), outline=ink, width=90)
    draw.rounded_rectangle((430, 215, 570, 355), 24, outline=shade, width=24)
    draw.ellipse((450, 760, 550, 860), fill=(214, 178, 84))


def cushion(draw: Draw, ink: Color, shade: Color) -> None:
    """Draw a dog bed."""
    draw.ellipse((150, 380, 850, 800), fill=shade)
    draw.ellipse((150, 330, 850, 720), fill=ink)
    draw.ellipse((260, 400, 740, 640), fill=mix(ink, (255, 255, 255), 0.55))


def bottle(draw: Draw, ink: Color, shade: Color) -> None:
    """Draw a bottle with a label."""
    draw.rounded_rectangle((440, 170, 560, 300), 20, fill=shade)
    draw.rounded_rectangle((340, 280, 660, 820), 70, fill=ink)
    draw.rounded_rectangle((380, 460, 620, 680), 20, fill=(250, 248, 242))


def mug(draw: Draw, ink: Color, shade: Color) -> None:
    """Draw a mug with its handle."""
    draw.ellipse((570, 380, 840, 680), outline=shade, width=60)
    draw.rounded_rectangle((250, 300, 680, 780), 60, fill=ink)
    draw.ellipse((250, 250, 680, 360), fill=shade)


def pan(draw: Draw, ink: Color, shade: Color) -> None:
    """Draw a pan from above."""
    draw.rounded_rectangle((600, 460, 920, 540), 40, fill=shade)
    draw.ellipse((140, 230, 680, 770), fill=shade)
    draw.ellipse((185, 275, 635, 725), fill=ink)


def spoon(draw: Draw, ink: Color, shade: Color) -> None:
    """Draw two kitchen tools."""
    draw.rounded_rectangle((345, 400, 395, 850), 25, fill=shade)
    draw.ellipse((290, 170, 450, 440), fill=ink)
    draw.rounded_rectangle((615, 420, 665, 850), 25, fill=shade)
    draw.rounded_rectangle((550, 180, 730, 450), 50, fill=ink)


def jar(draw: Draw, ink: Color, shade: Color) -> None:
    """Draw a jar with a lid."""
    draw.rounded_rectangle((290, 300, 710, 820), 70, fill=mix(ink, (255, 255, 255), 0.6))
    draw.rounded_rectangle((290, 520, 710, 820), 70, fill=ink)
    draw.rounded_rectangle((270, 220, 730, 330), 40, fill=shade)


def shirt(draw: Draw, ink: Color, shade: Color) -> None:
    """Draw a T-shirt."""
    draw.polygon(
        [(350, 230), (170, 340), (240, 500), (320, 455), (320, 820), (680, 820), (680, 455),
         (760, 500), (830, 340), (650, 230)],
        fill=ink,
    )  # fmt: skip
    draw.ellipse((410, 180, 590, 300), fill=shade)


def hoodie(draw: Draw, ink: Color, shade: Color) -> None:
    """Draw a hoodie with its pocket."""
    shirt(draw, ink, shade)
    draw.polygon([(170, 340), (120, 760), (220, 780), (320, 455)], fill=ink)
    draw.polygon([(830, 340), (880, 760), (780, 780), (680, 455)], fill=ink)
    draw.polygon([(400, 620), (600, 620), (650, 760), (350, 760)], fill=shade)


def sock(draw: Draw, ink: Color, shade: Color) -> None:
    """Draw a sock."""
    draw.rounded_rectangle((400, 190, 600, 700), 40, fill=ink)
    draw.rounded_rectangle((400, 600, 800, 800), 100, fill=ink)
    draw.rectangle((400, 220, 600, 300), fill=shade)
    draw.ellipse((640, 610, 800, 800), fill=shade)


def cap(draw: Draw, ink: Color, shade: Color) -> None:
    """Draw a cap with its brim."""
    draw.pieslice((220, 270, 720, 830), 180, 360, fill=ink)
    draw.ellipse((470, 490, 900, 640), fill=shade)
    draw.ellipse((440, 250, 500, 300), fill=shade)


def lipstick(draw: Draw, ink: Color, shade: Color) -> None:
    """Draw a lipstick."""
    draw.polygon([(430, 460), (430, 280), (570, 190), (570, 460)], fill=ink)
    draw.rectangle((410, 450, 590, 560), fill=(214, 178, 84))
    draw.rounded_rectangle((380, 550, 620, 840), 30, fill=shade)


def dropper(draw: Draw, ink: Color, shade: Color) -> None:
    """Draw a bottle with a dropper."""
    draw.rounded_rectangle((455, 150, 545, 310), 45, fill=shade)
    draw.rectangle((430, 290, 570, 390), fill=(60, 60, 66))
    draw.rounded_rectangle((350, 380, 650, 830), 60, fill=ink)
    draw.rectangle((350, 560, 650, 720), fill=(250, 248, 242))


def pump(draw: Draw, ink: Color, shade: Color) -> None:
    """Draw a bottle with a pump."""
    draw.rectangle((480, 200, 520, 360), fill=shade)
    draw.rounded_rectangle((360, 190, 540, 240), 24, fill=shade)
    draw.rounded_rectangle((330, 350, 670, 840), 60, fill=ink)
    draw.ellipse((400, 500, 600, 700), fill=(250, 248, 242))


def soap(draw: Draw, ink: Color, shade: Color) -> None:
    """Draw a bar of soap with foam."""
    draw.rounded_rectangle((210, 470, 790, 760), 110, fill=shade)
    draw.rounded_rectangle((210, 430, 790, 710), 110, fill=ink)
    for x, y, size in ((330, 330, 70), (450, 280, 50), (640, 340, 60), (560, 230, 34)):
        draw.ellipse((x - size, y - size, x + size, y + size), outline=shade, width=12)


def puzzle(draw: Draw, ink: Color, shade: Color) -> None:
    """Draw four pieces of a puzzle."""
    for x, y, color in ((240, 240, ink), (510, 240, shade), (240, 510, shade), (510, 510, ink)):
        draw.rounded_rectangle((x, y, x + 255, y + 255), 24, fill=color)
    for x, y, color in ((500, 365, ink), (635, 500, shade), (500, 635, ink), (365, 500, ink)):
        draw.ellipse((x - 48, y - 48, x + 48, y + 48), fill=color)


def bear(draw: Draw, ink: Color, shade: Color) -> None:
    """Draw the head of a plush bear."""
    for x in (310, 690):
        draw.ellipse((x - 120, 190, x + 120, 430), fill=shade)
    draw.ellipse((220, 250, 780, 800), fill=ink)
    draw.ellipse((370, 520, 630, 740), fill=mix(ink, (255, 255, 255), 0.6))
    for x in (400, 600):
        draw.ellipse((x - 28, 430, x + 28, 486), fill=(40, 36, 36))
    draw.ellipse((450, 550, 550, 620), fill=(40, 36, 36))


def blocks(draw: Draw, ink: Color, shade: Color) -> None:
    """Draw a pile of building blocks."""
    draw.rectangle((200, 560, 440, 800), fill=ink)
    draw.rectangle((470, 560, 710, 800), fill=shade)
    draw.rectangle((330, 300, 570, 540), fill=mix(ink, (214, 178, 84), 0.6))
    draw.polygon([(600, 540), (720, 310), (840, 540)], fill=ink)


def car(draw: Draw, ink: Color, shade: Color) -> None:
    """Draw a toy car."""
    draw.rounded_rectangle((150, 460, 850, 690), 80, fill=ink)
    draw.rounded_rectangle((290, 310, 680, 560), 90, fill=ink)
    draw.rounded_rectangle((340, 360, 470, 470), 24, fill=(236, 244, 248))
    draw.rounded_rectangle((510, 360, 640, 470), 24, fill=(236, 244, 248))
    for x in (320, 690):
        draw.ellipse((x - 90, 600, x + 90, 780), fill=(46, 46, 52))
        draw.ellipse((x - 36, 654, x + 36, 726), fill=shade)


SHAPES: dict[str, Callable[[Draw, Color, Color], None]] = {
    shape.__name__: shape
    for shape in (
        bone, ring, cushion, bottle, mug, pan, spoon, jar, shirt, hoodie, sock, cap,
        lipstick, dropper, pump, soap, puzzle, bear, blocks, car,
    )
}  # fmt: skip


def pictures(catalog: Path) -> Iterator[tuple[str, str, str]]:
    """Yield file name, shape and caption of every picture that a catalog names."""
    shape, title = "", ""
    with catalog.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            shape = SHAPES_BY_TAG.get(row["Tags"].split(",")[0], shape)
            title = row["Title"] or title
            for column in ("Image Src", "Variant Image"):
                if row[column]:
                    yield row[column].rpartition("/")[2], shape, title


def paint(name: str, shape: str, caption: str) -> Image.Image:
    """Draw one picture; its colors follow from its name."""
    seed = zlib.crc32(name.encode())
    colors = list(COLORS.values())
    named = [color for word, color in COLORS.items() if word.lower().replace(" ", "-") in name]
    ink = named[0] if named else mix(colors[seed % len(colors)], (255, 255, 255), seed % 3 / 10)
    paper = mix((247, 245, 240), colors[(seed >> 8) % len(colors)], 0.1)
    picture = Image.new("RGB", (SIDE, SIDE), paper)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((90, 110, 910, 930), fill=mix(paper, (255, 255, 255), 0.6))
    draw.ellipse((220, 790, 780, 880), fill=mix(paper, (90, 84, 78), 0.22))
    SHAPES[shape](draw, ink, mix(ink, (20, 20, 30), 0.25))
    if "-detail" in name:
        picture = picture.crop((200, 200, 800, 800)).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        draw = ImageDraw.Draw(picture)
    label(draw, caption)
    return fit(picture, name, paper)


def label(draw: Draw, caption: str) -> None:
    """Write the product's name at the foot of its picture."""
    size = 40 if len(caption) < 30 else math.floor(40 * 30 / len(caption))
    draw.text(
        (SIDE // 2, 950),
        caption,
        anchor="mm",
        fill=(92, 88, 84),
        font=ImageFont.load_default(size),
    )


def fit(picture: Image.Image, name: str, paper: Color) -> Image.Image:
    """Give the few pictures with a shape of their own that shape."""
    for mark, (width, height) in SPECIAL_SIZES.items():
        if mark in name:
            side = min(width, height)
            sheet = Image.new("RGB", (width, height), paper)
            sheet.paste(picture.resize((side, side)), ((width - side) // 2, (height - side) // 2))
            return sheet
    return picture


def make_pictures(directory: Path, catalog: Path = CATALOG) -> int:
    """Draw every picture that is not there yet; return how many were drawn."""
    directory.mkdir(parents=True, exist_ok=True)
    drawn = 0
    for name, shape, caption in dict.fromkeys(pictures(catalog)):
        file = directory / name
        if file.exists():
            continue
        part = file.with_suffix(".part")
        paint(name, shape, caption).save(part, "JPEG", quality=85)
        part.replace(file)
        drawn += 1
    return drawn


def main() -> None:
    """Draw into the directory named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    drawn = make_pictures(parser.parse_args().directory)
    sys.stdout.write(f"{drawn} pictures drawn\n")


if __name__ == "__main__":
    main()
