"""How much a customer may still order on account."""

from collections.abc import Sequence
from datetime import date, timedelta

from oms.credit.model import Account, Answered, Chain, Due
from oms.kernel.money import to_decimal_text

CREDIT_HOLD = "credit_limit"
OVERDUE_HOLD = "overdue_invoices"


def room(account: Account) -> int | None:
    """What may still be ordered: limit - exposure. Negative when beyond the limit already; None: no limit here."""
    return None if account.limit_minor is None else account.limit_minor - account.exposure_minor


def least_room(chain: Chain) -> int | None:
    """What may still be ordered under the limits of all levels."""
    return min((left for account in chain.accounts if (left := room(account)) is not None), default=None)


def overdue(due: Sequence[Due], on: date, grace_days: int) -> int:
    """Unpaid amounts whose due day passed more than `grace_days` ago."""
    until = (on - timedelta(days=grace_days)).isoformat()
    return sum(part.amount_minor for part in due if part.on < until)


def refusals(chain: Chain, amount_minor: int, on: date) -> list[Answered]:
    """Why an order of this amount must wait; nothing: it fits at all levels and nothing is overdue.

    The limit: exposure + this order <= limit, at the customer, the group and the company alike.
    """
    own = chain.own
    found: list[Answered] = []
    late = overdue(own.due, on, own.grace_days)
    if late > own.tolerated_overdue_minor:
        found.append(Answered(OVERDUE_HOLD, f"{to_decimal_text(late, own.currency)} {own.currency} overdue"))
    stopped = next((account for account in chain.accounts if account.blocked), None)
    if stopped:
        found.append(Answered(CREDIT_HOLD, f"account {stopped.id} is blocked"))
        return found
    for account in chain.accounts:
        left = room(account)
        if left is not None and amount_minor > left:
            over = to_decimal_text(amount_minor - left, account.currency)
            found.append(Answered(CREDIT_HOLD, f"{over} {account.currency} over the limit of {account.id}"))
            break
    return found
