"""Fetch the pictures that products name by address, check them and keep their measures."""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from catalog.media_rules import MEGABYTE
from catalog.models import Image
from catalog.ports import PictureSource, picture_sources
from catalog.services import products
from marketplace.kernel.errors import Refused, TryLater

WEB = "web"
BATCH = 50
PATIENCE = 3  # unanswered requests to one host within a run
GIVE_UP = timedelta(days=1)
#: More than channels take: a heavy picture comes in and “Fix images” makes it fit.
MOST_BYTES = 30 * MEGABYTE
# Only these decoders may run on bytes from elsewhere.
DECODERS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
ENDINGS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif", "BMP": "bmp", "TIFF": "tif"}
FETCHED_FIELDS = [
    "file", "width", "height", "size", "format", "sha256", "problem", "updated_at"
]  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """What a picture's bytes turned out to be."""

    width: int
    height: int
    size: int
    format: str
    sha256: str


@dataclass
class FetchResult:
    """How many pictures were read, found unusable, or left for another time."""

    fetched: int = 0
    unusable: int = 0
    later: int = 0

    def summary(self) -> str:
        """Return the result as one sentence."""
        return (
            f"Pictures: {self.fetched:,} read, {self.unusable:,} unusable, "
            f"{self.later:,} to be tried again."
        )


@dataclass(frozen=True)
class PictureDirectory:
    """A directory that stands in for the web: pictures are found in it by file name."""

    path: Path

    def fetch(self, address: str) -> bytes:
        """Return the bytes of the file an address names."""
        name = PurePosixPath(unquote(urlsplit(address).path)).name
        file = self.path / name
        if not name or name in {".", ".."} or not file.is_file():
            raise TryLater(f"There is no file {name} in the directory of pictures.")
        if file.stat().st_size > MOST_BYTES:
            raise Refused(f"The picture is larger than {MOST_BYTES // MEGABYTE} MB.")
        return file.read_bytes()


def fetch_images(
    images: Iterable[Image],
    *,
    pictures: Path | None = None,
    until: Callable[[], bool] = lambda: False,
) -> FetchResult:
    """Fetch pictures by their addresses, or from a directory by their file names.

    A picture that cannot be used keeps the reason; one that cannot be had now stays waiting.
    """
    source: PictureSource = (
        _Web(picture_sources.get(WEB)) if pictures is None else PictureDirectory(pictures)
    )
    result = FetchResult()
    for batch in _batches(images):
        settled = [image for image in batch if _fetch(image, source, result)]
        Image.objects.bulk_update(settled, FETCHED_FIELDS)
        products.changed(sorted({image.product_id for image in settled}), by="pictures")
        if until():
            break
    return result


def fetch_for_merchant(merchant_id: int, *, until: Callable[[], bool] = lambda: False) -> str:
    """Fetch the pictures that a merchant's products wait for; return what happened."""
    waiting = Image.objects.filter(product__merchant=merchant_id).to_fetch().order_by("pk")
    return fetch_images(waiting.iterator(chunk_size=BATCH), until=until).summary()


def store_picture(image: Image, content: bytes) -> None:
    """Put bytes into a picture's row and file, with its measures; the caller saves the row.

    What was known about a former picture in this row, also that it was fixed, is forgotten. Raises
    `Refused` with the reason if the bytes are no picture we can use.
    """
    picture = take_measures(image, content)
    name = f"{picture.sha256[:20]}.{ENDINGS[picture.format]}"
    image.file.save(name, ContentFile(content), save=False)
    image.original, image.fixed_as = "", ""


def take_measures(image: Image, content: bytes) -> Picture:
    """Write the measures of bytes into a picture's row; the caller saves the row."""
    picture = inspect_picture(content)
    image.width, image.height = picture.width, picture.height
    image.size, image.format, image.sha256 = picture.size, picture.format, picture.sha256
    image.problem = ""
    image.updated_at = timezone.now()
    return picture


def inspect_picture(content: bytes) -> Picture:
    """Measure a picture after decoding all of it; raise Refused if it is none or damaged."""
    if len(content) > MOST_BYTES:
        raise Refused(f"The picture is larger than {MOST_BYTES // MEGABYTE} MB.")
    try:
        with warnings.catch_warnings():
            # A small file can unpack to gigabytes; Pillow only warns about the first half.
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            with Pillow.open(BytesIO(content), formats=DECODERS) as picture:
                width, height = picture.size
                kind = "JPEG" if picture.format == "MPO" else str(picture.format)
                picture.load()
    except UnidentifiedImageError as error:
        raise Refused("The file is not a picture of a known format.") from error
    except (Pillow.DecompressionBombWarning, Pillow.DecompressionBombError) as error:
        raise Refused("The picture has too many pixels to be opened safely.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise Refused("The picture is damaged or incomplete.") from error
    return Picture(width, height, len(content), kind, hashlib.sha256(content).hexdigest())


@dataclass
class _Web:
    """The web, without asking a silent host again and again within one run."""

    source: PictureSource
    silent: Counter[str] = field(default_factory=Counter)

    def fetch(self, address: str) -> bytes:
        host = urlsplit(address).hostname or ""
        if self.silent[host] >= PATIENCE:
            raise TryLater(f"{host} did not answer.")
        try:
            return self.source.fetch(address)
        except TryLater:
            self.silent[host] += 1
            raise


def _fetch(image: Image, source: PictureSource, result: FetchResult) -> bool:
    """Try one picture; tell whether its row is to be written."""
    try:
        store_picture(image, source.fetch(image.source_url))
    except TryLater as failure:
        if isinstance(source, PictureDirectory) or image.created_at > timezone.now() - GIVE_UP:
            result.later += 1
            return False
        _mark_unusable(image, f"{failure.message} It was tried for a day.", result)
    except Refused as refusal:
        _mark_unusable(image, refusal.message, result)
    else:
        result.fetched += 1
    return True


def _mark_unusable(image: Image, problem: str, result: FetchResult) -> None:
    image.problem = problem
    image.updated_at = timezone.now()
    result.unusable += 1


def _batches(images: Iterable[Image]) -> Iterator[list[Image]]:
    batch: list[Image] = []
    for image in images:
        batch.append(image)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
