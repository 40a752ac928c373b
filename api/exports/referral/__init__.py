"""The referral to Cafcass: what the record says to each item, the bundle, and how it proves itself."""
