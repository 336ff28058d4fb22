"""Attacks on webhooks, for every channel that signs: how many, and how many got in."""

from tests.webhook_attacks import ATTACKS, HONEST, accepted, cases, signing


def figures() -> list[tuple[str, str]]:
    attacked = [accepted(hook, arrival) for _, _, hook, arrival in cases(ATTACKS)]
    honest = [accepted(hook, arrival) for _, _, hook, arrival in cases(HONEST)]
    return [
        ("webhook attacks / let in", f"{len(attacked)} on {len(signing())} schemes / {sum(attacked)}"),
        ("genuine webhooks / believed", f"{len(honest)} / {sum(honest)}"),
    ]
