"""Our carriers' names against TikTok Shop's shipping providers."""

from __future__ import annotations

import re
from collections.abc import Iterable

from integrations.tiktok.schemas import ShippingProviderRow

#: Names under which TikTok Shop knows a carrier, where they differ from ours; all in plain letters.
ALIASES = {
    "usps": {"unitedstatespostalservice", "uspostalservice"},
    "ups": {"unitedparcelservice"},
    "fedex": {"federalexpress"},
    "dhlecommerce": {"dhlecommerceus", "dhlglobalmail"},
    "lasership": {"ontraclasership"},
    "evri": {"hermes", "evrihermes"},
    "amazonlogistics": {"amazonshipping", "amzl", "swship"},
}


def provider_for(
    carrier: str, providers: Iterable[ShippingProviderRow]
) -> ShippingProviderRow | None:
    """Return the provider that is this carrier, or nothing rather than a guess."""
    wanted = plain_name(carrier)
    names = {wanted} | ALIASES.get(wanted, set())
    names |= {ours for ours, theirs in ALIASES.items() if wanted in theirs}
    return next((row for row in providers if plain_name(row.name) in names), None)


def plain_name(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
