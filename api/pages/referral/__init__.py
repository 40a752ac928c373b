"""The referral to Cafcass: written, rehearsed, sent."""
