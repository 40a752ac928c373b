"""Who somebody is: tokens, accounts, sessions, sign-ins, and the principal that they prove to be."""
