"""Files go up to a channel once per content and use (R44)."""

from __future__ import annotations

from collections.abc import Callable

from catalog.models import ChannelImage, Shop


def once(shop: Shop, sha256: str, use: str, upload: Callable[[], str]) -> str:
    """Return the name a channel has for a file of this content; `upload` is called if it has none.

    Of two workers who upload the same file at once both do, and the first name is kept.
    """
    known = ChannelImage.objects.filter(shop=shop, sha256=sha256, use=use).first()
    if known is None:
        known, _ = ChannelImage.objects.get_or_create(
            shop=shop, sha256=sha256, use=use, defaults={"uri": upload()}
        )
    return known.uri
