//! The routers of one network, and what tells them apart.
//!
//! A name is a hint which secret to try first. It decides only between routers of one secret, and for requests that
//! prove none; then it must fit exactly one.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::directory::registry::KnownNas;

/// What a packet calls its router, where no subscriber can have said it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Names<'p> {
    /// NAS-Identifier.
    pub identifier: Option<&'p [u8]>,
    /// Mikrotik-Realm.
    pub realm: Option<&'p [u8]>,
}

type ByName = HashMap<Box<[u8]>, Vec<Arc<KnownNas>>, RandomState>;

/// The routers of one network.
#[derive(Debug)]
pub struct Neighbours {
    is_wide: bool,
    routers: Vec<Arc<KnownNas>>,
    by_identifier: ByName,
    by_realm: ByName,
    by_mark: HashMap<u32, Arc<KnownNas>, RandomState>,
}

impl Neighbours {
    pub(super) fn of(is_wide: bool) -> Self {
        Self {
            is_wide,
            routers: Vec::new(),
            by_identifier: ByName::default(),
            by_realm: ByName::default(),
            by_mark: HashMap::default(),
        }
    }

    pub(super) fn add(&mut self, known: Arc<KnownNas>) {
        let name = |by_name: &mut ByName, name: Option<&String>| {
            if let Some(name) = name {
                by_name.entry(name.as_bytes().into()).or_default().push(Arc::clone(&known));
            }
        };
        name(&mut self.by_identifier, known.nas.identifier.as_ref());
        name(&mut self.by_realm, known.nas.realm.as_ref());
        self.by_mark.entry(known.mark).or_insert_with(|| Arc::clone(&known));
        self.routers.push(known);
    }

    /// Whether the network has more than one address, so that an address proves nothing.
    pub const fn is_wide(&self) -> bool {
        self.is_wide
    }

    /// The router, if there is only one.
    pub fn only(&self) -> Option<&Arc<KnownNas>> {
        match self.routers.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The router with a mark.
    pub fn marked(&self, mark: u32) -> Option<&Arc<KnownNas>> {
        self.by_mark.get(&mark)
    }

    /// Those that the packet's names fit, then the one with the mark, then the others, each once.
    pub fn likeliest_first<'r, 'p>(
        &'r self,
        names: Names<'p>,
        mark: Option<u32>,
    ) -> impl Iterator<Item = &'r Arc<KnownNas>> + use<'r, 'p> {
        let named = |by_name: &'r ByName, name: Option<&[u8]>| {
            name.and_then(|name| by_name.get(name)).map(Vec::as_slice).unwrap_or_default()
        };
        let identified = named(&self.by_identifier, names.identifier);
        let realmed = named(&self.by_realm, names.realm).iter().filter(move |known| !known.is_identified(names));
        let marked = mark.and_then(|mark| self.by_mark.get(&mark)).filter(move |known| !known.is_named(names));
        let marked_id = marked.map(|known| known.nas.id);
        let others = self.routers.iter().filter(move |known| !known.is_named(names) && marked_id != Some(known.nas.id));
        identified.iter().chain(realmed).chain(marked).chain(others)
    }

    /// The one router that the names fit.
    pub fn named(&self, names: Names<'_>) -> Option<&Arc<KnownNas>> {
        self.told_apart(names, |_| true)
    }

    /// The router that was meant, when one has proved its secret: itself, unless others have the same secret; then the
    /// one that the names fit.
    pub fn meant<'r>(&'r self, proved: &'r Arc<KnownNas>, names: Names<'_>) -> Option<&'r Arc<KnownNas>> {
        match proved.twins {
            None => Some(proved),
            twins => self.told_apart(names, |known| known.twins == twins),
        }
    }

    /// By NAS-Identifier, and where several have that one, or none has it, by realm.
    fn told_apart(&self, names: Names<'_>, among: impl Fn(&KnownNas) -> bool) -> Option<&Arc<KnownNas>> {
        let identified = || self.routers.iter().filter(|known| among(known) && known.is_identified(names));
        let in_realm = |known: &&Arc<KnownNas>| known.is_in_realm(names);
        match (identified().count(), identified().next()) {
            (1, only) => only,
            (0, _) => alone(self.routers.iter().filter(|known| among(known)).filter(in_realm)),
            _ => alone(identified().filter(in_realm)),
        }
    }
}

fn alone<'r>(mut routers: impl Iterator<Item = &'r Arc<KnownNas>>) -> Option<&'r Arc<KnownNas>> {
    let first = routers.next();
    if routers.next().is_none() { first } else { None }
}

impl KnownNas {
    fn is_identified(&self, names: Names<'_>) -> bool {
        names.identifier.is_some() && self.nas.identifier.as_ref().map(String::as_bytes) == names.identifier
    }

    fn is_in_realm(&self, names: Names<'_>) -> bool {
        names.realm.is_some() && self.nas.realm.as_ref().map(String::as_bytes) == names.realm
    }

    fn is_named(&self, names: Names<'_>) -> bool {
        self.is_identified(names) || self.is_in_realm(names)
    }
}
