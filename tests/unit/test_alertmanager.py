"""The client of Alertmanager against servers on loopback that answer, refuse, hang and lie."""

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from ballonet.errors import AlertmanagerFailed, ConfigError
from ballonet_operator.alerts import alertmanager
from ballonet_operator.alerts.access import Access
from ballonet_operator.alerts.alertmanager import Alertmanager
from ballonet_operator.alerts.flags import AgentAlertmanager, AlertmanagerConfig, check_url

QUESTION = (('alertname=~"^(?:A)$"',),)
ONE = json.dumps([{"labels": {"alertname": "A"}, "fingerprint": "f1"}]).encode()
Answer = Callable[[BaseHTTPRequestHandler], None]


def says(content: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in {"Content_Length": str(len(content)), **headers}.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(content)

    return answer


class Served:
    """What a server was asked; ``answer`` may be replaced while it runs."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.paths: list[str] = []
        self.authorizations: list[str | None] = []
        self.connections = 0
        self.url = ""


@contextmanager
def serving(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[Served]:
    served = Served(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            served.connections += 1
            super().setup()

        def do_GET(self) -> None:
            served.paths.append(self.path)
            served.authorizations.append(self.headers["Authorization"])
            served.answer(self)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            del format, arguments

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing of clients that hang up, which is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "https" if tls is not None else "http"
    served.url = f"{scheme}://localhost:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], Served]]:
    with ExitStack() as ends:
        yield lambda answer: ends.enter_context(serving(answer))


Serve = Callable[[Answer], Served]


def client(served: Served, config: Path | None = None) -> Alertmanager:
    return Alertmanager(served.url, Access(config))


def failure(served: Served, config: Path | None = None) -> AlertmanagerFailed:
    with pytest.raises(AlertmanagerFailed) as failed:
        client(served, config).alerts(QUESTION)
    assert "\n" not in str(failed.value)
    return failed.value


def test_only_alerts_that_fire_and_that_rules_are_about_are_asked_for(serve: Serve) -> None:
    served = serve(says(ONE))
    assert list(client(served).alerts(QUESTION)) == ["f1"]
    assert served.paths == [
        "/api/v2/alerts?active=true&silenced=false&inhibited=false&filter=alertname%3D~%22%5E%28%3F%3AA%29%24%22"
    ]


def test_one_connection_serves_all_requests(serve: Serve) -> None:
    served = serve(says(ONE))
    asking = client(served)
    for _ in range(3):
        asking.alerts([*QUESTION, *QUESTION])
    assert (len(served.paths), served.connections) == (6, 1)


def test_a_path_before_the_api_is_kept(serve: Serve) -> None:
    served = serve(says(ONE))
    Alertmanager(f"{served.url}/monitoring/", Access(None)).alerts(QUESTION)
    assert served.paths[0].startswith("/monitoring/api/v2/alerts?")


@pytest.mark.parametrize(
    ("answer", "cause", "said"),
    [
        pytest.param(says(b"", 401), "refused", "401 Unauthorized", id="wants-a-password"),
        pytest.param(says(b"", 503), "refused", "503", id="unavailable"),
        pytest.param(says(b"", 599), "refused", "599", id="a-status-that-nobody-knows"),
        pytest.param(says(b"", 302, Location="http://127.0.0.1:1/"), "refused", "302 Found", id="elsewhere"),
        pytest.param(says(b"<html>"), "unusable", "no JSON", id="another-server"),
        pytest.param(says(ONE, Content_Encoding="gzip"), "success", "", id="encoding-is-not-believed"),
        pytest.param(lambda request: request.wfile.write(b"hello\r\n\r\n"), "unreachable", "", id="no-http"),
        pytest.param(lambda request: request.connection.close(), "unreachable", "", id="hangs-up"),
        pytest.param(says(ONE[:-9], Content_Length="999"), "unreachable", "", id="breaks-off"),
    ],
)
def test_a_server_that_is_none_is_a_failure_of_one_line(
    serve: Serve, answer: Answer, cause: str, said: str
) -> None:
    served = serve(answer)

    def closing(request: BaseHTTPRequestHandler) -> None:
        answer(request)
        request.close_connection = True

    served.answer = closing
    if cause == "success":
        assert list(client(served).alerts(QUESTION)) == ["f1"]
        return
    failed = failure(served)
    assert failed.cause == cause
    assert said in str(failed)


def endless(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    while True:
        request.wfile.write(b" " * 65536)


def test_an_answer_without_end_is_given_up(serve: Serve) -> None:
    assert "longer than 8388608 bytes" in str(failure(serve(endless)))


def test_an_answer_that_comes_in_drips_is_given_up(serve: Serve) -> None:
    ticks = iter(range(10_000))
    asking = Alertmanager(serve(endless).url, Access(None), clock=lambda: float(next(ticks)))
    with pytest.raises(AlertmanagerFailed, match="had not ended after 10 s"):
        asking.alerts(QUESTION)


def test_a_server_that_says_nothing_is_given_up(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alertmanager, "_SILENCE", 0.2)
    over = threading.Event()
    served = serve(lambda _: (over.wait(20), None)[1])
    assert failure(served).cause == "unreachable"
    over.set()


def test_nobody_listens() -> None:
    with pytest.raises(AlertmanagerFailed, match="refused") as failed:
        Alertmanager("http://127.0.0.1:1", Access(None)).alerts(QUESTION)
    assert failed.value.cause == "unreachable"


# --- Credentials and TLS ---------------------------------------------------------------------------------


def written(directory: Path, text: str, name: str = "http.yaml") -> Path:
    file = directory / name
    file.write_text(text)
    return file


def test_a_password_goes_with_each_request(serve: Serve, tmp_path: Path) -> None:
    served = serve(says(ONE))
    config = written(tmp_path, "basic_auth: {username: ballonet, password: 'se:cret'}")
    client(served, config).alerts(QUESTION)
    assert served.authorizations == ["Basic " + base64.b64encode(b"ballonet:se:cret").decode()]


def test_a_password_of_any_letters_is_sent_in_utf_8(serve: Serve, tmp_path: Path) -> None:
    served = serve(says(ONE))
    config = written(tmp_path, "basic_auth: {username: ballonet, password: '\u20acuro'}")
    client(served, config).alerts(QUESTION)
    assert served.authorizations == ["Basic " + base64.b64encode("ballonet:\u20acuro".encode()).decode()]


def test_a_token_is_read_again_for_each_request(serve: Serve, tmp_path: Path) -> None:
    served = serve(says(ONE))
    written(tmp_path, "first\n", "token")
    asking = client(served, written(tmp_path, "authorization: {credentials_file: token}"))
    asking.alerts(QUESTION)
    written(tmp_path, "second", "token")
    asking.alerts(QUESTION)
    assert served.authorizations == ["Bearer first", "Bearer second"]
    (tmp_path / "token").unlink()
    with pytest.raises(AlertmanagerFailed, match="token: cannot read it") as failed:
        asking.alerts(QUESTION)
    assert failed.value.cause == "unusable"
    assert len(served.paths) == 2


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[Served]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_OPTIONAL
    with serving(says(ONE), context) as served:
        yield served


def test_a_server_is_verified_by_default(secure: Served, tmp_path: Path, authority: trustme.CA) -> None:
    failed = failure(secure)
    assert failed.cause == "unreachable"
    assert "certificate verify failed" in str(failed)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    config = written(tmp_path, "tls_config: {ca_file: ca.pem}")
    assert list(client(secure, config).alerts(QUESTION)) == ["f1"]
    other = written(tmp_path, "tls_config: {ca_file: ca.pem, server_name: other.example}", "other.yaml")
    assert "other.example" in str(failure(secure, other))


def test_a_server_is_not_verified_where_somebody_asked_for_that(secure: Served, tmp_path: Path) -> None:
    config = written(tmp_path, "tls_config: {insecure_skip_verify: true}")
    assert list(client(secure, config).alerts(QUESTION)) == ["f1"]


def test_a_certificate_of_the_agents_own_is_shown_and_read_again_when_it_is_renewed(
    tmp_path: Path, authority: trustme.CA
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    config = written(tmp_path, "tls_config: {ca_file: ca.pem, cert_file: own.pem, key_file: own.pem}")
    trustme.CA().issue_cert("agent").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "own.pem"))
    with serving(says(ONE), context) as served:
        asking = client(served, config)
        with pytest.raises(AlertmanagerFailed):
            asking.alerts(QUESTION)
        authority.issue_cert("agent").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "own.pem"))
        assert list(asking.alerts(QUESTION)) == ["f1"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("basic_auth: {}", "basic_auth.username: Field required", id="no-user"),
        pytest.param("proxy_url: http://x", "proxy_url: unknown key; there are basic_auth", id="unknown"),
        pytest.param("basic_auth: {username: a, password: b, password_file: c}", "remove one", id="two"),
        pytest.param("authorization: {}", "either credentials or credentials_file", id="no-token"),
        pytest.param("authorization: {type: Basic, credentials: x}", "use that", id="basic-token"),
        pytest.param("tls_config: {cert_file: a}", "belong together", id="half-a-pair"),
        pytest.param("tls_config: {ca_file: gone.pem}", "gone.pem: cannot be used", id="no-authority"),
        pytest.param("authorization: {credentials_file: gone}", "gone: cannot read it", id="no-file"),
        pytest.param("[", "expected the node content", id="no-yaml"),
        pytest.param("- 1", "the file is no map of keys", id="a-list"),
        pytest.param("basic_auth: x", "basic_auth is no map of keys", id="no-map"),
        pytest.param("basic_auth: {username: 'a:b'}", "basic_auth.username", id="colon-in-user"),
        pytest.param(
            "authorization: {credentials: \u20ac}", "no header can carry", id="token-of-odd-letters"
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line_that_says_why(tmp_path: Path, text: str, said: str) -> None:
    config = written(tmp_path, text)
    with pytest.raises(ConfigError, match=r"http\.yaml|gone") as error:
        Access(config)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


# --- Flags -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["alertmanager:9093", "ftp://a", "http://", "http://a b", "http://a\n", "http://[", "http://a:99999",
     "http://user:word@a", "http://a/?x=1", "http://a/#x", "http://a:0"],
)  # fmt: skip
def test_an_address_that_is_no_place_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        check_url(url)


@pytest.mark.parametrize("url", ["http://a:9093", "https://a.example/path/", "http://[::1]:9093"])
def test_an_address_is_taken(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        pytest.param(
            AgentAlertmanager(url=["http://a"], interval=60.0), "make it longer", id="expires-before-the-next"
        ),
        pytest.param(
            AgentAlertmanager(config=AlertmanagerConfig(file=Path("x"))), "add that", id="a-file-for-nobody"
        ),
    ],
)
def test_flags_that_contradict_each_other_are_refused(flags: AgentAlertmanager, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        flags.check()
