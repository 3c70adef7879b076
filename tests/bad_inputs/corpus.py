"""Files that must be refused: what each is for, who reads it, what stands in it, and what the refusal must say.

`reader` is a row of `READERS`; `content` replaces the reader's good file. Big ones are made sparse, bombs when needed.
"""

from __future__ import annotations

import io
import struct
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.ensemble.conftest import COINS
from tests.results.test_run import FACTS, FILES

ANCHOR = "item,node,period,value,unit\nprice_usd_per_mmbtu,BB,2021-01,10,usd_per_mmbtu\n"
LEDGER = """schema: polynya.claims/1
document: {title: Test, sha256: 0000000000000000000000000000000000000000000000000000000000000000}
claims: []
"""
GEM = (
    "TerminalName,UnitName,FacilityType,Status,Country,CapacityInBcm/y,StartYear1\n"
    "An LNG Terminal,,Import,Operating,Italy,5,2009\n"
)
FTM = '{"id": "a", "schema": "Company", "properties": {"name": ["A"]}}\n'
BODS = '[{"recordId": "a", "recordType": "entity", "statementId": "s1", "recordDetails": {"name": "A"}}]\n'
SHIP = "like: lng-174k\nspeed_kn: 15\n"
ACTUALS = "year,metric,item,value,unit\n2022,hub_price,TTF,37.5,usd_per_mmbtu\n"
EDGES = "owner,owned,share\na,b,50\n"
EI = "Country,Year,Var,Value\nNorway,2020,gascons_bcm,3\n"
PROBLEM = "node,period,intercept,slope\nA,2021-01,10,1\n"
MAY_SERVE = "ship,countries,valid_from,valid_to,reason,source\n"
OVERLAY = (
    "subject,attribute,value,unit,valid_from,valid_to,source,locator,original_value,kind,note\n"
    "BB,consumption_bcm,10,bcm,2020-01-01,2020-12-31,tso,t,,reported,\n"
)


GIGABYTE = 1 << 30
ZEROS = b"0" * (1 << 20)
OFFICE = "http://schemas.openxmlformats.org"
WORKBOOK = {
    "[Content_Types].xml": f'<Types xmlns="{OFFICE}/package/2006/content-types"/>',
    "_rels/.rels": f'<Relationships xmlns="{OFFICE}/package/2006/relationships"><Relationship Id="rId1" '
    f'Type="{OFFICE}/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{OFFICE}/spreadsheetml/2006/main" xmlns:r="{OFFICE}/officeDocument/2006/relationships">'
    '<sheets><sheet name="s" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{OFFICE}/package/2006/relationships"><Relationship Id="rId1" '
    f'Type="{OFFICE}/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


@dataclass(frozen=True)
class Bad:
    """One bad file. `where`: what the place must look like after the file's name, `:LINE:COLUMN`, or empty for the whole file."""

    name: str
    reader: str
    content: str | bytes | Callable[[], bytes]
    where: str
    words: str

    @property
    def raw(self) -> bytes:
        """What the file holds; large things are made when they are needed."""
        if callable(self.content):
            return self.content()
        return self.content.encode() if isinstance(self.content, str) else self.content


def workbook_bomb(*, lies: bool = False) -> bytes:
    """A workbook of a megabyte that says it unpacks to a gigabyte; or does, and says it does not."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        for name, text in WORKBOOK.items():
            book.writestr(name, text)
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(b"<worksheet><sheetData><row><c><v>")
            for _ in range(GIGABYTE // len(ZEROS) if lies else 1):
                sheet.write(ZEROS)
    raw, part = bytearray(out.getvalue()), b"xl/worksheets/sheet1.xml"
    at = raw.rindex(part) - 46  # its entry in the directory at the end: size unpacked is at 24
    raw[at + 24 : at + 28] = struct.pack("<I", 5000 if lies else GIGABYTE)
    return bytes(raw)


def ice(value: float = 0.5, cells: int = 9, since: str = "days since 2025-01-15", kind: str = "f4") -> bytes:
    """A NetCDF file of one month of ice on so many rows and columns."""
    import netCDF4

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ice.nc"
        with netCDF4.Dataset(str(path), "w") as file:
            for name, size in (("time", 1), ("lat", cells), ("lon", cells)):
                file.createDimension(name, size)
            when = file.createVariable("time", "f8", ("time",))
            when.units, when[:] = since, [0]
            if cells:
                file.createVariable("lat", "f4", ("lat",))[:] = np.linspace(50, 89, cells)
                file.createVariable("lon", "f4", ("lon",))[:] = np.linspace(-180, 170, cells)
            cover = file.createVariable("siconc", str if kind == "text" else kind, ("time", "lat", "lon"), zlib=True)
            if 0 < cells < 1000 and kind != "text":
                cover[:] = value
        return path.read_bytes()


def scenario(old: str, new: str, base: str = COINS) -> str:
    assert old in base
    return base.replace(old, new, 1)


def fact(row: str) -> str:
    return FACTS + row + "\n"


LAUGHS = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
NODES = FILES["nodes.csv"]
GATES = FILES["gates.csv"]

LAST = FACTS.count("\n") + 1  # the line of an added fact
CORPUS = [
    # YAML
    Bad("billion laughs", "scenario", LAUGHS, ":1:4", "anchor"),
    Bad("alias", "claims", "a: *b\n", ":1:4", "alias"),
    Bad("python tag", "scenario", "!!python/object/apply:os.system [ls]\n", ":1:1", "tag"),
    Bad("nested 40 deep", "scenario", "[" * 40 + "]" * 40, ":1:33", "levels deep"),
    Bad("duplicate key", "scenario", scenario("id: doubt", "id: doubt\nid: other"), ":3:1", "twice"),
    Bad("two documents", "scenario", COINS + "---\na: b\n", ":14:1", "second document"),
    Bad("tab for indentation", "scenario", "a:\n\t- b\n", ":2:1", "not valid YAML"),
    Bad(
        "Latin-1",
        "scenario",
        COINS.encode().replace(b"peace, because", b"fr\xfchling, because", 1),
        ":9:25",
        "not UTF-8",
    ),
    Bad("NUL", "scenario", scenario("peace, because", "pe\x00ce, because"), ":9:25", "NUL"),
    Bad("text that runs backwards", "scenario", scenario("title: The line", "title: \u202eThe line"), ":3:8", "U+202E"),
    Bad("UTF-16", "scenario", COINS.encode("utf-16"), ":1:1", "not UTF-8"),
    Bad("empty", "scenario", "", ":1:1", ""),
    Bad("a list", "scenario", "- a\n", ":1:1", ""),
    Bad("binary", "scenario", bytes(range(128, 256)) * 4, ":1:1", "not UTF-8"),
    Bad("unknown key", "scenario", scenario("as_of:", "as_off: 2021-01-01\nas_of:"), ":4:1", "as_of"),
    Bad("yes for a day", "scenario", scenario("as_of: 2021-01-01", "as_of: yes"), ":4:8", "not a day"),
    Bad("31 February", "scenario", scenario("as_of: 2021-01-01", "as_of: 2021-02-31"), ":4:8", "not a day"),
    Bad("NaN", "scenario", scenario("factor: 1.1", "factor: .nan"), ":13:", "decimal"),
    Bad("infinity", "scenario", scenario("factor: 1.1", "factor: 1e999"), ":13:", "decimal"),
    Bad(
        "percent as a likelihood",
        "scenario",
        scenario("low: 0.4, high: 0.6", "low: 40, high: 60"),
        ":9:",
        "between 0 and 1",
    ),
    Bad(
        "likelihood the wrong way round",
        "scenario",
        scenario("low: 0.4, high: 0.6", "low: 0.6, high: 0.4"),
        ":9:",
        "above high",
    ),
    Bad(
        "cyclic conditions",
        "scenario",
        scenario(
            "{id: peace, text: peace, because: [a1],", "{id: peace, text: peace, because: [a1], requires: [buyer],"
        ),
        ":9:",
        "circle",
    ),
    Bad("unknown thing", "scenario", scenario("nodes: [BB]", "nodes: [BBB]"), ":13:", "BB"),
    Bad("duplicate id", "scenario", scenario("id: cold", "id: open"), ":13:10", "already used"),
    Bad("condition unknown", "scenario", scenario("when: [buyer]", "when: [byuer]"), ":12:", "buyer"),
    Bad(
        "reason unknown",
        "scenario",
        scenario("because: [a1]}\n  - {id: cold", "because: [a9]}\n  - {id: cold"),
        ":",
        "neither a claim nor an assumption",
    ),
    Bad(
        "ends before it begins",
        "scenario",
        scenario("from: 2021-01-01, because", "from: 2021-02-01, to: 2021-01-01, because"),
        ":13:",
        "before it begins",
    ),
    Bad(
        "a name that climbs out of its folder",
        "scenario",
        scenario("id: doubt", "id: ../../../etc/cron.d/x"),
        ":2:5",
        "",
    ),
    Bad("a ledger elsewhere", "scenario", scenario("as_of:", "claims: /etc/passwd\nas_of:"), ":4:9", "relative"),
    Bad("200,000 digits", "scenario", scenario("factor: 1.1", "factor: " + "1" * 200_000), ":13:", "decimal"),
    Bad("ledger without claims", "claims", "schema: polynya.claims/1\n", ":1:1", "claims"),
    Bad("ledger of another schema", "claims", LEDGER.replace("claims/1", "claims/9"), ":1:9", ""),
    # CSV of a world
    Bad(
        "Norway as false",
        "world:nodes.csv",
        NODES.replace("AA,Aland,Europe,AA,60", "AA,Aland,Europe,AA,NO"),
        ":2:",
        "not a number",
    ),
    Bad(
        "NaN",
        "world:facts/f.csv",
        fact("BB,consumption_bcm,NaN,bcm,2020-01-01,2020-12-31,tso,t,,reported,"),
        f":{LAST}:",
        "not a finite number",
    ),
    Bad(
        "infinity",
        "world:facts/f.csv",
        fact("BB,consumption_bcm,inf,bcm,2020-01-01,2020-12-31,tso,t,,reported,"),
        f":{LAST}:",
        "not a finite number",
    ),
    Bad(
        "wrong unit",
        "world:facts/f.csv",
        fact("BB,consumption_bcm,10,TWh,2020-01-01,2020-12-31,tso,t,,reported,"),
        f":{LAST}:",
        "bcm",
    ),
    Bad(
        "a thousand times too much",
        "world:facts/f.csv",
        fact("BB,consumption_bcm,10000,bcm,2020-01-01,2020-12-31,tso,t,,reported,"),
        f":{LAST}:",
        "plausible",
    ),
    Bad(
        "unknown id",
        "world:facts/f.csv",
        fact("BBB,consumption_bcm,10,bcm,2020-01-01,2020-12-31,tso,t,,reported,"),
        f":{LAST}:1",
        "BB",
    ),
    Bad(
        "unknown attribute",
        "world:facts/f.csv",
        fact("BB,consumtion_bcm,10,bcm,2020-01-01,2020-12-31,tso,t,,reported,"),
        f":{LAST}:",
        "consumption_bcm",
    ),
    Bad(
        "unknown source",
        "world:facts/f.csv",
        fact("BB,consumption_bcm,10,bcm,2020-01-01,2020-12-31,tsso,t,,reported,"),
        f":{LAST}:",
        "tso",
    ),
    Bad(
        "overlapping intervals",
        "world:facts/f.csv",
        fact("aa-bb,capacity_bcm_per_year,60,bcm_per_year,2020-06-01,,tso,t,,reported,"),
        f":{LAST}:",
        "overlaps",
    ),
    Bad(
        "backwards interval",
        "world:facts/f.csv",
        fact("aa-bb,capacity_bcm_per_year,60,bcm_per_year,2019-06-01,2019-01-01,tso,t,,reported,"),
        f":{LAST}:",
        "before it begins",
    ),
    Bad("duplicate id", "world:nodes.csv", NODES + "AA,Again,Europe,AA,60,10,\n", ":4:1", "twice"),
    Bad("an unquoted comma", "world:nodes.csv", NODES + "CC,Here, there,Europe,CC,60,10,\n", ":4:1", "cells"),
    Bad("unknown column", "world:nodes.csv", NODES.replace("name", "nmae"), ":1:4", "name"),
    Bad("duplicate column", "world:nodes.csv", NODES.replace("note", "name"), ":1:", "twice"),
    Bad("an open quote", "world:nodes.csv", NODES + '"CC,x\n', ":4:1", "CSV"),
    Bad("empty", "world:nodes.csv", "", ":1:1", "empty"),
    Bad("Latin-1", "world:nodes.csv", NODES.encode().replace(b"Aland", b"\xc5land"), ":2:4", "not UTF-8"),
    Bad("NUL", "world:nodes.csv", NODES.replace("Aland", "Al\x00nd"), ":2:", "NUL"),
    Bad("gate on nothing", "world:gates.csv", GATES.replace("aa-bb", "aa-cc"), ":2:", "aa-bb"),
    Bad(
        "package that climbs out",
        "world:datapackage.yaml",
        "name: x\nresources:\n  - {name: nodes, path: ../../etc/passwd, columns: {id: text!}}\n",
        ":",
        "leaves the package",
    ),
    Bad(
        "package without columns",
        "world:datapackage.yaml",
        "name: x\nresources:\n  - {name: nodes}\n",
        ":3:5",
        "columns",
    ),
    Bad(
        "package without the tables",
        "world:datapackage.yaml",
        "name: x\nresources:\n  - {name: nodes, path: nodes.csv, columns: {id: text!}}\n",
        ":3:3",
        "lacks the tables attributes",
    ),
    Bad("package bomb", "world:datapackage.yaml", LAUGHS, ":1:4", "anchor"),
    # users' levels, actuals, graphs, ships
    Bad(
        "unknown item",
        "anchor",
        ANCHOR.replace("price_usd_per_mmbtu,BB", "price_usd,BB"),
        ":2:1",
        "price_usd_per_mmbtu",
    ),
    Bad("wrong unit", "anchor", ANCHOR.replace(",usd_per_mmbtu\n", ",eur_per_mwh\n"), ":2:", "usd_per_mmbtu"),
    Bad("no number", "anchor", ANCHOR.replace(",10,", ",1_0,"), ":2:", "not a number"),
    Bad("below nought", "anchor", ANCHOR.replace(",10,", ",-10,"), ":2:", "at least 0"),
    Bad("month 13", "anchor", ANCHOR.replace("2021-01", "2021-13"), ":2:", "form"),
    Bad("unknown node", "anchor", ANCHOR.replace("BB", "B8"), ":2:", ""),
    Bad("share above 100", "edges", EDGES.replace("50", "150"), ":2:", ""),
    Bad("share that is no number", "edges", EDGES.replace("50", "NaN"), ":2:", ""),
    Bad("the same row twice", "edges", EDGES + "a,b,50\n", ":3:", "repeats"),
    Bad("bomb", "ship", LAUGHS, ":1:4", "anchor"),
    Bad("unknown key", "ship", SHIP + "sped_kn: 3\n", "", "speed_kn"),
    Bad("below nought", "ship", SHIP.replace("15", "-15"), "", "at least 0"),
    Bad("no number", "ship", SHIP.replace("15", ".inf"), "", "number"),
    # publishers' files
    Bad("no JSON", "bods", "[{", ":1:", "JSON"),
    Bad("deep JSON", "bods", "[" * 100_000, ":1:1", "deep"),
    Bad("statement that is a number", "bods", "[1]", "", "object"),
    Bad("details that are a list", "bods", BODS.replace('{"name": "A"}', "[1]"), "", "statement 1"),
    Bad("no JSON", "ftm", "{\n", ":1:1", "not an entity"),
    Bad("deep JSON", "ftm", "[" * 100_000 + "\n", ":1:1", "deep"),
    Bad("properties that are a text", "ftm", FTM.replace('{"name": ["A"]}', '"A"'), ":1:1", "not an entity"),
    Bad("not a table of terminals", "gem", "a,b\n1,2\n", "", ""),
    Bad("no workbook", "gem.xlsx", b"PK\x03\x04 this is none", "", "workbook"),
    Bad("workbook bomb", "gem.xlsx", workbook_bomb, "", "unpacks to"),
    Bad("workbook bomb that lies", "gem.xlsx", lambda: workbook_bomb(lies=True), "", ""),
    Bad("no number", "ei", EI + "Germany,2020,gascons_bcm,NaN\n", ":3:4", "not a number"),
    Bad("not the Review", "ei", "a,b\n1,2\n", "", "neither"),
    Bad("an open quote", "ei", 'a,b\n"1,2\n', "", "CSV"),
    Bad("not the platform's", "entsog", "a,b\n1,2\n", "", "columns"),
    Bad("deep JSON", "entsog.json", "[" * 100_000, "", "deep"),
    Bad("lists for objects", "entsog.json", '{"data": [[1, 2], {"a": {"b": []}}]}', "", "columns"),
    Bad("not AGSI's", "gie", "a,b\n1,2\n", "", "columns"),
    Bad("no JSON", "gie.json", "{]", ":1:2", "JSON"),
    Bad("NaN", "gie.json", '{"data": [{"name": NaN}]}', "", ""),
    Bad("own names without a name", "map", "name,id\n,AA\n", ":2:1", "blank"),
    Bad("own names of nothing", "map", "name,id\nAland,A1\n", ":2:", "A1"),
    # articles
    Bad("empty", "article", "", ":1:1", "empty"),
    Bad("Latin-1", "article", b"Gas\nfr\xfcher", ":2:3", "not UTF-8"),
    Bad("UTF-16", "article", "Gas".encode("utf-16"), ":1:1", "not UTF-8"),
    Bad("text that runs backwards", "article", "a \u202eb", ":1:3", "U+202E"),
    Bad("a page without text", "article.html", "<html><script>x</script></html>", ":1:1", "no text"),
    Bad("NUL", "article.html", "<html>a\x00b", ":1:8", "NUL"),
    # problem folders
    Bad("NaN", "problem", PROBLEM.replace(",10,", ",NaN,"), ":2:11", "not a finite number"),
    Bad("infinity", "problem", PROBLEM.replace(",10,", ",1e999,"), ":2:11", "not a finite number"),
    Bad("below nought", "problem", PROBLEM.replace(",1\n", ",-1\n"), ":2:14", "at least 0"),
    Bad("unknown node", "problem", PROBLEM.replace("A,", "AA,"), ":2:1", "no node"),
    Bad("unknown period", "problem", PROBLEM.replace("2021-01", "2021-13"), ":2:3", "2021-01"),
    Bad("the same row twice", "problem", PROBLEM + "A,2021-01,12,1\n", ":3:1", "second row"),
    Bad("a name as long as the file", "problem", "[" * 100_000, ":1:1", "unknown column"),
    # refusals, overlays, earlier actuals, kept scenarios
    Bad("a country in words", "may-serve", MAY_SERVE + "x,Japan,,,r,s\n", ":2:3", "form"),
    Bad("ends before it begins", "may-serve", MAY_SERVE + "x,JP,2025-02-01,2025-01-01,r,s\n", ":2:17", "before"),
    Bad("31 February", "may-serve", MAY_SERVE + "x,JP,2025-02-31,,r,s\n", ":2:6", "not a date"),
    Bad("blank", "may-serve", MAY_SERVE + ",,,,,\n", ":2:1", "blank"),
    Bad("unknown source", "overlay", OVERLAY.replace("tso", "zz"), ":2:", "sources"),
    Bad("wrong unit", "overlay", OVERLAY.replace(",bcm,", ",TWh,"), ":2:", "bcm"),
    Bad("unknown thing", "overlay", OVERLAY.replace("BB,", "BBB,"), ":2:1", "BB"),
    Bad("a table with a letter wrong", "overlay:nodez.csv", "id\nAA\n", "", "nodes.csv"),
    Bad("no number", "base-actuals", ACTUALS.replace("37.5", "NaN"), ":2:", "not a finite number"),
    Bad("no year", "actuals", ACTUALS.replace("2022", "20x2", 1), ":2:1", "whole number"),
    Bad("bomb", "keep", LAUGHS, ":1:4", "anchor"),
    # ice
    Bad("no NetCDF", "ice", b"CDF\x01" + b"\xff" * 60, "", "not a NetCDF file"),
    Bad("half of a file", "ice", lambda: ice()[:4000], "", "NetCDF"),
    Bad("no value", "ice", lambda: ice(float("nan")), "", "no value"),
    Bad("kelvin for cover", "ice", lambda: ice(270.0), "", "units"),
    Bad("times that are none", "ice", lambda: ice(since="parsecs since the flood"), "", "days since"),
    Bad("no cells", "ice", lambda: ice(cells=0), "", "holds 0"),
    Bad("texts for numbers", "ice", lambda: ice(kind="text"), "", "does not fit together"),
    Bad("a bomb of fourteen gigabytes", "ice", lambda: ice(cells=60_000), "", "3,600,000,000"),
]
