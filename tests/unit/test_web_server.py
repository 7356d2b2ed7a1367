"""The server over real sockets: what it answers, and that no client can hold up another."""

import base64
import gzip
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import bcrypt
import pytest
import trustme

from ballonet.errors import ConfigError
from ballonet.web.address import open_sockets
from ballonet.web.connections import Limits
from ballonet.web.message import Handler, Request, Response, text
from ballonet.web.rules import RulesFile
from ballonet.web.server import Server

Serve = Callable[..., Server]
PATIENCE = 10.0
TURNED_AWAY = (ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)
LARGE = b"ballonet_up 1.0\n" * 1000


def eventually(holds: Callable[[], bool], within: float = PATIENCE) -> None:
    """Wait for a condition that another thread brings about."""
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


@contextmanager
def serving(
    routes: Mapping[str, Handler], *, rules: RulesFile | None = None, limits: Limits | None = None
) -> Iterator[int]:
    """Serve on a free loopback port and yield it."""
    limits = replace(limits or Limits(), precision=0.02)
    server = Server(open_sockets(["127.0.0.1:0"]), routes, rules=rules, limits=limits)
    server.start()
    try:
        yield server.addresses[0].port
    finally:
        server.stop(grace=1.0)


def echo(request: Request) -> Response:
    return text(f"{request.path} {dict(request.query)} {request.header('X-Word')}")


def broken(_: Request) -> Response:
    raise ZeroDivisionError


ROUTES: Mapping[str, Handler] = {
    "/echo": echo,
    "/large": lambda _: Response(body=LARGE),
    "/broken": broken,
}


@pytest.fixture
def port() -> Iterator[int]:
    with serving(ROUTES) as port:
        yield port


def ask(port: int, path: str, *, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers=named)
    response = connection.getresponse()
    response.read_body = response.read()  # type: ignore[attr-defined]
    connection.close()
    return response


def body(response: http.client.HTTPResponse) -> bytes:
    found: bytes = response.read_body  # type: ignore[attr-defined]
    return found


def send(port: int, request: bytes) -> bytes:
    """Send bytes as they are and return everything that comes back until the server closes."""
    with connected(port) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        return read_all(client)


def read_all(client: socket.socket) -> bytes:
    received = b""
    try:
        while chunk := client.recv(65536):
            received += chunk
    except ConnectionError:
        pass
    return received


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_a_handler_gets_path_query_and_headers(port: int) -> None:
    response = ask(port, "/echo?a=1&a=2&b=", X_Word="hello")

    assert response.status == 200
    assert body(response) == b"/echo {'a': ('1', '2'), 'b': ('',)} hello\n"


def test_head_is_get_without_the_body(port: int) -> None:
    head, get = ask(port, "/large", method="HEAD"), ask(port, "/large")

    assert body(head) == b""
    assert head.headers["Content-Length"] == get.headers["Content-Length"] == str(len(LARGE))


def test_large_answers_are_compressed_for_who_takes_gzip(port: int) -> None:
    compressed, plain = ask(port, "/large", Accept_Encoding="gzip"), ask(port, "/large")

    assert gzip.decompress(body(compressed)) == body(plain) == LARGE
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in compressed.headers["Vary"]
    assert len(body(compressed)) < len(LARGE) / 10


def test_small_answers_are_not(port: int) -> None:
    assert ask(port, "/echo", Accept_Encoding="gzip").headers["Content-Encoding"] is None


def test_an_unknown_path_is_404(port: int) -> None:
    assert ask(port, "/nothing").status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_405_and_say_which_are_not(port: int, method: str) -> None:
    response = ask(port, "/echo", method=method)

    assert response.status == 405
    assert response.headers["Allow"] == "GET, HEAD"


def test_an_unread_body_is_not_taken_for_a_request(port: int) -> None:
    hidden = b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n"
    request = b"GET /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s" % (len(hidden), hidden)

    answer = send(port, request)

    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close" in answer


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        pytest.param(b"NONSENSE\r\n\r\n", 400, id="one word"),
        pytest.param(b"GET /echo HTTP/x\r\n\r\n", 400, id="no version"),
        pytest.param(b"GET /echo HTTP/2.0\r\n\r\n", 505, id="another version"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\xfc\x03\x03 a b\r\n\r\n", 400, id="TLS on a plain port"),
        pytest.param(b"GET http://[ HTTP/1.1\r\n\r\n", 400, id="an address that is none"),
        pytest.param(b"GET /echo?" + b"a&" * 100 + b" HTTP/1.1\r\n\r\n", 400, id="too many parameters"),
        pytest.param(b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n", 414, id="a long line"),
        pytest.param(b"GET /echo HTTP/1.1\r\nA: " + b"a" * 20000 + b"\r\n\r\n", 431, id="a long header"),
        pytest.param(b"GET /echo HTTP/1.1\r\n" + b"A: a\r\n" * 4000 + b"\r\n", 431, id="many headers"),
    ],
)
def test_a_wrong_request_is_answered_and_the_connection_ends(
    port: int, request_bytes: bytes, status: int
) -> None:
    answer = send(port, request_bytes)

    assert status_of(answer) == status
    assert b"Connection: close" in answer
    assert b"<" not in answer


def test_a_connection_serves_many_requests(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.connect()
    kept = connection.sock
    for _ in range(20):
        connection.request("GET", "/large")
        assert connection.getresponse().read() == LARGE
        assert connection.sock is kept
    connection.close()


def test_requests_sent_ahead_are_answered_in_order(port: int) -> None:
    one = b"GET /echo?n=%d HTTP/1.1\r\nHost: a\r\n\r\n"

    answer = send(port, b"".join(one % number for number in range(5)))

    assert [
        f"'{number}'".encode() in part for number, part in enumerate(answer.split(b"HTTP/1.1 200")[1:])
    ] == [True] * 5


def test_a_handler_that_breaks_is_answered_with_500(port: int) -> None:
    dead: list[str] = []
    hook, threading.excepthook = threading.excepthook, lambda death: dead.append(death.exc_type.__name__)
    try:
        assert ask(port, "/broken").status == 500
        eventually(lambda: dead == ["ZeroDivisionError"])
    finally:
        threading.excepthook = hook
    assert ask(port, "/echo").status == 200


def test_silent_clients_lose_their_places_to_those_who_speak() -> None:
    with serving(ROUTES, limits=Limits(connections=4)) as port:
        silent = [connected(port) for _ in range(20)]
        half = [connected(port) for _ in range(20)]
        for client in half:
            client.sendall(b"GET /echo HTTP/1.1\r\nHost")

        assert [ask(port, "/echo").status for _ in range(10)] == [200] * 10
        for client in silent + half:
            client.close()


def test_a_client_that_sends_too_slowly_is_cut() -> None:
    with (
        serving(ROUTES, limits=Limits(first_request=0.2)) as port,
        connected(port) as client,
    ):
        client.sendall(b"GET /echo")

        assert read_all(client) == b""


def test_a_client_that_stays_silent_between_requests_is_cut() -> None:
    with (
        serving(ROUTES, limits=Limits(idle=0.2)) as port,
        connected(port) as client,
    ):
        client.sendall(b"GET /echo HTTP/1.1\r\nHost: a\r\n\r\n")

        assert status_of(read_all(client)) == 200


def test_a_client_that_does_not_take_its_answer_is_cut() -> None:
    huge = {"/huge": lambda _: Response(body=b"x" * 50_000_000)}
    with (
        serving(huge, limits=Limits(answer=0.2)) as port,
        connected(port) as client,
    ):
        client.sendall(b"GET /huge HTTP/1.1\r\nHost: a\r\n\r\n")
        eventually(lambda: not any(thread.name == "web-connection" for thread in threading.enumerate()))

        assert len(read_all(client)) < 50_000_000


def test_when_every_place_is_answering_the_next_client_is_turned_away() -> None:
    entered, leave = threading.Semaphore(0), threading.Event()

    def slow(_: Request) -> Response:
        entered.release()
        assert leave.wait(PATIENCE)
        return text("done")

    with (
        serving({"/slow": slow}, limits=Limits(connections=2)) as port,
        connected(port) as first,
        connected(port) as second,
    ):
        for client in (first, second):
            client.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert entered.acquire(timeout=PATIENCE)
        with connected(port) as third:
            assert status_of(read_all(third)) == 503
        leave.set()
        assert [status_of(read_all(client)) for client in (first, second)] == [200, 200]


def test_stopping_lets_a_running_request_finish_and_refuses_new_ones() -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(_: Request) -> Response:
        entered.set()
        assert leave.wait(PATIENCE)
        return text("done")

    server = Server(open_sockets(["127.0.0.1:0"]), {"/slow": slow})
    server.start()
    port = server.addresses[0].port
    with connected(port) as idle, connected(port) as client:
        client.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        assert entered.wait(PATIENCE)
        stopping = threading.Thread(target=server.stop, args=(PATIENCE * 3,))
        stopping.start()

        assert read_all(idle) == b""
        leave.set()
        assert b"done" in read_all(client)
        stopping.join(PATIENCE)
        assert not stopping.is_alive()
        with pytest.raises(ConnectionRefusedError):
            connected(port)


def test_stopping_waits_no_longer_than_its_grace() -> None:
    entered, leave = threading.Event(), threading.Event()

    def stuck(_: Request) -> Response:
        entered.set()
        assert leave.wait(PATIENCE)
        return text("late")

    server = Server(open_sockets(["127.0.0.1:0"]), {"/stuck": stuck})
    server.start()
    with connected(server.addresses[0].port) as client:
        client.sendall(b"GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n")
        assert entered.wait(PATIENCE)
        started = time.monotonic()

        server.stop(grace=0.2)

        assert time.monotonic() - started < PATIENCE / 2
        assert read_all(client) == b""
        leave.set()


def test_a_server_that_never_started_can_be_stopped() -> None:
    Server(open_sockets(["127.0.0.1:0"]), ROUTES).stop()


class Pki:
    """A throw-away authority, and a web file whose certificate it issued."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.authority = trustme.CA()
        self.authority.cert_pem.write_to_path(directory / "ca.pem")

    def issue(self, name: str, *identities: str) -> trustme.LeafCert:
        leaf = self.authority.issue_cert(*identities)
        leaf.cert_chain_pems[0].write_to_path(self.directory / f"{name}.pem")
        leaf.private_key_pem.write_to_path(self.directory / f"{name}.key")
        return leaf

    def write(self, extra: str = "", rest: str = "", name: str = "server") -> Path:
        file = self.directory / "web.yml"
        file.write_text(
            f"tls_server_config:\n  cert_file: {name}.pem\n  key_file: {name}.key\n{extra}\n{rest}\n"
        )
        return file

    def client(self, leaf: trustme.LeafCert | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        if leaf is not None:
            leaf.configure_cert(context)
        return context


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    pki = Pki(tmp_path)
    pki.issue("server", "localhost", "127.0.0.1")
    return pki


def ask_tls(port: int, context: ssl.SSLContext, path: str = "/echo", **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=PATIENCE, context=context)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def serial_of(port: int, pki: Pki) -> str:
    with (
        connected(port) as plain,
        pki.client().wrap_socket(plain, server_hostname="localhost") as client,
    ):
        certificate = client.getpeercert()
        assert certificate is not None
        return str(certificate["serialNumber"])


def test_tls_serves_large_answers(pki: Pki) -> None:
    with serving(ROUTES, rules=RulesFile(pki.write())) as port:
        assert ask_tls(port, pki.client(), "/large") == (200, LARGE)


def test_inline_certificates_work(pki: Pki) -> None:
    def indented(name: str) -> str:
        return (pki.directory / name).read_text().replace("\n", "\n    ")

    file = pki.directory / "inline.yml"
    certificate, key = indented("server.pem"), indented("server.key")
    file.write_text(f"tls_server_config:\n  cert: |\n    {certificate}\n  key: |\n    {key}\n")
    with serving(ROUTES, rules=RulesFile(file)) as port:
        assert ask_tls(port, pki.client())[0] == 200


def test_idle_tls_clients_block_nobody(pki: Pki) -> None:
    with serving(ROUTES, rules=RulesFile(pki.write()), limits=Limits(connections=8)) as port:
        idle = [connected(port) for _ in range(30)]
        started = time.monotonic()

        assert ask_tls(port, pki.client())[0] == 200
        assert time.monotonic() - started < 2
        for client in idle:
            client.close()


def test_an_idle_tls_client_is_cut_after_its_time(pki: Pki) -> None:
    short = Limits(first_request=0.2)
    with serving(ROUTES, rules=RulesFile(pki.write()), limits=short) as port, connected(port) as idle:
        assert read_all(idle) == b""


def test_plain_http_on_the_tls_port_is_told_so(pki: Pki) -> None:
    with serving(ROUTES, rules=RulesFile(pki.write())) as port:
        answer = send(port, b"GET /echo HTTP/1.1\r\nHost: a\r\n\r\n")

    assert status_of(answer) == 400
    assert b"https://" in answer


CLIENTS = "  client_ca_file: ca.pem\n  client_auth_type: "


def test_a_client_without_certificate_stays_outside(pki: Pki) -> None:
    with serving(ROUTES, rules=RulesFile(pki.write(CLIENTS + "RequireAndVerifyClientCert"))) as port:
        with pytest.raises(TURNED_AWAY):
            ask_tls(port, pki.client())
        assert ask_tls(port, pki.client(pki.issue("client", "scraper")))[0] == 200


def test_a_certificate_of_another_authority_stays_outside(pki: Pki) -> None:
    stranger = trustme.CA().issue_cert("scraper")
    for kind in ("RequireAndVerifyClientCert", "VerifyClientCertIfGiven"):
        rules = RulesFile(pki.write(CLIENTS + kind))
        with serving(ROUTES, rules=rules) as port, pytest.raises(TURNED_AWAY):
            ask_tls(port, pki.client(stranger))


def test_a_certificate_may_be_optional(pki: Pki) -> None:
    with serving(ROUTES, rules=RulesFile(pki.write(CLIENTS + "VerifyClientCertIfGiven"))) as port:
        assert ask_tls(port, pki.client())[0] == 200
        assert ask_tls(port, pki.client(pki.issue("client", "scraper")))[0] == 200


@pytest.mark.parametrize(
    "allowed",
    ["scraper.example", "someone@example.org", "192.0.2.7", "2001:db8::7"],
)
def test_only_allowed_names_come_in(pki: Pki, allowed: str) -> None:
    terms = f"{CLIENTS}RequireAndVerifyClientCert\n  client_allowed_sans: ['other', '{allowed}']"
    known, stranger = pki.issue("known", allowed), pki.issue("stranger", "stranger.example")
    with serving(ROUTES, rules=RulesFile(pki.write(terms))) as port:
        assert ask_tls(port, pki.client(known))[0] == 200
        with pytest.raises(TURNED_AWAY):
            ask_tls(port, pki.client(stranger))


def test_the_protocol_version_can_be_narrowed(pki: Pki) -> None:
    old = pki.client()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with serving(ROUTES, rules=RulesFile(pki.write("  min_version: TLS13"))) as port:
        assert ask_tls(port, pki.client())[0] == 200
        with pytest.raises(ssl.SSLError):
            ask_tls(port, old)


def test_the_cipher_suites_and_the_curve_can_be_chosen(pki: Pki) -> None:
    terms = (
        "  max_version: TLS12\n"
        "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]\n"
        "  curve_preferences: [CurveP384]"
    )
    with (
        serving(ROUTES, rules=RulesFile(pki.write(terms))) as port,
        connected(port) as plain,
        pki.client().wrap_socket(plain, server_hostname="localhost") as client,
    ):
        cipher = client.cipher()
        assert cipher is not None
        assert "AES256-GCM-SHA384" in cipher[0]
        assert cipher[1] == "TLSv1.2"


def test_a_new_certificate_is_served_without_a_restart(pki: Pki) -> None:
    with serving(ROUTES, rules=RulesFile(pki.write())) as port:
        before = serial_of(port, pki)
        pki.issue("server", "localhost", "127.0.0.1")

        assert serial_of(port, pki) != before


def test_a_broken_certificate_leaves_the_old_one_until_it_is_mended(
    pki: Pki, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(ROUTES, rules=RulesFile(pki.write())) as port:
        before = serial_of(port, pki)
        (pki.directory / "server.pem").write_text("half a certificate")

        assert [serial_of(port, pki) for _ in range(3)] == [before] * 3
        refused = [record for record in caplog.records if "refused" in record.message]
        assert len(refused) == 1
        pki.issue("server", "localhost", "127.0.0.1")
        assert serial_of(port, pki) != before


def test_a_web_file_that_vanishes_leaves_its_rules(pki: Pki) -> None:
    file = pki.write()
    with serving(ROUTES, rules=RulesFile(file)) as port:
        file.unlink()

        assert ask_tls(port, pki.client())[0] == 200


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        pytest.param(
            lambda pki: (pki.directory / "server.key").unlink(), "key_file: cannot read", id="no key"
        ),
        pytest.param(
            lambda pki: (pki.directory / "server.key").write_text("x"), "no matching certificate", id="no PEM"
        ),
        pytest.param(
            lambda pki: (
                trustme.CA()
                .issue_cert("localhost")
                .private_key_pem.write_to_path(pki.directory / "server.key")
            ),
            "no matching certificate",
            id="another's key",
        ),
        pytest.param(
            lambda pki: (pki.directory / "ca.pem").write_text("x"),
            "client_ca_file: holds no certificate of an authority",
            id="no authority",
        ),
    ],
)
def test_a_certificate_that_cannot_be_used_is_one_line(
    pki: Pki, spoil: Callable[[Pki], object], complaint: str
) -> None:
    file = pki.write(CLIENTS + "RequireAndVerifyClientCert")
    spoil(pki)

    with pytest.raises(ConfigError, match=complaint) as refused:
        RulesFile(file)

    assert str(refused.value).startswith(f"{file}: tls_server_config")


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.fixture
def users_file(tmp_path: Path) -> Path:
    hashed = bcrypt.hashpw(b"right:with:colons", bcrypt.gensalt(4)).decode().replace("$2b$", "$2y$")
    file = tmp_path / "web.yml"
    headers = "http_server_config: {headers: {X-Frame-Options: deny}}"
    file.write_text(f"basic_auth_users: {{alice: '{hashed}'}}\n{headers}\n")
    return file


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        pytest.param(basic("alice", "right:with:colons"), 200, id="right"),
        pytest.param(basic("alice", "wrong"), 401, id="wrong password"),
        pytest.param(basic("bob", "right:with:colons"), 401, id="unknown user"),
        pytest.param(basic("alice", ""), 401, id="no password"),
        pytest.param(basic("alice", "a" * 5000), 401, id="a long password"),
        pytest.param(basic("alice", "right:with:colons\0"), 401, id="a NUL"),
        pytest.param("Basic !!!", 401, id="no base64"),
        pytest.param("Basic \xff", 401, id="no ASCII"),
        pytest.param("Bearer abc", 401, id="another scheme"),
        pytest.param("", 401, id="nothing"),
    ],
)
def test_only_the_right_password_comes_in(users_file: Path, authorization: str, status: int) -> None:
    with serving(ROUTES, rules=RulesFile(users_file)) as port:
        answers = [ask(port, "/echo", Authorization=authorization) for _ in range(2)]

    assert [answer.status for answer in answers] == [status] * 2
    assert all(("Basic " in (a.headers["WWW-Authenticate"] or "")) == (status == 401) for a in answers)
    assert all(answer.headers["X-Frame-Options"] == "deny" for answer in answers)


def test_paths_that_do_not_exist_are_not_told_to_strangers(users_file: Path) -> None:
    with serving(ROUTES, rules=RulesFile(users_file)) as port:
        assert ask(port, "/nothing").status == 401


def test_users_change_without_a_restart(users_file: Path) -> None:
    with serving(ROUTES, rules=RulesFile(users_file)) as port:
        right = basic("alice", "right:with:colons")
        assert ask(port, "/echo", Authorization=right).status == 200
        hashed = bcrypt.hashpw(b"new", bcrypt.gensalt(4)).decode()
        users_file.write_text(f"basic_auth_users: {{alice: '{hashed}'}}")

        assert ask(port, "/echo", Authorization=right).status == 401
        assert ask(port, "/echo", Authorization=basic("alice", "new")).status == 200


def test_the_rate_is_limited(tmp_path: Path) -> None:
    file = tmp_path / "web.yml"
    file.write_text("rate_limit: {interval: 1h, burst: 3}")
    with serving(ROUTES, rules=RulesFile(file)) as port:
        assert [ask(port, "/echo").status for _ in range(5)] == [200, 200, 200, 429, 429]
