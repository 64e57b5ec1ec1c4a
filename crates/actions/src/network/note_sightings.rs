//! Notes what a node has seen of routers, and holds those to signing that do it always.

use std::collections::HashMap;

use domain::id::NasId;
use domain::network::nas::Signing;
use domain::network::sighting::Sighting;
use policy::network::signing;
use store::network::sightings;
use store::{Store, StoreError};

use crate::context::Context;

/// Most sightings of one call.
pub const BATCH_MAX: usize = 1_000;

/// What a node saw of a router, and how it is held to signing as far as the node knows.
pub type Noted = (Sighting, Signing);

/// Adds sightings to what all nodes have seen. Gives the routers that are held to signing from now on.
pub async fn note_sightings(store: &Store, noted: &[Noted], context: Context<'_>) -> Result<Vec<NasId>, StoreError> {
    let noted = &noted[..noted.len().min(BATCH_MAX)];
    let now = context.now();
    let sightings: Vec<Sighting> = noted.iter().map(|(sighting, _)| *sighting).collect();
    let mut tx = store.system().await?;
    let before: HashMap<NasId, _> = sightings::lock(&mut tx, &sightings).await?.into_iter().collect();
    let mut after = Vec::with_capacity(noted.len());
    let mut habits = Vec::new();
    for (sighting, signing) in noted {
        let Some(before) = before.get(&sighting.nas) else { continue };
        let seen = signing::seen(*before, sighting);
        after.push((sighting.tenant, sighting.nas, seen));
        if signing::is_to_be_raised(*signing, &seen, now) {
            habits.push((sighting.tenant, sighting.nas));
        }
    }
    sightings::write(&mut tx, &after).await?;
    let raised = if habits.is_empty() { Vec::new() } else { sightings::raise(&mut tx, &habits, now).await? };
    tx.commit().await?;
    Ok(raised)
}
