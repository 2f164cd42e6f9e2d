"""Carried paint: painted keys, reprojected into every frame of their shot."""
