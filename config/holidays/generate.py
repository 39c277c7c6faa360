"""Writes the table of public holidays that is compiled into toleranced.

    python3 -m venv venv && venv/bin/pip install holidays==0.109
    venv/bin/python config/holidays/generate.py

The table has the public holidays of every country and of its subdivisions, as the Python package `holidays` (MIT licence)
knows them. The first line of the file names the version of the package. A zlib stream follows. It holds, for each country:

- code of ISO 3166-1, two letters
- name, then other codes of the country, separated by blanks: a text each
- holidays
- number of subdivisions, one byte; for each its code, a text, and the holidays that only it or only the country has

A text is its length, one byte, and its characters. Holidays are their number, two bytes, and for each a place in the year and
the years. The place is 31 * (month - 1) + day - 1, as the difference from the one before: bytes of 255 count on, the last byte
is less. The years are bits, the lowest for FIRST, in three bytes. Numbers begin with the lowest byte.
"""

import pathlib
import re
import warnings
import zlib

import holidays
from holidays.registry import COUNTRIES

FIRST, LAST = 2015, 2035
FILE = pathlib.Path(__file__).with_name("public.bin")


def days(code, subdivision=None):
    """Public holidays as bits of years by their place in the year."""
    found = holidays.country_holidays(code, subdiv=subdivision, years=range(FIRST, LAST + 1))
    years = {}
    for day in found:
        if FIRST <= day.year <= LAST:
            place = 31 * (day.month - 1) + day.day - 1
            years[place] = years.get(place, 0) | 1 << (day.year - FIRST)
    return years


def packed(years):
    out = bytearray(len(years).to_bytes(2, "little"))
    last = 0
    for place in sorted(years):
        more, rest = divmod(place - last, 255)
        out += bytes([255]) * more + bytes([rest]) + years[place].to_bytes(3, "little")
        last = place
    return bytes(out)


def differing(of, base):
    both = {place: of.get(place, 0) ^ base.get(place, 0) for place in of.keys() | base.keys()}
    return {place: years for place, years in both.items() if years}


def text(value):
    encoded = value.encode()
    assert len(encoded) < 256, value
    return bytes([len(encoded)]) + encoded


def country(code, names, subdivisions):
    own = days(code)
    # Zones of schools and single towns have names of the package instead of codes of ISO 3166-2.
    subdivisions = [sub for sub in sorted(subdivisions) if re.fullmatch("[A-Z0-9]{1,3}", sub)]
    out = code.encode() + text(names[0]) + text(" ".join(names[1:])) + packed(own)
    out += bytes([len(subdivisions)])
    for sub in subdivisions:
        out += text(sub) + packed(differing(days(code, sub), own))
    return out, bool(own) or bool(subdivisions)


def main():
    warnings.simplefilter("ignore")
    supported = holidays.list_supported_countries(include_aliases=False)
    # The class of a country is named after it: `UnitedStates`, `DRCongo`.
    spaced = lambda name: re.sub("(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    names = {
        codes[1]: (spaced(codes[0]), *(other for other in codes[2:] if not other.startswith("Holidays")))
        for codes in COUNTRIES.values()
    }
    body = b""
    for code in sorted(supported):
        entry, has_holidays = country(code, names[code], supported[code])
        if has_holidays:
            body += entry
    head = f"Public holidays from {FIRST} to {LAST} of the Python package holidays {holidays.__version__}\n"
    FILE.write_bytes(head.encode() + zlib.compress(body, 9))
    print(f"{FILE}: {FILE.stat().st_size} bytes, {len(body)} before compression")


if __name__ == "__main__":
    main()
