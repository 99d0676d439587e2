"""Carriers we know by name: where a parcel can be followed. The channel decides which it takes."""

from __future__ import annotations

import re
from urllib.parse import quote

TRACKING_PAGES = {
    "usps": "https://tools.usps.com/go/TrackConfirmAction?tLabels={}",
    "ups": "https://www.ups.com/track?tracknum={}",
    "fedex": "https://www.fedex.com/fedextrack/?trknbr={}",
    "dhl": "https://www.dhl.com/global-en/home/tracking.html?tracking-id={}",
    "ontrac": "https://www.ontrac.com/tracking/?number={}",
    "lasership": "https://www.ontrac.com/tracking/?number={}",
    "amazon": "https://track.amazon.com/tracking/{}",
    "royal mail": "https://www.royalmail.com/track-your-item#/tracking-results/{}",
    "evri": "https://www.evri.com/track/parcel/{}",
}

_NUMBER = re.compile(r"[A-Za-z0-9\-_./]{4,50}")


def problem_of(tracking_number: str) -> str:
    """Why the channel would not take this tracking number; empty if it would."""
    if _NUMBER.fullmatch(tracking_number):
        return ""
    return (
        f"“{tracking_number}” cannot be a tracking number: it needs 4 to 50 letters, digits "
        "or - _ . /"
    )


def tracking_page(carrier: str, tracking_number: str) -> str:
    """The carrier's page for this parcel; empty for a carrier that is not in the table."""
    name = carrier.casefold()
    for known, page in TRACKING_PAGES.items():
        if re.search(rf"\b{re.escape(known)}\b", name):
            return page.format(quote(tracking_number, safe=""))
    return ""
