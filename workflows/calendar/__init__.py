"""Working days, reporting periods and promises in words, with the bank holidays that they count by."""
