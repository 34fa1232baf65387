"""How ids are made: a keyed hash that any copy of the namespace computes alike."""

import hashlib
import hmac

import pytest

from pytest_durable._core.ids import IdFactory

VECTORS = {
    "http://foo/": "59002eb8cf872e541722977a258a12d6a93bbe8192b502e1c0cb250aa91af234",  # DO-2.1.T1.1
    "http://foo/bar": "02b496f65dd35cbac90e3e72dc5a398ee93926ea4a3821e26677082d2e6f9b79",  # DO-2.1.T1.2
    "name": "3652ef6221834806dc8df802d1d216e27b7d07e0a6b7adf6cfdaeec90f06459a",  # DO-2.1.T1.3
    "a": "fa5ef46164dde9b1e06466253f8ef87bdf9732ca804160f347d2b715967cb339",  # DO-2.1.T1.4
    "": "5671fa8c78c77d33f1e2e2613dd33ef021665e44066444f8e9f9af35e972d39d",  # DO-2.1.T1.5
}


def mac(key: bytes, content: bytes) -> bytes:
    return hmac.new(key, content, hashlib.sha256).digest()[:16]


@pytest.mark.parametrize(("name", "expected"), VECTORS.items())
def test_id_from_name_equals_the_one_the_platform_makes(name: str, expected: str) -> None:
    """DO-2.1.T1.1 to DO-2.1.T1.5"""
    assert IdFactory("mykey").from_name(name).hex == expected


def test_id_from_name_is_a_keyed_hash_of_the_name_and_a_keyed_hash_of_that() -> None:
    key = hashlib.sha256("ключ".encode()).digest()
    prefix = mac(key, "имя".encode())
    assert IdFactory("ключ").from_name("имя").hex == (prefix + mac(key, prefix)).hex()


def test_unique_id_is_its_random_bytes_and_a_keyed_hash_of_them() -> None:
    key = hashlib.sha256(b"mykey").digest()
    prefix = bytes(range(16))
    assert IdFactory("mykey").unique(prefix).hex == (prefix + mac(key, prefix)).hex()


@pytest.mark.parametrize("position", [0, 31, 32, 63])
def test_id_with_one_digit_changed_is_not_valid(position: int) -> None:
    digits = list(VECTORS["a"])
    digits[position] = "0" if digits[position] != "0" else "1"
    assert not IdFactory("mykey").owns("".join(digits))


def test_id_of_one_namespace_is_not_valid_in_another() -> None:
    assert IdFactory("mykey").owns(VECTORS["a"])
    assert not IdFactory("yourkey").owns(VECTORS["a"])
