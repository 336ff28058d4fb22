"""The money is as far as the channel's policy wants it to be before we take stock."""

from oms.kernel.errors import Fault
from oms.validation.check import Check, Facts, Params
from oms.validation.model import OrderToCheck


class Wanted(Params):
    """`good`: states that will do. `said_nothing` says whether a sender that is silent about payment will do.

    `later`: methods by which the buyer pays on or after delivery, as the channel calls them. An order on account is
    credit's business, not ours.
    """

    good: tuple[str, ...] = ("authorized", "paid", "partially_refunded")
    said_nothing: bool = True
    later: tuple[str, ...] = ("cash on delivery", "cash_on_delivery", "cod", "invoice", "on_account")


def check(order: OrderToCheck, _: Facts, params: Wanted) -> list[Fault]:
    if order.account_id is not None or order.total_minor == 0:
        return []
    payment = order.payment
    if payment is None or payment.status == "none":
        return [] if params.said_nothing else [Fault("payment", "is not told")]
    if payment.status in params.good or (payment.method or "").casefold() in params.later:
        return []
    return [Fault("payment.status", f"is {payment.status}")]


PLUGIN = Check("not_paid", check, "hold", Wanted, "awaiting_payment")
