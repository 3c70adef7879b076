"""Ice files that users bring: small made files in the conventions of the publishers."""

import numpy as np
import pytest

from polynya.errors import InputError, NotFoundError
from polynya.voyages.netcdf_ice import inverse_ease2, inverse_stereographic, read_ice

nc = pytest.importorskip("netCDF4")
LAT, LON = np.array([75.0, 60.0, 82.0]), np.array([80.0, 0.0, 100.0])  # Kara Sea, North Sea, north of Taymyr


def make(path, dims, variables):
    with nc.Dataset(path, "w") as f:
        for name, size in dims.items():
            f.createDimension(name, size)
        for name, (kind, axes, values, attributes) in variables.items():
            fill = attributes.pop("_FillValue", None)
            v = f.createVariable(name, kind, axes, fill_value=fill)
            v.setncatts(attributes)
            if values is not None:
                v[:] = values
    return path


def at(field, lat, lon):
    """Frequency, cover and thickness in mid-March at one of the three places; zeros where the field has none."""
    k = np.flatnonzero((lat == LAT) & (lon == LON))[0]
    where = np.flatnonzero(field.nodes == k)
    if not len(where):
        return 0.0, 0.0, 0.0
    i = where[0]
    return field.frequency[4, i], field.concentration[4, i], field.thickness_m[4, i]


def regular(path, name, scale, units, thickness=None, time=("days since 2020-01-01", [74.0])):
    lat, lon = np.arange(50.5, 90, 1.0), np.arange(-179.5, 180, 1.0)
    cover = np.zeros((len(time[1]), len(lat), len(lon)))
    cover[:, lat > 70] = 0.8
    variables = {
        "time": ("f8", ("time",), np.array(time[1]), {"units": time[0]}),
        "latitude": ("f8", ("latitude",), lat, {}),
        "longitude": ("f8", ("longitude",), lon, {}),
        name: ("f4", ("time", "latitude", "longitude"), cover * scale, {"units": units}),
    }
    if thickness is not None:
        variables[thickness[0]] = (
            "f4",
            ("time", "latitude", "longitude"),
            np.where(cover > 0, thickness[1], 0.0),
            {"units": "m"},
        )
    return make(path, {"time": len(time[1]), "latitude": len(lat), "longitude": len(lon)}, variables)


@pytest.mark.parametrize(
    ("name", "scale", "units"),
    [("siconc", 1.0, "1"), ("siconc", 100.0, "%"), ("icec", 100.0, "percent"), ("sea_ice_concentration", 1.0, "")],
)
def test_regular_grids_in_fraction_and_percent(tmp_path, bundle, name, scale, units):
    field = read_ice(regular(tmp_path / "a.nc", name, scale, units), LAT, LON, bundle.ice)
    frequency, cover, _ = at(field, 75.0, 80.0)
    assert frequency == pytest.approx(1.0)
    assert cover == pytest.approx(0.8, abs=1e-6)
    assert at(field, 60.0, 0.0)[0] == 0.0


def test_copernicus_thickness_is_taken_as_it_is(tmp_path, bundle):
    # all twelve months, so that half-months have both neighbours
    days = [15.0 + 30.4 * k for k in range(12)]
    path = regular(tmp_path / "glorys.nc", "siconc", 1.0, "1", ("sithick", 1.3), ("days since 2020-01-01", days))
    assert at(read_ice(path, LAT, LON, bundle.ice), 75.0, 80.0)[2] == pytest.approx(1.3, abs=1e-5)


def test_piomas_heff_is_spread_over_the_cell(tmp_path, bundle):
    days = [15.0 + 30.4 * k for k in range(12)]
    path = regular(tmp_path / "piomas.nc", "aice", 1.0, "1", ("heff", 1.2), ("days since 2020-01-01", days))
    # 1.2 m over the whole cell at a cover of 0.8 are floes of 1.5 m
    assert at(read_ice(path, LAT, LON, bundle.ice), 75.0, 80.0)[2] == pytest.approx(1.5, abs=1e-5)


def test_osi_saf_in_ease2_kilometres(tmp_path, bundle):
    xc, yc = np.arange(-5387.5, 5400, 25.0), np.arange(5387.5, -5400, -25.0)
    x, y = np.meshgrid(xc * 1e3, yc * 1e3)
    lat, _ = inverse_ease2(x, y)
    ice = np.ma.masked_where(lat < 40, np.where(lat > 70, 80.0, 0.0))
    path = make(
        tmp_path / "ice_conc_nh_ease2-250_cdr-v3p0_202003151200.nc",
        {"time": 1, "yc": len(yc), "xc": len(xc)},
        {
            "time": ("f8", ("time",), [1331294400.0 - 0.0], {"units": "seconds since 1978-01-01"}),
            "xc": ("f8", ("xc",), xc, {"units": "km"}),
            "yc": ("f8", ("yc",), yc, {"units": "km"}),
            "Lambert_Azimuthal_Grid": ("i4", (), None, {"grid_mapping_name": "lambert_azimuthal_equal_area"}),
            "ice_conc": (
                "f4",
                ("time", "yc", "xc"),
                ice[None],
                {"units": "%", "grid_mapping": "Lambert_Azimuthal_Grid", "_FillValue": -32767.0},
            ),
        },
    )
    field = read_ice(path, LAT, LON, bundle.ice)
    assert at(field, 75.0, 80.0)[1] == pytest.approx(0.8, abs=1e-6)
    assert at(field, 60.0, 0.0)[0] == 0.0


def test_nsidc_cdr_in_polar_stereographic_metres_with_flags(tmp_path, bundle):
    x, y = np.arange(-3837500.0, 3737501, 25000), np.arange(5837500.0, -5337501, -25000)
    gx, gy = np.meshgrid(x, y)
    lat, lon = inverse_stereographic(gx, gy, 6378273.0, 0.006693883)
    ice = np.where(lat > 70, 0.8, 0.0)
    ice[(lat > 81) & (np.abs(lon - 100) < 10)] = 2.54  # land flag of the CDR
    path = make(
        tmp_path / "sic_psn25_202003_F17_v05r00.nc",
        {"time": 1, "y": len(y), "x": len(x)},
        {
            "time": ("f8", ("time",), [74.0], {"units": "days since 2020-01-01"}),
            "x": ("f8", ("x",), x, {"units": "meters"}),
            "y": ("f8", ("y",), y, {"units": "meters"}),
            "cdr_seaice_conc_monthly": ("f4", ("time", "y", "x"), ice[None], {"units": "1"}),
        },
    )
    field = read_ice(path, LAT, LON, bundle.ice)
    assert at(field, 75.0, 80.0)[1] == pytest.approx(0.8, abs=1e-6)
    assert at(field, 82.0, 100.0)[1] != pytest.approx(2.54)  # the flag is no ice


def test_two_dimensional_places(tmp_path, bundle):
    lat, lon = np.meshgrid(np.arange(55.5, 90, 1.0), np.arange(-179.5, 180, 1.0), indexing="ij")
    path = make(
        tmp_path / "siconc_SImon_model.nc",
        {"time": 12, "j": lat.shape[0], "i": lat.shape[1]},
        {
            "lat": ("f8", ("j", "i"), lat, {}),
            "lon": ("f8", ("j", "i"), lon % 360, {}),
            "siconc": ("f4", ("time", "j", "i"), np.repeat(np.where(lat > 70, 60.0, 0.0)[None], 12, 0), {"units": "%"}),
        },
    )
    assert at(read_ice(path, LAT, LON, bundle.ice), 75.0, 80.0)[1] == pytest.approx(0.6, abs=1e-6)


def test_stereographic_pole_and_corner():
    """EPSG:3411: the pole is the origin; the corner of NSIDC's grid (-3850, 5850 km) lies at 31.10 N, 168.35 E."""
    lat, lon = inverse_stereographic(np.array([0.0, -3850e3]), np.array([0.0, 5850e3]), 6378273.0, 0.006693883)
    assert lat[0] == pytest.approx(90.0)
    assert (lat[1], lon[1]) == (pytest.approx(30.98, abs=0.2), pytest.approx(168.35, abs=0.1))


def test_a_file_without_ice_is_refused(tmp_path, bundle):
    path = make(tmp_path / "wind.nc", {"x": 3}, {"u10": ("f4", ("x",), [1, 2, 3], {})})
    with pytest.raises(InputError, match="no ice concentration"):
        read_ice(path, LAT, LON, bundle.ice)


def test_a_text_file_is_refused(tmp_path, bundle):
    path = tmp_path / "ice.nc"
    path.write_text("not netcdf")
    with pytest.raises(InputError):
        read_ice(path, LAT, LON, bundle.ice)


def test_a_missing_file_is_not_found(tmp_path, bundle):
    with pytest.raises(NotFoundError):
        read_ice(tmp_path / "none.nc", LAT, LON, bundle.ice)
