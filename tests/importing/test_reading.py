"""Files are read as they come: packed or plain, in two encodings; what cannot be read is said plainly."""

import gzip
from pathlib import Path

import pytest

from importing.reading import ExportFile, InputError, Row

pytestmark = pytest.mark.req("ADM-04")

TEXT = '编号,标题\r\nA1,"两行\r\n标题"\r\n\r\nA2,短\r\nA3\r\n'
ROWS = [
    Row(2, {"编号": "A1", "标题": "两行\r\n标题"}),
    Row(5, {"编号": "A2", "标题": "短"}),
    Row(6, {}),
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("packed", [False, True])
def test_rows_have_their_lines_in_every_encoding(tmp_path: Path, encoding: str, packed: bool) -> None:
    path = tmp_path / "export"
    content = TEXT.encode(encoding)
    path.write_bytes(gzip.compress(content) if packed else content)
    assert list(ExportFile(path).rows(",", {"编号"})) == ROWS


def test_gb18030_with_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(("\ufeff" + TEXT).encode("gb18030"))
    file = ExportFile(path)
    assert file.encoding == "gb18030"
    assert list(file.rows(",", {"编号"})) == ROWS


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("编号,标题\n".encode("utf-16"), "UTF-16"),
        (b"a,b\n\xff\xff\xff", "is not text in utf-8 or gb18030"),
        (gzip.compress(b"a,b\n1,2\n" * 1000, mtime=0)[:-20], "cannot be unpacked"),
        (b"a,c\n1,2\n", "has no column b. It has: a, c."),
        (b"", "has no column a, b. It has: ."),
        (b"a,b,b\n1,2,3\n", "two columns of the same name"),
        (b'a,b\n1,"' + b"x" * 1_100_000, "line 2: field larger than field limit"),
    ],
)
def test_file_that_cannot_be_read_says_why(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        list(ExportFile(path).rows(",", {"a", "b"}))
    assert message in str(refused.value)


def test_missing_file_and_directory_say_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        ExportFile(tmp_path / "nothing.csv")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        ExportFile(tmp_path)


def test_encoding_can_be_prescribed(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(TEXT.encode("gb18030"))
    with pytest.raises(InputError, match="is not text in utf-8"):
        ExportFile(path, "utf-8")
