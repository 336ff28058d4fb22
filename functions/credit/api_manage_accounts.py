"""Customers on account: what they owe and may owe."""

from oms.credit import accounts
from oms.credit.model import AccountView, Statement, Terms
from oms.entry import examples
from oms.entry.api import Answer, Api, Request
from oms.wiring import wire

api = Api("credit")
_BODY = ("malformed_json", "invalid", "too_large", "conflict")


@api.route(
    "GET",
    "/v1/accounts/{account_id}",
    summary="Read an account: its limits at all levels, its exposure, and the orders that make it up",
    scope="credit:read",
    roles={"finance", "sales", "operator", "auditor"},
    own="company",
    answers={200: AccountView},
    problems=("not_found",),
    example={"path": {"account_id": examples.ACCOUNT_ID}},
)
def read_account(request: Request) -> Answer:
    return Answer(200, accounts.read_account(request.path["account_id"], books=wire().books))


@api.route(
    "PUT",
    "/v1/accounts/{account_id}",
    summary="Make an account, or change its terms: limit, parent, grace, block",
    scope="credit:write",
    roles={"finance"},
    own="company",
    body=Terms,
    answers={200: AccountView},
    problems=_BODY,
    example={"path": {"account_id": examples.ACCOUNT_ID}, "body": examples.TERMS},
)
def agree_terms(request: Request) -> Answer:
    terms = request.body(Terms)
    return Answer(200, accounts.agree_terms(request.path["account_id"], terms, books=wire().books))


@api.route(
    "PUT",
    "/v1/accounts/{account_id}/statement",
    summary="Send the ERP's statement of an account: unpaid invoices, what is due when, and orders billed",
    scope="credit:write",
    roles={"finance"},
    own="company",
    body=Statement,
    answers={200: AccountView},
    problems=(*_BODY, "not_found", "wrong_state", "currency_not_accepted"),
    example={"path": {"account_id": examples.ACCOUNT_ID}, "body": examples.STATEMENT},
)
def take_statement(request: Request) -> Answer:
    statement = request.body(Statement)
    return Answer(200, accounts.take_statement(request.path["account_id"], statement, books=wire().books))


handler = api.handler
