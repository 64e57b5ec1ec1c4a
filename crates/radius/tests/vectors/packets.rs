//! Packets and the words under them.

use dictionaries::{Attribute, Definition, Kind, kind, lookup};
use radius::message_authenticator::Verdict;
use radius::value::{Ipv4Prefix, Ipv6Prefix, Tagged, Value};
use radius::{Code, PACKET_MAX, Packet, Place, Proof, Secret, Writer, authenticator, message_authenticator};

use crate::statements::{Words, same};

/// What a packet is in its case.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Not a reply.
    Request,
    /// A reply to the last request.
    Reply,
    /// An Access-Request made up around attributes.
    Attributes,
}

/// A packet with its words.
pub(crate) struct Described {
    line: usize,
    bytes: Vec<u8>,
    role: Role,
    code: Option<String>,
    place: Option<Place>,
    attributes: Vec<(&'static Definition, String)>,
    password: Option<String>,
    one_way: bool,
    secret_known: bool,
}

impl Described {
    pub(crate) fn new(line: usize, bytes: Vec<u8>, role: Role) -> Self {
        let attributes = Vec::new();
        let place = (role == Role::Attributes).then_some(Place::Absent);
        Self { line, bytes, role, code: None, place, attributes, password: None, one_way: false, secret_known: true }
    }

    pub(crate) fn line(&self) -> usize {
        self.line
    }

    pub(crate) fn into_request(self) -> Option<Vec<u8>> {
        (self.role == Role::Request).then_some(self.bytes)
    }

    /// Takes one line under the packet.
    pub(crate) fn word(&mut self, mut words: Words<'_>) -> Result<(), String> {
        match words.word()? {
            "code" => self.code = Some(words.word()?.to_owned()),
            "message-authenticator" => {
                self.place = Some(match words.word()? {
                    "first" => Place::First,
                    "last" => Place::Last,
                    "absent" => Place::Absent,
                    other => return Err(format!("`{other}` is no place")),
                });
            }
            "password" => self.password = Some(words.quoted()?.to_owned()),
            "one-way" => self.one_way = true,
            "secret-unknown" => self.secret_known = false,
            name => {
                let definition = lookup::by_name(name).ok_or_else(|| format!("nobody knows `{name}`"))?;
                words.expect("=")?;
                self.attributes.push((definition, words.0.to_owned()));
            }
        }
        Ok(())
    }

    /// Compares hex and words, both ways.
    pub(crate) fn check(&self, secret: &Secret, request: Option<&[u8]>) -> Result<(), String> {
        let packet = Packet::parse(&self.bytes).map_err(|why| why.to_string())?;
        let request = match self.role {
            Role::Reply => Some(Packet::parse(request.ok_or("no request before it")?).map_err(|why| why.to_string())?),
            Role::Request | Role::Attributes => None,
        };
        if self.role != Role::Attributes && self.code.as_deref() != Some(packet.code().name()) {
            return Err(format!("its code is {}", packet.code().name()));
        }
        let place = self.place.ok_or("`message-authenticator` is missing")?;
        self.check_place(&packet, place)?;
        self.check_attributes(&packet, request.as_ref(), secret)?;
        if !self.secret_known {
            return Ok(());
        }
        self.check_signatures(&packet, request.as_ref(), place, secret)?;
        self.check_password(&packet, secret)?;
        if self.one_way {
            return Ok(());
        }
        let mut buffer = [0; PACKET_MAX];
        same("what is written", self.write(&mut buffer, &packet, request.as_ref(), place, secret)?, &self.bytes)
    }

    fn check_place(&self, packet: &Packet<'_>, place: Place) -> Result<(), String> {
        let at = packet.attributes().position(|attribute| attribute.number == 80);
        let last = packet.attributes().count().checked_sub(1);
        let right = match place {
            Place::First => at == Some(0),
            Place::Last => at.is_some() && at == last,
            Place::Absent => at.is_none(),
        };
        if right { Ok(()) } else { Err("message-authenticator stands elsewhere".to_owned()) }
    }

    /// Each attribute must read as its words, and there must be no other.
    fn check_attributes(
        &self,
        packet: &Packet<'_>,
        request: Option<&Packet<'_>>,
        secret: &Secret,
    ) -> Result<(), String> {
        let key = request.unwrap_or(packet).authenticator();
        let mut expected = self.attributes.iter();
        for (vendor, number, octets) in flattened(packet) {
            let (definition, words) = expected.next().ok_or_else(|| format!("{vendor}/{number} has no words"))?;
            if (definition.vendor, definition.number) != (vendor, number) {
                return Err(format!("{vendor}/{number} stands where the words say {}", definition.name));
            }
            check_value(definition, Words(words), octets, key, secret)
                .map_err(|why| format!("{}: {why}", definition.name))?;
        }
        expected.next().map_or(Ok(()), |(definition, _)| Err(format!("{} is not in the packet", definition.name)))
    }

    fn check_signatures(
        &self,
        packet: &Packet<'_>,
        request: Option<&Packet<'_>>,
        place: Place,
        secret: &Secret,
    ) -> Result<(), String> {
        let (genuine, verdict) = match (request, packet.code()) {
            (Some(request), _) => (
                authenticator::verify_reply(packet, request.authenticator(), secret),
                message_authenticator::verify_reply(packet, request.authenticator(), secret),
            ),
            (None, Code::AccessRequest | Code::StatusServer) => {
                (true, message_authenticator::verify_request(packet, secret))
            }
            (None, _) => {
                (authenticator::verify_request(packet, secret), message_authenticator::verify_request(packet, secret))
            }
        };
        let expected = if place == Place::Absent { Verdict::Absent } else { Verdict::Valid };
        match (genuine, verdict == expected) {
            (true, true) => Ok(()),
            (false, _) => Err("its authenticator is wrong".to_owned()),
            (true, false) => Err(format!("its message-authenticator is {verdict:?}")),
        }
    }

    fn check_password(&self, packet: &Packet<'_>, secret: &Secret) -> Result<(), String> {
        let Some(password) = &self.password else { return Ok(()) };
        let proof = Proof::of(packet, secret);
        if !proof.matches(password.as_bytes()) {
            return Err(format!("its {} proof is not of that password", proof.name()));
        }
        if proof.matches(format!("{password}x").as_bytes()) || proof.matches(b"") {
            return Err("its proof is of any password".to_owned());
        }
        Ok(())
    }

    fn write<'b>(
        &self,
        buffer: &'b mut [u8; PACKET_MAX],
        packet: &Packet<'_>,
        request: Option<&Packet<'_>>,
        place: Place,
        secret: &Secret,
    ) -> Result<&'b [u8], String> {
        let id = packet.id();
        let mut writer = match (request, packet.code()) {
            (Some(request), code) => Writer::reply_placing(buffer, code, request, place),
            (None, Code::AccessRequest) => Writer::access_request(buffer, id, packet.authenticator(), place),
            (None, Code::AccountingRequest) => Writer::accounting_request(buffer, id, place),
            (None, Code::DisconnectRequest) => Writer::disconnect_request(buffer, id, place),
            (None, Code::CoaRequest) => Writer::coa_request(buffer, id, place),
            (None, Code::StatusServer) => Writer::status_server_placing(buffer, id, packet.authenticator(), place),
            (None, code) => return Err(format!("{} is no request", code.name())),
        };
        for (definition, words) in &self.attributes {
            put(&mut writer, definition, Words(words), secret).map_err(|why| format!("{}: {why}", definition.name))?;
        }
        Ok(writer.finish(secret))
    }
}

/// All attributes but the Message-Authenticator, vendors' taken out of their Vendor-Specific.
fn flattened<'a>(packet: &Packet<'a>) -> Vec<(u32, u8, &'a [u8])> {
    let mut vendors = packet.vendor_attributes();
    let mut all = Vec::new();
    for attribute in packet.attributes() {
        match attribute.number {
            80 => {}
            26 => {
                let end = attribute.value.as_ptr_range().end;
                for inner in vendors.by_ref() {
                    all.push((inner.vendor, inner.number, inner.value));
                    if inner.value.as_ptr_range().end == end {
                        break;
                    }
                }
            }
            number => all.push((0, number, attribute.value)),
        }
    }
    all
}

fn number(definition: &Definition, words: &mut Words<'_>) -> Result<u32, String> {
    definition.value_number(words.0).map_or_else(|| words.rest(), Ok)
}

fn prefix<A: std::str::FromStr, P>(words: &mut Words<'_>, new: fn(A, u8) -> Option<P>) -> Result<P, String> {
    let (address, length) = words.0.split_once('/').ok_or("a prefix has a `/`")?;
    let (address, length) = (Words(address).rest()?, Words(length).rest()?);
    new(address, length).ok_or_else(|| "prefix is too long".to_owned())
}

fn tag(words: &mut Words<'_>) -> Result<u8, String> {
    words.expect("tag")?;
    Words(words.word()?).rest()
}

/// The octets of a value in words, for every kind that needs no secret.
fn plain_octets(definition: &Definition, words: &mut Words<'_>) -> Result<Option<Vec<u8>>, String> {
    fn written<T: Value>(value: T::Write<'_>) -> Result<Option<Vec<u8>>, String> {
        let mut buffer = [0; 253];
        let length = T::write(value, &mut buffer).ok_or("value does not fit")?;
        Ok(Some(buffer[..length].to_vec()))
    }
    match definition.kind {
        Kind::Text => written::<kind::Text>(words.quoted()?),
        Kind::Octets => written::<kind::Octets>(&words.rest_hex()?),
        Kind::Integer => written::<kind::Integer>(number(definition, words)?),
        Kind::Integer64 => written::<kind::Integer64>(words.rest()?),
        Kind::Ipv4 => written::<kind::Ipv4>(words.rest()?),
        Kind::Ipv6 => written::<kind::Ipv6>(words.rest()?),
        Kind::Ipv6Prefix => written::<kind::Ipv6Prefix>(prefix(words, Ipv6Prefix::new)?),
        Kind::Ipv4Prefix => written::<kind::Ipv4Prefix>(prefix(words, Ipv4Prefix::new)?),
        Kind::InterfaceId => written::<kind::InterfaceId>(words.octets()?),
        Kind::Date => written::<kind::Date>(words.rest()?),
        Kind::Byte => written::<kind::Byte>(words.rest()?),
        Kind::Short => written::<kind::Short>(words.rest()?),
        Kind::TaggedText => written::<kind::TaggedText>(Tagged { tag: tag(words)?, value: words.quoted()? }),
        Kind::TaggedInteger => {
            written::<kind::TaggedInteger>(Tagged { tag: tag(words)?, value: number(definition, words)? })
        }
        Kind::Hidden | Kind::Salted => Ok(None),
    }
}

fn check_value(
    definition: &Definition,
    mut words: Words<'_>,
    octets: &[u8],
    key: &[u8; 16],
    secret: &Secret,
) -> Result<(), String> {
    if let Some(expected) = plain_octets(definition, &mut words)? {
        return same("the value", octets, &expected);
    }
    if definition.kind == Kind::Hidden {
        let hidden = kind::Hidden::read(octets).ok_or("not a hidden password")?;
        return same("the password", hidden.reveal(secret, key).as_bytes(), words.quoted()?.as_bytes());
    }
    let (_, expected) = salt_and_key(&mut words)?;
    let salted = kind::Salted::read(octets).ok_or("not a salted key")?;
    let revealed = salted.reveal(secret, key).ok_or("the key cannot be revealed")?;
    same("the key", revealed.as_bytes(), &expected)
}

fn put(writer: &mut Writer<'_>, definition: &Definition, mut words: Words<'_>, secret: &Secret) -> Result<(), String> {
    let Definition { vendor, number, name, .. } = *definition;
    if let Some(octets) = plain_octets(definition, &mut words)? {
        let attribute: Attribute<kind::Octets> = Attribute::new(vendor, number, name);
        return writer.put(attribute, &octets).map_err(|why| why.to_string());
    }
    if definition.kind == Kind::Hidden {
        let attribute = Attribute::new(vendor, number, name);
        return writer.put_hidden(attribute, words.quoted()?.as_bytes(), secret).map_err(|why| why.to_string());
    }
    let (salt, key) = salt_and_key(&mut words)?;
    let attribute = Attribute::new(vendor, number, name);
    writer.put_salted(attribute, None, salt, &key, secret).map_err(|why| why.to_string())
}

fn salt_and_key(words: &mut Words<'_>) -> Result<([u8; 2], Vec<u8>), String> {
    words.expect("salt")?;
    let salt = words.octets()?;
    words.expect("key")?;
    Ok((salt, words.hex()?))
}
