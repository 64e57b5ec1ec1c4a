//! The proof chain: what was written in a day that is closed shows whatever is done to it.

use actions::money::proof::close_days;
use domain::time::{Period, Span};
use ports::Clock as _;
use store::money::proof::{self, BEGINNING, ProofFault, Verified};

use super::Shop;

impl Shop {
    async fn closes(&self) -> usize {
        let isp = &self.world.isp;
        close_days(&self.world.store, &isp.scope, &isp.tenant.zone, self.world.context()).await.expect("closed")
    }

    async fn verifies(&self) -> Verified {
        proof::verify(&mut self.tx().await).await.expect("verified")
    }

    async fn sells_one(&self) {
        self.buys().await;
        self.world.gateway.pays();
        self.is_called_back().await;
        self.settles().await;
    }

    /// The next day has begun, and what was under way has ended.
    async fn sleeps(&self) {
        let now = self.world.clock.now();
        let midnight = Period::Day.end(now, &self.world.isp.tenant.zone);
        self.world.clock.passes(midnight.since(now));
        self.world.clock.passes(Span::minutes(11));
    }
}

#[tokio::test]
async fn days_are_closed_once_and_in_a_line() {
    let shop = Shop::open().await;
    shop.sells_one().await;
    assert_eq!(shop.closes().await, 0, "the day is not over");
    shop.sleeps().await;
    assert_eq!((shop.closes().await, shop.closes().await), (1, 0));
    shop.sells_one().await;
    shop.sleeps().await;
    // Nothing happens on this day.
    shop.sleeps().await;
    shop.sells_one().await;
    shop.sleeps().await;
    assert_eq!(shop.closes().await, 2);

    let verified = shop.verifies().await;

    assert_eq!((verified.days, verified.fault), (3, None));
    assert_ne!(verified.head, BEGINNING);
    let days = proof::days(&mut shop.tx().await, 0).await.expect("read");
    assert!(days.iter().all(|day| day.entries == 2 && day.notes >= 1), "{days:?}");
    let mut theirs = shop.world.store.tenant(&shop.world.other.scope).await.expect("begun");
    assert_eq!(proof::verify(&mut theirs).await.expect("verified").days, 0);
}

#[tokio::test]
async fn whatever_is_done_to_a_closed_day_shows() {
    for (deed, fault) in [
        ("update ledger_postings set amount_minor = amount_minor * 2", "Changed"),
        ("update ledger_postings set phone = '254799999999' where phone is not null", "Changed"),
        ("delete from ledger_postings; delete from ledger_entries", "Changed"),
        ("update ledger_entries set at = at + interval '1 second'", "Changed"),
        ("update arrival_notes set receipt = 'UAF9999999'", "Changed"),
        ("delete from arrival_notes", "Changed"),
        ("update arrivals set amount_minor = 1", "Changed"),
        ("update proof_days set digest = decode(repeat('11', 32), 'hex') where place = 2", "Changed"),
        ("update proof_days set hash = decode(repeat('11', 32), 'hex') where place = 1", "Unlinked"),
        ("delete from proof_days where place = 1", "Missing"),
    ] {
        let shop = Shop::open().await;
        for _ in 0..2 {
            shop.sells_one().await;
            shop.sleeps().await;
        }
        assert_eq!(shop.closes().await, 2);
        assert_eq!(shop.verifies().await.fault, None);
        let mut admin = shop.world.database.admin().await;
        let tampered = format!("set session_replication_role = replica; {deed}; set session_replication_role = origin");
        sqlx::raw_sql(sqlx::AssertSqlSafe(tampered)).execute(&mut admin).await.expect("done");

        let found = shop.verifies().await.fault;

        let name = match found {
            Some(ProofFault::Changed { .. }) => "Changed",
            Some(ProofFault::Unlinked { .. }) => "Unlinked",
            Some(ProofFault::Missing { .. }) => "Missing",
            None => "nothing",
        };
        assert_eq!(name, fault, "{deed}");
    }
}
