//! Requests as RouterOS writes them for a PPPoE line, with the device's side of each way to prove a password.

use dictionaries::{microsoft, rfc2865, rfc2866, rfc2869};
use radius::mschap::{MsChapV2, NtHash, challenge_response};
use radius::{PACKET_MAX, Packet, Place, Secret, WriteError, Writer, chap};
use sha1::{Digest, Sha1};

use crate::subscriber::Subscriber;

/// A way to prove a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// RFC 2865 §5.2.
    Pap,
    /// RFC 2865 §5.3.
    Chap,
    /// RFC 2759.
    MsChapV2,
}

/// Random octets of one login; no two logins may share them.
#[derive(Clone, Copy, Debug)]
pub struct Nonce {
    /// The Request Authenticator.
    pub authenticator: [u8; 16],
    /// The challenge of the router.
    pub challenge: [u8; 16],
    /// The challenge of the device (MS-CHAPv2 only).
    pub peer_challenge: [u8; 16],
}

impl Nonce {
    /// For requests that have to be the same in every run of a bench.
    pub const FIXED: Self = Self { authenticator: [0x5A; 16], challenge: [0x11; 16], peer_challenge: [0x22; 16] };
}

/// Who logs in, with what.
#[derive(Clone, Copy, Debug)]
pub struct Login<'a> {
    /// User-Name.
    pub name: &'a str,
    /// The password that is proved.
    pub password: &'a str,
    /// Calling-Station-Id.
    pub calling_station: &'a str,
    /// How it is proved.
    pub method: Method,
}

/// Writes an Access-Request of about 200 octets with the Message-Authenticator last.
pub fn login<'b>(
    buffer: &'b mut [u8; PACKET_MAX],
    id: u8,
    login: &Login<'_>,
    nonce: &Nonce,
    secret: &Secret,
) -> Result<&'b [u8], WriteError> {
    let mut writer = Writer::access_request(buffer, id, &nonce.authenticator, Place::Last);
    put_line(&mut writer)?;
    writer.put(rfc2865::USER_NAME, login.name)?;
    writer.put(rfc2865::CALLING_STATION_ID, login.calling_station)?;
    match login.method {
        Method::Pap => writer.put_hidden(rfc2865::USER_PASSWORD, login.password.as_bytes(), secret)?,
        Method::Chap => put_chap(&mut writer, id, login.password, nonce)?,
        Method::MsChapV2 => put_ms_chap_v2(&mut writer, &Exchange::new(id, login, nonce))?,
    }
    Ok(writer.finish(secret))
}

/// Writes an Access-Request as [`login`] does, with an exchange of MS-CHAPv2 that was made before.
pub fn login_by<'b>(
    buffer: &'b mut [u8; PACKET_MAX],
    id: u8,
    login: &Login<'_>,
    exchange: &Exchange,
    authenticator: &[u8; 16],
    secret: &Secret,
) -> Result<&'b [u8], WriteError> {
    let mut writer = Writer::access_request(buffer, id, authenticator, Place::Last);
    put_line(&mut writer)?;
    writer.put(rfc2865::USER_NAME, login.name)?;
    writer.put(rfc2865::CALLING_STATION_ID, login.calling_station)?;
    put_ms_chap_v2(&mut writer, exchange)?;
    Ok(writer.finish(secret))
}

/// The device's side of one MS-CHAPv2 login. It costs more to make than all the rest of a request.
#[derive(Clone, Debug)]
pub struct Exchange {
    ident: u8,
    challenge: [u8; 16],
    peer_challenge: [u8; 16],
    response: [u8; 24],
}

impl Exchange {
    /// Answers a router's challenge as a device does.
    pub fn new(ident: u8, login: &Login<'_>, nonce: &Nonce) -> Self {
        Self {
            ident,
            challenge: nonce.challenge,
            peer_challenge: nonce.peer_challenge,
            response: challenge_response(hashed_challenge(login.name, nonce), &NtHash::of(login.password)),
        }
    }

    /// What an accept has to say in MS-CHAP2-Success (RFC 2759 §8.8): a device that does not hear it drops the line.
    /// Nothing, if `login` is not the one of this exchange.
    pub fn success(&self, login: &Login<'_>) -> Option<[u8; 43]> {
        let theirs = MsChapV2 {
            ident: self.ident,
            authenticator_challenge: &self.challenge,
            peer_challenge: &self.peer_challenge,
            response: &self.response,
            user_name: login.name.as_bytes(),
        };
        Some(theirs.prove(&NtHash::of(login.password))?.success())
    }
}

/// What RouterOS says of the line in every request of a PPPoE server.
fn put_line(writer: &mut Writer<'_>) -> Result<(), WriteError> {
    writer.put(rfc2865::SERVICE_TYPE, rfc2865::service_type::FRAMED_USER)?;
    writer.put(rfc2865::FRAMED_PROTOCOL, rfc2865::framed_protocol::PPP)?;
    writer.put(rfc2865::NAS_PORT, 15_728_641)?;
    writer.put(rfc2865::NAS_PORT_TYPE, rfc2865::nas_port_type::ETHERNET)?;
    writer.put(rfc2865::CALLED_STATION_ID, "pppoe-bench")?;
    writer.put(rfc2869::NAS_PORT_ID, "ether2")?;
    writer.put(rfc2865::NAS_IDENTIFIER, "bench-router")?;
    writer.put(rfc2865::NAS_IP_ADDRESS, [127, 0, 0, 1].into())
}

fn put_chap(writer: &mut Writer<'_>, id: u8, password: &str, nonce: &Nonce) -> Result<(), WriteError> {
    let response = chap::response(id, password.as_bytes(), &nonce.challenge);
    let mut value = [0; 17];
    value[0] = id;
    value[1..].copy_from_slice(&response);
    writer.put(rfc2865::CHAP_CHALLENGE, &nonce.challenge)?;
    writer.put(rfc2865::CHAP_PASSWORD, &value)
}

/// RFC 2548 §2.3.2: identifier, flags, the device's challenge, eight reserved octets, NT-Response.
fn put_ms_chap_v2(writer: &mut Writer<'_>, exchange: &Exchange) -> Result<(), WriteError> {
    let mut value = [0; 50];
    value[0] = exchange.ident;
    value[2..18].copy_from_slice(&exchange.peer_challenge);
    value[26..].copy_from_slice(&exchange.response);
    writer.put(microsoft::MS_CHAP_CHALLENGE, &exchange.challenge)?;
    writer.put(microsoft::MS_CHAP2_RESPONSE, &value)
}

/// Eight octets from both challenges and the name (RFC 2759 §8.2).
fn hashed_challenge(name: &str, nonce: &Nonce) -> [u8; 8] {
    let digest: [u8; 20] = Sha1::new()
        .chain_update(nonce.peer_challenge)
        .chain_update(nonce.challenge)
        .chain_update(name.as_bytes())
        .finalize()
        .into();
    let [a, b, c, d, e, f, g, h, ..] = digest;
    [a, b, c, d, e, f, g, h]
}

/// Whether the answer to an MS-CHAPv2 login proves that the server knows the password too, as
/// [`Exchange::success`] has it.
pub fn server_proved_itself(reply: &Packet<'_>, success: &[u8; 43]) -> bool {
    reply.raw(microsoft::MS_CHAP2_SUCCESS).next() == Some(success)
}

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The line came up.
    Start,
    /// It is still up; the number counts from 1.
    Interim(u32),
    /// It went down, after that many interim updates.
    Stop(u32),
}

/// Seconds between interim updates, as the records tell them.
const INTERIM_SECONDS: u32 = 300;

/// Octets that go down the line between two interim updates: 100 kbit/s or so. An eighth of them goes up.
const OCTETS_PER_INTERIM: u64 = 4_000_000;

impl Event {
    /// How many intervals have passed when this is told.
    pub fn intervals(self) -> u32 {
        match self {
            Self::Start => 0,
            Self::Interim(number) => number,
            Self::Stop(number) => number.saturating_add(1),
        }
    }

    /// Octets up and down the line since the session began, as its record tells them.
    pub fn octets(self) -> (u64, u64) {
        let down = OCTETS_PER_INTERIM * u64::from(self.intervals());
        (down / 8, down)
    }
}

/// Writes an Accounting-Request. An empty `class` is left out.
pub fn record<'b>(
    buffer: &'b mut [u8; PACKET_MAX],
    id: u8,
    event: Event,
    subscriber: Subscriber,
    acct_session_id: &str,
    class: &[u8],
    secret: &Secret,
) -> Result<&'b [u8], WriteError> {
    use rfc2866::acct_status_type::{INTERIM_UPDATE, START, STOP};

    let status = match event {
        Event::Start => START,
        Event::Interim(_) => INTERIM_UPDATE,
        Event::Stop(_) => STOP,
    };
    let mut writer = Writer::accounting_request(buffer, id, Place::Absent);
    put_line(&mut writer)?;
    writer.put(rfc2866::ACCT_STATUS_TYPE, status)?;
    writer.put(rfc2866::ACCT_SESSION_ID, acct_session_id)?;
    writer.put(rfc2866::ACCT_AUTHENTIC, rfc2866::acct_authentic::RADIUS)?;
    writer.put(rfc2865::USER_NAME, &*subscriber.name())?;
    writer.put(rfc2865::CALLING_STATION_ID, &*subscriber.calling_station())?;
    writer.put(rfc2865::FRAMED_IP_ADDRESS, (0x0A40_0000 | (subscriber.0 & 0x003F_FFFF)).into())?;
    if !class.is_empty() {
        writer.put(rfc2865::CLASS, class)?;
    }
    if event != Event::Start {
        let (up, down) = event.octets();
        let [high_up, low_up] = words(up);
        let [high_down, low_down] = words(down);
        writer.put(rfc2866::ACCT_SESSION_TIME, INTERIM_SECONDS.saturating_mul(event.intervals()))?;
        writer.put(rfc2866::ACCT_INPUT_OCTETS, low_up)?;
        writer.put(rfc2866::ACCT_OUTPUT_OCTETS, low_down)?;
        writer.put(rfc2869::ACCT_INPUT_GIGAWORDS, high_up)?;
        writer.put(rfc2869::ACCT_OUTPUT_GIGAWORDS, high_down)?;
        writer.put(rfc2866::ACCT_INPUT_PACKETS, words(up / 1_000)[1])?;
        writer.put(rfc2866::ACCT_OUTPUT_PACKETS, words(down / 1_000)[1])?;
    }
    if let Event::Stop(_) = event {
        writer.put(rfc2866::ACCT_TERMINATE_CAUSE, rfc2866::acct_terminate_cause::USER_REQUEST)?;
    }
    writer.put(rfc2866::ACCT_DELAY_TIME, 0)?;
    Ok(writer.finish(secret))
}

/// A counter as RADIUS carries it: how often 32 bits were full, and what is in them now.
fn words(of: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = of.to_be_bytes();
    [u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h])]
}

#[cfg(test)]
mod tests {
    use super::*;
    use radius::proof::Proven;
    use radius::{Code, Proof};

    #[test]
    fn a_login_proves_its_password_and_no_other() {
        let secret = Secret::new(b"testing123");
        for method in [Method::Pap, Method::Chap, Method::MsChapV2] {
            let mut buffer = [0; PACKET_MAX];
            let who = Login { name: "user000001", password: "pass000001", calling_station: "02:00", method };

            let packet = Packet::parse(login(&mut buffer, 7, &who, &Nonce::FIXED, &secret).unwrap()).unwrap();

            let proof = Proof::of(&packet, &secret);
            assert!(proof.matches(b"pass000001") && !proof.matches(b"pass000002"), "{method:?}");
        }
    }

    #[test]
    fn only_the_right_success_proves_the_server() {
        let secret = Secret::new(b"testing123");
        let (mut asked, mut answered) = ([0; PACKET_MAX], [0; PACKET_MAX]);
        let who =
            Login { name: "user000001", password: "pass000001", calling_station: "02:00", method: Method::MsChapV2 };
        let exchange = Exchange::new(9, &who, &Nonce::FIXED);
        let request = login_by(&mut asked, 7, &who, &exchange, &Nonce::FIXED.authenticator, &secret).unwrap();
        let request = Packet::parse(request).unwrap();
        let Some(Proven::ByMsChapV2(proven)) = Proof::of(&request, &secret).prove(b"pass000001") else {
            panic!("not proved")
        };
        let mut writer = Writer::reply(&mut answered, Code::AccessAccept, &request);
        proven.put_success(&mut writer).unwrap();
        let reply = Packet::parse(writer.finish(&secret)).unwrap();
        let success = exchange.success(&who).unwrap();

        assert!(server_proved_itself(&reply, &success));
        assert!(!server_proved_itself(&reply, &[b'S'; 43]));
        assert!(!server_proved_itself(&request, &success));
        assert!(exchange.success(&Login { password: "pass000002", ..who }).is_none());
    }

    #[test]
    fn a_counter_beyond_32_bits_is_told_in_gigawords() {
        let secret = Secret::new(b"testing123");
        let mut buffer = [0; PACKET_MAX];
        let event = Event::Interim(1_100);

        let record = record(&mut buffer, 1, event, Subscriber(1), "81000001", &[], &secret).unwrap();

        let record = Packet::parse(record).unwrap();
        assert_eq!(event.octets().1, 4_400_000_000);
        assert_eq!(record.get(rfc2869::ACCT_OUTPUT_GIGAWORDS), Some(1));
        assert_eq!(record.get(rfc2866::ACCT_OUTPUT_OCTETS), Some(105_032_704));
    }
}
