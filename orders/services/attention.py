"""What a person must see about an order: opened once, closed when it no longer holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils import timezone

from orders.models import AttentionKind, Order, OrderAttention
from orders.services.changes import Changes
from orders.services.in_hand import PartInHand


def flag(order: Order, kind: AttentionKind, sentence: str) -> None:
    """Show this about an order; while it is open, saying it again only renews the sentence."""
    row, is_new = OrderAttention.objects.get_or_create(
        order=order, kind=kind, resolved_at=None, defaults={"sentence": sentence}
    )
    if not is_new and row.sentence != sentence:
        OrderAttention.objects.filter(pk=row.pk).update(sentence=sentence)


def clear(orders: Iterable[Order], kind: AttentionKind, *, by: str) -> int:
    """Close what no longer holds; return how many were open."""
    rows = OrderAttention.objects.filter(order__in=orders, kind=kind, resolved_at=None)
    return rows.update(resolved_at=timezone.now(), resolved_by=by)


def dismiss(attention: OrderAttention, *, by: str) -> None:
    """A person has seen to it."""
    rows = OrderAttention.objects.filter(pk=attention.pk, resolved_at=None)
    rows.update(resolved_at=timezone.now(), resolved_by=by)


def show(part: PartInHand, kind: AttentionKind, sentence: str, changes: Changes) -> None:
    """The same as `flag` for an order in hand: it is stored with the other changes."""
    row = _open(part).get(kind)
    if row is not None:
        row.sentence = sentence
        return
    row = OrderAttention(order=part.order, kind=kind, sentence=sentence)
    part.attentions.append(row)
    changes.attentions.add(row)


def show_once(part: PartInHand, kind: AttentionKind, sentence: str, changes: Changes) -> None:
    """Show something that happened and stays so: once a person has seen to it, not again."""
    if all(row.kind != kind for row in part.attentions):
        show(part, kind, sentence, changes)


def sync(
    part: PartInHand,
    found: Mapping[AttentionKind, str],
    *,
    among: Iterable[AttentionKind],
    changes: Changes,
) -> None:
    """Make the open rows of some kinds equal to what was found just now."""
    open_ones = _open(part)
    for kind, sentence in found.items():
        show(part, kind, sentence, changes)
    for kind in among:
        if kind in open_ones and kind not in found:
            open_ones[kind].resolved_at = timezone.now()
            open_ones[kind].resolved_by = changes.by


def _open(part: PartInHand) -> dict[str, OrderAttention]:
    return {row.kind: row for row in part.attentions if row.resolved_at is None}
