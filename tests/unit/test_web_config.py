"""The file of --web.config.file: what it may say, and the one line about what it may not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ballonet.errors import ConfigError
from ballonet.web.config import load

HASH = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"
TLS = "tls_server_config: {cert_file: c.pem, key_file: k.pem"

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str) -> Path:
        file = tmp_path / "web.yml"
        file.write_text(text)
        return file

    return written


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("# only a comment\n", id="a comment"),
        pytest.param(
            "tls_server_config:\nhttp_server_config:\nbasic_auth_users:\nrate_limit:\n", id="empty sections"
        ),
        pytest.param(f"{TLS}}}", id="a certificate"),
        pytest.param("tls_server_config: {cert: C, key: K}", id="an inline certificate"),
        pytest.param(f"{TLS}, min_version: TLS13, max_version: TLS13}}", id="a version"),
        pytest.param(f"{TLS}, cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]}}", id="a suite"),
        pytest.param(
            f"{TLS}, min_version: TLS13, cipher_suites: [TLS_AES_128_GCM_SHA256]}}", id="a suite of 1.3"
        ),
        pytest.param(f"{TLS}, curve_preferences: [X25519]}}", id="a curve"),
        pytest.param(
            f"{TLS}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: a.pem}}", id="clients"
        ),
        pytest.param(f"{TLS}, client_auth_type: ''}}", id="an empty client_auth_type"),
        pytest.param("http_server_config: {http2: false, headers: {X-Frame-Options: deny}}", id="a header"),
        pytest.param("http_server_config: {headers: {X-Frame-Options: ''}}", id="an empty header"),
        pytest.param(f"basic_auth_users: {{alice: {HASH}}}", id="a user"),
        pytest.param("rate_limit: {interval: 100ms, burst: 20}", id="a rate"),
        pytest.param("rate_limit: {interval: 0, burst: 0}", id="no rate"),
    ],
)
def test_a_good_file_is_read(write: Write, text: str) -> None:
    load(write(text))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("junk: 1", "junk: unknown key; known are tls_server_config, ", id="junk"),
        pytest.param(
            "tls_server_config: {cert_fil: a}",
            "tls_server_config.cert_fil: unknown key: did you mean cert_file?",
            id="a slip",
        ),
        pytest.param("[1, 2]", "valid dictionary", id="a list"),
        pytest.param("tls_server_config: yes", "tls_server_config: ", id="a word for a section"),
        pytest.param("a: [", "while parsing", id="no YAML"),
        pytest.param(
            "rate_limit: {burst: 1}\nrate_limit: {burst: 2}", "rate_limit is given twice", id="twice"
        ),
        pytest.param(
            "tls_server_config: {key_file: k}", "needs one of cert and cert_file", id="no certificate"
        ),
        pytest.param("tls_server_config: {cert_file: c}", "needs one of key and key_file", id="no key"),
        pytest.param(
            "tls_server_config: {min_version: TLS13}", "needs one of cert", id="TLS without certificate"
        ),
        pytest.param(f"{TLS}, cert: x}}", "needs one of cert and cert_file", id="both certificates"),
        pytest.param(
            f"{TLS}, min_version: TLS11}}", "min_version: TLS 1.0 and 1.1 are not served", id="TLS 1.1"
        ),
        pytest.param(f"{TLS}, min_version: TLS111}}", "'TLS111' is no TLS version", id="no version"),
        pytest.param(
            f"{TLS}, min_version: TLS13, max_version: TLS12}}",
            "min_version is above max_version",
            id="crossed",
        ),
        pytest.param(f"{TLS}, cipher_suites: [TLS_RSA]}}", "'TLS_RSA' is no cipher suite", id="no suite"),
        pytest.param(
            f"{TLS}, cipher_suites: [TLS_AES_128_GCM_SHA256]}}",
            "has none for TLS 1.2",
            id="suites of 1.3 only",
        ),
        pytest.param(f"{TLS}, curve_preferences: [CurveP255]}}", "'CurveP255' is no curve", id="no curve"),
        pytest.param(
            f"{TLS}, curve_preferences: [CurveP256, X25519]}}",
            "Python's TLS takes one curve",
            id="two curves",
        ),
        pytest.param(f"{TLS}, client_auth_type: Nobody}}", "'Nobody' is unknown", id="no client_auth_type"),
        *[
            pytest.param(
                f"{TLS}, client_auth_type: {kind}}}",
                f"client_auth_type: {kind} takes certificates that nobody verified",
                id=kind,
            )
            for kind in ("RequestClientCert", "RequireAnyClientCert", "RequireClientCert")
        ],
        pytest.param(
            f"{TLS}, client_ca_file: a}}", "no client is asked for a certificate", id="CA for nobody"
        ),
        pytest.param(
            f"{TLS}, client_auth_type: RequireAndVerifyClientCert, client_ca: a, client_ca_file: b}}",
            "client_ca or client_ca_file, not both",
            id="two authorities",
        ),
        pytest.param(
            f"{TLS}, client_allowed_sans: [a]}}",
            "client_allowed_sans needs client_auth_type: RequireAndVerifyClientCert",
            id="names of nobody",
        ),
        pytest.param(
            f"{TLS}, client_auth_type: VerifyClientCertIfGiven, client_allowed_sans: [a]}}",
            "client_allowed_sans needs",
            id="names of who may come without",
        ),
        pytest.param(f"{TLS}, prefer_server_cipher_suites: 1}}", "valid boolean", id="a number for a truth"),
        pytest.param(f"{TLS}, cert_file: [a]}}", "given twice", id="the same key twice in a section"),
        pytest.param(
            "http_server_config: {headers: {Server: x}}",
            "'Server' cannot be set; known are",
            id="another header",
        ),
        pytest.param(
            "http_server_config: {headers: {X-Frame-Options: maybe}}",
            "X-Frame-Options must be deny or sameorigin",
            id="a header's value",
        ),
        pytest.param(
            'http_server_config: {headers: {X-XSS-Protection: "1\\r\\nSet-Cookie: a"}}',
            "must be printable ASCII",
            id="a second header in a header",
        ),
        pytest.param(
            "basic_auth_users: {alice: secret}", "the password of 'alice' is no bcrypt hash", id="plain"
        ),
        pytest.param("basic_auth_users: {alice: 5}", "valid string", id="a number for a password"),
        pytest.param("rate_limit: {interval: soon, burst: 1}", "'soon' is not a duration", id="no duration"),
        pytest.param(
            "rate_limit: {interval: 5, burst: 1}", "'5' is not a duration", id="a duration without unit"
        ),
        pytest.param("rate_limit: {interval: 1s}", "burst must be at least 1", id="nobody gets through"),
        pytest.param(
            "rate_limit: {interval: 1s, burst: -1}", "greater than or equal to 0", id="less than nobody"
        ),
    ],
)
def test_a_bad_file_is_refused_in_one_line_with_the_file_and_the_key(
    write: Write, text: str, complaint: str
) -> None:
    file = write(text)

    with pytest.raises(ConfigError) as refused:
        load(file)

    assert str(refused.value).startswith(f"{file}: ")
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yml: cannot read it: No such file or directory"):
        load(tmp_path / "none.yml")


def test_paths_are_relative_to_the_file(write: Write, tmp_path: Path) -> None:
    section = load(write(f"{TLS.replace('k.pem', '/abs/k.pem')}}}")).tls_server_config

    assert section.cert_file == tmp_path / "c.pem"
    assert section.key_file == Path("/abs/k.pem")


def test_http2_is_said_to_have_no_effect(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    load(write("http_server_config: {http2: true}"))

    assert [record.message for record in caplog.records] == [
        "http2: true has no effect, this server speaks HTTP/1.1"
    ]
