"""A customer account and what it may owe."""

from pydantic import BaseModel, ConfigDict, Field


class Account(BaseModel):
    """A customer who buys on account; amounts in minor units of `currency`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str = ""
    currency: str
    limit_minor: int = Field(ge=0)
    open_orders_minor: int = Field(default=0, ge=0)
    unpaid_invoices_minor: int = Field(default=0, ge=0)
    version: int = 0
