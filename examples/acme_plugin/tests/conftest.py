from collections.abc import AsyncIterator

import pytest
from acme_device import AcmeDevice


@pytest.fixture
async def acme() -> AsyncIterator[AcmeDevice]:
    async with AcmeDevice() as device:
        yield device
