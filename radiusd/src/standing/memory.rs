//! What a change of standing asks of memory. Each may be dropped half-way, or asked for again, and must do no harm then.

use std::sync::Arc;

use store::StoreError;

use super::machine::Work;
use crate::live::save;
use crate::node::Node;

/// Does a piece of work; when it returns well, it is done.
pub(crate) async fn work(node: &Arc<Node>, work: Work) -> Result<(), StoreError> {
    match work {
        Work::WriteAhead => {
            node.first_uses.save(node).await?;
            save::save(node).await.map(drop)
        }
        Work::WriteAll => {
            node.standing.is_empty().await;
            node.first_uses.save(node).await?;
            node.live.flush(node).await
        }
        // What is told is read from memory at one moment, when nothing is granted.
        Work::TellAhead => node.first_uses.save(node).await,
        Work::TellAll => {
            node.standing.is_empty().await;
            node.first_uses.save(node).await?;
            node.live.abandon(node).await
        }
        Work::ReadAll => {
            node.standing.is_empty().await;
            if node.settings.decides_from_memory { node.live.reload(node).await } else { Ok(()) }
        }
    }
}
