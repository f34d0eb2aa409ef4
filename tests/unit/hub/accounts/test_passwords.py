from __future__ import annotations

from zoco.hub.accounts import passwords


def test_the_parameters_are_those_owasp_advises() -> None:
    """Looked at without the cheap hasher of the other tests."""
    from argon2 import Type, extract_parameters

    of = extract_parameters(passwords.OWASP.hash("a password"))
    assert (of.type, of.memory_cost, of.time_cost, of.parallelism) == (Type.ID, 19_456, 2, 1)


def test_no_hash_and_a_broken_hash_match_nothing() -> None:
    assert not passwords.is_password("the password of nobody", None)
    assert not passwords.is_password("anything", "not a hash")
    assert not passwords.is_password("x" * 100_000, None)


def test_a_password_may_hold_any_language() -> None:
    hashed = passwords.hash_password("contraseña 密码 🔑", "ana")
    assert passwords.is_password("contraseña 密码 🔑", hashed)
    assert not passwords.is_password("contrasena 密码 🔑", hashed)
