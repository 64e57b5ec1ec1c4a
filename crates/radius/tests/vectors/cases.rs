//! A file of cases: which statement does what.

use radius::Secret;

use crate::packets::{Described, Role};
use crate::statements::{Statement, Words, statements};
use crate::values::Values;

/// Runs a file. Gives the number of its cases, or the line and what is wrong with it.
pub(crate) fn run(text: &str) -> Result<usize, String> {
    let mut run = Run {
        secret: Secret::new(b""),
        count: 0,
        closed: false,
        values: Values::default(),
        packet: None,
        request: None,
    };
    for Statement { line, text } in statements(text) {
        run.step(line, Words(&text)).map_err(|why| format!("{line}: {why}"))?;
    }
    if run.closed { Ok(run.count) } else { Err("0: the last line should be `cases N`".to_owned()) }
}

struct Run {
    secret: Secret,
    count: usize,
    closed: bool,
    values: Values,
    /// The packet whose words are being read.
    packet: Option<Described>,
    /// The last request, for the replies to it.
    request: Option<Vec<u8>>,
}

impl Run {
    fn step(&mut self, line: usize, mut words: Words<'_>) -> Result<(), String> {
        let all = words;
        let word = words.word()?;
        match word {
            "secret" => self.secret = Secret::new(words.quoted()?.as_bytes()),
            "case" => {
                self.end_packet()?;
                self.count += 1;
                self.request = None;
            }
            "cases" => {
                self.end_packet()?;
                let expected: usize = words.rest()?;
                if expected != self.count {
                    return Err(format!("there are {} cases", self.count));
                }
                self.closed = true;
            }
            "request" => self.begin_packet(line, words.rest_hex()?, Role::Request)?,
            "reply" => self.begin_packet(line, words.rest_hex()?, Role::Reply)?,
            "attributes" => self.begin_packet(line, self.values.in_a_packet(&words.rest_hex()?)?, Role::Attributes)?,
            _ => match &mut self.packet {
                Some(packet) => packet.word(all)?,
                None => self.values.check(word, words, &self.secret)?,
            },
        }
        Ok(())
    }

    fn begin_packet(&mut self, line: usize, bytes: Vec<u8>, role: Role) -> Result<(), String> {
        self.end_packet()?;
        self.packet = Some(Described::new(line, bytes, role));
        Ok(())
    }

    fn end_packet(&mut self) -> Result<(), String> {
        let Some(packet) = self.packet.take() else { return Ok(()) };
        packet
            .check(&self.secret, self.request.as_deref())
            .map_err(|why| format!("the packet of line {}: {why}", packet.line()))?;
        if let Some(bytes) = packet.into_request() {
            self.request = Some(bytes);
        }
        Ok(())
    }
}
