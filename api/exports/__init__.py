"""What leaves as a file: referral bundles, subject access, registers, logs."""
