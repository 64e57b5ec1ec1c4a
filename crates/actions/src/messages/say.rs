//! Says something to a telephone: writes the message down in the transaction of the deed that wants it. A worker sends it
//! once that has committed.

use domain::id::{MessageId, PaymentId};
use domain::messages::language::Language;
use domain::messages::settings::MessageSettings;
use domain::messages::template::{MessageKind, Variable};
use domain::money::payment::Payment;
use domain::phone::Msisdn;
use domain::sales::plan::Plan;
use domain::sales::voucher::VoucherCode;
use domain::secret::Secret;
use domain::time::{Timestamp, Zone};
use policy::messages::{one_time, parts, templates as rules, texts, words};
use store::messages::{languages, outbox, settings, templates};
use store::platform::tenants;
use store::{StoreError, TenantTx};

use crate::context::Context;

/// How an ISP speaks to a telephone.
pub(crate) struct Voice {
    settings: MessageSettings,
    brand: String,
    to: Msisdn,
    /// In which language the telephone is spoken to.
    pub(crate) language: Language,
}

impl Voice {
    /// `None` when the ISP sends nothing.
    pub(crate) async fn to(
        tx: &mut TenantTx,
        settings: Option<MessageSettings>,
        to: &Msisdn,
    ) -> Result<Option<Self>, StoreError> {
        let Some(settings) = settings.filter(|settings| settings.is_active) else { return Ok(None) };
        let brand = match &settings.brand {
            Some(brand) => brand.clone(),
            None => tenants::named(tx).await?.1.chars().take(MessageSettings::BRAND_MAX).collect(),
        };
        let language = languages::of(tx, to).await?.unwrap_or_else(|| settings.language.clone());
        Ok(Some(Self { settings, brand, to: to.clone(), language }))
    }

    /// Says it. `reason`: why, once; `None`: each time. Returns the message, unless it was said before.
    pub(crate) async fn say(
        &self,
        tx: &mut TenantTx,
        kind: MessageKind,
        mut values: Vec<(Variable, String)>,
        about: (Option<String>, Option<PaymentId>),
        context: Context<'_>,
    ) -> Result<Option<MessageId>, StoreError> {
        let own = templates::of_kind(tx, kind).await?;
        let template = texts::chosen(kind, &self.language, &self.settings.language, &own);
        values.push((Variable::Brand, self.brand.clone()));
        values.push((Variable::Contact, self.settings.contact.clone()));
        let text = rules::filled(&template.text, &values);
        let id: MessageId = context.new_id();
        let (reason, payment) = about;
        let new = outbox::NewMessage {
            id,
            kind,
            dedupe_key: reason.unwrap_or_else(|| format!("{}:{id}", kind.code())),
            to: self.to.clone(),
            language: template.language,
            shown: rules::shown(&template.text, &values),
            parts: parts::parts(&text).count,
            text: Secret::new(text),
            payment,
            now: context.now(),
            wanted_until: context.now().plus(one_time::wanted_for(kind)),
        };
        Ok(outbox::enqueue(tx, &new).await?.then_some(id))
    }
}

/// Sends a buyer what was bought, once for each payment.
pub(crate) async fn voucher_sold(
    tx: &mut TenantTx,
    zone: &Zone,
    payment: &Payment,
    buyer: &Msisdn,
    (plan, code, until): (&Plan, &VoucherCode, Option<Timestamp>),
    context: Context<'_>,
) -> Result<(), StoreError> {
    let settings = settings::find(tx).await?.filter(|settings| settings.sends_vouchers);
    let Some(voice) = Voice::to(tx, settings, buyer).await? else { return Ok(()) };
    let (start, end) = match until {
        Some(until) => (words::moment(context.now(), zone), words::moment(until, zone)),
        None => {
            (words::first_use(&voice.language).to_owned(), words::after_first_use(plan.terms.duration, &voice.language))
        }
    };
    let values = vec![
        (Variable::Code, code.expose().to_owned()),
        (Variable::Plan, plan.name.to_string()),
        (Variable::Start, start),
        (Variable::End, end),
        (Variable::Price, payment.price.to_string()),
    ];
    let about = (Some(format!("voucher:{}", payment.id)), Some(payment.id));
    voice.say(tx, MessageKind::VoucherSold, values, about, context).await.map(drop)
}
