"""The client and a real Alertmanager: filters, silences, TLS and a password, and an answer too large."""

from collections.abc import Iterator
from pathlib import Path

import bcrypt
import pytest
import trustme

from ballonet.errors import AlertmanagerFailed
from ballonet.policy import Action, AlertRule
from ballonet_lab import eventually
from ballonet_lab.monitoring import Alertmanager as RealAlertmanager
from ballonet_operator.alerts.access import Access
from ballonet_operator.alerts.alertmanager import Alertmanager
from ballonet_operator.alerts.questions import questions

ODD = 'We"ird.\\n+x|y\n(ä) ${1} %41 &filter=x'


@pytest.fixture
def real() -> Iterator[RealAlertmanager]:
    with RealAlertmanager.launch() as launched:
        yield launched


def rule(**labels: str) -> AlertRule:
    return AlertRule(labels=tuple(sorted(labels.items())), action=Action.RECLAIM)


def names(asking: Alertmanager, *rules: AlertRule) -> list[str]:
    """Return the names of the alerts that rules are answered with."""
    return sorted(alert.name for alert in asking.alerts(questions(rules)).values())


def test_the_server_picks_out_exactly_what_rules_are_about(real: RealAlertmanager) -> None:
    near = ODD.replace('"', "'"), ODD.replace(".", "x"), ODD + "x", "x" + ODD, ODD.replace("\n", " ")
    real.post_alerts({"alertname": name, "team": "odd"} for name in (ODD, *near))
    real.post_alerts([{"alertname": "Filling", "host": "kvm-1"}, {"alertname": "Filling", "host": "kvm-2"}])
    real.post_alerts([{"alertname": "Other", "note": ODD}, {"alertname": "Other", "note": "plain"}])
    asking = Alertmanager(real.url, Access(None))
    eventually(lambda: len(real.alerts()) == 10, "it holds them")
    assert names(asking, rule(alertname=ODD)) == [ODD]
    assert names(asking, rule(alertname="Filling", host="kvm-1")) == ["Filling", "Filling"]
    assert names(asking, rule(alertname=ODD), rule(note=ODD), rule(alertname="Absent")) == ["Other", ODD]
    assert names(asking, rule(note=ODD, alertname="Other")) == ["Other", "Other"]
    assert names(asking, rule(alertname="Fill.*"), rule(note="pl.*")) == []
    silence = real.silence(alertname="Filling", host="kvm-2")
    eventually(lambda: names(asking, rule(alertname="Filling")) == ["Filling"], "one is silenced")
    real.end_silence(silence)
    eventually(lambda: len(names(asking, rule(alertname="Filling"))) == 2, "it fires again")
    real.post_alerts([{"alertname": "Filling", "host": "kvm-1"}], lasting=0)
    eventually(lambda: len(names(asking, rule(alertname="Filling"))) == 1, "one is over")


def test_an_inhibited_alert_does_not_act() -> None:
    config = (
        "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"
        "inhibit_rules: [{source_matchers: [alertname=Maintenance], target_matchers: [alertname=Filling]}]\n"
    )
    with RealAlertmanager.launch(config) as real:
        asking = Alertmanager(real.url, Access(None))
        real.post_alerts([{"alertname": "Filling"}])
        eventually(lambda: names(asking, rule(alertname="Filling")) == ["Filling"], "it fires")
        real.post_alerts([{"alertname": "Maintenance"}])
        eventually(lambda: names(asking, rule(alertname="Filling")) == [], "it is inhibited")


def test_more_alerts_than_anybody_can_mean_are_refused(real: RealAlertmanager) -> None:
    for part in range(6):
        real.post_alerts({"alertname": "Flood", "n": f"{part}-{n}"} for n in range(2000))
    eventually(lambda: len(real.alerts()) == 12_000, "it holds them", every=0.5)
    asking = Alertmanager(real.url, Access(None))
    with pytest.raises(AlertmanagerFailed, match="cannot be used") as failed:
        asking.alerts(questions([rule(alertname="Flood")]))
    assert failed.value.cause == "unusable"
    assert names(asking, rule(n="0-0")) == ["Flood"]


def test_alertmanagers_own_tls_and_password(tmp_path: Path) -> None:
    authority = trustme.CA()
    served = authority.issue_cert("127.0.0.1")
    web = (
        "tls_server_config: {cert_file: server.pem, key_file: server.key}\n"
        f"basic_auth_users: {{ballonet: '{bcrypt.hashpw(b'secret', bcrypt.gensalt(4)).decode()}'}}\n"
    )
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    (tmp_path / "password").write_text("wrong\n")
    (tmp_path / "http.yaml").write_text(
        "tls_config: {ca_file: ca.pem}\nbasic_auth: {username: ballonet, password_file: password}\n"
    )
    pair = {
        "server.pem": b"".join(each.bytes() for each in served.cert_chain_pems).decode(),
        "server.key": served.private_key_pem.bytes().decode(),
    }
    with RealAlertmanager.launch(web_config=web, **pair) as real:
        asking = Alertmanager(f"https://{real.address}", Access(tmp_path / "http.yaml"))
        with pytest.raises(AlertmanagerFailed, match="401 Unauthorized"):
            names(asking, rule(alertname="Filling"))
        (tmp_path / "password").write_text("secret\n")
        assert names(asking, rule(alertname="Filling")) == []
        with pytest.raises(AlertmanagerFailed, match="certificate verify failed"):
            names(Alertmanager(f"https://{real.address}", Access(None)), rule(alertname="Filling"))
