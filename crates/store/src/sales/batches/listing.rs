//! Lists of batches.

use domain::id::PlanId;
use domain::sales::batch::{Batch, Channel};

use super::BatchRow;
use crate::error::StoreError;
use crate::listing::{Ask, By, Condition, Direction, Key, Search, Value, Walk};
use crate::page::{Listed, Page};
use crate::tenant_tx::TenantTx;

const COLUMNS: &str = "id, plan_id, channel, size, note, sell_by, created_at";

/// Which batches to list: those of which all that is said is true.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// Those of one plan.
    pub plan: Option<PlanId>,
    /// Those of one channel.
    pub channel: Option<Channel>,
    /// Those whose note begins so, letter by letter. They come in the order of their notes.
    pub search: Option<Search>,
}

/// The tenant's batches in the order in which they were made. A page may be short although another one follows.
pub async fn list(
    tx: &mut TenantTx,
    filter: &Filter,
    direction: Direction,
    page: Page<Key>,
) -> Result<Listed<Batch, Key>, StoreError> {
    ask(filter, direction).page::<BatchRow>(tx, &page).await?.try_map(Batch::try_from)
}

fn ask(filter: &Filter, direction: Direction) -> Ask {
    let plan = filter.plan.map(|plan| Condition::of("plan_id = ?", Value::Uuid(plan.uuid())));
    let channel = filter.channel.map(|channel| Condition::of("channel = ?", Value::Text(channel.code().to_owned())));
    let mut conditions = plan.into_iter().chain(channel);
    let (walk, direction) = match &filter.search {
        Some(search) => {
            let words = "note <> '' and note collate \"C\" >= ? and note collate \"C\" < ?";
            let walk = Walk {
                conditions: vec![Condition::prefix(words, &search.text)],
                by: Some(By::Text("note collate \"C\"")),
            };
            (walk, Direction::Up)
        }
        None => (Walk { conditions: conditions.next().into_iter().collect(), by: None }, direction),
    };
    Ask { table: "batches", columns: COLUMNS, walks: vec![walk], rest: conditions.collect(), direction }
}
