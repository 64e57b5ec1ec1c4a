//! What a worker does, to be gone through step by step.

use std::sync::Arc;

use boot::random::OsRandom;
use ports::Clock;
use ports::gateway::{Gateway, Gateways};
use worker::money::{Money, MoneyParts};
use worker::queue::{Queue, QueueParts};

use crate::partner;
use crate::world::World;

impl World {
    /// The scripted gateway, and where its callbacks would come in.
    pub fn gateways(&self) -> Gateways {
        Gateways {
            gateway: Arc::clone(&self.gateway) as Arc<dyn Gateway>,
            callback_base: "https://pay.example.net".to_owned(),
        }
    }

    /// What deals with money.
    pub fn money(&self) -> Money {
        self.money_through(self.gateways())
    }

    /// The same through another gateway than the scripted one.
    pub fn money_through(&self, gateways: Gateways) -> Money {
        let Gateways { gateway, callback_base } = gateways;
        Money::new(MoneyParts {
            store: self.store.clone(),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            random: Arc::new(OsRandom),
            gateway,
            callback_base,
        })
    }

    /// The queue of what is done outside.
    pub fn queue(&self) -> Queue {
        self.queue_with(self.money())
    }

    /// The same with another gateway than the scripted one.
    pub fn queue_with(&self, money: Money) -> Queue {
        Queue::new(QueueParts { money: Some(money), ..self.queue_parts() })
    }

    /// A worker of that queue that tells nobody but what is open to all.
    pub fn cautious_queue(&self) -> Queue {
        Queue::new(QueueParts { teller: partner::cautious_teller(), ..self.queue_parts() })
    }

    fn queue_parts(&self) -> QueueParts {
        QueueParts {
            store: self.store.clone(),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            random: Arc::new(OsRandom),
            mailer: crate::mail::mailer_to(self.mail.address()),
            teller: partner::teller(),
            messenger: crate::texts::messenger_to(&self.sms),
            money: None,
        }
    }
}
