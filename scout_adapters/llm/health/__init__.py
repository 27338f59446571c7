"""Health of keys and providers: key states, key pools, circuits, and limits left."""
