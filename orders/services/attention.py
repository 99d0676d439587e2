"""What a person must see about an order: opened once, closed when it no longer holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils import timezone

from orders.models import AttentionKind, Order, OrderAttention


def flag(order: Order, kind: AttentionKind, sentence: str) -> None:
    """Show this about an order; while it is open, saying it again only renews the sentence."""
    row, is_new = OrderAttention.objects.get_or_create(
        order=order, kind=kind, resolved_at=None, defaults={"sentence": sentence}
    )
    if not is_new and row.sentence != sentence:
        OrderAttention.objects.filter(pk=row.pk).update(sentence=sentence)


def flag_once(order: Order, kind: AttentionKind, sentence: str) -> None:
    """Show something that happened and stays so: once a person has seen to it, not again."""
    if not OrderAttention.objects.filter(order=order, kind=kind).exists():
        OrderAttention.objects.create(order=order, kind=kind, sentence=sentence)


def clear(orders: Iterable[Order], kind: AttentionKind, *, by: str) -> int:
    """Close what no longer holds; return how many were open."""
    rows = OrderAttention.objects.filter(order__in=orders, kind=kind, resolved_at=None)
    return rows.update(resolved_at=timezone.now(), resolved_by=by)


def dismiss(attention: OrderAttention, *, by: str) -> None:
    """A person has seen to it."""
    rows = OrderAttention.objects.filter(pk=attention.pk, resolved_at=None)
    rows.update(resolved_at=timezone.now(), resolved_by=by)


def sync(
    order: Order,
    found: Mapping[AttentionKind, str],
    *,
    among: Iterable[AttentionKind],
    by: str,
    is_new: bool = False,
) -> None:
    """Make the open rows of some kinds equal to what was found just now."""
    open_kinds = set() if is_new else _open_kinds(order)
    for kind, sentence in found.items():
        if kind not in open_kinds:
            OrderAttention.objects.create(order=order, kind=kind, sentence=sentence)
        else:
            flag(order, kind, sentence)
    for kind in among:
        if kind in open_kinds and kind not in found:
            clear([order], kind, by=by)


def _open_kinds(order: Order) -> set[str]:
    rows = OrderAttention.objects.filter(order=order, resolved_at=None)
    return set(rows.values_list("kind", flat=True))
