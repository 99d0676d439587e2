from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.states import ListingState, ShopState, listing_machine, shop_machine
from marketplace.kernel.batch import run_batch
from marketplace.kernel.errors import Refused
from marketplace.kernel.money import Money
from marketplace.kernel.redact import HIDDEN, redact
from marketplace.kernel.registry import Registry
from marketplace.kernel.states import IllegalMove
from orders.states import OrderState, ShipmentState, order_machine, shipment_machine
from tests import factories

MACHINES = [
    (shop_machine, ShopState),
    (listing_machine, ListingState),
    (order_machine, OrderState),
    (shipment_machine, ShipmentState),
]


@pytest.mark.parametrize(("machine", "kind"), MACHINES)
def test_every_state_has_its_line_and_no_move_leads_out_of_the_table(machine, kind) -> None:
    assert set(machine.moves) == set(kind)
    assert all(to in set(kind) for moves in machine.moves.values() for to in moves)


@pytest.mark.django_db
@pytest.mark.parametrize("old", list(ShopState))
@pytest.mark.parametrize("new", list(ShopState))
def test_a_move_that_is_not_in_the_table_is_refused_and_changes_nothing(old, new) -> None:
    shop = factories.make_shop(factories.make_merchant(), state=old)
    if new in shop_machine.moves[old]:
        assert shop_machine.move(shop, new) == old
        shop.refresh_from_db()
        assert shop.state == new
        return
    with pytest.raises(IllegalMove, match=f"“{old.label}” cannot become “{new.label}”"):
        shop_machine.move(shop, new)
    shop.refresh_from_db()
    assert shop.state == old


@pytest.mark.django_db
def test_of_two_moves_of_one_row_the_second_is_refused() -> None:
    shop = factories.make_shop(factories.make_merchant())
    stale = type(shop).objects.get(pk=shop.pk)
    shop_machine.move(shop, ShopState.PAUSED)
    with pytest.raises(IllegalMove, match="somebody changed it meanwhile"):
        shop_machine.move(stale, ShopState.DISCONNECTED)


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=2, min_value=-(10**8), max_value=10**8
    )
)
def test_money_written_out_and_read_again_is_the_same(amount: Decimal) -> None:
    money = Money(amount, "USD")
    assert Money.parse(str(money.amount), "USD") == money


def test_money_is_rounded_half_up_to_the_currencys_smallest_unit() -> None:
    assert Money(Decimal("2.005"), "USD").amount == Decimal("2.01")
    assert str(Money(Decimal("1999.5"), "JPY")) == "2,000 JPY"


@pytest.mark.parametrize("text", ["", "12,50", "abc", "NaN", "Infinity"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an amount of money"):
        Money.parse(text, "USD")


def test_money_of_two_currencies_is_not_added() -> None:
    with pytest.raises(ValueError, match="cannot add EUR to USD"):
        Money(Decimal(1), "USD") + Money(Decimal(1), "EUR")


def test_a_batch_says_what_was_done_and_why_the_rest_was_not() -> None:
    def act(number: int) -> None:
        if number > 2:
            raise Refused("Too large.")

    report = run_batch("Queued", [1, 2, 3, 4], act)
    assert report.summary() == "Queued 2. 2 refused: Too large. (2)."


def test_a_bug_in_a_batch_is_not_counted_as_a_refusal() -> None:
    with pytest.raises(ZeroDivisionError):
        run_batch("Queued", [0], lambda number: 1 // number)


def test_secrets_and_people_are_hidden_at_any_depth() -> None:
    payload = {
        "access_token": "T",
        "next_page_token": "keep",
        "orders": [{"id": "1", "recipient_address": {"name": "Ann"}, "buyer_email": "a@b"}],
    }
    assert redact(payload) == {
        "access_token": HIDDEN,
        "next_page_token": "keep",
        "orders": [{"id": "1", "recipient_address": HIDDEN, "buyer_email": HIDDEN}],
    }


def test_a_name_is_registered_once_and_an_unknown_one_names_the_known() -> None:
    registry: Registry[int] = Registry("channel")
    registry.register("a", 1)
    with pytest.raises(ValueError, match="registered twice"):
        registry.register("a", 2)
    with pytest.raises(LookupError, match="no channel 'b'; there are: a"):
        registry.get("b")
