"""The tree: the roots that RFC 6962 gives, a way for every leaf of every size, and none for what is not there."""

import random

import pytest

from drp.proof import merkle

# The roots of RFC 6962's reference implementation over the first n of these leaves.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def hashed(count: int) -> list[bytes]:
    return [merkle.leaf_hash(bytes.fromhex(text)) for text in LEAVES[:count]]


@pytest.mark.parametrize("count", range(1, 9))
def test_the_root_is_the_one_that_others_work_out(count):
    assert merkle.root_hash(hashed(count)).hex() == ROOTS[count - 1]


def test_of_nothing_it_is_the_hash_of_nothing():
    assert merkle.root_hash([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_every_leaf_of_every_size_has_a_way_to_the_root_and_no_other_leaf_passes_for_it():
    chance = random.Random(20261122)
    for size in range(1, 70):
        leaves = [merkle.leaf_hash(chance.randbytes(8)) for _ in range(size)]
        root = merkle.root_hash(leaves)
        for index, own in enumerate(leaves):
            way = merkle.proof_path(leaves, index)
            assert merkle.root_by(own, index, size, way) == root
            assert merkle.root_by(merkle.leaf_hash(b"another"), index, size, way) != root
            assert merkle.root_by(own, index, size, (*way, way[0] if way else own)) is None
            if way:
                assert merkle.root_by(own, index, size, way[:-1]) is None
                assert merkle.root_by(own, index, size, (merkle.leaf_hash(b"another"), *way[1:])) != root
    assert merkle.root_by(leaves[0], 69, 69, ()) is None


def test_a_branch_does_not_pass_for_a_leaf():
    one, two = merkle.leaf_hash(b"one"), merkle.leaf_hash(b"two")
    assert merkle.leaf_hash(one + two) != merkle.root_hash([one, two])
