"""Pictures are made acceptable, the original is kept, and what is impossible is said in words."""

from __future__ import annotations

import random
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from catalog.media_rules import MEGABYTE, ImageLimits, check_image
from catalog.models import Image, Listing, Product, Shop
from catalog.services import image_editing, image_fixer, images, listings
from catalog.services.image_editing import Measures, Mode, Ratio, Wish
from catalog.states import ListingState
from marketplace.kernel.errors import Refused
from tests import factories

RED, WHITE, BLUE = (200, 30, 30), (255, 255, 255), (20, 40, 200)


def saved(picture: Pillow.Image, kind: str = "PNG", **options: Any) -> bytes:
    content = BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def plain(width: int, height: int, color: Any = RED, kind: str = "PNG", mode: str = "RGB") -> bytes:
    return saved(Pillow.new(mode, (width, height), color), kind)


def noise(width: int, height: int) -> Pillow.Image:
    """A picture that hardly compresses."""
    return Pillow.frombytes("RGB", (width, height), random.Random(7).randbytes(width * height * 3))


def opened(content: bytes) -> Pillow.Image:
    return Pillow.open(BytesIO(content))


def stored(file: Any) -> Pillow.Image:
    return opened(Path(file.path).read_bytes())


def edited(content: bytes, **wish: Any) -> Pillow.Image:
    return opened(image_editing.edit(content, Wish(**wish))[0])


def is_about(found: Any, wanted: Any) -> bool:
    return all(abs(one - other) <= 6 for one, other in zip(found, wanted, strict=True))


def add(product: Product, content: bytes) -> Image:
    image = Image(product=product, position=product.images.count())
    images.store_picture(image, content)
    image.save()
    return image


@pytest.fixture
def product(shop: Shop) -> Product:
    return factories.make_product(shop.merchant, with_image=False)


# -- shapes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "wish", "result", "words"),
    [
        ((1600, 900), {}, (1600, 1200), "Border added, from 16:9 to 4:3; saved as JPG."),
        ((900, 1600), {}, (1200, 1600), "Border added, from 9:16 to 3:4; saved as JPG."),
        ((1600, 900), {"mode": Mode.CROP}, (1200, 900), "Cropped from 16:9 to 4:3; saved as JPG."),
        (
            (1600, 900),
            {"ratio": Ratio.SQUARE},
            (1600, 1600),
            "Border added, from 16:9 to 1:1; saved as JPG.",
        ),
        (
            (1600, 1200),
            {"ratio": Ratio.UPRIGHT, "mode": Mode.CROP},
            (900, 1200),
            "Cropped from 4:3 to 3:4; saved as JPG.",
        ),
        (
            (300, 300),
            {"enlarge": True},
            (600, 600),
            "Enlarged to 600 × 600 pixels, so it is less sharp; saved as JPG.",
        ),
        (
            (5600, 4900),
            {"ratio": Ratio.SQUARE},
            (5000, 5000),
            "Border added, from 8:7 to 1:1; scaled down to 5,000 × 5,000 pixels; saved as JPG.",
        ),
    ],
)
def test_a_picture_gets_the_shape_that_was_chosen(
    size: tuple[int, int], wish: dict[str, Any], result: tuple[int, int], words: str
) -> None:
    content, what = image_editing.edit(plain(*size), Wish(**wish))
    assert opened(content).size == result
    assert opened(content).format == "JPEG"
    assert what.words == words


@pytest.mark.parametrize("size", [(600, 600), (1600, 1200), (1500, 2000), (1010, 1000)])
def test_an_acceptable_picture_is_left_alone(size: tuple[int, int]) -> None:
    content = plain(*size)
    same, what = image_editing.edit(content, Wish())
    assert same is content
    assert (what.changes, what.words) == ((), "Nothing: it is fine already.")


def test_a_border_is_white_or_of_the_edges_color_and_the_picture_stays_in_the_middle() -> None:
    white = edited(plain(1600, 900))
    assert is_about(white.getpixel((800, 10)), WHITE)
    assert is_about(white.getpixel((800, 600)), RED)
    assert is_about(white.getpixel((800, 1190)), WHITE)
    framed = Pillow.new("RGB", (1600, 900), BLUE)
    framed.paste(RED, (100, 100, 1500, 800))
    assert is_about(edited(saved(framed), mode=Mode.EDGE_BORDER).getpixel((800, 10)), BLUE)


def test_a_crop_keeps_the_middle() -> None:
    framed = Pillow.new("RGB", (1600, 900), BLUE)
    framed.paste(RED, (200, 0, 1400, 900))
    cropped = edited(saved(framed), mode=Mode.CROP)
    assert is_about(cropped.getpixel((10, 450)), RED)
    assert is_about(cropped.getpixel((1190, 450)), RED)


def test_transparent_parts_become_white() -> None:
    seen = Pillow.new("RGBA", (800, 800), (0, 0, 0, 0))
    seen.paste((*RED, 255), (200, 200, 600, 600))
    content, what = image_editing.edit(saved(seen), Wish())
    assert what.words == "Transparent parts become white; saved as JPG."
    assert is_about(opened(content).getpixel((10, 10)), WHITE)
    assert is_about(opened(content).getpixel((400, 400)), RED)
    indexed = seen.convert("P")
    indexed.info["transparency"] = indexed.getpixel((0, 0))
    assert is_about(edited(saved(indexed, "GIF")).getpixel((10, 10)), WHITE)


def test_a_picture_that_lies_on_its_side_is_turned_upright() -> None:
    lying = Pillow.new("RGB", (1600, 1200), BLUE)
    lying.paste(RED, (0, 0, 800, 1200))
    exif = Pillow.Exif()
    exif[0x0112] = 6  # to be turned to the right by a quarter
    content, what = image_editing.edit(saved(lying, "JPEG", exif=exif), Wish())
    upright = opened(content)
    assert what.words == "Turned upright; saved as JPG."
    assert upright.size == (1200, 1600)
    assert is_about(upright.getpixel((600, 100)), RED)
    assert is_about(upright.getpixel((600, 1500)), BLUE)
    assert not upright.getexif()


@pytest.mark.parametrize(
    ("size", "wish", "reason"),
    [
        ((400, 400), {}, "fewer than 600 pixels on a side"),
        ((100, 100), {}, "too small even if enlarged 4 times"),
        ((1600, 500), {"mode": Mode.CROP}, "Cropped, it has fewer than 600 pixels on a side"),
        ((100, 100), {"enlarge": True}, "too small even if enlarged 4 times"),
    ],
)
def test_a_picture_that_is_too_small_is_refused_in_words(
    size: tuple[int, int], wish: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        image_editing.edit(plain(*size), Wish(**wish))


def test_a_border_can_bring_a_flat_picture_to_the_least_height() -> None:
    assert edited(plain(1600, 500)).size == (1600, 1200)


def test_a_picture_of_12_megabytes_ends_below_5() -> None:
    heavy = saved(noise(2400, 1800), compress_level=0)
    assert len(heavy) > 12 * MEGABYTE
    light, _ = image_editing.edit(heavy, Wish())
    found = image_editing.measure(light)
    assert found.size <= 5 * MEGABYTE
    assert check_image(found.width, found.height, found.size, found.format) == []


def test_a_picture_that_stays_too_heavy_at_any_quality_is_made_smaller() -> None:
    limits = ImageLimits(max_bytes=700_000)
    content, _ = image_editing.edit(saved(noise(1400, 1400)), Wish(), limits)
    assert len(content) <= 700_000
    side = opened(content).size[0]
    assert 600 <= side < 1400
    with pytest.raises(Refused, match="does not fit into the file size"):
        image_editing.edit(saved(noise(700, 700)), Wish(), ImageLimits(max_bytes=50_000))


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1", "I;16", "LA", "PA"])
def test_every_kind_of_pixel_becomes_plain_color(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "TIFF" if mode == "PA" else "PNG"
    seen = Pillow.new("RGB", (1600, 900), WHITE)
    seen = seen.convert("LA").convert("PA") if mode == "PA" else seen.convert(mode)
    if mode == "I;16":
        seen = Pillow.new("I;16", (1600, 900), 65535)
    content, _ = image_editing.edit(saved(seen, kind), Wish())
    assert opened(content).mode == "RGB"
    assert is_about(opened(content).getpixel((800, 600)), WHITE)


def test_bytes_that_are_no_picture_are_refused() -> None:
    with pytest.raises(Refused, match="damaged"):
        image_editing.edit(b"no picture", Wish())
    with pytest.raises(Refused, match="damaged"):
        image_editing.edit(saved(noise(1600, 900), "JPEG")[:9000], Wish())


SIDES = st.integers(1, 2600)
WISHES = st.builds(Wish, st.sampled_from(Ratio), st.sampled_from(Mode), st.booleans())


@settings(max_examples=60, deadline=None)
@given(SIDES, SIDES, WISHES, st.sampled_from(["RGB", "RGBA", "L", "P"]))
def test_any_picture_ends_acceptable_or_is_refused_in_words(
    width: int, height: int, wish: Wish, mode: str
) -> None:
    content = saved(Pillow.new(mode, (width, height)))
    try:
        result, what = image_editing.edit(content, wish)
    except Refused:
        assert min(width, height) < (800 if wish.mode == Mode.CROP else 600)
        return
    found = image_editing.measure(result)
    assert check_image(found.width, found.height, found.size, found.format) == []
    assert image_editing.plan(found, wish).changes == ()
    if what.changes and wish.ratio != Ratio.NEAREST:
        across, down = map(int, wish.ratio.split(":"))
        assert found.width * down == found.height * across


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 60_000), st.integers(1, 60_000), WISHES)
def test_what_is_planned_stays_within_the_limits_however_large(
    width: int, height: int, wish: Wish
) -> None:
    try:
        what = image_editing.plan(Measures(width, height, 1, "BMP"), wish)
    except Refused:
        assert min(width, height) < (800 if wish.mode == Mode.CROP else 600)
        return
    across, down = (part * what.unit for part in what.ratio)
    assert min(across, down) >= 600
    assert max(across, down) <= 20_000
    assert across * down <= image_editing.MOST_PIXELS


def test_a_wish_survives_being_kept_as_text() -> None:
    wish = Wish(Ratio.UPRIGHT, Mode.CROP, enlarge=True)
    assert Wish.from_text(wish.as_text()) == wish


# -- rows ----------------------------------------------------------------------------------------


def test_one_bulk_action_makes_wide_pictures_publishable(product: Product, shop: Shop) -> None:
    rows = [factories.add_image(product, 1600, 900, color) for color in ("teal", "navy", "olive")]
    fine = factories.add_image(product)
    report = image_fixer.fix([row.pk for row in [*rows, fine]], Wish(), by="ada")
    assert report.summary() == "Fixed 3. 1 skipped: it is fine already."
    for row in rows:
        row.refresh_from_db()
        assert check_image(row.width or 0, row.height or 0, row.size or 0, row.format) == []
        assert stored(row.file).size == (1600, 1200)
        assert row.fixed_as == "Border added, from 16:9 to 4:3; saved as JPG."
        assert stored(row.original).size == (1600, 900)


def test_the_original_comes_back_with_its_measures(product: Product) -> None:
    row = add(product, plain(1600, 900))
    name, digest = row.file.name, row.sha256
    image_fixer.fix([row.pk], Wish(), by="ada")
    row.refresh_from_db()
    assert row.sha256 != digest
    report = image_fixer.restore([row.pk], by="ada")
    row.refresh_from_db()
    assert report.summary() == "Restored 1."
    assert (row.file.name, row.sha256, row.width, row.height) == (name, digest, 1600, 900)
    assert (row.format, row.original.name, row.fixed_as) == ("PNG", "", "")
    again = image_fixer.restore([row.pk], by="ada")
    assert again.summary() == "Restored 0. 1 skipped: it was not fixed."


def test_a_second_fix_starts_from_the_original_and_leaves_no_file_behind(
    product: Product, django_capture_on_commit_callbacks: Any
) -> None:
    row = add(product, plain(1600, 900))
    with django_capture_on_commit_callbacks(execute=True):
        image_fixer.fix([row.pk], Wish(), by="ada")
    row.refresh_from_db()
    first = str(row.file.name)
    with django_capture_on_commit_callbacks(execute=True):
        image_fixer.fix([row.pk], Wish(Ratio.SQUARE, Mode.CROP), by="ada")
    row.refresh_from_db()
    assert stored(row.file).size == (900, 900)
    assert is_about(stored(row.file).getpixel((450, 5)), RED)
    assert not default_storage.exists(first)
    assert default_storage.exists(str(row.original.name))
    same = image_fixer.fix([row.pk], Wish(Ratio.SQUARE, Mode.CROP), by="ada")
    assert same.summary() == "Fixed 0. 1 skipped: it is fine already."


def test_a_fix_whose_shape_the_original_has_brings_the_original_back(product: Product) -> None:
    row = add(product, plain(1600, 1200))
    image_fixer.fix([row.pk], Wish(Ratio.SQUARE), by="ada")
    image_fixer.fix([row.pk], Wish(Ratio.WIDE), by="ada")
    row.refresh_from_db()
    assert (row.width, row.height, row.original.name) == (1600, 1200, "")


def test_what_cannot_be_fixed_is_counted_by_its_reason_and_stays_as_it_was(
    product: Product,
) -> None:
    small = add(product, plain(300, 300))
    waiting = Image.objects.create(product=product, source_url="https://a.example/1.jpg")
    gone = add(product, plain(1600, 900))
    default_storage.delete(str(gone.file.name))
    report = image_fixer.fix([small.pk, waiting.pk, gone.pk], Wish(), by="ada")
    assert report.done == 0
    assert sorted(report.refused) == [
        "It has fewer than 600 pixels on a side; allow enlarging, or use a larger original.",
        "It has not been fetched yet.",
        "Its file is gone. Upload the picture again.",
    ]
    small.refresh_from_db()
    assert (small.width, small.original.name) == (300, "")


def test_a_new_upload_forgets_the_former_original(product: Product) -> None:
    row = add(product, plain(1600, 900))
    image_fixer.fix([row.pk], Wish(), by="ada")
    row.refresh_from_db()
    images.store_picture(row, plain(800, 800))
    row.save()
    assert (row.original.name, row.fixed_as) == ("", "")


def test_a_fixed_picture_makes_its_listing_ready(shop: Shop, product: Product) -> None:
    row = factories.add_image(product, 1600, 900)
    listing = staged(product, shop)
    assert "16:9" in reasons(listing)
    image_fixer.fix([row.pk], Wish(), by="ada")
    assert "16:9" not in reasons(listing)


def test_a_fix_shows_as_a_change_and_a_restore_takes_the_change_back(
    shop: Shop, product: Product
) -> None:
    """Also for a picture known by its address, which the fix does not change."""
    row = factories.add_image(product, 1600, 900)
    Image.objects.filter(pk=row.pk).update(source_url="https://a.example/1.jpg")
    listing = staged(product, shop)
    before = listing.content_hash
    image_fixer.fix([row.pk], Wish(), by="ada")
    listing.refresh_from_db()
    assert listing.content_hash != before
    image_fixer.restore([row.pk], by="ada")
    listing.refresh_from_db()
    assert listing.content_hash == before


def test_a_look_shows_before_and_after_and_writes_nothing(product: Product) -> None:
    row = factories.add_image(product, 1600, 900)
    found = image_fixer.look(row, Wish(), side=160)
    assert opened(found.before).size == (160, 90)
    assert opened(found.after).size == (160, 120)
    assert found.words == "Border added, from 16:9 to 4:3; saved as JPG."
    small = image_fixer.look(factories.add_image(product, 300, 300), Wish(), side=160)
    assert (small.after, small.words[:15]) == (b"", "Stays as it is.")
    missing = Image(product=product, source_url="https://a.example/1.jpg")
    assert image_fixer.look(missing, Wish(), side=160).words == "It has not been fetched yet."
    assert not Image.objects.exclude(fixed_as="").exists()


def staged(product: Product, shop: Shop) -> Listing:
    listings.stage([product.pk], shop, by="ada")
    return Listing.objects.get(product=product, state=ListingState.INCOMPLETE)


def reasons(listing: Listing) -> str:
    listing.refresh_from_db()
    return str(listing.missing)
