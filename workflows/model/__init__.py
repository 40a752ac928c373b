"""The values: ladders, authorities, challenges, events, actors. No value here decides anything."""
