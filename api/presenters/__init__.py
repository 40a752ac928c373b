"""Values as people read them, for pages, bundles and exports alike: an item, an entry, a moment in words."""
