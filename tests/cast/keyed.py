"""Settings of a service whose keys are there: serving makes none."""

from api.assembly import SYSTEM_CHANCE
from api.keys import make_missing_keys
from drp.identity.seal import Seal
from drp.settings import Settings
from drp.timeline.chain import ChainKey

SEAL = Seal((ChainKey("k1", b"a seal of the tests, 32 octets.."),))
"""What seals where no service is built."""


def keyed(settings: Settings) -> Settings:
    """The settings, once each key that they name and that is not there was made."""
    make_missing_keys(settings, SYSTEM_CHANCE)
    return settings
