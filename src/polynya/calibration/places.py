"""Which nodes does a published name mean? (a name as statistics print it -> node codes of the world)

Names are those of the Energy Institute's and bp's tables and of the World Bank, with common spellings beside them. A name that the world's
nodes cannot answer (a country inside a larger node, a region cut otherwise) is not guessed: the caller skips it.
"""

from __future__ import annotations

from collections.abc import Iterable

from polynya.world import World

EU27 = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()
)  # membership since 2020-02-01, kept fixed so that series stay comparable over years

# Country names as printed -> country code of the nodes.
COUNTRIES = {
    "us": "US", "usa": "US", "united states": "US", "canada": "CA", "mexico": "MX",
    "argentina": "AR", "brazil": "BR", "chile": "CL", "peru": "PE", "bolivia": "BO", "trinidad & tobago": "TT",
    "trinidad and tobago": "TT", "austria": "AT", "belgium": "BE", "bulgaria": "BG", "croatia": "HR", "czech republic": "CZ",
    "czechia": "CZ", "denmark": "DK", "estonia": "EE", "finland": "FI", "france": "FR", "germany": "DE", "greece": "GR",
    "hungary": "HU", "ireland": "IE", "republic of ireland": "IE", "italy": "IT", "latvia": "LV", "lithuania": "LT",
    "netherlands": "NL", "norway": "NO", "poland": "PL", "portugal": "PT", "romania": "RO", "serbia": "RS", "slovakia": "SK",
    "slovenia": "SI", "spain": "ES", "switzerland": "CH", "turkey": "TR", "türkiye": "TR", "turkiye": "TR", "ukraine": "UA",
    "united kingdom": "GB", "uk": "GB", "moldova": "MD", "azerbaijan": "AZ", "belarus": "BY", "kazakhstan": "KZ",
    "russian federation": "RU", "russia": "RU", "turkmenistan": "TM", "uzbekistan": "UZ", "georgia": "GE", "armenia": "AM",
    "iran": "IR", "iraq": "IQ", "israel": "IL", "kuwait": "KW", "oman": "OM", "qatar": "QA",
    "united arab emirates": "AE", "uae": "AE", "yemen": "YE", "jordan": "JO", "algeria": "DZ", "egypt": "EG", "libya": "LY",
    "nigeria": "NG", "morocco": "MA", "tunisia": "TN", "mozambique": "MZ", "south africa": "ZA", "australia": "AU",
    "bangladesh": "BD", "brunei": "BN", "china": "CN", "india": "IN", "indonesia": "ID", "japan": "JP",
    "malaysia": "MY", "myanmar": "MM", "pakistan": "PK", "papua new guinea": "PG", "philippines": "PH", "singapore": "SG",
    "south korea": "KR", "korea": "KR", "taiwan": "TW", "thailand": "TH", "vietnam": "VN",
}  # fmt: skip
# Regions as printed -> regions of the nodes; Mexico counts as North America, as in the publishers' tables.
REGIONS = {
    "total europe": ("Europe",), "europe": ("Europe",), "total asia pacific": ("Asia",), "asia pacific": ("Asia",),
    "total s. & cent. america": ("Latin America",), "south & central america": ("Latin America",),
    "total middle east & africa": ("Middle East", "Africa"), "total north america": ("North America",),
    "total middle east": ("Middle East",), "total africa": ("Africa",), "total cis": ("CIS",),
}  # fmt: skip
EUROPEAN_UNION = ("european union", "eu27", "eu-27", "eu", "eu27 total", "total eu")
WORLD = ("total world", "world", "world (giignl)", "total lng exports", "total lng imports", "all")
# Europe outside the Union as bp's table of pipeline trade has it; Norway imports nothing worth counting.
REST_OF_EUROPE = ("rest of europe", "other europe", "non-eu europe")


def nodes_of(world: World, name: str) -> tuple[str, ...] | None:
    """Node codes of a country or region; None when the world cannot tell."""
    key = " ".join(name.lower().split())
    table = world.table("nodes").select("id", "country", "region")
    rows = list(table.iter_rows())
    if key in EUROPEAN_UNION:
        return tuple(i for i, c, _ in rows if c in EU27)
    if key in WORLD:
        return tuple(i for i, _, _ in rows)
    if key in REST_OF_EUROPE:
        return tuple(i for i, c, r in rows if r == "Europe" and c not in EU27 and c not in ("NO", "UA"))
    if key in REGIONS:
        return tuple(i for i, _, r in rows if r in REGIONS[key])
    code = COUNTRIES.get(key)
    found = tuple(i for i, c, _ in rows if c == code)
    return found or None


def countries_of(world: World, nodes: Iterable[str]) -> frozenset[str]:
    """Country codes of some nodes."""
    wanted = set(nodes)
    return frozenset(c for i, c in world.table("nodes").select("id", "country").iter_rows() if i in wanted)
