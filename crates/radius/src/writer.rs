//! Packets written into the caller's buffer, signed at the end (RFC 2865 §3, 2866 §3, 3579 §3.2, 5176 §3.4).
//!
//! A writer is opened for one kind of packet, takes attributes in order, and gives its bytes away with
//! [`Writer::finish`]. An attribute that does not fit leaves no trace.

use dictionaries::{Attribute, kind};
use thiserror::Error;

use crate::authenticator;
use crate::code::{Authenticated, Code};
use crate::message_authenticator;
use crate::packet::{HEADER_LENGTH, MESSAGE_AUTHENTICATOR, MESSAGE_AUTHENTICATOR_LENGTH, PACKET_MAX, Packet};
use crate::password;
use crate::salted;
use crate::secret::Secret;
use crate::value::{Value, copy};

/// The longest attribute, header and all.
const ATTRIBUTE_MAX: usize = 255;

/// Where the Message-Authenticator goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Before all other attributes: the way that leaves a forger no room.
    First,
    /// After all others, as RouterOS writes its requests.
    Last,
    /// Nowhere: old devices' Access-Requests, and accounting.
    Absent,
}

/// A packet under way.
#[derive(Debug)]
pub struct Writer<'b> {
    /// Until `finish`, the Authenticator field holds what the hashes read there.
    buffer: &'b mut [u8; PACKET_MAX],
    used: usize,
    code: Code,
    place: Place,
}

impl<'b> Writer<'b> {
    /// Answers a request, with the Message-Authenticator first.
    ///
    /// One exception: an Accounting-Response carries it only if its request did, for nobody asks for it there.
    pub fn reply(buffer: &'b mut [u8; PACKET_MAX], code: Code, request: &Packet<'_>) -> Self {
        let bare = code == Code::AccountingResponse && !request.has_message_authenticator();
        Self::reply_placing(buffer, code, request, if bare { Place::Absent } else { Place::First })
    }

    /// Answers a request, with the Message-Authenticator where the caller wants it.
    pub fn reply_placing(buffer: &'b mut [u8; PACKET_MAX], code: Code, request: &Packet<'_>, place: Place) -> Self {
        Self::open(buffer, code, request.id(), request.authenticator(), place)
    }

    /// Asks whether a device may come online. `random` must be fresh and unpredictable.
    pub fn access_request(buffer: &'b mut [u8; PACKET_MAX], id: u8, random: &[u8; 16], place: Place) -> Self {
        Self::open(buffer, Code::AccessRequest, id, random, place)
    }

    /// Asks whether a server is there. `random` must be fresh and unpredictable.
    pub fn status_server(buffer: &'b mut [u8; PACKET_MAX], id: u8, random: &[u8; 16]) -> Self {
        Self::status_server_placing(buffer, id, random, Place::First)
    }

    /// The same, with the Message-Authenticator where the caller wants it. Without one it gets no answer.
    pub fn status_server_placing(buffer: &'b mut [u8; PACKET_MAX], id: u8, random: &[u8; 16], place: Place) -> Self {
        Self::open(buffer, Code::StatusServer, id, random, place)
    }

    /// Reports a stay. Devices send no Message-Authenticator here.
    pub fn accounting_request(buffer: &'b mut [u8; PACKET_MAX], id: u8, place: Place) -> Self {
        Self::open(buffer, Code::AccountingRequest, id, &[0; 16], place)
    }

    /// Asks a NAS to end a stay.
    pub fn disconnect_request(buffer: &'b mut [u8; PACKET_MAX], id: u8, place: Place) -> Self {
        Self::open(buffer, Code::DisconnectRequest, id, &[0; 16], place)
    }

    /// Asks a NAS to change the terms of a stay.
    pub fn coa_request(buffer: &'b mut [u8; PACKET_MAX], id: u8, place: Place) -> Self {
        Self::open(buffer, Code::CoaRequest, id, &[0; 16], place)
    }

    fn open(buffer: &'b mut [u8; PACKET_MAX], code: Code, id: u8, authenticator: &[u8; 16], place: Place) -> Self {
        buffer[0] = code.into();
        buffer[1] = id;
        buffer[4..HEADER_LENGTH].copy_from_slice(authenticator);
        let mut writer = Self { buffer, used: HEADER_LENGTH, code, place };
        if place == Place::First {
            writer.push_message_authenticator();
        }
        writer
    }

    /// Writes an attribute, a vendor's in a Vendor-Specific of its own.
    pub fn put<T: Value>(&mut self, attribute: Attribute<T>, value: T::Write<'_>) -> Result<(), WriteError> {
        self.push(attribute.vendor, attribute.number, |room| T::write(value, room))
    }

    /// Writes an attribute whose value is octets already, whatever its kind.
    pub fn put_octets<T>(&mut self, attribute: Attribute<T>, value: &[u8]) -> Result<(), WriteError> {
        self.push(attribute.vendor, attribute.number, |room| copy(value, room))
    }

    /// Writes an attribute known by number only.
    pub fn put_raw(&mut self, number: u8, value: &[u8]) -> Result<(), WriteError> {
        self.push(0, number, |room| copy(value, room))
    }

    /// Hides a password of 0–128 octets and writes it.
    pub fn put_hidden(
        &mut self,
        attribute: Attribute<kind::Hidden>,
        password: &[u8],
        secret: &Secret,
    ) -> Result<(), WriteError> {
        let key = self.hiding_authenticator()?;
        self.push(attribute.vendor, attribute.number, |room| password::hide(password, secret, &key, room))
    }

    /// Hides a key or tunnel password and writes it. The salt must differ from the packet's others.
    ///
    /// Tunnel-Password takes a tag, 0 for none; the MS-MPPE keys have no place for one and take `None`.
    pub fn put_salted(
        &mut self,
        attribute: Attribute<kind::Salted>,
        tag: Option<u8>,
        salt: [u8; 2],
        key: &[u8],
        secret: &Secret,
    ) -> Result<(), WriteError> {
        let authenticator = self.hiding_authenticator()?;
        self.push(attribute.vendor, attribute.number, |room| match tag {
            None => salted::hide(key, salt, secret, &authenticator, room),
            Some(tag) => {
                let (place, room) = room.split_first_mut()?;
                *place = tag;
                Some(1 + salted::hide(key, salt, secret, &authenticator, room)?)
            }
        })
    }

    /// Writes every instance of an attribute of another packet, in order and unchanged.
    ///
    /// Replies owe this to their request's Proxy-State (RFC 2865 §5.33). Stops at the first that does not fit.
    pub fn copy_all<T>(&mut self, attribute: Attribute<T>, from: &Packet<'_>) -> Result<(), WriteError> {
        from.raw(attribute).try_for_each(|value| self.put_octets(attribute, value))
    }

    /// Octets written so far, Message-Authenticator included once it has its place.
    pub fn length(&self) -> usize {
        self.used
    }

    /// Closes the packet: Length, then Message-Authenticator, then Authenticator.
    pub fn finish(mut self, secret: &Secret) -> &'b [u8] {
        let message_authenticator_at = match self.place {
            Place::First => Some(HEADER_LENGTH),
            Place::Last => Some(self.push_message_authenticator()),
            Place::Absent => None,
        };
        let length = u16::try_from(self.used).expect("invariant: a packet has at most 4096 octets");
        self.buffer[2..4].copy_from_slice(&length.to_be_bytes());
        let (packet, _) = self.buffer.split_at_mut(self.used);
        // The Authenticator field holds what the hashes read there, and the Message-Authenticator is zeros.
        if let Some(at) = message_authenticator_at {
            let signature = message_authenticator::digest_as_it_is(packet, secret);
            packet[at + 2..at + MESSAGE_AUTHENTICATOR_LENGTH].copy_from_slice(&signature);
        }
        match self.code.authenticated() {
            Authenticated::Random | Authenticated::Unknown => {}
            Authenticated::AsRequest | Authenticated::AsReply => {
                let authenticator = authenticator::digest_as_it_is(packet, secret);
                packet[4..HEADER_LENGTH].copy_from_slice(&authenticator);
            }
        }
        packet
    }

    fn authenticator_field(&self) -> [u8; 16] {
        let mut field = [0; 16];
        field.copy_from_slice(&self.buffer[4..HEADER_LENGTH]);
        field
    }

    /// What hidden attributes are hidden with: the request's Authenticator, where it is known before the end.
    fn hiding_authenticator(&self) -> Result<[u8; 16], WriteError> {
        match self.code.authenticated() {
            Authenticated::Random | Authenticated::AsReply => Ok(self.authenticator_field()),
            Authenticated::AsRequest | Authenticated::Unknown => Err(WriteError::NothingToHideWith),
        }
    }

    /// Appends an attribute whose value `fill` writes into the room it is given.
    fn push(
        &mut self,
        vendor: u32,
        number: u8,
        fill: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> Result<(), WriteError> {
        if vendor == 0 && number == MESSAGE_AUTHENTICATOR {
            return Err(WriteError::Reserved);
        }
        let header = if vendor == 0 { 2 } else { 8 };
        let reserved = if self.place == Place::Last { MESSAGE_AUTHENTICATOR_LENGTH } else { 0 };
        let left = PACKET_MAX - reserved - self.used;
        let value_start = self.used + header;
        let room = left.min(ATTRIBUTE_MAX).checked_sub(header).ok_or(WriteError::PacketFull)?;
        let does_not_fit = if left < ATTRIBUTE_MAX { WriteError::PacketFull } else { WriteError::ValueTooLong };
        let length = fill(&mut self.buffer[value_start..value_start + room]).ok_or(does_not_fit)?;
        let inner = u8::try_from(2 + length).expect("invariant: an attribute has at most 255 octets");
        let place = &mut self.buffer[self.used..value_start];
        if vendor == 0 {
            place.copy_from_slice(&[number, inner]);
        } else {
            let [a, b, c, d] = vendor.to_be_bytes();
            place.copy_from_slice(&[VENDOR_SPECIFIC, inner + 6, a, b, c, d, number, inner]);
        }
        self.used = value_start + length;
        Ok(())
    }

    /// Appends a Message-Authenticator of zeros; the room for it is always there. Gives its offset.
    fn push_message_authenticator(&mut self) -> usize {
        let at = self.used;
        self.used += MESSAGE_AUTHENTICATOR_LENGTH;
        let place = &mut self.buffer[at..self.used];
        place.fill(0);
        (place[0], place[1]) = (MESSAGE_AUTHENTICATOR, 18);
        at
    }
}

/// Vendor-Specific's number.
const VENDOR_SPECIFIC: u8 = 26;

/// Why an attribute was not written. The packet is as it was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WriteError {
    /// The value is longer than an attribute, or its kind, allows.
    #[error("value is too long for an attribute")]
    ValueTooLong,
    /// The packet would become longer than 4096 octets.
    #[error("packet is full")]
    PacketFull,
    /// Message-Authenticator is written by `finish` alone.
    #[error("message-authenticator is the writer's own")]
    Reserved,
    /// In a packet whose Authenticator is made last, nothing can be hidden.
    #[error("this packet has no authenticator to hide with")]
    NothingToHideWith,
}

#[cfg(test)]
mod tests;
