//! Money of an ISP, as tests need it.

use domain::access::facts::Holder;
use domain::id::{ArrivalId, CallbackId, EntryId, GatewayId, Id, InquiryId, PaymentId, RefundId};
use domain::money::arrival::{Arrival, ArrivalState, Source};
use domain::money::claim::{CallbackKind, Payer};
use domain::money::gateway::{Environment, GatewayKeys, GatewayKind, Initiator, IspGateway, PayTo};
use domain::money::inquiry::Inquiry;
use domain::money::payment::{Activation, Payment, PaymentState, Purpose};
use domain::money::posting::{Account, Entry, EntryKind, Postings};
use domain::money::refund::{Refund, RefundState};
use domain::money::wallet::WalletOf;
use domain::money::{Currency, Money};
use domain::secret::Secret;
use store::TenantTx;
use store::money::arrivals::Note;
use store::money::callbacks::Callback;
use store::money::proof::{BEGINNING, Day};
use store::money::{activations, arrivals, callbacks, gateways, inquiries, ledger, payments, proof, refunds};

use crate::scene::{Isp, NOW, id, in_seconds, phone};

/// What the token of a gateway begins with.
pub(crate) const TOKEN: [u8; 16] = [0x77; 16];
/// The token of a prompt.
pub(crate) const PROMPT: [u8; 16] = [0x78; 16];

pub(crate) fn ksh(minor: i64) -> Money {
    Money::from_minor(minor, Currency::KES)
}

pub(crate) fn buyer() -> WalletOf {
    WalletOf::Phone(phone("0712345678"))
}

/// An id that is the same whenever it is asked for.
pub(crate) fn fixed<Of>(number: u8) -> Id<Of> {
    Id::from_bytes([number; 16])
}

pub(crate) fn keys() -> GatewayKeys {
    GatewayKeys {
        consumer_key: Secret::new("ck_demo".to_owned()),
        consumer_secret: Secret::new("cs_demo".to_owned()),
        passkey: Secret::new("pk_demo".to_owned()),
        initiator: Some(Initiator { name: "api".to_owned(), password: Secret::new("pw_demo".to_owned()) }),
    }
}

/// What an ISP has of money: one of each.
pub(crate) struct Things {
    pub(crate) gateway: IspGateway,
    pub(crate) payment: Payment,
    pub(crate) arrival: Arrival,
    pub(crate) entry: Entry,
    pub(crate) inquiry: Inquiry,
    pub(crate) refund: Refund,
    pub(crate) callback: Callback,
    pub(crate) activation: Activation,
    pub(crate) note: Note,
    pub(crate) day: Day,
}

impl Things {
    /// Ids are of this number.
    pub(crate) fn of(isp: &Isp, number: u8) -> Self {
        let gateway: GatewayId = fixed(number);
        let (payment, arrival): (PaymentId, ArrivalId) = (fixed(number), fixed(number));
        let receipt = Some(format!("UAF3K7Q2{number:02}").parse().expect("good"));
        let postings = Postings::between(Account::Wallet(buyer()), Account::Gateway(gateway), ksh(5_000));
        Self {
            gateway: IspGateway {
                id: gateway,
                kind: GatewayKind::Mpesa,
                environment: Environment::Sandbox,
                shortcode: format!("1743{number:02}").parse().expect("good"),
                pay_to: PayTo::Till("600999".parse().expect("good")),
                has_initiator: true,
                trusts_confirmations: true,
                looks_per_minute: 7,
                is_active: true,
                created_at: NOW,
                pulled_until: None,
                pull_at: Some(NOW),
                revision: 1,
            },
            payment: Payment {
                id: payment,
                gateway: Some(gateway),
                purpose: Purpose::Voucher { plan: isp.plan.id, revision: 1, buyer: phone("0712345678") },
                phone: Some(phone("0712345678")),
                price: ksh(5_000),
                reference: format!("H7K2M9q{number:02}").parse().expect("good"),
                state: PaymentState::Created,
                checkout: Some(format!("ws_CO_{number}")),
                said: Some("said".to_owned()),
                looks: 1,
                next_look_at: Some(NOW),
                claimed_at: None,
                created_at: NOW,
                device: Some(domain::mac::Mac::from_octets([2, 0, 0, 0, 0, number])),
                nas: Some(isp.nas.id),
            },
            arrival: Arrival {
                id: arrival,
                gateway: Some(gateway),
                receipt,
                is_receipt_proven: false,
                is_of_prompt: true,
                amount: ksh(5_000),
                source: Source::Prompt,
                is_verified: true,
                state: ArrivalState::ForPayment(payment),
                account: "h7k2".to_owned(),
                payer: Payer { phone: Some("2547 ***** 678".to_owned()), name: Some("JANE".to_owned()) },
                paid_at: Some(NOW),
                arrived_at: NOW,
            },
            entry: Entry {
                id: fixed::<domain::id::kind::Entry>(number) as EntryId,
                at: NOW,
                kind: EntryKind::Arrival,
                arrival: Some(arrival),
                payment: Some(payment),
                refund: None,
                postings: postings.expect("balanced"),
            },
            inquiry: Inquiry {
                id: fixed::<domain::id::kind::Inquiry>(number) as InquiryId,
                gateway,
                receipt: "UAF9999999".parse().expect("good"),
                for_whom: None,
                tries: 0,
                outcome: None,
                created_at: NOW,
            },
            refund: Refund {
                id: fixed::<domain::id::kind::Refund>(number) as RefundId,
                arrival,
                amount: ksh(5_000),
                out_of: Some(buyer()),
                why: "asked for".to_owned(),
                state: RefundState::Asked,
                conversation: Some(format!("AG_{number}")),
                said: None,
                created_at: NOW,
            },
            callback: Callback {
                id: fixed::<domain::id::kind::Callback>(number) as CallbackId,
                gateway,
                kind: CallbackKind::Prompt,
                prompt_token: Some(PROMPT),
                body: b"{}".to_vec(),
                source: Some([127, 0, 0, 1].into()),
                received_at: NOW,
                tries: 0,
            },
            activation: Activation {
                payment,
                holder: Holder::Voucher(isp.voucher),
                until: Some(in_seconds(60)),
                at: NOW,
            },
            note: Note {
                id: fixed::<domain::id::kind::Arrival>(number).uuid(),
                arrival,
                source: Source::Prompt,
                receipt: None,
                is_proof: true,
                amount: ksh(5_000),
                account: "h7k2".to_owned(),
                at: NOW,
            },
            day: Day {
                place: 1,
                begins_at: NOW,
                ends_at: in_seconds(86_400),
                entries: 1,
                notes: 1,
                digest: BEGINNING,
                hash: BEGINNING,
                closed_at: in_seconds(86_400),
            },
        }
    }

    /// Writes all of them; its gateway's token and its prompt's begin with the number.
    pub(crate) async fn add(&self, tx: &mut TenantTx, number: u8) {
        let token = [number; 16];
        gateways::add(tx, &self.gateway, &keys(), &token).await.expect("added");
        payments::add(tx, &self.payment, &token).await.expect("added");
        arrivals::add(tx, &self.arrival).await.expect("added");
        arrivals::note(tx, &self.note).await.expect("noted");
        ledger::post(tx, &self.entry).await.expect("posted");
        inquiries::ask(tx, &self.inquiry).await.expect("asked");
        inquiries::note_asked(tx, self.inquiry.id, Some(&format!("AG_Q{number}")), NOW).await.expect("noted");
        refunds::add(tx, &self.refund).await.expect("added");
        callbacks::keep(tx, &self.callback).await.expect("kept");
        activations::add(tx, &self.activation).await.expect("added");
        proof::close(tx, &self.day).await.expect("closed");
    }

    /// Another entry about nothing, of that much.
    pub(crate) fn entry_of(&self, account: Account, minor: i64) -> Entry {
        let postings = Postings::between(Account::Suspense, account, ksh(minor)).expect("balanced");
        Entry { id: id(), kind: EntryKind::Matching, arrival: None, payment: None, postings, ..self.entry.clone() }
    }
}
