"""Where a destination roughly is: enough to say which of a few locations is nearest, no more.

Whole degrees. Countries: rounded geographic centres (facts as in the CIA World Factbook, public domain), for large
countries their centre of population. United States: the centre of population of the states of one first ZIP digit,
rounded (the first digit names a group of states; USPS Publication 28, appendix; a work of the US government).
"""

from functools import lru_cache
from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple

_EARTH_KM = 6371.0088  # mean radius, IUGG


class Point(NamedTuple):
    """Degrees north and east."""

    latitude: float
    longitude: float


_US_REGIONS = {
    "0": Point(42, -72), "1": Point(41, -75), "2": Point(37, -79), "3": Point(31, -84), "4": Point(40, -84),
    "5": Point(44, -93), "6": Point(40, -92), "7": Point(32, -96), "8": Point(37, -110), "9": Point(37, -120),
}  # fmt: skip

_COUNTRIES = {
    "AE": Point(24, 54), "AR": Point(-34, -62), "AT": Point(48, 14), "AU": Point(-33, 147), "BE": Point(51, 4),
    "BG": Point(43, 25), "BH": Point(26, 51), "BR": Point(-20, -46), "CA": Point(45, -77), "CH": Point(47, 8),
    "CL": Point(-34, -71), "CN": Point(33, 113), "CO": Point(5, -74), "CY": Point(35, 33), "CZ": Point(50, 15),
    "DE": Point(51, 10), "DK": Point(56, 10), "EE": Point(59, 26), "EG": Point(30, 31), "ES": Point(40, -4),
    "FI": Point(62, 25), "FR": Point(47, 2), "GB": Point(53, -2), "GR": Point(39, 23), "HK": Point(22, 114),
    "HR": Point(45, 16), "HU": Point(47, 19), "ID": Point(-7, 110), "IE": Point(53, -7), "IL": Point(32, 35),
    "IN": Point(22, 80), "IS": Point(64, -21), "IT": Point(43, 12), "JP": Point(36, 138), "KR": Point(37, 127),
    "KW": Point(29, 48), "LB": Point(34, 36), "LI": Point(47, 10), "LT": Point(55, 24), "LU": Point(50, 6),
    "LV": Point(57, 24), "MA": Point(33, -7), "MT": Point(36, 14), "MX": Point(20, -100), "MY": Point(3, 102),
    "NL": Point(52, 5), "NO": Point(60, 10), "NZ": Point(-38, 175), "PE": Point(-11, -76), "PH": Point(14, 121),
    "PL": Point(52, 19), "PT": Point(40, -8), "RO": Point(46, 25), "RS": Point(44, 21), "SA": Point(24, 45),
    "SE": Point(59, 16), "SG": Point(1, 104), "SI": Point(46, 15), "SK": Point(49, 19), "TH": Point(14, 101),
    "TR": Point(39, 32), "TW": Point(24, 121), "UA": Point(49, 31), "US": Point(37, -92), "VN": Point(16, 107),
    "ZA": Point(-28, 28),
}  # fmt: skip


def centre_of(country: str, postal_area: str) -> Point | None:
    """The rough place of a destination; None for a country that is not in the table."""
    if country == "US" and postal_area[:1] in _US_REGIONS:
        return _US_REGIONS[postal_area[:1]]
    return _COUNTRIES.get(country)


@lru_cache(maxsize=4096)
def distance_km(here: Point, there: Point) -> int:
    """Great-circle distance (haversine), in whole kilometres so that ties are ties."""
    north, north_there = radians(here.latitude), radians(there.latitude)
    half_north = sin((north_there - north) / 2)
    half_east = sin(radians(there.longitude - here.longitude) / 2)
    angle = half_north**2 + cos(north) * cos(north_there) * half_east**2
    return round(2 * _EARTH_KM * asin(sqrt(angle)))
