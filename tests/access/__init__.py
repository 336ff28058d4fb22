"""Route x role x own or other object: the scene, the callers and the cells, all made from the OpenAPI document."""
