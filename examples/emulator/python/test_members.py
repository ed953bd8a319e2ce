import pytest

from members import LoginFailed, Members

SILENT_LOGIN = "POST /hserve/v2.5/idp/kuaishou/silent-login/"


@pytest.fixture
def members(emulator):
    return Members(emulator.url, "my-app")


def test_a_seeded_user_logs_in(emulator, members):
    user_id, token = members.login(emulator.code("ks-ann"))
    assert user_id == 7
    assert members.nickname(user_id, token) == "Ann"


def test_a_new_user_gets_an_account(emulator, members):
    with pytest.raises(LoginFailed) as failed:
        members.login(emulator.code("ks-bob"), create_user=False)
    assert failed.value.status == 404
    user_id, _ = members.login(emulator.code("ks-bob"))
    assert emulator.control("GET", "people/ks/ks-bob")["user"]["id"] == user_id


def test_a_code_is_good_once(emulator, members):
    code = emulator.code("ks-ann")
    members.login(code)
    with pytest.raises(LoginFailed) as failed:
        members.login(code)
    assert failed.value.status == 400


def test_a_code_expires(emulator, members):
    code = emulator.code("ks-ann")
    emulator.control("POST", "clock", {"advance": "5m"})
    with pytest.raises(LoginFailed):
        members.login(code)


def test_a_token_expires(emulator, members):
    user_id, token = members.login(emulator.code("ks-ann"))
    emulator.control("POST", "clock", {"advance": "31d"})
    with pytest.raises(LoginFailed) as failed:
        members.nickname(user_id, token)
    assert failed.value.status == 401


def test_the_backend_fails_once(emulator, members):
    emulator.control("POST", "faults", {"route": SILENT_LOGIN, "status": 503, "times": 1})
    with pytest.raises(LoginFailed) as failed:
        members.login(emulator.code("ks-ann"))
    assert failed.value.status == 503
    assert members.login(emulator.code("ks-ann"))[0] == 7


def test_each_login_is_one_request(emulator, members):
    members.login(emulator.code("ks-ann"))
    asked = [f"{r['method']} {r['path']}" for r in emulator.control("GET", "journal")]
    assert asked == [SILENT_LOGIN]
