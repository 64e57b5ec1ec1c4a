//! Writes `docs/openapi.json` and `docs/rights.md` from the code: `make generate`.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let table = admin_api::routes::table();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let document = admin_api::openapi::document(&table);
    let text = serde_json::to_string_pretty(&document).map_err(std::io::Error::other)?;
    std::fs::write(docs.join("openapi.json"), text + "\n")?;
    std::fs::write(docs.join("rights.md"), admin_api::rights::document(&table))
}
