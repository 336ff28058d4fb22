"""An order that is not paid."""

BAD = {"payment": {"status": "pending", "method": "bank transfer"}}
FAULTS = [("payment.status", "is pending")]
