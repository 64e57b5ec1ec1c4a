//! A RADIUS client of our own for stories: one request, one verified answer or silence.
//!
//! The independent peers (`radclient`) are in `tests/conformance`; this one can be many phones at once.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use boot::random::OsRandom;
use dictionaries::{mikrotik, rfc2865, rfc2866, rfc2869};
use md5::{Digest as _, Md5};
use ports::Random;
use radius::{Code, PACKET_MAX, Packet, Place, Secret, Writer, authenticator, message_authenticator};
use tokio::net::UdpSocket;

static IDENTIFIER: AtomicU8 = AtomicU8::new(0);

/// A router as its server sees it: an address of loopback and a shared secret.
#[derive(Clone, Debug)]
pub struct Router {
    /// The address that its packets come from.
    pub from: IpAddr,
    /// Its shared secret.
    pub secret: &'static str,
    /// Where it asks.
    pub auth: SocketAddr,
    /// Where it reports.
    pub acct: SocketAddr,
    /// How long it waits for an answer before it calls it silence.
    pub patience: Duration,
}

/// Patience enough for a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// A verified answer.
#[derive(Clone, Debug)]
pub struct Reply {
    bytes: Vec<u8>,
}

impl Reply {
    /// The answer as a packet.
    pub fn packet(&self) -> Packet<'_> {
        Packet::parse(&self.bytes).expect("verified before")
    }

    /// Whether it says yes.
    pub fn is_accept(&self) -> bool {
        self.packet().code() == Code::AccessAccept
    }

    /// Reply-Message without the reference at its end; empty when there is none.
    pub fn sentence(&self) -> String {
        let packet = self.packet();
        let text = packet.get(rfc2865::REPLY_MESSAGE).and_then(|text| text.as_str().map(ToOwned::to_owned));
        let text = text.unwrap_or_default();
        text.rsplit_once(". Ref ").map_or(text.clone(), |(sentence, _)| sentence.to_owned())
    }

    /// The six characters at the end of Reply-Message.
    pub fn trace(&self) -> String {
        let packet = self.packet();
        let text = packet.get(rfc2865::REPLY_MESSAGE).and_then(|text| text.as_str().map(ToOwned::to_owned));
        text.unwrap_or_default().chars().rev().take(6).collect::<Vec<_>>().into_iter().rev().collect()
    }

    /// Mikrotik-Rate-Limit; empty when there is none.
    pub fn rate(&self) -> String {
        let packet = self.packet();
        let text = packet.get(mikrotik::RATE_LIMIT).and_then(|text| text.as_str().map(ToOwned::to_owned));
        text.unwrap_or_default()
    }

    /// Session-Timeout in seconds.
    pub fn session_timeout(&self) -> Option<u32> {
        self.packet().get(rfc2865::SESSION_TIMEOUT)
    }

    /// Class, which a router gives back in accounting.
    pub fn class(&self) -> Vec<u8> {
        self.packet().get(rfc2865::CLASS).map(<[u8]>::to_vec).unwrap_or_default()
    }
}

/// What a router reports of a session.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// Acct-Status-Type.
    pub status: u32,
    /// Acct-Session-Id.
    pub session: &'a str,
    /// User-Name.
    pub user: &'a str,
    /// Calling-Station-Id.
    pub mac: &'a str,
    /// Class, as the accept gave it; empty is left out.
    pub class: &'a [u8],
    /// Octets from the subscriber.
    pub in_octets: u64,
    /// Octets to the subscriber.
    pub out_octets: u64,
    /// Seconds online.
    pub seconds: u32,
}

impl Router {
    /// Asks for somebody by PAP, as a phone on that address would. `None` is silence.
    pub async fn asks(&self, user: &str, password: &str, mac: &str) -> anyhow::Result<Option<Reply>> {
        self.asks_placing(Place::Last, user, password, mac).await
    }

    /// Asks as a hotspot does: with the name of its server and the phone's own address.
    pub async fn asks_at_hotspot(&self, user: &str, password: &str, mac: &str) -> anyhow::Result<Option<Reply>> {
        let secret = Secret::new(self.secret.as_bytes());
        let mut buffer = [0; PACKET_MAX];
        let mut writer = Writer::access_request(&mut buffer, next_identifier(), &chance(), Place::Last);
        writer.put(rfc2865::USER_NAME, user)?;
        writer.put_hidden(rfc2865::USER_PASSWORD, password.as_bytes(), &secret)?;
        writer.put(rfc2865::CALLING_STATION_ID, mac)?;
        writer.put(rfc2865::SERVICE_TYPE, rfc2865::service_type::LOGIN_USER)?;
        writer.put(rfc2865::CALLED_STATION_ID, "hotspot1")?;
        writer.put(mikrotik::HOST_IP, Ipv4Addr::new(10, 5, 50, 2))?;
        self.exchange(writer.finish(&secret), self.auth, &secret, 1).await
    }

    /// Asks as a PPPoE server does for a house that dials in.
    pub async fn asks_over_ppp(&self, user: &str, password: &str, mac: &str) -> anyhow::Result<Option<Reply>> {
        let secret = Secret::new(self.secret.as_bytes());
        let mut buffer = [0; PACKET_MAX];
        let mut writer = Writer::access_request(&mut buffer, next_identifier(), &chance(), Place::Last);
        writer.put(rfc2865::USER_NAME, user)?;
        writer.put_hidden(rfc2865::USER_PASSWORD, password.as_bytes(), &secret)?;
        writer.put(rfc2865::CALLING_STATION_ID, mac)?;
        writer.put(rfc2865::SERVICE_TYPE, rfc2865::service_type::FRAMED_USER)?;
        writer.put(rfc2865::FRAMED_PROTOCOL, rfc2865::framed_protocol::PPP)?;
        self.exchange(writer.finish(&secret), self.auth, &secret, 1).await
    }

    /// Asks without a Message-Authenticator, as RouterOS did before 7.15.
    pub async fn asks_unsigned(&self, user: &str, password: &str, mac: &str) -> anyhow::Result<Option<Reply>> {
        self.asks_placing(Place::Absent, user, password, mac).await
    }

    /// Asks whether the server is there (Status-Server). Whether it answered.
    pub async fn asks_status(&self) -> anyhow::Result<bool> {
        let secret = Secret::new(self.secret.as_bytes());
        let mut buffer = [0; PACKET_MAX];
        let mut writer = Writer::status_server(&mut buffer, next_identifier(), &chance());
        writer.put(rfc2865::NAS_IDENTIFIER, "monitor")?;
        Ok(self.exchange(writer.finish(&secret), self.auth, &secret, 1).await?.is_some())
    }

    /// Asks for somebody by CHAP.
    pub async fn asks_by_chap(&self, user: &str, password: &str, mac: &str) -> anyhow::Result<Option<Reply>> {
        let secret = Secret::new(self.secret.as_bytes());
        let (authenticator, mut buffer) = (chance(), [0; PACKET_MAX]);
        let mut writer = Writer::access_request(&mut buffer, next_identifier(), &authenticator, Place::Last);
        writer.put(rfc2865::USER_NAME, user)?;
        writer.put(rfc2865::CALLING_STATION_ID, mac)?;
        // RFC 2865 §5.3: the request's authenticator is the challenge when there is no other.
        let identifier = [7];
        let response =
            Md5::new().chain_update(identifier).chain_update(password).chain_update(authenticator).finalize();
        writer.put(rfc2865::CHAP_PASSWORD, &[&identifier[..], &response].concat())?;
        self.exchange(writer.finish(&secret), self.auth, &secret, 1).await
    }

    async fn asks_placing(
        &self,
        signature: Place,
        user: &str,
        password: &str,
        mac: &str,
    ) -> anyhow::Result<Option<Reply>> {
        let secret = Secret::new(self.secret.as_bytes());
        let mut buffer = [0; PACKET_MAX];
        let request = login(&mut buffer, next_identifier(), signature, (user, password, mac), &secret)?;
        self.exchange(request, self.auth, &secret, 1).await
    }

    /// Reports a session. `None` is silence.
    pub async fn reports(&self, report: &Report<'_>) -> anyhow::Result<Option<Reply>> {
        self.reports_again(report, 1).await
    }

    /// Reports a session, and sends the same octets again while there is no answer, as routers do: so often at most.
    pub async fn reports_again(&self, report: &Report<'_>, tries: u8) -> anyhow::Result<Option<Reply>> {
        let secret = Secret::new(self.secret.as_bytes());
        let mut buffer = [0; PACKET_MAX];
        let request = accounting(&mut buffer, next_identifier(), report, &secret)?;
        self.exchange(request, self.acct, &secret, tries).await
    }

    /// Reports a session as a router whose clock stands at that second since 1970.
    pub async fn reports_dated(&self, report: &Report<'_>, its_clock: u32) -> anyhow::Result<Option<Reply>> {
        let secret = Secret::new(self.secret.as_bytes());
        let mut buffer = [0; PACKET_MAX];
        let mut writer = describe(&mut buffer, next_identifier(), report)?;
        writer.put(rfc2869::EVENT_TIMESTAMP, its_clock)?;
        self.exchange(writer.finish(&secret), self.acct, &secret, 1).await
    }

    /// Sends octets as they are and gives what comes back, unverified, within a moment.
    pub async fn sends_raw(&self, octets: &[u8], to: SocketAddr) -> anyhow::Result<Option<Vec<u8>>> {
        let socket = UdpSocket::bind((self.from, 0)).await?;
        socket.send_to(octets, to).await?;
        receive(&socket, Duration::from_millis(300)).await
    }

    async fn exchange(
        &self,
        request: &[u8],
        to: SocketAddr,
        secret: &Secret,
        tries: u8,
    ) -> anyhow::Result<Option<Reply>> {
        let socket = UdpSocket::bind((self.from, 0)).await?;
        let mut answer = None;
        for _ in 0..tries {
            socket.send_to(request, to).await?;
            answer = receive(&socket, self.patience).await?;
            // A late answer to somebody who had this port before is not ours.
            while answer.as_deref().is_some_and(|late| late.get(1) != request.get(1)) {
                answer = receive(&socket, self.patience).await?;
            }
            if answer.is_some() {
                break;
            }
        }
        let Some(bytes) = answer else { return Ok(None) };
        Ok(Some(verified(request, bytes, secret)?))
    }
}

/// A login by PAP, signed or not: user, password and device.
pub(crate) fn login<'b>(
    buffer: &'b mut [u8; PACKET_MAX],
    id: u8,
    signature: Place,
    (user, password, mac): (&str, &str, &str),
    secret: &Secret,
) -> anyhow::Result<&'b [u8]> {
    let mut writer = Writer::access_request(buffer, id, &chance(), signature);
    writer.put(rfc2865::USER_NAME, user)?;
    writer.put_hidden(rfc2865::USER_PASSWORD, password.as_bytes(), secret)?;
    writer.put(rfc2865::CALLING_STATION_ID, mac)?;
    Ok(writer.finish(secret))
}

/// A report of a session.
pub(crate) fn accounting<'b>(
    buffer: &'b mut [u8; PACKET_MAX],
    id: u8,
    report: &Report<'_>,
    secret: &Secret,
) -> anyhow::Result<&'b [u8]> {
    Ok(describe(buffer, id, report)?.finish(secret))
}

fn describe<'b>(buffer: &'b mut [u8; PACKET_MAX], id: u8, report: &Report<'_>) -> anyhow::Result<Writer<'b>> {
    let mut writer = Writer::accounting_request(buffer, id, Place::Absent);
    writer.put(rfc2866::ACCT_STATUS_TYPE, report.status)?;
    writer.put(rfc2866::ACCT_SESSION_ID, report.session)?;
    writer.put(rfc2865::USER_NAME, report.user)?;
    writer.put(rfc2865::CALLING_STATION_ID, report.mac)?;
    if !report.class.is_empty() {
        writer.put(rfc2865::CLASS, report.class)?;
    }
    let low = |octets: u64| u32::try_from(octets & u64::from(u32::MAX)).unwrap_or(0);
    let high = |octets: u64| u32::try_from(octets >> 32).unwrap_or(0);
    writer.put(rfc2866::ACCT_INPUT_OCTETS, low(report.in_octets))?;
    writer.put(rfc2866::ACCT_OUTPUT_OCTETS, low(report.out_octets))?;
    writer.put(rfc2869::ACCT_INPUT_GIGAWORDS, high(report.in_octets))?;
    writer.put(rfc2869::ACCT_OUTPUT_GIGAWORDS, high(report.out_octets))?;
    writer.put(rfc2866::ACCT_SESSION_TIME, report.seconds)?;
    Ok(writer)
}

/// The answer to a request, if it is one, and true.
pub(crate) fn verified(request: &[u8], reply: Vec<u8>, secret: &Secret) -> anyhow::Result<Reply> {
    let asked = Packet::parse(request).map_err(|why| anyhow::anyhow!("our own request: {why:?}"))?;
    let packet = Packet::parse(&reply).map_err(|why| anyhow::anyhow!("the reply: {why:?}"))?;
    ensure!(packet.id() == asked.id(), "the reply answers another request");
    ensure!(authenticator::verify_reply(&packet, asked.authenticator(), secret), "a forged reply");
    if asked.code() == Code::AccessRequest {
        let first = packet.attributes().next().context("an empty reply")?;
        ensure!(first.number == rfc2869::MESSAGE_AUTHENTICATOR.number, "Message-Authenticator is not first");
        let signed = message_authenticator::verify_reply(&packet, asked.authenticator(), secret);
        ensure!(signed == message_authenticator::Verdict::Valid, "a forged Message-Authenticator");
    }
    Ok(Reply { bytes: reply })
}

async fn receive(socket: &UdpSocket, patience: Duration) -> anyhow::Result<Option<Vec<u8>>> {
    let mut buffer = vec![0; PACKET_MAX];
    match tokio::time::timeout(patience, socket.recv(&mut buffer)).await {
        Ok(length) => {
            buffer.truncate(length?);
            Ok(Some(buffer))
        }
        Err(_elapsed) => Ok(None),
    }
}

fn chance() -> [u8; 16] {
    let mut chance = [0; 16];
    OsRandom.fill(&mut chance);
    chance
}

fn next_identifier() -> u8 {
    IDENTIFIER.fetch_add(1, Ordering::Relaxed)
}
