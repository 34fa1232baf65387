"""Where one statement ends and the next begins."""

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_durable._core.storage.sql_text import split_statements


@pytest.mark.parametrize(
    ("query", "statements"),
    [
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1;", ["SELECT 1;"]),
        ("SELECT 1; \n", ["SELECT 1; \n"]),
        ("SELECT 1;SELECT 2", ["SELECT 1;", "SELECT 2"]),
        (";;SELECT 1", [";;SELECT 1"]),
        ("SELECT 1;;", ["SELECT 1;", ""]),
        ("SELECT 1; -- x", ["SELECT 1;", ""]),
        ("", [""]),
        ("  ", [""]),
        (";", [""]),
        ("-- x", [""]),
        ("SELECT ';', \";\", `;`, [;]; SELECT 2", ["SELECT ';', \";\", `;`, [;];", "SELECT 2"]),
        ("SELECT 'it''s;'; SELECT 2", ["SELECT 'it''s;';", "SELECT 2"]),
        ("SELECT 1 /* ; */ ; SELECT 2", ["SELECT 1 /* ; */ ;", "SELECT 2"]),
        ("SELECT 1 -- ;\n; SELECT 2", ["SELECT 1 -- ;\n;", "SELECT 2"]),
        ("SELECT 1 -- ;", ["SELECT 1 -- ;"]),
        ("SELECT 'open;", ["SELECT 'open;"]),
        ("SELECT 1 /* open;", ["SELECT 1 /* open;"]),
    ],
)
def test_statements_end_at_their_semicolon(query, statements):
    # DO-5.3.2
    assert split_statements(query) == statements


@pytest.mark.parametrize("create", ["CREATE TRIGGER", "create temp trigger", "EXPLAIN CREATE TEMPORARY TRIGGER"])
def test_trigger_ends_at_the_semicolon_after_its_end(create):
    trigger = f"{create} x AFTER INSERT ON t BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; DELETE FROM u; END;"
    assert split_statements(f"{trigger} SELECT 1") == [trigger, "SELECT 1"]


def test_word_trigger_elsewhere_means_nothing():
    assert split_statements("SELECT trigger; SELECT 2") == ["SELECT trigger;", "SELECT 2"]


def test_offset_of_an_error_counts_from_the_statements_first_character():
    # Asked of the real platform: the space after a semicolon does not count, a comment and what leads the text do.
    assert split_statements("  A; \n B; -- x\n C") == ["  A;", "B;", "-- x\n C"]


@given(st.text(alphabet="a ;'\"`[]-/*\n", max_size=30))
def test_splitting_loses_nothing_but_white_space(query):
    statements = split_statements(query)
    assert "".join("".join(statements).split()) in "".join(query.split())
    assert all(
        statement == "" or apsw.complete(statement + ";") or statement is statements[-1] for statement in statements
    )
