"""What is sealed can be read by this installation only."""

import pytest
from django.test import override_settings

from carpool.kernel.sealing import SealBroken, seal, unseal


def test_a_sealed_secret_comes_back_and_does_not_show():
    sealed = seal("s3cret-ñ")
    assert "s3cret" not in sealed
    assert unseal(sealed) == "s3cret-ñ"
    assert seal("s3cret-ñ") != sealed


def test_another_key_opens_nothing_unless_the_old_one_is_kept():
    with override_settings(SECRET_KEY="old"):
        sealed = seal("secret")
    with pytest.raises(SealBroken):
        unseal(sealed)
    with override_settings(SECRET_KEY_FALLBACKS=["old"]):
        assert unseal(sealed) == "secret"
