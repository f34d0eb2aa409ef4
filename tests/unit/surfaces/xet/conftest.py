"""The Hub of the API tests, spoken to as a Xet client does."""

from tests.unit.surfaces.hub_api.conftest import ana, anonymous, client, hub, otto

__all__ = ["ana", "anonymous", "client", "hub", "otto"]
