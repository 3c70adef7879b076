"""The strict CSV reader: text stays text, every fault has its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from polynya.errors import InputError, NotFoundError
from polynya.tables import Column, read_table

COLUMNS = (Column("id", nullable=False), Column("n", "number"), Column("day", "date", present=False))


def write(tmp_path: Path, raw: bytes) -> Path:
    path = tmp_path / "t.csv"
    path.write_bytes(raw)
    return path


def test_norway_and_leading_zeros_stay_text(tmp_path: Path) -> None:
    frame = read_table(write(tmp_path, b"id,n\nNO,1\n010,2\n"), COLUMNS)
    assert frame["id"].to_list() == ["NO", "010"]


def test_bom_and_crlf_are_accepted(tmp_path: Path) -> None:
    frame = read_table(write(tmp_path, b"\xef\xbb\xbfid,n\r\nA,1\r\n"), COLUMNS)
    assert frame.rows() == [("A", 1.0, None)]


def test_blank_is_null_not_zero(tmp_path: Path) -> None:
    assert read_table(write(tmp_path, b"id,n\nA,\n"), COLUMNS)["n"].to_list() == [None]


@pytest.mark.parametrize(
    ("raw", "where", "text"),
    [
        (b"id,n\nA,nan\n", "2:3", "finite"),
        (b"id,n\nA,1e999\n", "2:3", "finite"),
        (b"id,n\nA,1_000\n", "2:3", "not a number"),
        (b"id,n\nA,1\nB,x\n", "3:3", "not a number"),
        (b"id,n\n,1\n", "2:1", "blank"),
        (b"id,n,n\nA,1,2\n", "1:6", "twice"),
        (b"id,nn\nA,1\n", "1:4", 'unknown column "nn". Did you mean n?'),
        (b"id,n\nA,1,2\n", "2:1", "3 cells"),
        (b"id,n\n\xff,1\n", "2:1", "not UTF-8"),
        (b"id,n\nA\x00,1\n", "2:2", "NUL"),
        ("id,n\nA\u202e,1\n".encode(), "2:2", "bidirectional"),
        (b"id,n,day\nA,1,2021-02-30\n", "2:5", "not a date"),
        (b"", "1:1", "empty"),
    ],
)
def test_every_fault_has_its_place(tmp_path: Path, raw: bytes, where: str, text: str) -> None:
    with pytest.raises(InputError) as caught:
        read_table(write(tmp_path, raw), COLUMNS, shown_as="t.csv")
    assert any(f"t.csv:{where}: " in str(f) and text in str(f) for f in caught.value.faults), str(caught.value)


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_table(write(tmp_path, b"id,n\nA,x\nB,y\n,1\n"), COLUMNS)
    assert len(caught.value.faults) == 3


def test_a_line_break_inside_quotes_does_not_shift_the_place(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_table(write(tmp_path, b'id,n\n"A\nB",1\nC,x\n'), COLUMNS, shown_as="t.csv")
    assert str(caught.value).startswith("t.csv:4:3: ")


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_table(tmp_path / "none.csv", COLUMNS)
