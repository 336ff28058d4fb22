"""One form for a phone number however it was written, so that a customer is found by it. Pure."""

import re

# Country calling codes (ITU-T E.164), for numbers that were written without one.
_WRITTEN = (
    "AD:376 AE:971 AR:54 AT:43 AU:61 BA:387 BE:32 BG:359 BH:973 BR:55 CA:1 CH:41 CL:56 CN:86 CO:57 CY:357 CZ:420"
    " DE:49 DK:45 EE:372 EG:20 ES:34 FI:358 FR:33 GB:44 GG:44 GI:350 GR:30 HK:852 HR:385 HU:36 ID:62 IE:353 IL:972"
    " IM:44 IN:91 IS:354 IT:39 JE:44 JP:81 KR:82 KW:965 LI:423 LT:370 LU:352 LV:371 MA:212 MC:377 MT:356 MX:52"
    " MY:60 NL:31 NO:47 NZ:64 OM:968 PE:51 PH:63 PL:48 PR:1 PT:351 QA:974 RO:40 RS:381 SA:966 SE:46 SG:65 SI:386"
    " SK:421 SM:378 TH:66 TN:216 TR:90 TW:886 UA:380 US:1 VA:39 VN:84 ZA:27"
)
_CODES = dict(pair.split(":") for pair in _WRITTEN.split())
_EXTENSION = re.compile(r"(?i)\s*(?:ext|x|dw|durchwahl|poste|int)\.?\s*\d{1,6}\s*$")
_KEEPS_ZERO = ("IT", "SM", "VA")  # a leading zero is part of the number there
_MAX = 15  # digits; E.164
_MIN = 6


def international(phone: str, country: str) -> str | None:
    """`+49301234567` for `030 123 45 67` in DE, `+49 (0)30 1234567` and `0049 30 1234567`; None when it is no number.

    A number without a country code is taken for one of `country`. Without a known country it stays as it is.
    """
    text = _EXTENSION.sub("", phone).replace("(0)", "")
    digits = "".join(str(int(each)) for each in text if each.isdecimal())
    if not _MIN <= len(digits) <= _MAX + 2:
        return None
    if text.lstrip(" (").startswith(("+", "\uff0b")):
        return f"+{digits}"
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    code = _CODES.get(country.upper())
    if code is None:
        return digits
    if code == "1":  # ten digits, with or without the 1 in front
        return f"+{digits}" if len(digits) == 11 and digits[0] == "1" else f"+1{digits}"  # noqa: PLR2004  NANP
    return f"+{code}{digits if country.upper() in _KEEPS_ZERO else digits.removeprefix('0')}"
