//! Writes `docs/openapi.json` from the code: `make generate`.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let document = admin_api::openapi::document(&admin_api::routes::table());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let text = serde_json::to_string_pretty(&document).map_err(std::io::Error::other)?;
    std::fs::write(path, text + "\n")
}
