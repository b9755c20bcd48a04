"""Settings as an operator gives them: what is wrong is said in a line that names the variable, and never a secret."""

import json
from pathlib import Path

import pytest
from sqlalchemy import make_url
from typer.testing import CliRunner, Result

from app.cli.commands import commands
from app.settings import Settings, SettingsError, sources, unknown

SECRET = "hunter2-hunter2"


def given(**variables: str) -> Settings:
    return Settings.from_environment({f"TOUCHSTONE_{name}": value for name, value in variables.items()})


def run(*command: str, **variables: str) -> Result:
    return CliRunner().invoke(commands(command[0]), command, env={f"TOUCHSTONE_{k}": v for k, v in variables.items()})


WRONG = [
    ({"DATABASE_URL": "mysql://root:hunter2-hunter2@db/x"}, "TOUCHSTONE_DATABASE_URL: mysql is no database"),
    ({"DATABASE_URL": "touchstone.db"}, "TOUCHSTONE_DATABASE_URL: this is no database URL"),
    ({"DATABASE_URL": "postgresql://u:hunter2-hunter2@db:port/x"}, "TOUCHSTONE_DATABASE_URL: this is no database URL"),
    ({"READ_DATABASE_URL": "redis://db"}, "TOUCHSTONE_READ_DATABASE_URL: redis is no database"),
    ({"PUBLIC_URL": "notaurl"}, "TOUCHSTONE_PUBLIC_URL: notaurl is no address such as https://feedback.example"),
    ({"PUBLIC_URL": "ftp://shop.example"}, "TOUCHSTONE_PUBLIC_URL: ftp://shop.example is no address"),
    ({"SMTP_URL": "mail.example:587"}, "TOUCHSTONE_SMTP_URL: this is no mail server such as smtp://user:password@mail"),
    ({"SMTP_URL": f"smtp://u:{SECRET}@mail:port"}, "TOUCHSTONE_SMTP_URL: this is no mail server"),
    ({"SMTP_URL": f"smtp://u:{SECRET}@mail.example"}, "TOUCHSTONE_MAIL_FROM: is missing"),
    ({"MAIL_FROM": "Shop"}, "TOUCHSTONE_MAIL_FROM: this is no sender such as feedback@shop.example"),
    ({"MAIL_FROM": "a@b.example\r\nBcc: c@d.example"}, "TOUCHSTONE_MAIL_FROM: this is no sender"),
    ({"TRUSTED_PROXIES": "10.0.0.1/8"}, "10.0.0.1/8 is no network, such as 10.0.0.0/8; 10.0.0.0/8 is the network"),
    ({"TRUSTED_PROXIES": "127.0.0.1,proxy"}, "TOUCHSTONE_TRUSTED_PROXIES: proxy is no network"),
    ({"ADMIN_KEY_FILE": "/nope"}, "TOUCHSTONE_ADMIN_KEY_FILE: /nope cannot be read: No such file or directory"),
    ({"ADMIN_KEY": SECRET}, "TOUCHSTONE_ADMIN_KEY: "),
    ({"PORT": "http"}, "TOUCHSTONE_PORT: Input should be a valid integer"),
    ({"PORT": "70000"}, "(it is '70000')"),
    ({"RATE_LIMIT": "often"}, "(it is 'often')"),
    ({"LOG_FORMAT": "xml"}, "TOUCHSTONE_LOG_FORMAT: Input should be 'text' or 'json' (it is 'xml')"),
]


@pytest.mark.parametrize(("variables", "said"), WRONG, ids=lambda one: str(one)[:40])
def test_a_wrong_setting_is_told_in_a_line_without_a_secret(variables, said):
    with pytest.raises(SettingsError) as wrong:
        given(**variables)
    assert said in str(wrong.value) and len(str(wrong.value).splitlines()) == 1
    assert SECRET not in str(wrong.value)
    done = run("config", **variables)
    assert done.exit_code == 2 and said in done.stderr and isinstance(done.exception, SystemExit)


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(SettingsError) as wrong:
        given(PORT="x", ADMIN_KEY_FILE="/nope", PUBLIC_URL="x")
    assert len(str(wrong.value).splitlines()) == 3


def test_an_empty_variable_is_not_set(tmp_path):
    (tmp_path / "empty").write_text("\n")
    names = [name.upper() for name in Settings.model_fields]
    assert given(**dict.fromkeys(names, "")) == Settings()
    assert given(ADMIN_KEY_FILE=str(tmp_path / "empty")).admin_key is None
    (tmp_path / "key").write_text("a-key-out-of-a-file-0123456789\n")
    assert given(ADMIN_KEY="", ADMIN_KEY_FILE=str(tmp_path / "key")).admin_key is not None


def test_a_variable_that_is_no_setting_is_told_with_the_one_that_is_meant():
    environment = {
        "TOUCHSTONE_RATELIMIT": "off",
        "TOUCHSTONE_TRUSTED_PROXYS": "x",
        "TOUCHSTONE_WHATEVER": "x",
        "X": "x",
    }
    assert list(unknown(environment)) == [
        ("TOUCHSTONE_RATELIMIT", "TOUCHSTONE_RATE_LIMIT"),
        ("TOUCHSTONE_TRUSTED_PROXYS", "TOUCHSTONE_TRUSTED_PROXIES"),
        ("TOUCHSTONE_WHATEVER", None),
    ]
    done = run("config", RATELIMIT="off")
    assert done.exit_code == 0
    assert done.stderr == "TOUCHSTONE_RATELIMIT is no setting and does nothing. Is TOUCHSTONE_RATE_LIMIT meant?\n"


@pytest.mark.parametrize("password", ["a%b@c/d:e?f#g", "plain"])
def test_a_password_of_its_own_arrives_as_it_is(password, tmp_path):
    (tmp_path / "password").write_text(password + "\n")
    url = "postgresql+asyncpg://feedback@db/shop?ssl=require"
    chosen = given(DATABASE_URL=url, READ_DATABASE_URL=url, DATABASE_PASSWORD_FILE=str(tmp_path / "password"))
    for each in (chosen.database_url, chosen.read_database_url):
        parsed = make_url(str(each))
        assert (parsed.password, parsed.host, parsed.query["ssl"]) == (password, "db", "require")
    assert given(DATABASE_PASSWORD=password).database_url == Settings().database_url


def test_config_shows_what_holds_and_where_from_and_masks_secrets(tmp_path):
    (tmp_path / "key").write_text("a-key-out-of-a-file-0123456789")
    url = f"postgresql+asyncpg://feedback:{SECRET}@db/shop"
    variables = {"DATABASE_URL": url, "ADMIN_KEY_FILE": str(tmp_path / "key"), "TRUSTED_PROXIES": "10.0.0.0/8"}
    variables |= {"SMTP_URL": f"smtp://me:{SECRET}@mail.example:2525", "MAIL_FROM": "Shop <a@b.example>"}
    shown = run("config", **variables)
    assert "TOUCHSTONE_SMTP_URL=smtp://me:***@mail.example:2525  (environment)" in shown.stdout
    assert "TOUCHSTONE_DATABASE_URL=postgresql+asyncpg://feedback:***@db/shop  (environment)" in shown.stdout
    assert f"TOUCHSTONE_ADMIN_KEY=***  (file {tmp_path / 'key'})" in shown.stdout
    assert "TOUCHSTONE_TRUSTED_PROXIES=10.0.0.0/8  (environment)" in shown.stdout
    assert "TOUCHSTONE_PORT=8000  (default)" in shown.stdout
    machine = json.loads(run("config", "--json", **variables).stdout)
    assert set(machine) == {f"TOUCHSTONE_{name.upper()}" for name in Settings.model_fields}
    assert machine["TOUCHSTONE_ADMIN_KEY"] == {"value": "***", "from": "TOUCHSTONE_ADMIN_KEY_FILE"}
    for said in (shown.stdout, json.dumps(machine)):
        assert SECRET not in said and Path(tmp_path / "key").read_text() not in said


def test_a_variable_goes_before_its_file():
    assert sources({"TOUCHSTONE_PORT": "1", "TOUCHSTONE_PORT_FILE": "/nope"}) == {"port": "TOUCHSTONE_PORT"}
