"""What was exogenous in 2022 and 2023, and where does it stand in the world? (world -> docs/validation/exogenous.md)

Every row points at a row of the data, and is read from there: a value that changes changes the page, and a row that goes ends the tool. No
trade, price or production of these years is listed, because none is in the world.

    python tools/list_exogenous.py
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from polynya.world import World, load_world

PAGE = Path(__file__).resolve().parents[1] / "docs" / "validation" / "exogenous.md"
LIMIT, CAN, PART = "capacity_limit_bcm_per_year", "capacity_bcm_per_year", "availability_share"
MAKE, FILL, USE = "production_capacity_bcm_per_year", "minimum_fill_share", "consumption_bcm"


class Item(NamedTuple):
    """What happened; `at`: a subject and its attribute, or a table and an id or pair; `day`: first day of the row (a contract: last)."""

    what: str
    at: tuple[str, str]
    day: str


GROUPS: dict[str, tuple[Item, ...]] = {
    "Russian routes": (
        Item("Nord Stream 1: 100 of 167 million m3 a day (one of two strings)", ("nord-stream-1-a", LIMIT), "2022-06-14"),
        Item("Nord Stream 1: 67", ("nord-stream-1-a", LIMIT), "2022-06-16"),
        Item("Nord Stream 1: yearly maintenance", ("nord-stream-1-a", LIMIT), "2022-07-11"),
        Item("Nord Stream 1: back at 67", ("nord-stream-1-a", LIMIT), "2022-07-21"),
        Item("Nord Stream 1: 33", ("nord-stream-1-a", LIMIT), "2022-07-27"),
        Item("Nord Stream 1: stopped", ("nord-stream-1-a", LIMIT), "2022-08-31"),
        Item("Nord Stream: explosions", ("gates", "nord-stream-1-a-repair"), "2022-09-26"),
        Item("Nord Stream 2: certification stopped", ("events", "ns2-certification-stopped"), "2022-02-22"),
        Item("Yamal-Europe: nothing westward at Mallnow", ("yamal-europe-pl-de", LIMIT), "2021-12-21"),
        Item("Yamal-Europe: eastward flow", ("yamal-europe-de-pl", CAN), "2022-01-20"),
        Item("Yamal-Europe: Polish contract stops", ("gates", "yamal-europe-contract"), "2022-04-27"),
        Item("Yamal-Europe: Russian sanctions on EuRoPol GAZ", ("gates", "yamal-europe-counter-sanctions"), "2022-05-12"),
        Item("Ukraine: bookings of 2021 to 2024 at Sudzha", ("brotherhood", LIMIT), "2021-09-01"),
        Item("Ukraine: force majeure at Sokhranivka", ("gates", "soyuz-political"), "2022-05-11"),
        Item("TurkStream, string for Europe: what it can carry", ("turkstream-2", CAN), "2020-01-01"),
        Item("Belarus to Lithuania: none taken", ("kotlovka-by-lt", LIMIT), "2022-04-01"),
        Item("Russia to Estonia: none taken", ("gates", "varska-ru-ee-political"), "2022-04-01"),
        Item("Russia to Latvia: none taken", ("gates", "izborsk-ru-lv-political"), "2022-04-01"),
        Item("Russia to Finland: stopped", ("gates", "imatra-contract"), "2022-05-21"),
        Item("Belarus to Ukraine: closed", ("gates", "by-ua-political"), "2022-02-24"),
        Item("Power of Siberia: contract volume of 2022", ("power-of-siberia", LIMIT), "2022-01-01"),
        Item("Power of Siberia: contract volume of 2023", ("power-of-siberia", LIMIT), "2023-01-01"),
    ),
    "Buyers that Gazprom stopped serving": (
        Item("Ukraine", ("gazprom", "UA"), "2015-11-25"),
        Item("Poland", ("gazprom", "PL"), "2022-04-27"),
        Item("Bulgaria", ("gazprom", "BG"), "2022-04-27"),
        Item("Finland", ("gazprom", "FI"), "2022-05-21"),
        Item("Netherlands (GasTerra)", ("gazprom", "NL"), "2022-05-31"),
        Item("Denmark (Orsted)", ("gazprom", "DK"), "2022-06-01"),
        Item("Latvia", ("gazprom", "LV"), "2022-07-30"),
        Item("Germany (Uniper and others; Shell on 1 June)", ("gazprom", "DE"), "2022-08-31"),
        Item("France (Engie)", ("gazprom", "FR"), "2022-09-01"),
        Item("WINGAS and its sisters: Russian decree, contract ends", ("contracts", "contract-gazprom-wingas"), "2022-05-11"),
        Item("Shell for Germany, contract ends", ("contracts", "contract-gazprom-shell-germany"), "2022-05-31"),
        Item("PGNiG, contract ends", ("contracts", "contract-gazprom-pgnig"), "2022-04-26"),
    ),
    "Other pipelines": (
        Item("Algeria - Morocco - Spain: transit contract ended", ("gates", "maghreb-europe-contract"), "2021-11-01"),
        Item("Medgaz enlarged", ("medgaz", CAN), "2022-01-01"),
        Item("Spain to Morocco", ("maghreb-europe-es-ma", CAN), "2022-06-28"),
        Item("Greece - Bulgaria (IGB)", ("igb-gr-bg", CAN), "2022-10-01"),
        Item("Baltic Pipe: first gas", ("baltic-pipe-dk-pl", CAN), "2022-10-01"),
        Item("Baltic Pipe: whole", ("baltic-pipe-dk-pl", CAN), "2022-11-30"),
        Item("Poland - Lithuania (GIPL)", ("gipl-pl-lt", CAN), "2022-05-01"),
        Item("Poland - Slovakia", ("pl-sk", CAN), "2022-08-26"),
        Item("Belgium to Germany: beyond the old firm capacity", ("be-de", CAN), "2022-03-01"),
        Item("France to Germany", ("fr-de", CAN), "2022-10-13"),
        Item("Romania to Hungary enlarged", ("ro-hu", CAN), "2022-10-01"),
        Item("Turkey to Bulgaria for Bulgargaz", ("strandzha-1-tr-bg", CAN), "2023-01-03"),
        Item("Bulgaria to Serbia", ("ibs-bg-rs", CAN), "2023-12-10"),
        Item("Balticconnector torn", ("balticconnector-ee-fi", LIMIT), "2023-10-08"),
        Item("Iran - Turkey interrupted; too short for a limit", ("events", "iran-turkey-2022-01"), "2022-01-20"),
        Item("Turkmen gas through Iran to Azerbaijan", ("ir-az", LIMIT), "2022-01-01"),
        Item("Israel through Jordan to Egypt", ("arab-gas-jo-eg", CAN), "2022-03-01"),
        Item("Israel to Egypt by sea halted", ("emg-il-eg", LIMIT), "2023-10-10"),
        Item("Russia through Kazakhstan to Uzbekistan", ("cac-ru-kz", CAN), "2023-10-07"),
        Item("Central Asia to China: standing bound", ("cagp-kz-cn", LIMIT), "2019-01-01"),
    ),
    "Production": (
        Item("Norway: higher permits (the yearly figure is net of usual maintenance)", ("no-shelf", MAKE), "2022-01-01"),
        Item("Netherlands 2022: Groningen cap of 4.5, then 2.8", ("nl-fields", MAKE), "2022-01-01"),
        Item("Netherlands 2023: Groningen at 2.8 to 1 October, then closed", ("nl-fields", MAKE), "2023-01-01"),
        Item("Azerbaijan 2023, with Absheron", ("az-fields", MAKE), "2023-01-01"),
        Item("Israel: Karish", ("il-fields", MAKE), "2022-10-26"),
        Item("Israel: Tamar shut", ("il-fields", PART), "2023-10-09"),
        Item("Algeria: what can be produced", ("dz-fields", MAKE), "2021-01-01"),
        Item("East Siberia: ramp, with Kovykta", ("ru-esib-gazprom", MAKE), "2023-01-01"),
    ),
    "LNG plants": (
        Item("Freeport: fire, shut to 11 February 2023", ("freeport-lng", PART), "2022-06-08"),
        Item("Freeport: ramp", ("freeport-lng", PART), "2023-02-12"),
        Item("Sabine Pass, sixth train", ("sabine-pass", CAN), "2022-02-01"),
        Item("Calcasieu Pass, half", ("calcasieu-pass", CAN), "2022-03-01"),
        Item("Calcasieu Pass, whole", ("calcasieu-pass", CAN), "2022-10-01"),
        Item("Coral South", ("coral-south-flng", CAN), "2022-11-01"),
        Item("Portovaya", ("portovaya-lng", CAN), "2022-09-01"),
        Item("Tangguh, third train", ("tangguh-lng", CAN), "2023-10-01"),
        Item("Arctic LNG 2: first train, no cargo yet", ("arctic-lng-2", PART), "2023-12-01"),
        Item("Hammerfest back after the fire of 2020", ("hammerfest-lng", PART), "2022-06-02"),
        Item("Prelude: fire and loss of power", ("prelude-flng", PART), "2021-12-02"),
        Item("Prelude: strike", ("prelude-flng", PART), "2022-07-11"),
        Item("Prelude: turnaround", ("prelude-flng", PART), "2023-08-25"),
        Item("Nigeria: use of capacity, floods from October", ("nigeria-lng", PART), "2022-01-01"),
        Item("Egypt: feed gas of 2022", ("idku-lng", PART), "2022-01-01"),
        Item("Sakhalin-2: maintenance of 2023", ("sakhalin-2-lng", PART), "2023-01-01"),
        Item("MLNG Dua: force majeure; size not published, no capacity changed", ("events", "mlng-dua-force-majeure"), "2022-09-21"),
    ),
    "LNG terminals": (
        Item("Eemshaven", ("eemshaven-fsru", CAN), "2022-09-15"),
        Item("Wilhelmshaven", ("wilhelmshaven-1-fsru", CAN), "2022-12-21"),
        Item("Lubmin", ("lubmin-fsru", CAN), "2023-01-14"),
        Item("Brunsbuettel", ("brunsbuettel-fsru", CAN), "2023-03-22"),
        Item("Inkoo", ("inkoo-fsru", CAN), "2023-01-01"),
        Item("Piombino", ("piombino-fsru", CAN), "2023-07-01"),
        Item("El Musel", ("el-musel-lng", CAN), "2023-07-01"),
        Item("Le Havre", ("le-havre-fsru", CAN), "2023-10-26"),
        Item("Saros", ("saros-fsru", CAN), "2023-02-01"),
        Item("Swinoujscie enlarged", ("swinoujscie-lng", CAN), "2022-01-01"),
        Item("Krk enlarged", ("krk-fsru", CAN), "2022-04-01"),
    ),
    "Demand, storage law, other fuels": (
        Item("European filling target of 2022 (Italy as example)", ("storage-it", FILL), "2022-11-01"),
        Item("European filling target of 2023", ("storage-it", FILL), "2023-11-01"),
        Item("German target of 1 October 2022", ("storage-de", FILL), "2022-10-01"),
        Item("German target of 1 November 2022", ("storage-de", FILL), "2022-11-01"),
        Item("German target of 1 February 2023", ("storage-de", FILL), "2023-02-01"),
        Item("German use of 2022: mild weather, the 15 % saved, closed industry are in it", ("DE", USE), "2022-01-01"),
        Item("French use of 2022: the want of nuclear and water power is in it", ("FR", USE), "2022-01-01"),
        Item("Chinese use of 2022 (coast)", ("CN-COAST", USE), "2022-01-01"),
        Item("Coal, 2022", ("model", "parameter_coal_usd_per_tonne"), "2022-01-01"),
        Item("Coal, 2023", ("model", "parameter_coal_usd_per_tonne"), "2023-01-01"),
        Item("Carbon, 2022", ("model", "parameter_carbon_eur_per_tonne"), "2022-01-01"),
        Item("Carbon, 2023", ("model", "parameter_carbon_eur_per_tonne"), "2023-01-01"),
    ),
}  # fmt: skip

HEAD = """# What was exogenous in 2022 and 2023, and where it stands in the data

A backcast of these years may know what did not come out of the gas market itself. Each line is read from the reference world by
`python tools/list_exogenous.py`; `polynya world show SUBJECT` prints the whole history. Trade, prices and production of these years are
not in the world. Quantities in bcm a year unless the attribute says otherwise.

**Known to be missing**, with the reason: what Gazprom nominated below its booked or technical capacity without saying so (an outcome, and the
largest unknown of the Ukrainian and Turkish routes); Norwegian maintenance by month (yearly capacity is net of it); new volumes agreed between Algeria and Italy in
2022 (no term that binds month by month is public); oil prices (no contract of the market is priced by them; `docs/data/dictionary.md`); ship
availability beyond the cost of charters; the January 2023 stop of Turkmen gas to Uzbekistan (no published quantity was found).
"""


def told(world: World, item: Item) -> tuple[str, str, str, str]:
    """Value, place in the data, source id and locator of an item. Raises LookupError when the data has no such row."""
    first, second = item.at
    day = date.fromisoformat(item.day)
    if first in ("gates", "events", "contracts"):
        rows = [r for r in world.table(first).iter_rows(named=True) if r["id"] == second]
        dated = {"gates": "valid_from", "events": "date", "contracts": "valid_to"}[first]
        value = {"gates": "shut", "events": "", "contracts": "last day"}[first]
        return _one([r for r in rows if r[dated] == day], item, value, f"{first}: {second}")
    if first == "gazprom":
        caps = world.table("offer_caps").iter_rows(named=True)
        rows = [r for r in caps if (r["trader"], r["node"], r["valid_from"]) == (first, second, day)]
        value = f"{rows[0]['maximum_bcm_per_year']:g}" if rows else ""
        return _one(rows, item, value, f"offer_caps: {first}, {second}")
    facts = [f for f in world.facts.get((first, second), ()) if f.valid_from == day]
    if not facts:
        raise LookupError(f"{item.what}: no fact {second} of {first} from {item.day}")
    return f"{facts[0].value:g}", f"{first}, {second}", facts[0].source, facts[0].locator


def _one(rows: list[dict[str, Any]], item: Item, value: str, place: str) -> tuple[str, str, str, str]:
    if len(rows) != 1:
        raise LookupError(f"{item.what}: {len(rows)} rows of {place} dated {item.day}")
    return value, place, rows[0]["source"], rows[0]["locator"] or ""


def page(world: World) -> str:
    """The page."""
    titles = dict(world.table("sources").select("id", "title").iter_rows())
    urls = dict(world.table("sources").select("id", "url").iter_rows())
    lines = [HEAD]
    for group, items in GROUPS.items():
        lines += [f"## {group}\n", "|what|from|value|in the data|source|", "|---|---|---:|---|---|"]
        for item in items:
            value, place, source, locator = told(world, item)
            title = f"[{titles[source]}]({urls[source]})" if urls.get(source) else titles[source]
            cells = [item.what, item.day, value, f"`{place}`", f"{title}: {locator}"]
            lines.append("|" + "|".join(c.replace("|", "/").replace("\n", " ") for c in cells) + "|")
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    PAGE.write_text(page(load_world()), encoding="utf-8")


if __name__ == "__main__":
    main()
