from __future__ import annotations

import pytest

from integrations.tiktok.signing import is_genuine_webhook, sign_request, sign_webhook

PAGE_TOKEN = "6AsPQsUMvH3RkchNUPPh22NROHkE0D8pmq/N5M1kHYcZmtRyv9aVrNv65W7Q6tFA+7D1ud64MPNz5OaT"

#: name: (secret, path, query, body, is multipart, signature). The signatures were computed by
#: several independent implementations of the protocol.
VECTORS = {
    "authorized shops": (
        "e59af819cc",
        "/authorization/202309/shops",
        {"app_key": "29a39d", "timestamp": "1623812664"},
        "",
        False,
        "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8",
    ),
    "put with a body": (
        "e59af819cc",
        "/event/202309/webhooks",
        {
            "app_key": "68xu9ks5p4i8",
            "shop_cipher": "ROW_xkMbgAAAeVAQra0eZWebFQq5aIKt",
            "timestamp": "1696909648",
        },
        '{"address":"https://partner.tiktokshop.com","event_type":"PACKAGE_UPDATE"}',
        False,
        "a75b9c8cd57140cab6dc95bf31c37bd6ffface74210768b6517c0ff81659b0ba",
    ),
    "page token with a slash and a plus": (
        "e59af819cc",
        "/order/202309/orders/search",
        {
            "app_key": "29a39d",
            "page_size": "100",
            "page_token": PAGE_TOKEN,
            "shop_cipher": "GCP_XF90igAAAABh00qsWgtvOiGFNqyubMt3",
            "timestamp": "1623812664",
        },
        '{"order_status":"UNPAID"}',
        False,
        "6b55918cfea8c0a45c2e533b88a5d8c2c379f23ded442d71d9be1fa86d28f73e",
    ),
    "file upload": (
        "abc000def111",
        "/product/202309/images/upload",
        {"app_key": "29a39d", "timestamp": "1700000000"},
        "--XYZ ignored",
        True,
        "9bcae16a67b0dd07fc5483b611560e14c04144eb0610c5c8e68652e86a0442fc",
    ),
    "list of ids, two parameters left out": (
        "abc000def111",
        "/order/202309/orders",
        {
            "app_key": "123456",
            "ids": "576461413038785752,576461413038785753",
            "shop_cipher": "ROW_abc",
            "timestamp": "1700000000",
            "sign": "will-be-dropped",
            "access_token": "will-be-dropped",
        },
        "",
        False,
        "86fc30a91fffa29eedba6435a228a8281839e6186685e2cb7e514828a26c3e98",
    ),
    "letters beyond ASCII": (
        "abc000def111",
        "/product/202309/products",
        {"app_key": "123456", "shop_cipher": "ROW_abc", "timestamp": "1700000000"},
        '{"title":"Caña – 图"}',
        False,
        "c58b8207eaa5d4e8cb5cb53ab221c662e775e12ea9c4ae9fd81c73c6de709cf7",
    ),
    "delete with a body": (
        "abc000def111",
        "/product/202309/products",
        {"app_key": "123456", "shop_cipher": "ROW_abc", "timestamp": "1700000000"},
        '{"product_ids":["1729592969712207008"]}',
        False,
        "af2225a76cff99a6ca9c861916dc643304a48017b240101648278a3e13965755",
    ),
}

WEBHOOK = (
    b'{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507",'
    b'"timestamp":1718305585,"data":{"is_on_hold_order":true,"order_id":"576653688135258178",'
    b'"order_status":"UNPAID","update_time":1718305585}}'
)
WEBHOOK_SIGN = "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05"


@pytest.mark.parametrize("name", VECTORS)
def test_a_request_is_signed_as_the_channel_signs_it(name: str) -> None:
    secret, path, query, body, multipart, expected = VECTORS[name]
    unsorted = sorted(query.items(), reverse=True)
    found = sign_request(secret, path, unsorted, body.encode(), multipart=multipart)
    assert found == expected


def test_a_webhook_is_signed_over_the_app_key_and_the_raw_body() -> None:
    assert sign_webhook("abcdef", "123", WEBHOOK) == WEBHOOK_SIGN


@pytest.mark.parametrize(
    ("secret", "body", "sign", "genuine"),
    [
        ("123", WEBHOOK, WEBHOOK_SIGN, True),
        ("123", WEBHOOK, WEBHOOK_SIGN.upper(), True),
        ("124", WEBHOOK, WEBHOOK_SIGN, False),
        ("123", WEBHOOK + b" ", WEBHOOK_SIGN, False),
        ("123", WEBHOOK, "", False),
        ("123", WEBHOOK, "é", False),
        ("", b"", sign_webhook("abcdef", "", b""), False),
    ],
)
def test_a_webhook_is_genuine_only_with_its_signature(
    secret: str, body: bytes, sign: str, genuine: bool
) -> None:
    assert is_genuine_webhook("abcdef", secret, body, sign) is genuine
