"""The conversion does what naslib-proxydata expects of it; NASLib is not needed."""

import pytest
from naslib_proxydata_example.conversion import TransBench101Micro

from naslib_proxydata.naslib_bridge.conversions import Conversion
from naslib_proxydata.testing import ConversionContract


class TestTransBench101Micro(ConversionContract):
    @pytest.fixture
    def conversion(self) -> Conversion:
        return TransBench101Micro()
