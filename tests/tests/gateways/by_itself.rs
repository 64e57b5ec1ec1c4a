//! The twin as people meet it: time runs by itself, and many callbacks are on their way at once.

use std::sync::Arc;
use std::time::Duration;

use boot::clock::SystemClock;
use domain::money::claim::{Claim, Ended};
use domain::phone::{CallingCode, Msisdn};
use domain::time::Span;
use payments::mpesa::{MemoryShelf, Mpesa, MpesaSettings};
use ports::gateway::{Prompt, Prompted};
use ports::{Clock, Gateway as _};
use simulators::mpesa::{Business, Driving, Mpesa as Twin, Settings};

use crate::ear::Ear;
use crate::stage::{account_of, ksh, token_of};

/// How long a machine that is busy may take.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn forty_people_pay_at_once_and_each_callback_comes_by_itself() {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let settings = Settings {
        answers_after: Span::micros(1),
        told_after: Span::micros(1),
        at_once: 8,
        driving: Driving::ByItself,
        ..Settings::default()
    };
    let twin = Twin::listen(settings, Arc::clone(&clock)).await.expect("a free port");
    let business = Business::paybill("Sunrise Net", "174379");
    twin.opens(business.clone());
    let settings = MpesaSettings::at(&twin.base().parse().expect("loopback"), None);
    let adapter = Arc::new(Mpesa::new(settings, Arc::new(MemoryShelf::default()), Arc::clone(&clock)).expect("ready"));
    let ear = Ear::listens(Arc::clone(&adapter)).await;
    let account = account_of(&business, &ear.base);

    for number in 0..40 {
        let phone = Msisdn::parse(format!("2547{number:06}00").as_bytes(), &CallingCode::kenya()).expect("good");
        let reference = format!("CROWD{number}");
        let token = token_of(&reference);
        let now = clock.now();
        let prompt =
            Prompt { phone: &phone, amount: ksh(20), reference: &reference, description: "WiFi", token: &token, now };
        let prompted = adapter.prompt(&account, &prompt).await;
        assert!(matches!(prompted, Prompted::Sent { .. }), "{prompted:?}");
    }

    let all = async {
        while ear.heard().len() < 40 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("all callbacks come");
    let paid = |heard: &crate::ear::Heard| matches!(heard.claim, Claim::Prompt { ended: Ended::Paid { .. }, .. });
    assert!(ear.heard().iter().all(paid));
    assert_eq!(twin.books().total("174379"), ksh(800));
}
