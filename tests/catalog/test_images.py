from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import time_machine
from django.utils import timezone
from PIL import Image as Pillow
from pytest_django import Settings

from catalog.models import Image, Merchant, Product
from catalog.ports import picture_sources
from catalog.services import images
from marketplace.kernel.errors import Refused, TryLater


def picture(width: int = 700, height: int = 700, kind: str = "PNG") -> bytes:
    content = BytesIO()
    Pillow.new("RGB", (width, height), "teal").save(content, kind)
    return content.getvalue()


class Hosts:
    """Hosts of pictures: what each address answers, and what was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes | Exception] = {}
        self.asked: list[str] = []

    def fetch(self, address: str) -> bytes:
        self.asked.append(address)
        answer = self.answers.get(address, TryLater("a.example did not answer."))
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> Hosts:
    source = Hosts()
    monkeypatch.setitem(picture_sources._by_name, images.WEB, source)
    return source


@pytest.fixture
def product(db: None, settings: Settings, tmp_path: Path) -> Product:
    settings.MEDIA_ROOT = str(tmp_path)
    merchant = Merchant.objects.create(name="Harbor", slug="harbor")
    return Product.objects.create(merchant=merchant, sku="MUG", title="Mug")


def waiting(product: Product, *names: str) -> list[Image]:
    return [
        Image.objects.create(product=product, source_url=f"https://a.example/{name}", position=n)
        for n, name in enumerate(names)
    ]


@pytest.mark.parametrize(("kind", "ending"), [("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp")])
def test_a_fetched_picture_keeps_its_measures_and_file(
    product: Product, hosts: Hosts, kind: str, ending: str
) -> None:
    (image,) = waiting(product, "a")
    content = picture(800, 600, kind)
    hosts.answers[image.source_url] = content
    result = images.fetch_for_merchant(product.merchant_id)
    image.refresh_from_db()
    assert result == "Pictures: 1 read, 0 unusable, 0 to be tried again."
    assert (image.width, image.height, image.size) == (800, 600, len(content))
    assert (image.format, image.file.name.rpartition(".")[2]) == (kind, ending)
    assert Path(image.file.path).read_bytes() == content
    assert not Image.objects.to_fetch().exists()


def test_a_refused_address_keeps_the_reason_and_is_not_asked_again(
    product: Product, hosts: Hosts
) -> None:
    (image,) = waiting(product, "a")
    hosts.answers[image.source_url] = Refused("a.example has no picture here.")
    images.fetch_for_merchant(product.merchant_id)
    images.fetch_for_merchant(product.merchant_id)
    image.refresh_from_db()
    assert image.problem == "a.example has no picture here."
    assert len(hosts.asked) == 1


def test_a_silent_host_is_asked_three_times_a_run_and_given_up_after_a_day(
    product: Product, hosts: Hosts
) -> None:
    waiting(product, *"abcde")
    assert images.fetch_for_merchant(product.merchant_id) == (
        "Pictures: 0 read, 0 unusable, 5 to be tried again."
    )
    assert len(hosts.asked) == 3
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=False):
        images.fetch_for_merchant(product.merchant_id)
    assert set(Image.objects.values_list("problem", flat=True)) == {
        "a.example did not answer. It was tried for a day."
    }


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html></html>", "not a picture of a known format"),
        (picture()[:200], "damaged or incomplete"),
        (picture(kind="JPEG")[:-400], "damaged or incomplete"),
        (b"%PDF-1.4", "not a picture of a known format"),
        (b"x" * (images.MOST_BYTES + 1), "larger than 30 MB"),
        (b"", "not a picture of a known format"),
    ],
)
def test_bytes_that_are_no_whole_picture_are_refused(content: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        images.inspect_picture(content)


def test_a_small_file_that_unpacks_to_a_huge_picture_is_refused() -> None:
    content = BytesIO()
    Pillow.new("1", (20_000, 20_000)).save(content, "PNG")
    assert len(content.getvalue()) < 1_000_000
    with pytest.raises(Refused, match="too many pixels"):
        images.inspect_picture(content.getvalue())


@pytest.mark.parametrize("name", ["../secret.jpg", "..", "", "%2e%2e%2fsecret.jpg"])
def test_an_address_cannot_leave_the_directory_of_pictures(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.jpg").write_bytes(picture())
    folder = tmp_path / "pictures"
    folder.mkdir()
    with pytest.raises(TryLater):
        images.PictureDirectory(folder).fetch(f"https://a.example/{name}")
