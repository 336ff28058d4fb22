"""A finding we accept, with the reason, next to the construct it is about."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, **reasons: str) -> None:
    """Accept cdk-nag findings on `construct` and below.

    Keywords are rule ids with underscores for dashes (`AwsSolutions_S1="reason"`); ids with brackets go through
    `acknowledge_each`.
    """
    acknowledge_each(construct, {rule.replace("_", "-"): reason for rule, reason in reasons.items()})


def acknowledge_each(construct: IConstruct, reasons: dict[str, str]) -> None:
    """Accept findings by their full id, such as `AwsSolutions-IAM5[Resource::*]`."""
    if not reasons:
        return
    Validations.of(construct).acknowledge(*[Acknowledgment(id=rule, reason=reason) for rule, reason in reasons.items()])
