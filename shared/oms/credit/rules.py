"""How much a customer may still order on account."""

from oms.credit.model import Account


def room(account: Account) -> int:
    """What may still be ordered: limit - open orders - unpaid invoices. Negative when already beyond the limit."""
    return account.limit_minor - account.open_orders_minor - account.unpaid_invoices_minor


def within_limit(account: Account, amount_minor: int) -> bool:
    """The credit decision: open orders + unpaid invoices + this order do not exceed the limit."""
    return amount_minor <= room(account)
