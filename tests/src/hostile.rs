//! The corpus of hostile packets: `tests/hostile/*.txt`, each packet in words, with what it deserves.
//!
//! `tests/hostile/README.md` tells the language. Signatures are computed here, not by `radius`, so that a packet may
//! be broken in any way and still be signed by somebody who knows the secret.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::{Digest as _, Md5};

/// Octets before the first attribute.
const HEADER: usize = 20;

/// Message-Authenticator's number.
const MESSAGE_AUTHENTICATOR: u8 = 80;

/// User-Password's number.
const USER_PASSWORD: u8 = 2;

/// The port that a packet is sent to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum To {
    /// Where logins are answered.
    Auth,
    /// Where accounting is answered.
    Acct,
}

/// Whose address a packet comes from. It is always signed with the secret of the ISP's own router.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum From {
    /// The router of the ISP that the stories are about.
    Isp,
    /// Another ISP's router.
    Other,
    /// An address that no router has.
    Stranger,
}

/// What a packet deserves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Deserves {
    /// No answer, and a count in `radius_drops_total` under one of these reasons.
    Silence(Vec<String>),
    /// An answer with this code.
    Answer(u8),
}

/// One packet, and what it deserves.
#[derive(Clone, Debug)]
pub struct Case {
    /// File and title.
    pub title: String,
    /// Where it goes.
    pub to: To,
    /// Where it comes from.
    pub from: From,
    /// What it deserves.
    pub deserves: Deserves,
    code: u8,
    parts: Vec<Part>,
    bends: Vec<Bend>,
    is_bare: bool,
}

/// What a packet is made of, in order.
#[derive(Clone, Debug)]
enum Part {
    Octets(Vec<u8>),
    Password(Vec<u8>),
    /// In its place, right or wrong.
    MessageAuthenticator(bool),
}

/// What is done to a packet that was whole.
#[derive(Clone, Copy, Debug)]
enum Bend {
    /// Before it is signed: another Length.
    Length(u16),
    /// The Request Authenticator of accounting is not what it must be.
    WrongAuthenticator,
    /// The datagram ends here.
    Cut(usize),
    /// So many octets follow the packet.
    Pad(usize),
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)
    }
}

impl Case {
    /// The datagram, with that identifier and those random octets as its Request Authenticator.
    pub fn datagram(&self, id: u8, random: [u8; 16], secret: &[u8]) -> Vec<u8> {
        let mut packet = Vec::new();
        if !self.is_bare {
            packet.extend([self.code, id, 0, 0]);
            packet.extend(if self.is_signed_whole() { [0; 16] } else { random });
        }
        let mut signatures = Vec::new();
        for part in &self.parts {
            match part {
                Part::Octets(octets) => packet.extend(octets),
                Part::Password(password) => {
                    let hidden = hide(password, random, secret);
                    packet.extend([USER_PASSWORD, u8::try_from(hidden.len() + 2).unwrap_or(u8::MAX)]);
                    packet.extend(hidden);
                }
                Part::MessageAuthenticator(right) => {
                    signatures.push((packet.len() + 2, *right));
                    packet.extend([MESSAGE_AUTHENTICATOR, 18]);
                    packet.extend([0; 16]);
                }
            }
        }
        if !self.is_bare {
            let length = u16::try_from(packet.len()).unwrap_or(u16::MAX);
            let bent = self.bends.iter().find_map(|bend| if let Bend::Length(to) = bend { Some(*to) } else { None });
            packet[2..4].copy_from_slice(&bent.unwrap_or(length).to_be_bytes());
            self.sign(&mut packet, &signatures, secret);
        }
        for bend in &self.bends {
            match bend {
                Bend::Cut(at) => packet.truncate(*at),
                Bend::Pad(more) => packet.resize(packet.len() + more, 0xA5),
                Bend::Length(_) | Bend::WrongAuthenticator => {}
            }
        }
        packet
    }

    /// Requests whose authenticator is a hash over all of them (RFC 2866 §3, RFC 5176 §2.3).
    fn is_signed_whole(&self) -> bool {
        matches!(self.code, 4 | 40 | 43)
    }

    fn sign(&self, packet: &mut [u8], signatures: &[(usize, bool)], secret: &[u8]) {
        for (at, right) in signatures {
            let mut sum = keyed(secret, packet);
            if !right {
                sum[0] ^= 1;
            }
            packet[*at..at + 16].copy_from_slice(&sum);
        }
        if self.is_signed_whole() {
            let mut sum: [u8; 16] = Md5::new().chain_update(&packet).chain_update(secret).finalize().into();
            if self.bends.iter().any(|bend| matches!(bend, Bend::WrongAuthenticator)) {
                sum[15] ^= 1;
            }
            packet[4..HEADER].copy_from_slice(&sum);
        }
    }
}

/// Makes a packet whole that was changed, as somebody who knows the secret can: Length, Message-Authenticator where one
/// can be found, Request Authenticator of accounting. What is inside stays as it is.
pub fn mend(packet: &mut [u8], secret: &[u8]) {
    if packet.len() < HEADER {
        return;
    }
    let length = u16::try_from(packet.len()).unwrap_or(u16::MAX);
    packet[2..4].copy_from_slice(&length.to_be_bytes());
    let is_signed_whole = matches!(packet[0], 4 | 40 | 43);
    if is_signed_whole {
        packet[4..HEADER].fill(0);
    }
    let mut at = HEADER;
    while let Some(&[number, length]) = packet.get(at..at + 2).and_then(|head| head.first_chunk()) {
        if number == MESSAGE_AUTHENTICATOR && length == 18 && at + 18 <= packet.len() {
            packet[at + 2..at + 18].fill(0);
            let sum = keyed(secret, packet);
            packet[at + 2..at + 18].copy_from_slice(&sum);
            break;
        }
        at += usize::from(length).max(2);
    }
    if is_signed_whole {
        let sum: [u8; 16] = Md5::new().chain_update(&packet).chain_update(secret).finalize().into();
        packet[4..HEADER].copy_from_slice(&sum);
    }
}

/// HMAC-MD5.
pub fn keyed(secret: &[u8], octets: &[u8]) -> [u8; 16] {
    let Ok(mut hmac) = Hmac::<Md5>::new_from_slice(secret) else { return [0; 16] };
    hmac.update(octets);
    hmac.finalize().into_bytes().into()
}

/// RFC 2865 §5.2.
fn hide(password: &[u8], random: [u8; 16], secret: &[u8]) -> Vec<u8> {
    let mut hidden = password.to_vec();
    hidden.resize(password.len().div_ceil(16).max(1) * 16, 0);
    let mut before = random;
    for block in hidden.chunks_mut(16) {
        let mask: [u8; 16] = Md5::new().chain_update(secret).chain_update(before).finalize().into();
        for (octet, mask) in block.iter_mut().zip(mask) {
            *octet ^= mask;
        }
        before.copy_from_slice(block);
    }
    hidden
}

/// Every case of every file, in the order of their names.
pub fn corpus() -> anyhow::Result<Vec<Case>> {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("hostile");
    let mut files: Vec<_> = std::fs::read_dir(&directory)?.collect::<Result<Vec<_>, _>>()?;
    files.sort_by_key(std::fs::DirEntry::file_name);
    let mut cases = Vec::new();
    for path in files.iter().map(std::fs::DirEntry::path) {
        if path.extension().is_some_and(|extension| extension == "txt") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            cases.extend(read(&name, &std::fs::read_to_string(&path)?)?);
        }
    }
    Ok(cases)
}

/// The cases of one file; its last line says how many there are, so that none can get lost.
fn read(file: &str, text: &str) -> anyhow::Result<Vec<Case>> {
    let (mut cases, mut lines): (Vec<Case>, Vec<(usize, &str)>) = (Vec::new(), Vec::new());
    let mut counted = None;
    for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line.trim())) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(count) = line.strip_prefix("cases ") {
            counted = Some(count.parse::<usize>()?);
        } else if line.starts_with("case ") && !lines.is_empty() {
            cases.push(case(file, &std::mem::take(&mut lines))?);
            lines.push((number, line));
        } else {
            lines.push((number, line));
        }
    }
    if !lines.is_empty() {
        cases.push(case(file, &lines)?);
    }
    ensure!(counted == Some(cases.len()), "{file} has {} cases: say so in its last line", cases.len());
    Ok(cases)
}

fn case(file: &str, lines: &[(usize, &str)]) -> anyhow::Result<Case> {
    let mut title = String::new();
    let (mut to, mut from, mut deserves) = (To::Auth, From::Isp, None);
    let (mut code, mut is_bare) = (1, false);
    let (mut parts, mut bends) = (Vec::new(), Vec::new());
    for (number, line) in lines {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let at = || format!("{file}.txt line {number}: `{line}`");
        match word {
            "case" => title = format!("{file}: {rest}"),
            "from" => {
                from = match rest {
                    "isp" => From::Isp,
                    "other" => From::Other,
                    "stranger" => From::Stranger,
                    _ => bail!("{}", at()),
                }
            }
            "to" => {
                to = match rest {
                    "auth" => To::Auth,
                    "acct" => To::Acct,
                    _ => bail!("{}", at()),
                }
            }
            "access-request" => code = 1,
            "accounting-request" => (code, to) = (4, To::Acct),
            "status-server" => code = 12,
            "code" => code = rest.parse().with_context(at)?,
            "datagram" => is_bare = true,
            "octets" => parts.push(Part::Octets(tokens(rest).with_context(at)?)),
            "vendor" => {
                let (vendor, rest) = rest.split_once(' ').unwrap_or((rest, ""));
                let vendor: u32 = vendor.parse().with_context(at)?;
                let inner = [vendor.to_be_bytes().to_vec(), tokens(rest).with_context(at)?].concat();
                parts.push(Part::Octets(attribute(26, &inner).with_context(at)?));
            }
            "password" => parts.push(Part::Password(tokens(rest).with_context(at)?)),
            "message-authenticator" => parts.push(Part::MessageAuthenticator(match rest {
                "" | "right" => true,
                "wrong" => false,
                _ => bail!("{}", at()),
            })),
            "length" => bends.push(Bend::Length(rest.parse().with_context(at)?)),
            "cut" => bends.push(Bend::Cut(rest.parse().with_context(at)?)),
            "pad" => bends.push(Bend::Pad(rest.parse().with_context(at)?)),
            "wrong-authenticator" => bends.push(Bend::WrongAuthenticator),
            "silence" => deserves = Some(Deserves::Silence(rest.split(" or ").map(str::to_owned).collect())),
            "accept" => deserves = Some(Deserves::Answer(2)),
            "reject" => deserves = Some(Deserves::Answer(3)),
            "recorded" => deserves = Some(Deserves::Answer(5)),
            number => {
                let number: u8 = number.parse().with_context(at)?;
                parts.push(Part::Octets(attribute(number, &tokens(rest).with_context(at)?).with_context(at)?));
            }
        }
    }
    let deserves = deserves.with_context(|| format!("{title}: say what it deserves"))?;
    Ok(Case { title, to, from, deserves, code, parts, bends, is_bare })
}

fn attribute(number: u8, value: &[u8]) -> anyhow::Result<Vec<u8>> {
    let length = u8::try_from(value.len() + 2).context("longer than an attribute can be")?;
    Ok([&[number, length][..], value].concat())
}

/// Hex, `"text"` with `\n`, `\\`, `\"` and `\x00`, and `N*TOKEN`, separated by spaces.
fn tokens(line: &str) -> anyhow::Result<Vec<u8>> {
    let (mut octets, mut rest) = (Vec::new(), line.trim_start());
    while !rest.is_empty() {
        let mut times = 1;
        if let Some((count, after)) = rest.split_once('*')
            && let Ok(count) = count.parse::<usize>()
        {
            ensure!(count <= 65_536, "so often a packet cannot hold it");
            (times, rest) = (count, after);
        }
        let (some, after) = match rest.strip_prefix('"') {
            Some(text) => quoted(text)?,
            None => {
                let (digits, after) = rest.split_once(' ').unwrap_or((rest, ""));
                (hex(digits)?, after)
            }
        };
        octets.extend(some.repeat(times));
        rest = after.trim_start();
    }
    Ok(octets)
}

fn quoted(text: &str) -> anyhow::Result<(Vec<u8>, &str)> {
    let (mut octets, mut at) = (Vec::new(), text.char_indices());
    while let Some((place, letter)) = at.next() {
        match letter {
            '"' => return Ok((octets, &text[place + 1..])),
            '\\' => match at.next().context("a backslash at the end")? {
                (_, 'n') => octets.push(b'\n'),
                (_, 'r') => octets.push(b'\r'),
                (place, 'x') => {
                    octets.extend(hex(text.get(place + 1..place + 3).context("two digits after \\x")?)?);
                    at.nth(1);
                }
                (_, same) => octets.extend(same.encode_utf8(&mut [0; 4]).bytes()),
            },
            other => octets.extend(other.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    bail!("a text without an end")
}

fn hex(digits: &str) -> anyhow::Result<Vec<u8>> {
    ensure!(digits.len().is_multiple_of(2) && digits.is_ascii(), "`{digits}` is not hex");
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).with_context(|| format!("`{digits}` is not hex")))
        .collect()
}

#[cfg(test)]
mod tests {
    use radius::{Packet, Secret, authenticator, message_authenticator};

    use super::*;

    const SECRET: &[u8] = b"testing123";

    #[test]
    fn tokens_are_read() {
        assert_eq!(tokens(r#"0aFF "a\x00\"\n" 3*"xy" 2*00"#).expect("good"), b"\x0A\xFFa\0\"\nxyxyxy\0\0");
        assert!(tokens("0").is_err() && tokens("\"no end").is_err() && tokens("zz").is_err());
    }

    #[test]
    fn every_case_can_be_sent() {
        let all = corpus().expect("the corpus reads");
        assert!(all.len() > 100, "only {} cases", all.len());
        for case in all {
            assert!(case.datagram(7, [9; 16], SECRET).len() <= 65_507, "{case}");
        }
    }

    #[test]
    fn what_is_signed_here_is_believed() {
        let text = "case a\naccess-request\n1 \"bob\"\npassword \"secret\"\nmessage-authenticator\nreject\n\
                    case b\naccounting-request\n40 00000001\nmessage-authenticator\nrecorded\ncases 2";
        let secret = Secret::new(SECRET);
        for (case, whole) in read("here", text).expect("good").iter().zip([false, true]) {
            let octets = case.datagram(7, [9; 16], SECRET);
            let packet = Packet::parse(&octets).expect("a packet");
            assert_eq!(message_authenticator::verify_request(&packet, &secret), message_authenticator::Verdict::Valid);
            assert_eq!(authenticator::verify_request(&packet, &secret), whole);
        }
    }
}
