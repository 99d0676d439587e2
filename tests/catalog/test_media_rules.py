from __future__ import annotations

import pytest

from catalog.media_rules import ImageLimits, check_image, ratio_is_allowed, ratio_words

FINE = {"width": 1000, "height": 1000, "size": 200_000, "image_format": "JPEG"}


def findings(**changes: object) -> list[str]:
    picture = FINE | changes
    return [
        finding.sentence
        for finding in check_image(
            picture["width"], picture["height"], picture["size"], picture["image_format"]
        )
    ]


@pytest.mark.parametrize(("width", "height"), [(1000, 1000), (1200, 900), (900, 1200), (600, 600)])
def test_square_and_three_by_four_pictures_have_no_findings(width: int, height: int) -> None:
    assert findings(width=width, height=height) == []


def test_a_wide_picture_is_named_with_the_ratio_found_and_the_ratios_allowed() -> None:
    assert findings(width=1600, height=900) == [
        "Image aspect ratio is not compliant: found 16:9 (1600 × 900 pixels), "
        "allowed 1:1, 4:3 or 3:4. "
        "Use “Fix images”, or crop the picture or add a white border until it is 1:1, 4:3 or 3:4."
    ]


@pytest.mark.parametrize(
    ("width", "height", "allowed"),
    [(1020, 1000, True), (1021, 1000, False), (980, 1000, True), (979, 1000, False)],
)
def test_a_shape_two_percent_off_is_still_accepted(width: int, height: int, allowed: bool) -> None:
    assert ratio_is_allowed(width, height) is allowed


def test_a_tiny_picture_is_told_the_least_size() -> None:
    assert findings(width=200, height=200) == [
        "Image is too small: found 200 × 200 pixels, allowed 600 × 600 to 20000 × 20000 pixels. "
        "Use a larger original; enlarging a small picture makes it blurred."
    ]


def test_a_huge_picture_is_told_the_greatest_size() -> None:
    assert [finding.title for finding in check_image(20_001, 20_001, 1, "PNG")] == [
        "Image has too many pixels"
    ]


def test_a_heavy_file_is_told_its_size_and_the_limit() -> None:
    assert findings(size=6 * 1024 * 1024) == [
        "Image file is too large: found 6.0 MB, allowed up to 5.0 MB. "
        "Use “Fix images”, or save it as JPG with a lower quality or at a smaller size."
    ]


def test_a_format_that_channels_refuse_is_named() -> None:
    assert findings(image_format="GIF") == [
        "Image format is not accepted: found GIF, allowed JPG, PNG or WEBP. "
        "Use “Fix images”, or save the picture as JPG or PNG."
    ]


def test_every_broken_rule_is_found_at_once() -> None:
    rules = [finding.rule for finding in check_image(300, 100, 0, "")]
    assert rules == ["ratio", "pixels", "bytes", "format"]


def test_a_channel_may_have_other_limits() -> None:
    limits = ImageLimits(ratios=((16, 9),), min_side=100, max_bytes=10)
    assert check_image(160, 90, 10, "PNG", limits=limits)[0].rule == "pixels"
    assert check_image(1600, 900, 10, "PNG", limits=limits) == []


@pytest.mark.parametrize(
    ("width", "height", "words"),
    [(1600, 900, "16:9"), (1601, 907, "1.77:1"), (907, 1601, "1:1.77"), (0, 5, "no size")],
)
def test_a_shape_is_named_as_people_name_it(width: int, height: int, words: str) -> None:
    assert ratio_words(width, height) == words
