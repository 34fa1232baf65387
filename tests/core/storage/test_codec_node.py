"""The codec against Node's V8, in both directions. Where the platform differs from Node, it is said here."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from pytest_durable._core.storage.codec import UndecodableError, decode, encode
from pytest_durable.values import JSError
from support.node_oracle import NodeOracle, NodeRefused, node_path
from support.stored_values import KEYS_ALIKE_IN_NODE, PRIMITIVES_WITHOUT_DOUBLES, graphs
from support.value_description import describe

pytestmark = pytest.mark.skipif(node_path() is None, reason="node is not installed")


@pytest.fixture(scope="module")
def node() -> Iterator[NodeOracle]:
    with NodeOracle(node_path() or "") as oracle:
        yield oracle


# Errors are left out where we write: the platform's form of them is a host object, of which Node knows nothing.


@settings(max_examples=250, deadline=None)
@given(value=graphs(with_errors=False))
def test_node_reads_what_we_write(node: NodeOracle, value: object) -> None:
    assert node.read(encode(value)) == describe(value)


@settings(max_examples=250, deadline=None)
@given(value=graphs(with_errors=False))
def test_we_read_what_node_writes(node: NodeOracle, value: object) -> None:
    assert describe(decode(node.write(describe(value)))) == describe(value)


# Without doubles, because how V8 writes an integral number depends on what the array or the field held before.
# The platform's small integers have 31 bits and Node's have 32; numbers and keys between the two are left out.


@settings(max_examples=250, deadline=None)
@given(value=graphs(primitives=PRIMITIVES_WITHOUT_DOUBLES, keys=KEYS_ALIKE_IN_NODE, with_errors=False))
def test_we_write_the_very_bytes_that_node_writes(node: NodeOracle, value: object) -> None:
    assert encode(value).hex() == node.write(describe(value)).hex()


def test_node_writes_a_31_bit_integer_that_the_platform_writes_as_a_double(node: NodeOracle) -> None:
    number = 2**30
    assert node.write(describe(number)).hex() == "ff0f498080808008"
    assert encode(number).hex() == "ff0f4e000000000000d041"
    assert node.read(encode(number)) == describe(number)


def test_node_writes_a_31_bit_key_that_the_platform_writes_as_a_double(node: NodeOracle) -> None:
    value = {str(2**30): 1}
    assert node.write(describe(value)).hex() == "ff0f6f49808080800849027b01"
    assert encode(value).hex() == "ff0f6f4e000000000000d04149027b01"
    assert node.read(encode(value)) == describe(value)


# What V8 refuses, beside the cases of which the platform itself was asked (test_codec_reading).


@pytest.mark.parametrize(
    "blob",
    [
        "ff0f",  # no value
        "ff0f49",  # no integer
        "ff0f4e00",  # half a double
        "ff0f22056162",  # string too short
        "ff0f6f2201614902",  # object without end
        "ff0f41054900",  # array longer than the blob
        "ff0f3b49023a01",  # key without value
        "ff0f27490249042c01",  # wrong size of a Set
        "ff0f5e00",  # reference to nothing
        "ff0f40",  # an end without beginning
        "ff0f42056162",  # buffer too short
        "ff0f7e030201020356",  # longer than its maximum
        "ff0f4204000000005657010200",  # view not aligned
        "ff0f4204000000005642030200",  # view beyond the end
        "ff0f420400000000565a000400",  # no such kind of view
        "ff0f727a2e",  # no such part of an error
        "ff0f522201618004",  # no such flag
    ],
)
def test_node_and_we_refuse_the_same_broken_values(node: NodeOracle, blob: str) -> None:
    with pytest.raises(NodeRefused):
        node.read(bytes.fromhex(blob))
    with pytest.raises(UndecodableError):
        decode(bytes.fromhex(blob))


def test_an_error_written_by_node_has_its_cause_before_its_stack(node: NodeOracle) -> None:
    blob = bytes.fromhex("ff0f72546d22016163490a732201532e")
    expected = JSError("TypeError", "a", {"cause": 5, "stack": "S"})
    assert node.read(blob) == describe(expected)
    assert decode(blob) == expected
