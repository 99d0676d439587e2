"""Manufacturers and responsible persons at a channel: made known once, told again when edited.

A channel has no key that makes a repeated create harmless. So a row is claimed before the channel
is told, and the channel is always asked first whether it has the person: after a lost answer, or a
worker's death, the person is found there instead of being made a second time.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from catalog.models import ChannelPerson, CompliancePerson, PersonKind, Product, Shop
from catalog.ports_compliance import PersonDraft, PersonGone, compliance_channels
from catalog.services import persons
from marketplace.kernel.errors import Refused, TryLater

#: Longer than a call with all its repeats may take.
CLAIM_LASTS = timedelta(minutes=3)
#: A person whose create was not answered may be found by a search only after a while.
SEARCH_LAGS = timedelta(minutes=1)
#: How long between two looks at what another worker does, and how often to look.
LOOK_EVERY, LOOKS = timedelta(milliseconds=250), 40
FIELDS = {
    PersonKind.MANUFACTURER: "manufacturer",
    PersonKind.RESPONSIBLE_PERSON: "responsible person",
}


def id_of(shop: Shop, product: Product, kind: PersonKind) -> str:
    """Return the channel's id of who stands for a product, after telling it what it does not know.

    Raises `Refused` if nobody does, and what the channel raises.
    """
    person = persons.person_of(product, kind, persons.defaults_of([product.merchant_id]))
    if person is None:
        raise Refused(f"The {FIELDS[kind]} is missing.")
    row, _ = ChannelPerson.objects.get_or_create(shop=shop, person=person)
    wanted = fingerprint(person, shop)
    for _ in range(LOOKS):
        if row.external_id and row.sent_hash == wanted:
            return row.external_id
        if _claim(row):
            return _tell(row, person, wanted)
        time.sleep(LOOK_EVERY.total_seconds())
        row.refresh_from_db()
    raise TryLater(f"Another worker is telling {shop} about “{person}”.")


def fingerprint(person: CompliancePerson, shop: Shop) -> str:
    """The same for the same facts in the same region, whose language the channel keeps them by."""
    facts = {**asdict(persons.draft_of(person)), "region": shop.region}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _claim(row: ChannelPerson) -> bool:
    now = timezone.now()
    free = ChannelPerson.objects.filter(
        Q(claimed_until=None) | Q(claimed_until__lt=now), pk=row.pk, sent_hash=row.sent_hash
    )
    return bool(free.update(claimed_until=now + CLAIM_LASTS))


def _tell(row: ChannelPerson, person: CompliancePerson, wanted: str) -> str:
    draft = persons.draft_of(person)
    mine = ChannelPerson.objects.filter(pk=row.pk)
    free_at = None
    try:
        external_id = _known(row, draft)
        if not external_id:
            free_at = timezone.now() + SEARCH_LAGS
            external_id = _made(row, draft)
            free_at = None
        mine.update(external_id=external_id, sent_hash=wanted)
    except Refused:
        free_at = None
        raise
    finally:
        mine.update(claimed_until=free_at)
    return external_id


def _known(row: ChannelPerson, draft: PersonDraft) -> str:
    """Bring a person that the channel has up to date; return an empty text if it has none."""
    channel = compliance_channels.get(row.shop.channel)
    if row.external_id:
        try:
            channel.edit_person(row.shop, row.external_id, draft)
        except PersonGone:
            pass
        else:
            return row.external_id
    found = channel.find_person(row.shop, draft)
    if found:
        channel.edit_person(row.shop, found, draft)
    return found


def _made(row: ChannelPerson, draft: PersonDraft) -> str:
    return compliance_channels.get(row.shop.channel).create_person(row.shop, draft)
