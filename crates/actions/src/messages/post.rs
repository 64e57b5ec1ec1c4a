//! Posts a letter: writes it down in the transaction of the deed that wants it. A worker sends it once that has committed.

use domain::messages::letter::Letter;
use domain::platform::job::Work;
use store::platform::jobs::{self, NewJob};
use store::{StoreError, TenantTx};

use crate::context::Context;

/// Posts it.
pub async fn post(tx: &mut TenantTx, letter: Letter, context: Context<'_>) -> Result<(), StoreError> {
    let about = format!("mail \u{201c}{}\u{201d} to {}", letter.subject, letter.to);
    let job = NewJob { id: context.new_id(), about, work: Work::Mail(letter), now: context.now() };
    jobs::enqueue(tx, &job).await
}
