"""Directories that the real platform wrote: one stopped in order, one killed. Opened here, and the way back.

Copies of ``data/real`` are opened, never the originals. ``facts.json`` says what was stored.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_durable._core.storage import ListOptions, layout
from support.storage import ALICE, end, fingerprints, new_disk, open_namespace, opened, put

REAL = Path(__file__).parent / "data" / "real"
FACTS = json.loads((REAL / "facts.json").read_text())

YEAR_2100_NS = 4_102_444_800_000_000_000
KEYS = FACTS["graceful"]["keys"]["id"]
SQL = FACTS["graceful"]["sql"]["id"]
DAN = FACTS["graceful"]["alarm_dan"]["id"]
ERIN = FACTS["killed"]["put"]["id"]

DIRECTORIES = [("graceful", "ledger-key"), ("graceful", "quiet-key"), ("killed", "ledger-key"), ("killed", "quiet-key")]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(REAL, tmp_path / "copy")
    return tmp_path / "copy"


def ask_another_process(path: Path, query: str) -> list[list[object]]:
    """Rows as the standard library's SQLite shows them in a process of its own."""
    code = (
        "import json, sqlite3, sys; connection = sqlite3.connect(sys.argv[1]); "
        "print(json.dumps(connection.execute(sys.argv[2]).fetchall())); connection.close()"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code, str(path), query], capture_output=True, text=True, check=True, timeout=30
    )
    rows: list[list[object]] = json.loads(shown.stdout)
    return rows


SCHEMA = "SELECT name, sql FROM sqlite_master WHERE sql NOTNULL ORDER BY name"


@pytest.mark.parametrize(("how", "unique_key"), DIRECTORIES)
def test_ids_of_all_objects_are_listed(root, how, unique_key):
    # Real input. DO-1.6
    expected = sorted({path.name[:64] for path in (REAL / how / unique_key).glob("[0-9a-f]*.sqlite")})
    with opened(root / how, unique_key) as namespace:
        assert namespace.object_ids() == expected


def test_facts_name_the_objects_that_are_listed(root):
    ledger, quiet = (set(new_ids(root, key)) for key in ("ledger-key", "quiet-key"))
    named = {name: fact["id"] for name, fact in FACTS["graceful"].items()}
    assert ledger == {object_id for name, object_id in named.items() if not name.startswith("quiet")}
    assert quiet == {object_id for name, object_id in named.items() if name.startswith("quiet")}


def new_ids(root, unique_key):
    with opened(root / "graceful", unique_key) as namespace:
        return namespace.object_ids()


def test_all_keys_of_the_facts_are_read(root):
    # What each value is, is tested with the codec.
    with opened(root / "graceful", "ledger-key") as namespace:
        store = namespace.open_store(KEYS)
        assert [key for key, _ in store.list(ListOptions())] == FACTS["graceful"]["keys"]["r"]


def test_shared_reference_and_cycle_keep_their_identity(root):
    with opened(root / "graceful", "ledger-key") as namespace:
        store = namespace.open_store(KEYS)
        shared, cycle = store.get("shared"), store.get("cyc")
        first, second = shared.values() if isinstance(shared, dict) else shared
        assert first is second
        assert any(item is cycle for item in cycle.values())


def test_sql_table_is_read(root):
    with opened(root / "graceful", "ledger-key") as namespace:
        store = namespace.open_store(SQL)
        rows = store.sql_exec("SELECT * FROM entries ORDER BY id").to_list()
        assert (len(rows), rows[1]) == (FACTS["graceful"]["sql"]["r"], (2, "w1", 1.25, b"\1"))


def test_pending_alarms_carry_their_names(root):
    # DO-8.1.T1.3
    with opened(root / "graceful", "ledger-key") as namespace:
        assert namespace.alarms.load() == [(DAN, YEAR_2100_NS + 86_400 * 10**9, "dan"), (KEYS, YEAR_2100_NS, "alice")]
        assert namespace.open_store(DAN).get_alarm_ns() == YEAR_2100_NS + 86_400 * 10**9


def test_log_that_a_kill_left_is_recovered(root):
    # DO-1.5.T1.3
    with opened(root / "killed", "ledger-key") as namespace:
        store = namespace.open_store(ERIN)
        assert namespace.alarms.load() == [(ERIN, YEAR_2100_NS, "erin")]
        assert [key for key, _ in store.list(ListOptions())] == [f"k{number:02}" for number in range(25)]
        assert store.get_alarm_ns() == YEAR_2100_NS


def test_graceful_end_merges_the_logs_that_a_kill_left(root):
    # DO-1.5.T1.1, DO-1.5.T1.3
    with opened(root / "killed", "ledger-key") as namespace:
        namespace.open_store(ERIN)
    assert sorted(path.name for path in (root / "killed" / "ledger-key").iterdir()) == [
        f"{ERIN}.sqlite",
        "metadata.sqlite",
    ]


@pytest.mark.parametrize(("how", "unique_key"), DIRECTORIES)
def test_looking_changes_no_file(root, how, unique_key):
    before = fingerprints(root)
    disk = new_disk(root / how)
    namespace = disk.namespace(unique_key)
    views = [namespace.inspect(object_id) for object_id in namespace.object_ids()]
    seen = [(dict(view.kv), view.alarm_ns, view.tables, view.size) for view in views]
    end(disk)
    assert (len(seen) > 0, fingerprints(root)) == (True, before)


def test_looking_shows_what_the_log_holds(root):
    disk = new_disk(root / "killed")
    view = disk.namespace("ledger-key").inspect(ERIN)
    assert (len(view.kv), view.kv["k24"], view.alarm_ns) == (25, 24, YEAR_2100_NS)
    end(disk)


def test_files_written_back_are_shown_by_another_process(root):
    with opened(root / "graceful", "ledger-key") as namespace:
        store = namespace.open_store(KEYS)
        store.put_many([("new", "value")])
        store.sql_exec("CREATE TABLE mine(a); INSERT INTO mine VALUES (1)")
        store.commit()
        namespace.alarms.set(ALICE, 5, "new")
    path = root / "graceful" / "ledger-key"
    keys = [key for (key,) in ask_another_process(path / f"{KEYS}.sqlite", "SELECT key FROM _cf_KV ORDER BY key")]
    assert keys == sorted([*FACTS["graceful"]["keys"]["r"], "new"])
    assert ask_another_process(path / f"{KEYS}.sqlite", "SELECT a FROM mine") == [[1]]
    assert [ALICE, 5, "new"] in ask_another_process(path / "metadata.sqlite", "SELECT * FROM _cf_ALARM")
    assert ask_another_process(path / f"{KEYS}.sqlite", "PRAGMA integrity_check") == [["ok"]]


def test_files_of_ours_have_the_same_schema_text_as_the_platforms(root):
    # Character by character. DO-3.2.P, DO-8.1.P
    disk = new_disk(root)
    namespace = open_namespace(disk)
    store = namespace.open_store(ALICE)
    store.set_alarm_ns(5)
    put(store, a=1)
    end(disk)
    for ours, real in ((f"{ALICE}.sqlite", f"{KEYS}.sqlite"), ("metadata.sqlite", "metadata.sqlite")):
        assert ask_another_process(root / "key" / ours, SCHEMA) == ask_another_process(
            root / "graceful" / "ledger-key" / real, SCHEMA
        )


def test_fresh_file_of_ours_is_that_of_the_platform_byte_for_byte(root):
    # Apart from bytes 96 to 99, the version of the SQLite that wrote it. DO-1.5.P, DO-3.1.T1.1
    real = (root / "graceful" / "quiet-key" / f"{FACTS['graceful']['quiet_ping']['id']}.sqlite").read_bytes()
    ours = layout.empty_database(int.from_bytes(real[96:100], "big"))
    with opened(root) as namespace:
        namespace.open_store(ALICE)
    written = bytearray((root / "key" / f"{ALICE}.sqlite").read_bytes())
    written[96:100] = real[96:100]
    assert ours == real == bytes(written)
