def test_it(store, casework):
    assert store.authorities() == ()
