"""Pictures and files that sellers upload, and the addresses they are shown at."""

from __future__ import annotations

import hashlib
import io
import re
import warnings

from flask import Blueprint, Response, abort, request
from PIL import Image, UnidentifiedImageError

from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Doc
from integrations.sandbox.tiktok.errors import ApiError, bad_request
from integrations.sandbox.tiktok.rules import has_good_ratio
from integrations.sandbox.tiktok.wire import Call, endpoint, the_sandbox

WRITE = "seller.product.write"
USE_CASES = {
    "MAIN_IMAGE",
    "ATTRIBUTE_IMAGE",
    "DESCRIPTION_IMAGE",
    "CERTIFICATION_IMAGE",
    "SIZE_CHART_IMAGE",
    "CUSTOMIZATION_IMAGE",
}
SQUARED = {"MAIN_IMAGE", "ATTRIBUTE_IMAGE"}
FORMATS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
    "HEIF": "image/heic",
}
MEGABYTE = 1024 * 1024
IMAGE_LIMIT = 10 * MEGABYTE
SIDE_MIN, SIDE_MAX = 100, 20000
CHART_MIN = 1024
VIDEO = {"mp4", "mov", "mkv", "wmv", "webm", "avi", "3gp", "flv", "mpeg"}
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-]*\.[A-Za-z0-9]+")

blueprint = Blueprint("files", __name__)


def file_url(key: str) -> str:
    """Return the address of an uploaded file."""
    return f"{request.host_url}files/{key}"


def image_doc(sandbox: Sandbox, uri: str) -> Doc:
    """Return a picture as product answers show it."""
    kept = sandbox.store.get("image", uri) or {"width": 0, "height": 0}
    url = file_url(uri)
    return {
        "uri": uri,
        "urls": [url],
        "thumb_urls": [url],
        "width": kept["width"],
        "height": kept["height"],
    }


def keep_image(sandbox: Sandbox, raw: bytes, use_case: str) -> Doc:
    """Check a picture, square it where its use needs that, keep it, and return its record."""
    image, kind = _decode(raw)
    width, height = image.size
    if min(width, height) < SIDE_MIN or max(width, height) > SIDE_MAX:
        raise ApiError(12038014, "A side of the picture has too few or too many pixels.")
    if use_case == "SIZE_CHART_IMAGE" and min(width, height) < CHART_MIN:
        raise ApiError(12019116, "A size chart needs at least 1024 pixels on its shorter side.")
    if use_case in SQUARED and not has_good_ratio({"width": width, "height": height}):
        raw, kind = _squared(image), "JPEG"
        width = height = max(image.size)
    uri = "sandbox-img/" + hashlib.sha256(raw).hexdigest()[:32]
    doc = {"uri": uri, "width": width, "height": height, "use_case": use_case}
    sandbox.store.put_blob(uri, FORMATS[kind], raw)
    sandbox.store.put("image", uri, doc)
    return doc


def _decode(raw: bytes) -> tuple[Image.Image, str]:
    if not raw:
        raise ApiError(12038002, "The file is empty.")
    if len(raw) > IMAGE_LIMIT:
        raise ApiError(12038005, "The picture is larger than 10 MB.")
    try:
        with warnings.catch_warnings():
            # A picture within our own pixel limits is no bomb, however the library sees it.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(raw))
            kind = image.format or ""
            if kind not in FORMATS:
                raise ApiError(12038004, "This picture format is not taken.")
            image.load()
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError):
        raise ApiError(12038002, "The file is not a whole picture.") from None
    return image, kind


def _squared(image: Image.Image) -> bytes:
    """Return the picture on a white square."""
    side = max(image.size)
    square = Image.new("RGB", (side, side), "white")
    square.paste(image.convert("RGB"), ((side - image.width) // 2, (side - image.height) // 2))
    out = io.BytesIO()
    square.save(out, "JPEG", quality=88)
    return out.getvalue()


def _sent_file() -> tuple[str, bytes]:
    sent = request.files.get("data")
    if sent is None or not sent.filename:
        raise ApiError(12038002, "The form has no file named data.")
    return sent.filename, sent.read()


@endpoint("POST", "/product/202309/images/upload", scope=WRITE, cipher=False, multipart=True)
def upload_image(call: Call) -> Doc:
    """Take a picture."""
    _name, raw = _sent_file()
    use_case = request.form.get("use_case") or "MAIN_IMAGE"
    if use_case not in USE_CASES:
        raise bad_request("use_case is not known")
    doc = keep_image(call.sandbox, raw, use_case)
    return {**doc, "url": file_url(doc["uri"])}


@endpoint("POST", "/product/202309/files/upload", scope=WRITE, cipher=False, multipart=True)
def upload_file(call: Call) -> Doc:
    """Take a document or a video."""
    _sent_name, raw = _sent_file()
    name = request.form.get("name", "")
    if not FILE_NAME.fullmatch(name):
        raise ApiError(12019104, "The name needs one dot, no spaces and no leading symbol.")
    extension = name.rpartition(".")[2].lower()
    if extension != "pdf" and extension not in VIDEO:
        raise ApiError(12019105, "This file format is not taken.")
    if not raw:
        raise ApiError(12019103, "The file is empty.")
    if extension == "pdf" and not raw.startswith(b"%PDF"):
        raise ApiError(12038002, "The file is not a PDF.")
    if len(raw) > (20 if extension == "pdf" else 100) * MEGABYTE:
        raise ApiError(12038005, "The file is too large.")
    doc = keep_file(call.sandbox, raw, name)
    return {"id": doc["id"], "url": file_url(doc["id"]), "name": name, "format": doc["format"]}


def keep_file(sandbox: Sandbox, raw: bytes, name: str) -> Doc:
    """Keep a document or a video and return its record."""
    extension = name.rpartition(".")[2].lower()
    key = "v09sbx" + hashlib.sha256(raw).hexdigest()[:26]
    kind = "application/pdf" if extension == "pdf" else f"video/{extension}"
    doc = {"id": key, "name": name, "format": extension.upper(), "size": len(raw)}
    sandbox.store.put_blob(key, kind, raw)
    sandbox.store.put("file", key, doc)
    return doc


@blueprint.get("/files/<path:key>")
def show_file(key: str) -> Response:
    """Show an uploaded file to anyone who has its address."""
    found = the_sandbox().store.get_blob(key)
    if found is None:
        abort(404)
    answer = Response(found[1], content_type=found[0])
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
