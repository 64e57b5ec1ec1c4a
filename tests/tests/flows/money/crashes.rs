//! We are stopped at every step between two writes, and go on: what was not finished is found again, once.

use actions::money::ask_reversal::{ask_reversal, begin_reversal};
use actions::money::hear_prompt::hear_prompt;
use actions::money::prompt::{Begun, begin_prompt};
use domain::money::claim::{Ended, Payer};
use domain::money::payment::PaymentState;
use domain::money::posting::Account;
use domain::platform::job::JobKind;
use domain::support::exception::ExceptionKind;
use domain::time::Span;
use policy::money::settlement::Voice;
use ports::Clock as _;
use store::platform::jobs;

use super::{PRICE, Shop};

impl Shop {
    /// Somebody takes the job of a kind and is never heard of again.
    async fn loses_a_worker(&self, kind: JobKind) {
        let mut tx = self.world.store.system().await.expect("begun");
        let taken = jobs::claim(&mut tx, kind, self.world.clock.now(), Span::seconds(120), 8).await.expect("taken");
        tx.commit().await.expect("committed");
        assert_eq!(taken.len(), 1);
    }
}

#[tokio::test]
async fn stopped_before_the_prompt_was_begun_it_is_not_sent_when_nobody_waits_any_more() {
    let shop = Shop::open().await;
    let payment = shop.taps().await.expect("started").payment;
    shop.loses_a_worker(JobKind::Prompt).await;
    shop.world.clock.passes(Span::seconds(121));

    shop.world.queue().step().await.expect("done");

    assert_eq!(shop.world.gateway.prompts().len(), 0);
    assert!(matches!(shop.state(payment.id).await, PaymentState::Failed(_)));
}

#[tokio::test]
async fn stopped_while_the_prompt_was_being_sent_it_is_not_sent_again_and_its_money_is_found() {
    for was_sent in [false, true] {
        let shop = Shop::open().await;
        let payment = shop.taps().await.expect("started").payment;
        shop.loses_a_worker(JobKind::Prompt).await;
        let scope = &shop.world.isp.scope;
        let begun = begin_prompt(&shop.world.store, scope, payment.id, shop.world.context()).await.expect("begun");
        let Begun::Send(sending, token) = begun else { panic!("{begun:?}") };
        if was_sent {
            let account = {
                let mut tx = shop.tx().await;
                let opened = store::money::gateways::open(&mut tx, shop.gateway.id).await.expect("opened");
                opened.expect("there").account(&shop.gateway, "https://pay.example.net")
            };
            let token = store::money::gateways::hex(&token);
            let prompt = ports::gateway::Prompt {
                phone: sending.phone.as_ref().expect("set"),
                amount: sending.price,
                reference: sending.reference.expose(),
                description: "WiFi",
                token: &token,
                now: shop.world.clock.now(),
            };
            ports::gateway::Gateway::prompt(&*shop.world.gateway, &account, &prompt).await;
        }
        // Here we are killed. Another worker takes the job.
        shop.world.clock.passes(Span::seconds(121));
        shop.world.queue().step().await.expect("done");
        assert_eq!(shop.state(payment.id).await, PaymentState::Unknown);
        assert_eq!(shop.world.gateway.prompts().len(), usize::from(was_sent));
        if !was_sent {
            shop.passes(310).await;
            assert_eq!(shop.state(payment.id).await, PaymentState::Expired);
            continue;
        }
        shop.world.gateway.pays();
        shop.is_called_back().await;
        shop.settles().await;
        shop.is_sold_once(payment.id).await;
        assert_eq!(shop.world.gateway.prompts().len(), 1);
    }
}

#[tokio::test]
async fn stopped_after_the_callback_was_heard_the_payment_is_settled_by_whoever_goes_on() {
    let shop = Shop::open().await;
    let payment = shop.buys().await;
    let receipt = shop.world.gateway.pays();
    let said = |receipt| Ended::Paid { receipt, amount: None, at: None, payer: Payer::default() };
    let (store, scope, zone) = (&shop.world.store, &shop.world.isp.scope, &shop.world.isp.tenant.zone);
    let hear = async |ended: &Ended, voice| {
        hear_prompt(store, scope, zone, (payment.id, None), (ended, voice), shop.world.context())
            .await
            .expect("heard")
            .expect("there")
    };
    // The callback is heard, and we are killed before the gateway is asked.
    let heard = hear(&said(Some(receipt.clone())), Voice::Callback).await;
    assert!(heard.is_claimed && !shop.is_served(payment.id).await);
    shop.settles().await;
    shop.is_sold_once(payment.id).await;
    assert_eq!(shop.state(payment.id).await, PaymentState::PaidUnreceipted);

    // The gateway's answer was written, and we are killed before the callback is done with: all of it once more.
    for _ in 0..2 {
        hear(&said(None), Voice::Gateway).await;
        hear(&said(Some(receipt.clone())), Voice::Callback).await;
        shop.is_called_back().await;
        shop.settles().await;
    }
    shop.is_sold_once(payment.id).await;
    assert_eq!(shop.state(payment.id).await, PaymentState::Paid);
}

#[tokio::test]
async fn stopped_in_the_middle_of_settling_nothing_was_written_and_all_is_written_next() {
    // Whatever table refuses at that moment: the whole deed is undone, and done later.
    for table in
        ["arrivals", "arrival_notes", "ledger_entries", "ledger_postings", "vouchers", "batches", "activations"]
    {
        let shop = Shop::open().await;
        let payment = shop.buys().await;
        shop.world.gateway.pays();
        shop.is_called_back().await;
        let mut admin = shop.world.database.admin().await;
        let broken = format!(
            "create function break_down() returns trigger language plpgsql as $$
             begin raise exception 'killed' using errcode = '57014'; end $$;
             create trigger break_down before insert on {table} for each row execute function break_down()"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(broken)).execute(&mut admin).await.expect("broken");
        let stopped = shop.world.money().step().await;
        assert!(stopped.is_err_and(|why| why.is_unavailable()), "{table}");
        assert_eq!((shop.in_gateway().await, shop.arrivals().await.len()), (0, 0), "{table}");
        assert!(!shop.state(payment.id).await.is_paid(), "{table}");

        let mended = format!("drop trigger break_down on {table}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(mended)).execute(&mut admin).await.expect("mended");
        shop.passes(20).await;

        shop.is_sold_once(payment.id).await;
    }
}

#[tokio::test]
async fn stopped_while_the_gateway_was_asked_to_give_back_it_is_not_asked_again_and_staff_looks() {
    let shop = Shop::open().await;
    shop.world.gateway.is_paid_by_hand("nobody", PRICE, "2547 ***** 999");
    shop.reads_the_books().await;
    let arrival = shop.arrivals().await.remove(0);
    let (store, scope, zone) = (&shop.world.store, &shop.world.isp.scope, &shop.world.isp.tenant.zone);
    let context = shop.world.context();
    let id = ask_reversal(store, scope, zone, (arrival.id, "of nobody"), context).await.expect("asked");
    shop.loses_a_worker(JobKind::Reversal).await;
    begin_reversal(store, scope, zone, id, context).await.expect("begun");
    shop.world.clock.passes(Span::seconds(121));

    shop.world.queue().step().await.expect("done");

    assert_eq!(shop.world.gateway.asked_back(), 0);
    assert_eq!(shop.in_account(Account::Refunds).await, -PRICE, "it stays set aside until somebody knows");
    let told = shop.trouble(ExceptionKind::MoneyReversed).await.expect("staff sees it");
    assert!(told.what.contains("look in the gateway's statement"), "{}", told.what);
    shop.is_whole().await;
}
