"""The price list: every price has a source and a month, and no guess passes for a price."""

from datetime import date
from decimal import Decimal

import pytest

from review.cost import PriceBook, parse, shipped
from review.errors import ReviewError
from tests.review.building import price

HEAD = "item,sku,region,unit,price_usd,source,date\n"
ROW = "vm,Standard_D4s_v5,westeurope,hour,0.23,somewhere,2026-09\n"


def test_every_price_that_is_shipped_has_a_source_and_a_month_not_in_the_future():
    book = shipped()  # refuses a row without source or date
    assert len(book.prices) > 80
    assert [each for each in book.prices if each.month > date.today()] == []  # noqa: DTZ011
    assert [each for each in book.prices if len(each.source) < 20] == []


def test_every_hourly_and_monthly_price_that_is_shipped_can_be_summed():
    fixed = {"vm", "vm-spot", "aks-tier", "registry", "private-endpoint", "firewall", "bastion"}
    assert [each for each in shipped().prices if each.item in fixed and not each.monthly] == []


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (ROW.replace("somewhere", ""), "line 2: source is empty"),
        (ROW.replace("2026-09", ""), "line 2: date is empty"),
        (ROW.replace("2026-09", "2026"), "date is '2026'; wanted a month"),
        (ROW.replace("0.23", "0"), "wanted more than 0, or no row if it is unknown"),
        (ROW.replace("0.23", "-1"), "wanted more than 0"),
        (ROW.replace("0.23", "NaN"), "wanted more than 0"),
        (ROW.replace("0.23", "cheap"), "price_usd is 'cheap'"),
        (ROW + ROW, "vm/Standard_D4s_v5/westeurope twice"),
        (ROW.replace("somewhere", "") + ROW.replace("0.23", "0"), "line 3: price_usd is 0"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line(row, said):
    with pytest.raises(ReviewError) as caught:
        parse(HEAD + row, "prices.csv")
    assert said in str(caught.value)


def test_other_columns_are_refused():
    with pytest.raises(ReviewError, match="the columns are"):
        parse("item,price\nvm,1\n", "prices.csv")


def test_the_regions_own_price_goes_first():
    book = PriceBook((price("vm", "s", "9", region="eastus"), price("vm", "s", "1")))
    quote = book.find("vm", "s", "westeurope")
    assert quote is not None
    assert (quote.price.usd, quote.elsewhere) == (Decimal(1), False)


def test_another_regions_price_is_the_highest_and_is_marked():
    book = PriceBook(
        tuple(price("vm", "s", usd, region=region) for usd, region in (("1", "a"), ("2", "b")))
    )
    quote = book.find("vm", "s", "westeurope")
    assert quote is not None
    assert (quote.price.usd, quote.elsewhere) == (Decimal(2), True)
    assert book.here("vm", "s", "westeurope") is None


def test_a_global_price_holds_everywhere():
    quote = PriceBook((price("dns", "any", "1", region="global"),)).find("dns", "any", None)
    assert quote is not None
    assert not quote.elsewhere


def test_an_unknown_sku_has_no_price():
    assert PriceBook((price("vm", "s", "1"),)).find("vm", "t", "westeurope") is None


@pytest.mark.parametrize(
    ("unit", "monthly"),
    [("hour", "730"), ("GB hour", "730"), ("month", "1"), ("vault month", "1"), ("GB", None)],
)
def test_a_month_has_730_hours(unit, monthly):
    assert price("x", "y", "1", unit).monthly == (Decimal(monthly) if monthly else None)


@pytest.mark.parametrize(
    ("today", "old"),
    [(date(2027, 10, 31), False), (date(2027, 11, 1), True), (date(2026, 10, 1), False)],
)
def test_a_price_is_old_after_a_year(today, old):
    assert price("x", "y", "1").is_old(today) is old
