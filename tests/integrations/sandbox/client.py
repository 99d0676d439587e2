"""A small client for the sandbox's tests; it signs with a third party's code, not with ours."""

from __future__ import annotations

import io
import json
import re
import time
from typing import Any

import requests
from PIL import Image
from tiktok_shop_api.signing import Signer

from tests.integrations.sandbox.shapes import SHAPES, check_answer
from tests.support.sandbox import Sandbox

UNCIPHERED = re.compile(
    r"^/(authorization|seller)/|/(images|files)/upload|global_warehouses|^POST /product/\d+/brands"
)


def template_of(method: str, path: str) -> str:
    """Return the documented call that a path belongs to; fixed words beat placeholders."""
    candidates = []
    for call in SHAPES:
        verb, _, template = call.partition(" ")
        pattern = re.sub(r"\{\w+\}", "[^/]+", template)
        if verb == method and re.fullmatch(pattern, path):
            candidates.append((template.count("{"), call))
    return min(candidates)[1]


class SignedClient:
    """Calls the sandbox as an authorized app."""

    def __init__(self, box: Sandbox, shop_id: str = "first") -> None:
        self.box = box
        self.tokens = box.tokens(shop_id)

    def raw(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: dict[str, str] | None = None,
        files: dict[str, Any] | None = None,
        form: dict[str, str] | None = None,
        **changes: str | None,
    ) -> requests.Response:
        """Call, signed; `changes` replaces query values after signing (None removes one)."""
        values = {
            "app_key": self.box.app_key,
            "timestamp": str(int(time.time())),
            **(query or {}),
        }
        if not UNCIPHERED.search(path) and not UNCIPHERED.search(f"{method} {path}"):
            values["shop_cipher"] = self.tokens["cipher"]
        data = None if body is None else json.dumps(body).encode()
        kind = "multipart/form-data" if files else "application/json"
        values["sign"] = Signer.sign(
            path=path,
            query=list(values.items()),
            content_type=kind,
            body=data,
            app_secret=self.box.app_secret,
        )
        values.update({name: value for name, value in changes.items() if value is not None})
        for name, value in changes.items():
            if value is None:
                values.pop(name, None)
        headers = {"x-tts-access-token": self.tokens["access_token"]}
        if not files:
            headers["Content-Type"] = kind
        return self.box.session.request(
            method,
            self.box.url + path,
            params=values,
            data=form if files else data,
            files=files,
            headers=headers,
            timeout=30,
        )

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """Call and return the data; the answer must be good and of the documented shape."""
        answer = self.raw(method, path, body, **more)
        assert answer.status_code == 200, answer.text
        check_answer(template_of(method, path), answer.json())
        return answer.json()["data"]

    def refused(self, method: str, path: str, body: Any = None, **more: Any) -> int:
        """Call and return the code of a refusal by the business, which comes with HTTP 200."""
        answer = self.raw(method, path, body, **more)
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"] is None
        return int(answer.json()["code"])

    def gateway(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, int]:
        """Call and return HTTP status and code."""
        answer = self.raw(method, path, body, **more)
        return answer.status_code, int(answer.json()["code"])

    def upload(self, use_case: str = "MAIN_IMAGE", size: tuple[int, int] = (600, 600)) -> Any:
        """Upload a picture."""
        return self.call(
            "POST",
            "/product/202309/images/upload",
            files={"data": ("a.png", picture(size))},
            form={"use_case": use_case},
        )

    def category(self, name: str) -> str:
        """Return the id of a leaf by its name."""
        query = {"category_version": "v2", "include_prohibited_categories": "true"}
        tree = self.call("GET", "/product/202309/categories", query=query)["categories"]
        return next(c["id"] for c in tree if c["local_name"] == name and c["is_leaf"])

    def mug(self, **changes: Any) -> dict[str, Any]:
        """Return the body of a good product."""
        east, west = self.box.warehouses()
        body = {
            "title": "Stoneware mug",
            "description": "<p>Holds coffee.</p>",
            "category_id": self.category("Mugs"),
            "category_version": "v2",
            "main_images": [{"uri": self.upload()["uri"]}],
            "package_weight": {"value": "1.2", "unit": "POUND"},
            "package_dimensions": {"length": "5", "width": "5", "height": "6", "unit": "INCH"},
            "product_attributes": [{"id": "100401", "values": [{"name": "Ceramic"}]}],
            "skus": [
                {
                    "seller_sku": "MUG-1",
                    "price": {"amount": "14.00", "currency": "USD"},
                    "inventory": [
                        {"warehouse_id": east, "quantity": 5},
                        {"warehouse_id": west, "quantity": 7},
                    ],
                }
            ],
        }
        return {**body, **changes}

    def create(self, **changes: Any) -> Any:
        """Create a product and return the answer."""
        return self.call("POST", "/product/202309/products", self.mug(**changes))

    def live(self, **changes: Any) -> str:
        """Create a product, let its review pass, and return its id."""
        product_id: str = self.create(**changes)["product_id"]
        self.box.advance(3)
        return product_id

    def get(self, product_id: str, **query: str) -> Any:
        """Return a product."""
        return self.call("GET", f"/product/202309/products/{product_id}", query=query)


def picture(size: tuple[int, int] = (600, 600), kind: str = "PNG") -> bytes:
    """Return the bytes of a picture."""
    out = io.BytesIO()
    Image.new("RGB", size, "#0f766e").save(out, kind)
    return out.getvalue()
