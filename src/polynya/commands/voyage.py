"""`polynya voyage`, `polynya voyage season`, `polynya voyage matrix`, `polynya nsr`: loads the tables, calls the engine, prints."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from polynya.errors import NoSolutionError, NotFoundError, UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polynya.strict_yaml import Document
    from polynya.voyages.bundle import Bundle
    from polynya.voyages.ice import IceField
    from polynya.voyages.places import Place
    from polynya.voyages.service import Refusal
    from polynya.voyages.voyage import Context, Question

_NEGATIVE_POSITION = re.compile(r"^-\d+(\.\d+)?\s*[,;]")
VIAS = ("auto", "suez", "cape", "panama", "nsr", "nwp")
SHORTEST_PAIRS = (
    ("yokohama", "rotterdam"),
    ("busan", "hamburg"),
    ("shanghai", "rotterdam"),
    ("hong-kong", "rotterdam"),
    ("shanghai", "saint-petersburg"),
)
SHIP_HELP = (
    "Ship class (lng-174k, lng-arc7, tanker-aframax, ...), the name of an Arctic LNG carrier, "
    "or a YAML file with `like:` a class."
)


class _VoyageGroup(TyperGroup):
    """`voyage FROM TO` is short for `voyage route FROM TO`; a position may begin with a minus sign."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        args = [f" {a}" if _NEGATIVE_POSITION.match(a) else a for a in args]
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["route", *args]
        return super().parse_args(ctx, args)


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    group = typer.Typer(
        cls=_VoyageGroup,
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Any port to any port, any month, any ship, through ice or around it.\n\n"
        "  polynya voyage Sabetta Tokyo --ship lng-arc7 --depart 2025-08-15\n\n"
        "  polynya voyage Rotterdam Yokohama --avoid suez\n\n"
        "  polynya voyage season Rotterdam Yokohama --ship container-feeder\n\n"
        "  polynya voyage matrix ports.csv",
    )
    group.command("route", help="One voyage. `polynya voyage FROM TO` is the same.")(route)
    group.command("season", help="Twelve months by several ways: when does the Northern Sea Route win?")(season)
    group.command("matrix", help="Miles between all ports of a CSV with a column `port`.")(matrix)
    group.command("legs", help="The market's LNG legs of a span of months, as CSV.")(legs)
    app.add_typer(group, name="voyage")
    app.command("nsr", help="The Northern Sea Route as a system: cargo, Arc7 fleet, icebreakers, containers.")(nsr)


def data_folder() -> Path:
    """Folder of the shipped tables of voyages."""
    return Path(__file__).resolve().parents[1] / "data" / "voyages"


def route(
    origin: str = typer.Argument(..., metavar="FROM", help="Port, UN/LOCODE, registry id or lat,lon."),
    destination: str = typer.Argument(..., metavar="TO", help="Port, UN/LOCODE, registry id or lat,lon."),
    depart: str = typer.Option("", "--depart", help="Day of departure, YYYY-MM-DD; today when left out."),
    ship: str = typer.Option("lng-174k", "--ship", help=SHIP_HELP),
    via: str = typer.Option("auto", "--via", help="auto, suez, cape, panama, nsr, nwp or any passage id."),
    objective: str = typer.Option("time", "--objective", help="time or cost."),
    avoid: str = typer.Option("", "--avoid", help="Passages to keep out of, with commas."),
    escort: str = typer.Option("auto", "--escort", help="auto, none or required."),
    ice: str = typer.Option(
        "", "--ice", help="NetCDF file of ice: OSI-SAF, NSIDC, Copernicus, PIOMAS (extra `netcdf`)."
    ),
    ice_years: str = typer.Option("", "--ice-years", help="Range over ice years, such as 2010-2022."),
    heed_security: bool = typer.Option(False, "--heed-security", help="Keep out of passages with a security advisory."),
    may_serve: str = typer.Option(
        "", "--may-serve", help="CSV of refusals: ship, countries, valid_from, valid_to, reason, source."
    ),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
    geojson: bool = typer.Option(False, "--geojson", help="The way as GeoJSON on stdout."),
    map_file: str = typer.Option("", "--map", help="Write a map as SVG."),
) -> None:
    from polynya.console import emit_json, note, say
    from polynya.voyages.export import as_geojson, as_svg, as_text
    from polynya.voyages.voyage import answer
    from polynya.whole import write_whole

    bundle, context, question = _ask(
        origin, destination, depart, ship, via, objective, avoid, escort, ice, heed_security, may_serve
    )
    context.fast = bool(ice_years)  # many searches: the compiler, where it is installed, is worth its loading
    document = _noticed(answer(context, question, _years(bundle, ice_years)))
    if map_file and document["feasible"]:
        write_whole(map_file, as_svg(document, bundle.network))
        note(f"map written to {map_file}")
    if geojson:
        emit_json(as_geojson(document))
    elif as_json:
        emit_json(document)
    elif document["feasible"]:
        say(as_text(document) + _notice_lines(document))
    if not document["feasible"]:
        if as_json or geojson:
            raise typer.Exit(NoSolutionError.exit_code)
        raise NoSolutionError(f"no voyage {document['from']['name']} - {document['to']['name']}: {document['reason']}")


def season(
    origin: str = typer.Argument(..., metavar="FROM"),
    destination: str = typer.Argument(..., metavar="TO"),
    ship: str = typer.Option("lng-arc7", "--ship", help=SHIP_HELP),
    year: int = typer.Option(0, "--year", help="Year whose rules and tolls hold; this year when left out."),
    escort: str = typer.Option("auto", "--escort", help="auto, none or required."),
    objective: str = typer.Option("time", "--objective", help="time or cost."),
    ways: str = typer.Option("nsr,suez,cape,panama", "--ways", help="Ways to compare, with commas."),
    ice: str = typer.Option("", "--ice", help="NetCDF file of ice."),
    ice_years: str = typer.Option("", "--ice-years", help="Range over ice years, such as 2010-2022."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
    chart: str = typer.Option("", "--chart", help="Write a chart as SVG."),
) -> None:
    from polynya.console import emit_json, note, say
    from polynya.voyages import season as engine
    from polynya.voyages.export import season_svg, season_text
    from polynya.whole import write_whole

    day = f"{year or date.today().year}-01-15"
    bundle, context, question = _ask(origin, destination, day, ship, "auto", objective, "", escort, ice, False)
    context.fast = True
    chosen = _names(ways)
    for way in chosen:
        _check_via(bundle, way, "--ways")
    document = _noticed(engine.season(context, question, chosen, _years(bundle, ice_years)))
    if chart:
        write_whole(chart, season_svg(document))
        note(f"chart written to {chart}")
    if as_json:
        emit_json(document)
    else:
        say(season_text(document) + _notice_lines(document))
    if not any(m["feasible"] for m in document["months"]):
        raise typer.Exit(NoSolutionError.exit_code)


def matrix(
    ports: str = typer.Argument(
        ..., metavar="PORTS.csv", help="CSV with a column `port` (name, UN/LOCODE or lat,lon)."
    ),
    ship: str = typer.Option("lng-174k", "--ship", help=SHIP_HELP),
    depart: str = typer.Option("", "--depart", help="Day whose rules and ice hold, YYYY-MM-DD."),
    avoid: str = typer.Option("", "--avoid", help="Passages to keep out of, with commas."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
) -> None:
    import math

    from polynya.console import emit_json, say
    from polynya.tables import Column, read_table
    from polynya.voyages.calendar import PERIODS, STEP_DAYS, day_of_year
    from polynya.voyages.ice import climatology
    from polynya.voyages.matrix import closed_in, distance_matrix
    from polynya.voyages.passages import check_names, passage_state
    from polynya.voyages.route import allowed_edges
    from polynya.voyages.voyage import Context

    bundle = _bundle()
    when, vessel, shut = _day(depart), _ship(bundle, ship), _names(avoid)
    check_names(bundle.network, shut, "--avoid")
    rows = read_table(Path(ports), [Column("port", nullable=False)], extra=True)["port"].to_list()
    places = _places(bundle, Path(ports), rows)
    state = passage_state(bundle.passage_facts, vessel, when, shut)
    context = Context(bundle, climatology(bundle.network.lat, bundle.network.lon, bundle.ice))
    closed = closed_in(
        context.conditions(vessel, when, "auto"), int(day_of_year(when) / STEP_DAYS) % PERIODS, bundle.network.size
    )
    gates = [g for g in state.shut if g in bundle.network.gate_ids]
    allowed = allowed_edges(bundle.network, bundle.network.mask_of(gates), vessel.draught_m)
    miles = distance_matrix(bundle.network, places, places, allowed, closed)
    table = [[round(x, 1) if math.isfinite(x) else None for x in row] for row in miles.tolist()]
    if as_json:
        emit_json(
            {"ports": [p.name for p in places], "ship": vessel.id, "depart": when.isoformat(), "distance_nm": table}
        )
        return
    say(",".join(["port", *(f'"{p.name}"' for p in places)]))
    for place, line in zip(places, table, strict=True):
        say(",".join([f'"{place.name}"', *("" if x is None else f"{x:g}" for x in line)]))


def legs(
    first: str = typer.Option("2025-01", "--first", help="First month, YYYY-MM."),
    months: int = typer.Option(12, "--months", min=1, max=600, help="How many months."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
) -> None:
    from polynya.console import emit_json, say

    frame = legs_for(_day(first), months)
    if as_json:
        emit_json({"legs": frame.to_dicts()})
    else:
        say(frame.write_csv().rstrip("\n"))


def legs_for(first: date, months: int, charter_usd_per_day: float | None = None) -> Any:
    """The market's legs of `months` months from `first`, for all LNG nodes, from the shipped tables (a polars frame)."""
    from polynya.voyages.bundle import read_rows
    from polynya.voyages.legs import market_legs, read_table_file

    bundle = _bundle()
    nodes_out = sorted({p["node"] for p in bundle.ports if p["lng_role"] in ("export", "both")})
    nodes_in = sorted({p["node"] for p in bundle.ports if p["lng_role"] in ("import", "both")})
    span = [date(first.year + (first.month - 1 + k) // 12, (first.month - 1 + k) % 12 + 1, 1) for k in range(months)]
    table = read_table_file(data_folder() / "legs.npz")
    ships = read_rows(data_folder(), "fleet_ships")
    hubs = read_rows(data_folder(), "hubs")
    return market_legs(bundle, table, ships, hubs, nodes_out, nodes_in, span, charter_usd_per_day)


def nsr(
    year: int = typer.Option(2025, "--year", min=2017, max=2100, help="Year of fleet, rules and tolls."),
    origin: str = typer.Option("Shanghai", "--from", help="Container transit: from."),
    destination: str = typer.Option("Rotterdam", "--to", help="Container transit: to."),
    chart: str = typer.Option("", "--chart", help="Write a chart of the container transit as SVG."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
) -> None:
    from polynya.console import emit_json, note, say
    from polynya.voyages import nsr as engine
    from polynya.voyages.bundle import read_rows
    from polynya.voyages.legs import read_table_file
    from polynya.voyages.nsr_export import nsr_svg, nsr_text
    from polynya.voyages.places import find_place
    from polynya.whole import write_whole

    day = f"{year}-08-15"
    bundle, context, box = _ask(origin, destination, day, "container-feeder", "auto", "time", "", "auto", "", False)
    _, _, liner = _ask(origin, destination, day, "container-large", "auto", "time", "", "auto", "", False)
    _, _, lng = _ask("Sabetta", "Yangshan", day, "lng-arc7", "auto", "time", "", "auto", "", False)
    context.fast = True
    folder = data_folder()
    open_shares = engine.reliability(read_rows(folder, "ice_openings"))
    breakers = engine.icebreakers_on(read_rows(folder, "icebreakers"), date(year, 7, 1))
    ships = read_rows(folder, "fleet_ships")
    lng_rows = engine.lng_capacity(bundle, read_table_file(folder / "legs.npz"), ships, year, "arc7-yamal")
    capacity = breakers * 30.4
    pairs = [tuple(find_place(bundle.network, bundle.ports, end) for end in pair) for pair in SHORTEST_PAIRS]
    document = {
        "year": year,
        "cargo_published": engine.cargo_table(read_rows(folder, "nsr_cargo")),
        "lng_computed": lng_rows,
        "icebreakers": {
            "nuclear_in_service": breakers,
            "capacity_days_per_month": round(capacity, 1),
            "arc7_to_china": engine.fleet_east(engine.escort_days(context, lng, breakers), lng_rows, capacity),
        },
        "container_from": box.origin.name,
        "container_to": box.destination.name,
        "container_transit": engine.container_break_even(context, box, liner, open_shares),
        "shortest_route": engine.shortest(context, box, liner, [(a, b) for a, b in pairs], open_shares),
        "reliability": open_shares,
        "notes": [
            "LNG: what the fleet could carry if all of it took that way; not a forecast",
            "an escorted transit is taken to bind an icebreaker for the way there and back",
            "expected: in the years in which the way stays shut the ice-classed ship goes south at once, at its own cost per TEU",
            "published cargo: transit is part of the total and of neither outbound nor inbound; definitions changed in 2018",
        ],
    }
    if chart:
        write_whole(chart, nsr_svg(document))
        note(f"chart written to {chart}")
    if as_json:
        emit_json(_noticed(document))
    else:
        say(nsr_text(document) + _notice_lines(_noticed(document)))


def _noticed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the attributions that the licences of its sources ask for."""
    from polynya.world import load_world
    from polynya.world.notices import notices_of

    return {**document, "notices": notices_of(load_world().table("sources").iter_rows(named=True), document)}


def _notice_lines(document: dict[str, Any]) -> str:
    from polynya.world.notices import notices_text

    lines = notices_text(document["notices"])
    return "\n".join(["", "  licences and notices", *lines]) if lines else ""


def _bundle() -> Bundle:
    from polynya.voyages.bundle import read_bundle

    return read_bundle(data_folder())


def _day(text: str) -> date:
    from polynya.tables import parse_date

    if not text:
        return date.today()
    try:
        return parse_date(text)
    except ValueError as error:
        raise UsageError(f"--depart: {error}") from None


def _names(text: str) -> tuple[str, ...]:
    return tuple(n.strip().casefold() for n in text.split(",") if n.strip())


def _ship(bundle: Bundle, text: str) -> Any:
    from polynya.voyages.ships import find_ship, ship_from_mapping

    if text.endswith((".yaml", ".yml")):
        return ship_from_mapping(*_yaml(Path(text)), bundle.ships, bundle.polaris)
    from dataclasses import replace

    from polynya.voyages.places import fold

    for row in reversed(_fleet_ships()):  # a ship by name, with its latest fleet
        if fold(text) in (fold(row["ship"]), fold(re.sub(r"\(.*?\)", "", row["ship"]))):
            return replace(bundle.ships[row["ship_class"]], name=row["ship"], owner=row["owner"] or "")
    return find_ship(bundle.ships, text)


def _fleet_ships() -> tuple[dict[str, Any], ...]:
    from polynya.voyages.bundle import read_rows

    return read_rows(data_folder(), "fleet_ships")


def _may_serve(ship: Any, file: str) -> tuple[Refusal, ...] | None:
    """Refusals of a file, and those that listings of a ship called by name and designations of its owner bring; None without any."""
    from polynya.errors import Fault, InputError
    from polynya.tables import Column, cell_position, read_table
    from polynya.voyages.service import Refusal, designated, listed

    own = tuple(r for r in listed(_fleet_ships()) if r.ship == ship.name)
    if ship.owner:
        columns = [Column(c, nullable=False) for c in ("entity", "regime", "programme", "source")]
        dates = [Column("valid_from", "date"), Column("valid_to", "date")]
        named = read_table(data_folder().parent / "designations.csv", [*columns, *dates], extra=True).to_dicts()
        own = (*own, *designated(named, ship.owner, ship.name))
    if not file:
        return own or None
    codes = r"\*|[A-Z]{2}( [A-Z]{2})*"  # a name in words would refuse nothing, and nobody would notice
    text = [Column("ship", nullable=False), Column("countries", nullable=False, pattern=codes)]
    dates = [Column("valid_from", "date"), Column("valid_to", "date")]
    frame = read_table(Path(file), [*text, *dates, Column("reason", nullable=False), Column("source", nullable=False)])
    backwards = [
        Fault("valid_to lies before valid_from", file, *cell_position(file, i, "valid_to"), fix="Swap them.")
        for i, r in enumerate(frame.to_dicts())
        if r["valid_from"] and r["valid_to"] and r["valid_to"] < r["valid_from"]
    ]
    if backwards:
        raise InputError(backwards)
    given = tuple(
        Refusal(r["ship"], tuple(str(r["countries"]).split()), r["valid_from"], r["valid_to"], r["reason"], r["source"])
        for r in frame.to_dicts()
    )
    return (*own, *given)


def _yaml(path: Path) -> tuple[dict[str, Any], Document]:
    from polynya import strict_yaml
    from polynya.errors import Fault, InputError
    from polynya.strict_yaml.model import DECIMAL

    read = strict_yaml.load(path)
    content = read.data
    if not isinstance(content, dict):
        raise InputError(Fault("a ship file holds keys and values", str(path), 1, 1, fix="For example like: lng-174k."))
    words: dict[Any, Any] = {"true": True, "false": False}

    def scalar(text: Any) -> Any:
        return float(text) if isinstance(text, str) and DECIMAL.fullmatch(text) else words.get(str(text), text)

    return {str(k): scalar(v) for k, v in content.items()}, read


def _places(bundle: Bundle, path: Path, names: Sequence[object]) -> list[Place]:
    """The ports of a file. Raises InputError with line and column of every one that is not found."""
    from polynya.errors import Fault, InputError
    from polynya.tables import cell_position
    from polynya.voyages.places import find_place

    registry, found, faults = _registry(), [], []
    for k, name in enumerate(names):
        try:
            found.append(find_place(bundle.network, bundle.ports, str(name), registry))
        except NotFoundError as error:
            at = cell_position(path, k, "port")
            faults.append(Fault(error.message, str(path), *at, fix=error.fix, code="unknown_port"))
    if faults:
        raise InputError(faults)
    return found


def _check_via(bundle: Bundle, via: str, option: str = "--via") -> None:
    if via in VIAS or via in bundle.network.gate_ids:
        return
    known = list(dict.fromkeys([*VIAS, *bundle.network.gate_ids]))
    raise UsageError(f'{option}: no way "{via}"', fix=did_you_mean(via, known) or f"One of: {', '.join(known)}.")


def _field(bundle: Bundle, ice: str) -> IceField:
    from polynya.voyages.ice import climatology

    if not ice:
        return climatology(bundle.network.lat, bundle.network.lon, bundle.ice)
    from polynya.voyages.netcdf_ice import read_ice

    return read_ice(Path(ice), bundle.network.lat, bundle.network.lon, bundle.ice)


def _years(bundle: Bundle, text: str) -> Mapping[int, IceField] | None:
    from polynya.voyages.ice import YearlyIce

    if not text:
        return None
    match = re.fullmatch(r"\s*(\d{4})\s*(?:-\s*(\d{4})\s*)?", text)
    known = sorted({year for _, year, _ in bundle.ice.extents})
    if not match:
        raise UsageError(f'--ice-years: "{text}" is not a span of years', fix="Write 2010-2022.")
    first, last = int(match[1]), int(match[2] or match[1])
    if first > last or first < known[0] or last > known[-1]:
        raise UsageError(f"--ice-years: {text} is not within {known[0]}-{known[-1]}")
    return YearlyIce(bundle.network.lat, bundle.network.lon, bundle.ice, range(first, last + 1))


def _registry() -> dict[str, tuple[str, float | None, float | None, str]]:
    import csv

    path = data_folder().parent / "assets.csv"
    if not path.exists():
        return {}
    out = {}
    with path.open(encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            lat, lon = row.get("lat") or "", row.get("lon") or ""
            out[row["id"]] = (
                row["name"],
                float(lat) if lat else None,
                float(lon) if lon else None,
                row.get("node") or "",
            )
    return out


def _ask(
    origin: str,
    destination: str,
    depart: str,
    ship: str,
    via: str,
    objective: str,
    avoid: str,
    escort: str,
    ice: str,
    heed: bool,
    may_serve: str = "",
) -> tuple[Bundle, Context, Question]:
    from polynya.voyages.passages import check_names
    from polynya.voyages.places import find_place
    from polynya.voyages.voyage import Context, Question

    if objective not in ("time", "cost"):
        raise UsageError(f'--objective cannot be "{objective}"', fix="time or cost.")
    if escort not in ("auto", "none", "required"):
        raise UsageError(f'--escort cannot be "{escort}"', fix="auto, none or required.")
    when = _day(depart)
    bundle = _bundle()
    shut = _names(avoid)
    check_names(bundle.network, shut, "--avoid")
    _check_via(bundle, via)
    vessel = _ship(bundle, ship)
    registry = _registry()
    question = Question(
        origin=find_place(bundle.network, bundle.ports, origin.strip(), registry),
        destination=find_place(bundle.network, bundle.ports, destination.strip(), registry),
        ship=vessel,
        depart=when,
        via=via,
        objective=objective,
        avoid=shut,
        escort=escort,
        heed_security=heed,
        may_serve=_may_serve(vessel, may_serve),
    )
    if question.origin.name == question.destination.name:
        raise UsageError(f"{question.origin.name} to {question.destination.name} is no voyage")
    return bundle, Context(bundle, _field(bundle, ice)), question
