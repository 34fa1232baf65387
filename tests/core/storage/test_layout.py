"""Names, headers and units: no SQLite, no file system."""

import apsw
import pytest

from pytest_durable._core.storage import layout

ID = "0123456789abcdef" * 4


def header(*, pages: int = 1, size: int | None = None) -> tuple[bytes, int]:
    image = bytearray(layout.empty_database(apsw.SQLITE_VERSION_NUMBER))
    image[28:32] = pages.to_bytes(4, "big")
    return bytes(image[:100]), pages * 4096 if size is None else size


def test_objects_are_the_files_with_64_hex_digits():
    # DO-1.6, DO-1.3.T1.3
    names = ["metadata.sqlite", f"{ID}.sqlite", f"{ID}.sqlite-wal", f"{ID}.sqlite-shm", f"{ID[:-1]}.sqlite", "x.txt"]
    assert layout.object_ids(names) == [ID]


def test_facets_and_their_index_are_not_objects():
    # DO-1.6
    assert layout.object_ids([f"{ID}.1.sqlite", f"{ID}.facets", f"{ID}.12.sqlite-wal"]) == []


def test_object_ids_are_sorted():
    # DO-1.6
    assert layout.object_ids(["f" * 64 + ".sqlite", "0" * 64 + ".sqlite"]) == ["0" * 64, "f" * 64]


def test_facet_databases_count_as_object_files():
    # DO-1.3.T1.4
    names = [f"{ID}.sqlite", f"{ID}.2.sqlite", f"{ID}.facets", "metadata.sqlite", f"{ID}.0.sqlite", f"{ID}.sqlite-wal"]
    assert layout.object_files(names) == [f"{ID}.2.sqlite", f"{ID}.sqlite"]


def test_files_of_an_object_are_removed_so_that_what_is_left_can_be_opened():
    # DO-9.6.T1.2, DO-1.7: no facet without index, no index without object, no log without its database
    other = "f" * 64
    names = [
        *(f"{ID}.sqlite", f"{ID}.sqlite-wal", f"{ID}.facets", f"{ID}.2.sqlite", f"{ID}.2.sqlite-wal", f"{ID}.x"),
        *(f"{other}.sqlite", "metadata.sqlite", f"{ID[:-1]}.sqlite", "notes.txt"),
    ]
    assert layout.files_of_objects(names) == {
        ID: [
            *(f"{ID}.2.sqlite-wal", f"{ID}.x", f"{ID}.2.sqlite", f"{ID}.facets"),
            *(f"{ID}.sqlite-wal", f"{ID}.sqlite"),
        ],
        other: [f"{other}.sqlite"],
    }


def test_facet_file_carries_its_number():
    # DO-1.3.T1.4
    assert [layout.object_file(ID), layout.object_file(ID, 3)] == [f"{ID}.sqlite", f"{ID}.3.sqlite"]


@pytest.mark.parametrize("key", ["", ".", "..", "a/b", "/", "a\0b"])
def test_unique_key_must_be_one_path_component(key):
    # DO-1.1.3
    assert layout.unique_key_problem(key) is not None


@pytest.mark.parametrize("key", ["a", " spaces are fine ", ".hidden", "worker-Class", "-Class", "ключ"])
def test_unique_key_may_have_spaces_and_a_leading_dot(key):
    # DO-1.1.3, DO-1.1.4
    assert layout.unique_key_problem(key) is None


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "00000000-00000000-00000000-00000000000000000000000000000000"),
        (1, "00000000-00000001-00000000-00000000000000000000000000000000"),
        (4294967294, "00000000-fffffffe-00000000-00000000000000000000000000000000"),
        (4294967295, "00000001-00000000-00000000-00000000000000000000000000000000"),
    ],
)
def test_bookmark_counts_in_base_4294967295(count, text):
    # DO-3.5
    assert layout.bookmark(count) == text


def test_empty_database_is_what_the_real_platform_leaves():
    # Compared with a file of the real platform, apart from the version of SQLite that wrote it. DO-3.1.T1.1
    image = layout.empty_database(3_054_001)
    assert image[:28].hex() == "53514c69746520666f726d61742033001000020200402020" + "00000001"
    assert (image[28:32], image[92:96], image[100:108].hex()) == (b"\0\0\0\1", b"\0\0\0\1", "0d00000000100000")
    assert (len(image), set(image[32:92]), set(image[108:])) == (4096, {0}, {0})


def test_whole_database_has_no_problem():
    head, size = header(pages=3)
    assert layout.database_problem(head, size, has_wal=False) is None


def test_empty_file_is_a_fresh_database():
    assert layout.database_problem(b"", 0, has_wal=False) is None


@pytest.mark.parametrize(
    ("head", "size", "problem"),
    [
        (b"SQLite for", 10, "truncated"),
        (b"not a database at all" * 5, 4096, "begin like"),
        (b"\0" * 100, 4096, "begin like"),
        (header()[0], 6000, "not whole pages"),
        (header(pages=5)[0], 4096, "counts 5 pages, the file holds 1"),
        (header()[0][:16] + b"\x00\x07" + header()[0][18:], 4096, "page size 7"),
        (header()[0][:18] + b"\x09\x09" + header()[0][20:], 4096, "format version"),
        (header()[0][:21] + b"\0\0\0" + header()[0][24:], 4096, "payload fractions"),
    ],
    ids=["short", "text", "zeros", "half page", "missing pages", "page size", "version", "fractions"],
)
def test_damage_is_seen_in_the_first_100_bytes_and_the_size(head, size, problem):
    assert problem in layout.database_problem(head, size, has_wal=False)


def test_header_may_run_ahead_of_the_file_while_a_log_lies_beside_it():
    head, _ = header(pages=5)
    assert layout.database_problem(head, 4096, has_wal=True) is None
