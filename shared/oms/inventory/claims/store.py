"""Names that have their effect once, in the inventory table so that they are claimed with what they do.

| access pattern | how |
|---|---|
| claim a name | put `MOVED#<name>` / `MOVED`, if it is absent or has expired |
| what came under names | batch get the same items; who finds one past `expires_at` finds none |

Attributes: `at`, `expires_at` in epoch seconds where the claim is not for ever, `asked` a digest of what came, `told`
the same in words, and what else is kept for who comes again.
"""

from collections.abc import Mapping
from datetime import datetime

from oms.aws import tables
from oms.aws.tables import Key, Write
from oms.kernel.time import from_text


def claim_write(table: str, name: str, at: str, for_s: int | None, kept: Mapping[str, str]) -> Write:
    """The write that succeeds once for a name, for ever or `for_s` seconds."""
    key, now = _key(table, name), int(from_text(at).timestamp())
    ends = {} if for_s is None else {"expires_at": now + for_s}
    item = {"pk": key.pk, "sk": key.sk, "at": at, "n": 0, **ends, **kept}
    free = "attribute_not_exists(pk) OR expires_at <= :now"  # false where there is no such attribute
    return tables.put(table, item, condition=free, values={":now": now}, label=f"moved {name}")


def read_claims(table: str, names: tuple[str, ...], at: datetime) -> dict[str, Mapping[str, str]]:
    """What was kept with claims, by name; consistent."""
    keys = {_key(table, name): name for name in names}
    now = int(at.timestamp())
    found = tables.get_many(keys)
    return {keys[key]: row for key, row in found.items() if row.get("expires_at", now + 1) > now}


def _key(table: str, name: str) -> Key:
    return Key(table, f"MOVED#{name}", "MOVED")
