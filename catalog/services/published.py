"""What the channel has of our listings, and what differs from it here (R26)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import F

from catalog.content import Content, content_of, content_there
from catalog.models import Listing
from catalog.ports import RemoteListing
from catalog.services import listing_facts


def content_here(listings: Sequence[Listing]) -> dict[int, Content]:
    """Return the content by listing id; `listings` come from `listing_facts.load`."""
    facts = listing_facts.facts_of(listings)
    return {listing.pk: content_of(facts[listing.pk]) for listing in listings}


def remember_as_here(listing_ids: Sequence[int]) -> None:
    """The listings were made from what the channel shows, so nothing differs yet."""
    rows = listing_facts.load(listing_ids)
    content = content_here(rows)
    for row in rows:
        row.published_content, row.published_hash = content[row.pk], row.content_hash
    Listing.objects.bulk_update(rows, ["published_content", "published_hash"])


def remember_as_read(listing_id: int, remote: RemoteListing) -> None:
    """The listing was joined with a product of ours; the channel keeps its own words.

    Only what changes here from now on asks for a re-publish (R57).
    """
    _remember(listing_id, content_there(remote))


def _remember(listing_id: int, content: Content) -> None:
    Listing.objects.filter(pk=listing_id).update(
        published_content=content, published_hash=F("content_hash")
    )


def sides(listings: Iterable[Listing]) -> dict[int, tuple[Content, Content]]:
    """What the channel has and what stands here, of those listings whose two sides differ.

    Parts that nobody knows of the channel's side are not in it. A fixed number of queries.
    """
    changed = {row.pk: row for row in listings if row.has_unpublished_changes}
    if not changed:
        return {}
    here = content_here(listing_facts.load(changed))
    return {pk: (row.published_content, here[pk]) for pk, row in changed.items()}
