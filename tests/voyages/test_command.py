"""The command line: documents, exit codes, hints."""

import json

import pytest

from polynya.cli import main


def run(capsys, *arguments):
    code = main(list(arguments))
    return code, capsys.readouterr()


def test_json_document_has_the_promised_keys(capsys):
    code, out = run(capsys, "voyage", "Sabetta", "Tokyo", "--ship", "lng-arc7", "--depart", "2025-08-15", "--json")
    document = json.loads(out.out)
    assert code == 0
    assert {"feasible", "reason", "distance_nm", "days", "cost_musd", "passages", "legs", "range", "sources"} <= set(
        document
    )
    assert {"lat", "lon", "time", "speed_kn", "ice", "rio"} <= set(document["legs"][0])
    low, high = document["range"]["days"]
    assert low < document["days"] < high


def test_no_way_prints_nulls_and_exits_4(capsys):
    code, out = run(capsys, "voyage", "Singapore", "Piraeus", "--avoid", "suez,gibraltar", "--json")
    document = json.loads(out.out)
    assert code == 4
    assert document["feasible"] is False
    assert document["distance_nm"] is None
    assert document["days"] is None
    assert "suez" in document["reason"]


def test_everything_shut_exits_4(capsys):
    everything = "suez,panama,cape,cape-horn,magellan,nsr,nwp"
    code, out = run(capsys, "voyage", "Rotterdam", "Yokohama", "--avoid", everything, "--json")
    assert code == 4
    assert json.loads(out.out)["distance_nm"] is None


def test_a_ship_without_ice_class_is_refused_in_winter(capsys):
    code, out = run(capsys, "voyage", "Sabetta", "Tokyo", "--via", "nsr", "--depart", "2025-02-10", "--json")
    assert code == 4
    assert "without ice class" in json.loads(out.out)["reason"]


@pytest.mark.parametrize("text", ["Rotterdm", "NLRTX"])
def test_unknown_ports_exit_6_with_a_hint(capsys, text):
    code, out = run(capsys, "voyage", text, "Tokyo")
    assert code == 6
    assert "Did you mean" in out.err or "lat,lon" in out.err


def test_a_position_on_land_exits_6_and_says_so(capsys):
    code, out = run(capsys, "voyage", "50.0,10.0", "Tokyo", "--json")
    assert code == 6
    assert "on land" in json.loads(out.out)["error"]["message"]


def test_positions_south_and_west_need_no_quoting_tricks(capsys):
    code, out = run(capsys, "voyage", "-33.9,17.0", "-23.9,-46.0", "--json")
    assert code == 0
    assert 3000 < json.loads(out.out)["distance_nm"] < 3600  # Cape Town - Santos: 3,3xx nm


def test_geojson(capsys):
    code, out = run(capsys, "voyage", "Busan", "Los Angeles", "--geojson")
    feature = json.loads(out.out)
    assert code == 0
    assert len(feature["geometry"]["coordinates"]) == 2  # cut at 180 degrees


def test_map(capsys, tmp_path):
    code, _ = run(capsys, "voyage", "Sabetta", "Zeebrugge", "--ship", "lng-arc7", "--map", str(tmp_path / "a.svg"))
    assert code == 0
    assert (tmp_path / "a.svg").read_text().startswith("<svg")


def test_bad_options_exit_2(capsys):
    assert run(capsys, "voyage", "Sabetta", "Tokyo", "--via", "moon")[0] == 2
    assert run(capsys, "voyage", "Sabetta", "Tokyo", "--avoid", "suess")[0] == 2
    assert run(capsys, "voyage", "Sabetta", "Tokyo", "--depart", "2025-02-30")[0] == 2
    assert run(capsys, "voyage", "Sabetta", "Sabetta")[0] == 2


def test_own_ship(capsys, tmp_path):
    path = tmp_path / "ship.yaml"
    path.write_text("like: lng-arc7\nspeed_kn: 17\n")
    code, out = run(capsys, "voyage", "Rotterdam", "Zeebrugge", "--ship", str(path), "--json")
    assert code == 0
    path.write_text("like: lng-arc7\nspead_kn: 17\n")
    code, out = run(capsys, "voyage", "Rotterdam", "Zeebrugge", "--ship", str(path))
    assert code == 3
    assert "speed_kn" in out.err


def test_matrix(capsys, tmp_path):
    path = tmp_path / "ports.csv"
    path.write_text("port\nRotterdam\nZeebrugge\nYokohama\n")
    code, out = run(capsys, "voyage", "matrix", str(path), "--avoid", "nsr", "--json")
    table = json.loads(out.out)["distance_nm"]
    assert code == 0
    assert table[0][0] == 0
    assert table[0][2] == pytest.approx(11200, rel=0.015)
    assert table[0][1] == pytest.approx(table[1][0], rel=1e-6)


def test_cheapest_way_costs_no_more_than_the_quickest(capsys):
    costs = {}
    for objective in ("time", "cost"):
        _, out = run(
            capsys, "voyage", "Rotterdam", "Singapore", "--objective", objective, "--depart", "2025-06-01", "--json"
        )
        costs[objective] = json.loads(out.out)
    assert costs["cost"]["cost_musd"] <= costs["time"]["cost_musd"]
    assert costs["cost"]["days"] >= costs["time"]["days"]


def test_a_port_of_a_matrix_that_is_not_found_is_named_with_its_line(capsys, tmp_path):
    path = tmp_path / "ports.csv"
    path.write_text("port\nRotterdam\nXyzzy\nQwertz\n")
    code, out = run(capsys, "voyage", "matrix", str(path))
    assert code == 3
    assert f"{path}:3:1" in out.err
    assert f"{path}:4:1" in out.err  # every fault at once


def test_a_misspelt_way_of_a_season_names_the_option_and_one_nearest(capsys):
    code, out = run(capsys, "voyage", "season", "Sabetta", "Yokohama", "--ways", "nsr,sues")
    assert code == 2
    assert "--ways" in out.err
    assert out.err.count("suez") == 1


def test_waters_without_a_surveyed_lane_are_offered_by_name(capsys):
    code, out = run(capsys, "voyage", "89.9,0", "Rotterdam", "--ship", "lng-arc7", "--depart", "2025-09-01")
    assert code == 4
    assert "--via transpolar" in out.err
