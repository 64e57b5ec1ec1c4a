//! What a change of standing asks of memory. Each may be dropped half-way, or asked for again, and must do no harm then.

use std::sync::Arc;

use store::StoreError;

use super::machine::Work;
use crate::node::Node;

/// Does a piece of work; when it returns well, it is done.
pub(crate) async fn work(node: &Arc<Node>, work: Work) -> Result<(), StoreError> {
    match work {
        Work::WriteAhead => Ok(()),
        Work::WriteAll => {
            node.standing.is_empty().await;
            Ok(())
        }
        Work::ReadAll => {
            node.standing.is_empty().await;
            Ok(())
        }
    }
}
